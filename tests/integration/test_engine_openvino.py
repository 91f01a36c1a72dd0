"""The engine of the CPU computes what torch computes, from a network that is converted once."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import openvino
import psutil
import pytest
from transformers import LongformerConfig, LongformerForTokenClassification

from tests.command_line import PATIENCE_S, environment, invoke
from tests.tiny import CORPUS, FAMILIES, make_tiny_checkpoint, make_tiny_family
from worker.errors import ModelError, SettingsError
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine_openvino import OpenVinoEngine, choose_precision, open_openvino_engine
from worker.recognition.engines import choose_engine, open_engine
from worker.recognition.int8 import Verdict
from worker.recognition.packing import Pack
from worker.recognition.reading import Reading

if TYPE_CHECKING:
    from worker.recognition.engines import EngineKind

TEXTS = [*CORPUS, " ".join(CORPUS * 4), "York"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "nerq" / "openvino"


def rows(checkpoint: Checkpoint, engine: object) -> np.ndarray:
    readings = [Reading.of_text(text, checkpoint) for text in TEXTS]
    return Recognizer(checkpoint, engine, pack_pieces=200).read_words(readings)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", FAMILIES)
def test_it_computes_every_family_as_torch_does(tmp_path: Path, family: str) -> None:
    checkpoint = Checkpoint.open(str(make_tiny_family(tmp_path / family, family)))
    expected = rows(checkpoint, open_engine(checkpoint, "torch", "fp32", threads=1))
    found = rows(checkpoint, open_engine(checkpoint, "openvino", "fp32", threads=1))
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.skipif(choose_precision("auto")[0] != "bf16", reason="this CPU does not compute bf16")
@pytest.mark.parametrize("family", FAMILIES)
def test_16_bits_change_little(tmp_path: Path, family: str) -> None:
    checkpoint = Checkpoint.open(str(make_tiny_family(tmp_path / family, family, spread=0.2)))
    fine, coarse = (open_engine(checkpoint, "auto", precision, threads=1) for precision in ("fp32", "auto"))
    assert coarse.precision == ("fp32" if family in ("mpnet", "deberta-v2") else "bf16")
    expected = rows(checkpoint, fine)
    assert np.abs(rows(checkpoint, coarse) - expected).max() < 0.1 * expected.std()


def test_a_signal_is_handled_after_models_have_come_and_gone(folder: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from worker.recognition import Checkpoint\n"
        "from worker.recognition.engine_openvino import open_openvino_engine\n"
        "checkpoint = Checkpoint.open(sys.argv[1])\n"
        "first, second = (open_openvino_engine(checkpoint, 'fp32', threads=1) for _ in range(2))\n"
        "del first\n"
        "del second\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    command = [sys.executable, "-c", code, str(folder)]
    assert subprocess.run(command, env=environment(), timeout=PATIENCE_S).returncode == 7


def test_entities_do_not_depend_on_the_pack(folder: Path) -> None:
    checkpoint = Checkpoint.open(str(folder))
    engine = open_engine(checkpoint, "openvino", "fp32", threads=1)
    together = Recognizer(checkpoint, engine, pack_pieces=500).recognize(TEXTS)
    alone = [Recognizer(checkpoint, engine, pack_pieces=1).recognize([text])[0] for text in TEXTS]
    places = [[(e.start, e.end, e.label) for e in found.entities] for found in together]
    assert places == [[(e.start, e.end, e.label) for e in found.entities] for found in alone]
    assert any(places)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_checkpoint(tmp_path_factory.mktemp("openvino") / "tiny")


def test_memory_does_not_grow_with_the_shapes_of_packs(folder: Path) -> None:
    # In a process of its own: kernels that other tests have left would hide what these add.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        grown = pool.submit(growth_with_shapes, folder).result(PATIENCE_S)
    # Without a bound on what OpenVINO keeps, over 400 MB; without one on what oneDNN keeps, 80.
    assert grown < 40 * 2**20


def growth_with_shapes(folder: Path) -> int:
    """Bytes that a thousand packs of other shapes add to a process that has read some already."""
    engine = open_openvino_engine(Checkpoint.open(str(folder)), "auto", 1)
    process, before = psutil.Process(), 0
    for n_windows in range(1, 31):
        for n_pieces in range(4, 44):
            ids = np.full((n_windows, n_pieces), 5)
            words = np.arange(n_windows)
            ones = np.ones(n_windows, np.int64)
            engine.predict(Pack(ids, ones * n_pieces, words, ones, words, ones.astype(bool)))
        if n_windows == 2:
            before = process.memory_info().rss
    return int(process.memory_info().rss) - before


OPEN = """
import sys
from worker.recognition import Checkpoint, open_recognizer
found = open_recognizer(Checkpoint.open(sys.argv[1]), "fp32", threads=1, engine="auto").recognize(sys.argv[2:])
print("torch" in sys.modules, [(e.start, e.end, e.label) for one in found for e in one.entities])
"""


def opened_by_processes(folder: Path, n: int = 1) -> list[tuple[str, str]]:
    """Whether processes that read the texts at the same time have loaded torch, and what they found."""
    command = [sys.executable, "-c", OPEN, str(folder), *TEXTS]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(n)]
    answers = [process.communicate(timeout=120)[0].split(" ", 1) for process in started]
    assert [process.returncode for process in started] == [0] * n
    return [(with_torch, found) for with_torch, found in answers]


def test_who_finds_a_converted_network_needs_no_torch(folder: Path, cache: Path) -> None:
    (first,) = opened_by_processes(folder)
    (second,) = opened_by_processes(folder)
    assert (first[0], second[0]) == ("True", "False")
    assert first[1] == second[1] != "[]\n"
    assert cache.stat().st_mode & 0o077 == 0


def test_of_processes_that_start_together_one_converts(folder: Path, cache: Path) -> None:
    with_torch, found = zip(*opened_by_processes(folder, 3), strict=True)
    assert sorted(with_torch) == ["False", "False", "True"]
    assert len(set(found)) == 1
    assert len(list(cache.glob("*/network.bin"))) == 1


def test_a_damaged_network_is_converted_anew(
    folder: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = Checkpoint.open(str(folder))
    expected = rows(checkpoint, open_openvino_engine(checkpoint, "fp32", 1))
    (weights,) = cache.glob("*/network.bin")
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0xFF
    weights.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert (rows(checkpoint, open_openvino_engine(checkpoint, "fp32", 1)) == expected).all()
    assert caplog.text.count("damaged") == 1
    caplog.clear()
    open_openvino_engine(checkpoint, "fp32", 1)
    assert not caplog.records


def test_other_weights_are_another_network(folder: Path, tmp_path: Path, cache: Path) -> None:
    other = make_tiny_checkpoint(tmp_path / "other", seed=8)
    for path in (folder, other):
        open_openvino_engine(Checkpoint.open(str(path)), "fp32", 1)
    assert len(list(cache.glob("*/network.bin"))) == 2


@pytest.mark.parametrize("obstacle", ["file", "no home", "relative"])
def test_without_a_cache_it_works_too(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    obstacle: str,
) -> None:
    checkpoint = Checkpoint.open(str(folder))
    expected = rows(checkpoint, open_openvino_engine(checkpoint, "fp32", 1))
    if obstacle == "file":
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    elif obstacle == "relative":
        monkeypatch.setenv("XDG_CACHE_HOME", "here")
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", lambda _: {}["no such user"])
    with caplog.at_level(logging.WARNING):
        engine = open_openvino_engine(checkpoint, "fp32", 1)
    assert caplog.text.count("set XDG_CACHE_HOME to a folder") == len(caplog.records) == 1
    assert (rows(checkpoint, engine) == expected).all()
    assert not Path("here").exists()


def test_what_a_killed_conversion_left_is_replaced(folder: Path, cache: Path) -> None:
    checkpoint = Checkpoint.open(str(folder))
    open_openvino_engine(checkpoint, "fp32", 1)
    (place,) = cache.glob("*/")
    place.rename(cache / f"{place.name}.part")
    (cache / f"{place.name}.part" / "sha256.json").unlink()
    open_openvino_engine(checkpoint, "fp32", 1)
    assert [path.name for path in cache.glob("*/")] == [place.name]


def test_a_network_that_nobody_reads_any_more_is_removed(folder: Path, tmp_path: Path, cache: Path) -> None:
    open_openvino_engine(Checkpoint.open(str(folder)), "fp32", 1)
    (place,) = cache.glob("*/")
    long_ago = time.time() - 100 * 24 * 3600
    os.utime(place, (long_ago, long_ago))
    open_openvino_engine(Checkpoint.open(str(folder)), "fp32", 1)  # it is read: so it stays
    assert place.stat().st_mtime > long_ago
    os.utime(place, (long_ago, long_ago))
    open_openvino_engine(Checkpoint.open(str(make_tiny_checkpoint(tmp_path / "other", seed=8))), "fp32", 1)
    assert place not in list(cache.glob("*/"))


def test_weights_that_are_swapped_while_they_are_converted_are_not_kept(
    folder: Path, tmp_path: Path, cache: Path
) -> None:
    here = Path(shutil.copytree(folder, tmp_path / "here"))
    checkpoint = Checkpoint.open(str(here))
    _ = checkpoint.id
    shutil.copy(
        make_tiny_checkpoint(tmp_path / "other", seed=8) / "model.safetensors", here / "model.safetensors"
    )
    with pytest.raises(ModelError, match="changed while"):
        open_engine(checkpoint, "auto", "fp32", 1)
    assert not list(cache.glob("*/network.bin"))


def test_with_a_cache_that_is_full_it_works_too(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_model(*_: object, **__: object) -> None:
        raise RuntimeError("basic_ios::clear: iostream error")  # as OpenVINO does when there is no room

    monkeypatch.setattr("openvino.save_model", save_model)
    assert isinstance(open_engine(Checkpoint.open(str(folder)), "auto", "fp32", 1), OpenVinoEngine)
    assert not list(cache.glob("*/*"))


def test_a_network_that_it_cannot_compute_goes_to_torch(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    strange = tmp_path / "longformer"
    shutil.copytree(folder, strange)
    config = json.loads((folder / "config.json").read_text())
    network = LongformerForTokenClassification(
        LongformerConfig(
            vocab_size=config["vocab_size"],
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            attention_window=[8],
            intermediate_size=64,
            max_position_embeddings=64,
            id2label=config["id2label"],
            label2id=config["label2id"],
        )
    )
    network.save_pretrained(strange)
    checkpoint = Checkpoint.open(str(strange))
    with caplog.at_level(logging.WARNING):
        engine = open_engine(checkpoint, "auto", "fp32", 1)
    assert engine.name == "torch-cpu"
    assert "slower" in caplog.text
    with pytest.raises(ModelError, match="OpenVINO"):
        open_engine(checkpoint, "openvino", "fp32", 1)
    # What torch has not is no reason to speak of torch.
    Verdict(checkpoint.id, openvino.__version__, choose_precision("auto")[0], (), 1, 90.0, 90.0).keep()
    with pytest.raises(ModelError, match="OpenVINO"):
        open_engine(checkpoint, "auto", "int8", 1)


def test_what_it_does_not_have_is_said(folder: Path) -> None:
    checkpoint = Checkpoint.open(str(folder))
    with pytest.raises(SettingsError, match="CPU only"):
        open_engine(checkpoint, "openvino", device="cuda")
    with pytest.raises(SettingsError, match="fp32, bf16 or int8"):
        open_engine(checkpoint, "openvino", "fp16")
    for kind, device in (("torch", "cpu"), ("auto", "cuda")):
        with pytest.raises(SettingsError, match="OpenVINO on a CPU alone"):
            choose_engine(cast("EngineKind", kind), "int8", device)


def test_where_there_is_no_openvino_int8_is_no_bug(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert choose_engine("auto", "auto", "cpu").library == "torch"
    with pytest.raises(SettingsError, match="pip install openvino"):
        choose_engine("auto", "int8", "cpu")
    answer = invoke("models", "quantize", str(folder), "--gold", "gold.jsonl")
    assert answer.exit_code == 3
    assert "pip install openvino" in answer.stderr

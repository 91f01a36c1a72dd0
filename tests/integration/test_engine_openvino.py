"""The engine of the CPU computes what torch computes, from a network that is converted once."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from transformers import LongformerConfig, LongformerForTokenClassification

from tests.tiny import CORPUS, FAMILIES, make_tiny_checkpoint, make_tiny_family
from worker.errors import ModelError, SettingsError
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine_openvino import OpenVinoEngine, open_openvino_engine
from worker.recognition.engines import open_engine
from worker.recognition.reading import Reading

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
    engine = open_engine(checkpoint, "openvino", "fp32", threads=1)
    expected = rows(checkpoint, open_engine(checkpoint, "torch", "fp32", threads=1))
    assert np.abs(rows(checkpoint, engine) - expected).max() < 1e-4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_checkpoint(tmp_path_factory.mktemp("openvino") / "tiny")


OPEN = """
import sys
from worker.recognition import Checkpoint, open_recognizer
found = open_recognizer(Checkpoint.open(sys.argv[1]), "fp32", threads=1, engine="auto").recognize(sys.argv[2:])
print("torch" in sys.modules, [(e.start, e.end, e.label) for one in found for e in one.entities])
"""


def opened_by_a_process(folder: Path) -> tuple[str, str]:
    """Whether a process that reads the texts has loaded torch, and what it found."""
    command = [sys.executable, "-c", OPEN, str(folder), *TEXTS]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    with_torch, found = answer.split(" ", 1)
    return with_torch, found


def test_who_finds_a_converted_network_needs_no_torch(folder: Path, cache: Path) -> None:
    first = opened_by_a_process(folder)
    second = opened_by_a_process(folder)
    assert (first[0], second[0]) == ("True", "False")
    assert first[1] == second[1] != "[]\n"
    assert cache.stat().st_mode & 0o077 == 0


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
    assert "damaged" in caplog.text
    caplog.clear()
    open_openvino_engine(checkpoint, "fp32", 1)
    assert not caplog.records


def test_other_weights_are_another_network(folder: Path, tmp_path: Path, cache: Path) -> None:
    other = make_tiny_checkpoint(tmp_path / "other", seed=8)
    for path in (folder, other):
        open_openvino_engine(Checkpoint.open(str(path)), "fp32", 1)
    assert len(list(cache.glob("*/network.bin"))) == 2


def test_without_a_cache_it_works_too(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert isinstance(open_engine(Checkpoint.open(str(folder)), "auto", "fp32", 1), OpenVinoEngine)


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


def test_what_it_does_not_have_is_said(folder: Path) -> None:
    checkpoint = Checkpoint.open(str(folder))
    with pytest.raises(SettingsError, match="CPU only"):
        open_engine(checkpoint, "openvino", device="cuda")
    with pytest.raises(SettingsError, match="fp32 or bf16"):
        open_engine(checkpoint, "openvino", "fp16")

"""On a CUDA device torch gives the entities of the CPU, and a pack that does not fit is halved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import CORPUS, FAMILIES, make_tiny_family
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine import Engine
from worker.recognition.engines import open_engine
from worker.recognition.pack_budget import PACK_PIECES, find_pack_pieces
from worker.recognition.reading import Reading

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device"),
]

TEXTS = [*CORPUS, " ".join(CORPUS * 4), "York"]


def entities(
    checkpoint: Checkpoint, engine: Engine, pack_pieces: int = 200
) -> list[list[tuple[int, int, str]]]:
    found = Recognizer(checkpoint, engine, pack_pieces).recognize(TEXTS)
    return [[(e.start, e.end, e.label) for e in one.entities] for one in found]


@pytest.fixture(scope="module")
def general() -> Checkpoint:
    return Checkpoint.open("general")


def test_the_bundled_model_finds_what_it_finds_on_the_cpu(general: Checkpoint) -> None:
    engine = open_engine(general, "auto", "fp32", device="cuda")
    assert (engine.name, engine.precision) == ("torch-cuda", "fp32")
    expected = entities(general, open_engine(general, "torch", "fp32", device="cpu"))
    assert entities(general, engine) == expected
    assert any(expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_computes_what_it_computes_on_the_cpu(tmp_path: Path, family: str) -> None:
    checkpoint = Checkpoint.open(str(make_tiny_family(tmp_path / family, family)))
    readings = [Reading.of_text(text, checkpoint) for text in TEXTS]
    cpu, cuda = (
        Recognizer(checkpoint, open_engine(checkpoint, "torch", "fp32", device=device), 200).read_words(
            readings
        )
        for device in ("cpu", "cuda")
    )
    assert np.abs(cpu - cuda).max() < 1e-3


def test_16_bits_label_nearly_all_words_alike(general: Checkpoint) -> None:
    readings = [Reading.of_text(text, general) for text in TEXTS]
    fine, coarse = (
        Recognizer(general, open_engine(general, "torch", precision, device="cuda")).read_words(readings)
        for precision in ("fp32", "auto")
    )
    assert (fine.argmax(axis=1) == coarse.argmax(axis=1)).mean() >= 0.99


def test_entities_do_not_depend_on_the_pack(general: Checkpoint) -> None:
    engine = open_engine(general, "torch", "fp32", device="cuda")
    assert entities(general, engine, pack_pieces=1) == entities(general, engine, pack_pieces=4096)


def test_a_pack_that_does_not_fit_is_halved(general: Checkpoint) -> None:
    engine = open_engine(general, "torch", "fp32", device="cuda")
    expected = entities(general, engine, pack_pieces=64)
    texts = TEXTS * 400
    torch.cuda.empty_cache()
    share = 256 * 2**20 / torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(share)  # room for the weights and a small pack
    try:
        torch.cuda.reset_peak_memory_stats()
        found = Recognizer(general, engine, pack_pieces=1_000_000).recognize(texts)
        n_retries = torch.cuda.memory_stats()["num_ooms"]
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert n_retries > 0
    assert [[(e.start, e.end, e.label) for e in one.entities] for one in found] == expected * 400


def test_packs_are_as_large_as_pays(general: Checkpoint) -> None:
    engine = open_engine(general, device="cuda")
    assert find_pack_pieces(general, engine) > PACK_PIECES

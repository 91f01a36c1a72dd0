"""Packs are as large as a machine likes best: found by a trial, and only where it makes a difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.tiny import FAMILIES, make_tiny_family
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine import Engine
from worker.recognition.engines import EngineKind, open_engine
from worker.recognition.pack_budget import PACK_PIECES, fastest_budget, find_pack_pieces, trial_pack
from worker.recognition.packing import Pack

TEXT = "Anna met Bob Smith in New York. " * 40


@pytest.fixture
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return Checkpoint.open(str(tiny_checkpoint))


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ({2048: 100, 4096: 104}, 2048),
        ({2048: 100, 4096: 190, 8192: 250, 16384: 251}, 8192),
        ({2048: 1, 4096: 2, 8192: 4, 16384: 8, 32768: 16, 65536: 32}, 65536),
        ({2048: 100, 4096: 50}, 2048),
        ({2048: 100, 4096: 190}, 4096),  # twice as many do not fit into memory
        ({}, 2048),
    ],
)
def test_doubling_goes_on_while_it_pays(rates: dict[int, float], expected: int) -> None:
    def rate(n_pieces: int) -> float:
        if n_pieces not in rates:
            raise MemoryError
        return rates[n_pieces]

    assert fastest_budget(rate) == expected


class Counting:
    """An engine that counts the packs that it is given."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.precision = engine.name, engine.precision
        self.packs: list[Pack] = []
        self._engine = engine

    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        self.packs.append(pack)
        return self._engine.predict(pack)


@pytest.mark.parametrize("kind", ["openvino", "torch"])
def test_many_threads_are_tried_with_full_windows(checkpoint: Checkpoint, kind: EngineKind) -> None:
    engine = Counting(open_engine(checkpoint, kind, "fp32", threads=1, device="cpu"))
    found = find_pack_pieces(checkpoint, engine, threads=8)
    assert found in {2048 << i for i in range(6)}
    sizes = sorted({pack.piece_ids.size for pack in engine.packs})
    assert len(sizes) >= 2
    longest = checkpoint.window.max_pieces + 2
    assert all(wanted - longest < size <= wanted for size, wanted in zip(sizes, [2048, 4096], strict=False))
    assert all((pack.lengths == pack.piece_ids.shape[1]).all() for pack in engine.packs)

    entities, others = (
        [
            (e.start, e.end, e.label)
            for e in Recognizer(checkpoint, engine, size).recognize([TEXT])[0].entities
        ]
        for size in (PACK_PIECES, 2 * found)
    )
    assert entities == others


@pytest.mark.parametrize("threads", [1, 2])
def test_few_threads_need_no_trial(checkpoint: Checkpoint, threads: int) -> None:
    engine = Counting(open_engine(checkpoint, "openvino", "fp32", threads=threads, device="cpu"))
    assert find_pack_pieces(checkpoint, engine, threads) == PACK_PIECES
    assert engine.packs == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_trial_is_as_large_as_it_says_whatever_the_tokenizer(tmp_path: Path, family: str) -> None:
    checkpoint = Checkpoint.open(str(make_tiny_family(tmp_path / family, family)))
    specials = len(checkpoint.pieces.before) + len(checkpoint.pieces.after)
    longest = checkpoint.window.max_pieces + specials
    pack = trial_pack(checkpoint, 4096)
    assert 4096 - longest < pack.piece_ids.size <= 4096
    assert set(pack.lengths) == {pack.piece_ids.shape[1]}
    assert pack.piece_ids.shape[1] <= longest

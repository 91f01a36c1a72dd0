"""How many pieces go through an engine together: what a short trial finds fastest, where it makes a difference."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from worker.recognition.checkpoint import Checkpoint
from worker.recognition.engine import Engine
from worker.recognition.packing import Pack, Packer
from worker.recognition.pieces import Pieces

_log = logging.getLogger(__name__)

#: With one or two CPU threads more are no faster (`python -m benchmarks.packs`), and fewer take less memory.
PACK_PIECES: Final = 2048
#: More than a process is ever given at once.
_MOST_PIECES: Final = 65_536
#: Twice as many pieces must be faster by this factor: less is the noise of a busy machine.
_GAIN: Final = 1.05
#: Threads among which `PACK_PIECES` can be shared out without loss.
_FEW_THREADS: Final = 2
#: How long each number of pieces is tried, at least once.
_SECONDS: Final = 0.2
_WORDS_OF_A_SENTENCE: Final = 25
_PIECES_OF_A_WORD: Final = 1.25


def find_pack_pieces(checkpoint: Checkpoint, engine: Engine, threads: int | None = None) -> int:
    """Pieces for the packs of a `Recognizer`. Where it depends on the machine, by a short trial.

    Args:
        checkpoint: what the engine has opened.
        engine: a GPU's, or one of a CPU.
        threads: CPU threads of the engine; None: as many as there are cores.
    """
    n_threads = threads or os.cpu_count() or 1
    if engine.name.endswith("-cpu") and n_threads <= _FEW_THREADS:
        return PACK_PIECES
    found = fastest_budget(lambda n_pieces: _rate(engine, trial_pack(checkpoint, n_pieces)))
    _log.info("pieces of a pack", extra={"pieces": found, "engine": engine.name, "threads": n_threads})
    return found


def fastest_budget(rate: Callable[[int], float]) -> int:
    """The number of pieces at which doubling no longer pays.

    Args:
        rate: pieces a second with so many pieces together; raises MemoryError where they do not fit.
    """
    best = PACK_PIECES
    try:
        best_rate = rate(best)
        while 2 * best <= _MOST_PIECES and (next_rate := rate(2 * best)) >= _GAIN * best_rate:
            best, best_rate = 2 * best, next_rate
    except MemoryError:
        pass  # the last that fitted; and what does not fit after all is halved when it comes
    return best


def _rate(engine: Engine, pack: Pack) -> float:
    engine.predict(pack)  # the first of a shape makes its kernels
    fastest, give_up_at = float("inf"), time.perf_counter() + _SECONDS
    while (started := time.perf_counter()) < give_up_at:
        engine.predict(pack)
        fastest = min(fastest, time.perf_counter() - started)
    return float(pack.lengths.sum()) / fastest


def trial_pack(checkpoint: Checkpoint, n_pieces: int) -> Pack:
    """Windows as long as those of running text, of words of one piece; `n_pieces` in all, or a little less."""
    policy, pieces = checkpoint.window, checkpoint.pieces
    length = min(policy.max_pieces, int((policy.max_words or _WORDS_OF_A_SENTENCE) * _PIECES_OF_A_WORD))
    n_windows = max(1, n_pieces // (length + len(pieces.before) + len(pieces.after)))
    n_words = length * n_windows
    # Put together by hand: some tokenizers cut every word into several pieces.
    words = Pieces(np.repeat(pieces.cut(["a"]).ids[:1], n_words), np.arange(n_words + 1))
    firsts = np.arange(n_windows) * length
    windows = np.stack([firsts, firsts + length, firsts, firsts + length], axis=1)
    (pack,) = Packer(pieces.before, pieces.after, pack_pieces=n_pieces).packs(words, windows)
    return pack

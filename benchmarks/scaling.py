"""Whether two processes read twice as much as one: single-threaded ones, beside plain matrix products that do the same.

    python -m benchmarks.scaling

Both gains are taken in turns in one run. Two processes of bare products do not gain a factor of two either: clock,
cache and memory are shared. The recogniser must come near what they gain.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from statistics import median

from benchmarks.contenders import forget_words
from benchmarks.corpus import make_corpora
from benchmarks.processes import Process
from benchmarks.roof import Cost
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engines import open_engine

#: The least share of the products' gain that the recogniser's has to be.
LEAST = 0.95


class Reader:
    """A recogniser with one thread."""

    def __init__(self, model: str, texts: Sequence[str]) -> None:
        self._checkpoint = Checkpoint.open(model)
        self._recognizer = Recognizer(
            self._checkpoint, open_engine(self._checkpoint, threads=1, device="cpu")
        )
        self._texts = texts
        self.work()

    def work(self) -> float:
        """Read all texts; the seconds that it took."""
        forget_words(self._checkpoint)
        started = time.perf_counter()
        self._recognizer.recognize(self._texts)
        return time.perf_counter() - started


class Products:
    """Plain products of the network's shapes with one thread, in the precision of the engine."""

    def __init__(self, model: str, seconds: float) -> None:
        import torch

        torch.set_num_threads(1)
        has_bf16 = torch.cpu.get_capabilities().get("avx512_bf16") or torch.cpu.get_capabilities().get(
            "amx_bf16"
        )
        self._dtype = torch.bfloat16 if has_bf16 else torch.float32
        self._shapes = [shape for shape in Cost.of(Checkpoint.open(model)).shapes if min(shape) > 64]
        self._n_times = 1
        self._n_times = max(1, round(seconds / self.work()))

    def work(self) -> float:
        """As many products as one process makes in the time asked for; the seconds that it took."""
        import torch

        started = time.perf_counter()
        with torch.inference_mode():
            for _ in range(self._n_times):
                for outputs, inputs in self._shapes:
                    a = torch.ones(1024, inputs, dtype=self._dtype)
                    b = torch.ones(inputs, outputs, dtype=self._dtype)
                    torch.mm(a, b)
        return time.perf_counter() - started


def main() -> int:
    """0 if the gain is near enough to that of the products."""
    options = _parse()
    (corpus,) = make_corpora(["notes"], options.words)
    readers = [Process(Reader, options.model, [*corpus.texts], threads=1) for _ in range(2)]
    alone = readers[0].call("work")
    readers[1].call("work")
    products = [Process(Products, options.model, alone, threads=1) for _ in range(2)]
    for process in products:
        process.call("work")
    shares = []
    for turn in range(options.rounds):
        bare, read = _gain(products), _gain(readers)
        shares.append(read / bare)
        print(f"round {turn + 1}: products gain {bare:.2f}, the recogniser {read:.2f}", flush=True)
    for process in (*readers, *products):
        process.end()
    print(f"share {median(shares):.3f} (at least {LEAST}), on {os.cpu_count()} cores")
    return 0 if median(shares) >= LEAST else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="general", help="bundled name, folder or hub id")
    parser.add_argument("--words", type=int, default=20_000, help="that each process reads in a round")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _gain(processes: Sequence[Process]) -> float:
    """How much more two do in the same time than one: from one that works alone before and after both work."""
    before = processes[0].call("work")
    for process in processes:
        process.begin("work")
    both = [process.answer() for process in processes]
    after = processes[1].call("work")
    single = (before + after) / 2
    return float(sum(single / seconds for seconds in both))


if __name__ == "__main__":
    sys.exit(main())

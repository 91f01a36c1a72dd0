"""How fast an engine is by the number of pieces that go through it together, all sizes in turns.

    python -m benchmarks.packs
    python -m benchmarks.packs --threads 8         # or --device cuda

The engine alone, with full windows of the model's own length. The last line is what `nerq` would take here.
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import median
from typing import Final

from worker.recognition import Checkpoint
from worker.recognition.engines import open_engine
from worker.recognition.pack_budget import PACK_PIECES, find_pack_pieces, trial_pack

_SIZES: Final = (256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768)
#: Pieces of each turn, at least.
_PIECES_OF_A_TURN: Final = 4096


def main() -> None:
    """Measure and say it."""
    arguments = _parse()
    checkpoint = Checkpoint.open(arguments.model)
    engine = open_engine(checkpoint, threads=arguments.threads, device=arguments.device)
    packs = {size: trial_pack(checkpoint, size) for size in _SIZES}
    for pack in packs.values():
        engine.predict(pack)
    rates: dict[int, list[float]] = {size: [] for size in _SIZES}
    for _ in range(arguments.rounds):
        for size, pack in packs.items():
            n_times = -(-_PIECES_OF_A_TURN // pack.piece_ids.size)
            started = time.perf_counter()
            for _ in range(n_times):
                engine.predict(pack)
            rates[size].append(n_times * pack.piece_ids.size / (time.perf_counter() - started))
    say(f"{engine.name} {engine.precision}, {arguments.threads or 'all'} threads, {arguments.rounds} rounds")
    reference = median(rates[PACK_PIECES])
    for size, found in rates.items():
        say(f"{size:>6,} pieces  {median(found):>10,.0f} pieces/s  {median(found) / reference:.3f}")
    say(f"taken here: {find_pack_pieces(checkpoint, engine, arguments.threads):,}")


def say(line: str) -> None:
    """A line on standard output."""
    sys.stdout.write(line + "\n")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.packs", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", default="general", help="bundled name, folder or hub id")
    parser.add_argument("--threads", type=int, help="of a CPU")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="[cuda where there is one]")
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""How fast `nerq submit` queues a folder of small files, and how long `nerq --help` takes: whole processes.

    python -m benchmarks.submitting
    python -m benchmarks.submitting --files 1000

The files are read, hashed, stored in a private PostgreSQL and announced to a private Redis; no worker takes them.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.corpus import make_text
from benchmarks.queueing import private_servers
from worker import store

#: The least files a second, and the most seconds of --help.
LEAST_FILES = 1_500
MOST_SECONDS = 0.25
_ROOT = Path(__file__).parent.parent


def main() -> int:
    """0 if both are fast enough."""
    options = _parse()
    rates, helps = [], []
    with tempfile.TemporaryDirectory() as name, private_servers() as (postgres, redis):
        folder = Path(name)
        _write_files(folder, options.files)
        for _ in range(options.rounds):
            url = postgres.url(postgres.create_database())
            store.upgrade_database(url)
            values = {"NERQ_DATABASE": url, "NERQ_BROKER": redis.url}
            rates.append(options.files / _seconds(["submit", str(folder), "--no-wait", "--quiet"], values))
            helps.append(_seconds(["--help"], {}))
            print(f"{rates[-1]:,.0f} files/s; --help {helps[-1]:.2f} s", flush=True)
    print(
        f"{options.files:,} files: {median(rates):,.0f} files/s (at least {LEAST_FILES:,}); "
        f"--help {median(helps):.2f} s (at most {MOST_SECONDS})"
    )
    return 0 if median(rates) >= LEAST_FILES and median(helps) <= MOST_SECONDS else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _write_files(folder: Path, n_files: int) -> None:
    """Of 20 to 120 words, each another text."""
    lengths = random.Random(1)
    for i in range(n_files):
        place = folder / f"{i // 1000:03}"
        place.mkdir(exist_ok=True)
        text = f"{make_text(lengths.randint(20, 120), seed=i % 500)}\nLetter {i}.\n"
        (place / f"{i:06}.txt").write_text(text, encoding="utf-8")


def _seconds(arguments: list[str], values: Mapping[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        env={**os.environ, **values},
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())

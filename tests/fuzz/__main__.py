"""`python -m tests.fuzz`: every target for some seconds; `python -m tests.fuzz TARGET FILE`: one input again.

What was found new in one run is where the next one begins. A finding is a file, and the way to run it again is told.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
#: Inputs that reach new code, and findings; a folder for each target.
FOUND = ROOT / "build" / "fuzz"
#: An input that takes longer is a finding. Of seconds, on a busy machine.
_TIMEOUT_S = 30
_MAX_BYTES = 2048


def main() -> int:
    """The exit code: 0, or 1 after a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", choices=TARGETS, metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="run this input alone")
    parser.add_argument("--seconds", type=int, default=60, help="for each target [60]")
    arguments = parser.parse_args()
    if arguments.file:
        with tempfile.TemporaryDirectory() as folder:
            TARGETS[arguments.target].check(arguments.file.read_bytes(), Path(folder))
        say(f"{arguments.target}: {arguments.file} holds")
        return 0
    if importlib.util.find_spec("atheris") is None:
        say("atheris is not installed; it has wheels for CPython 3.11 to 3.13 on Linux x86-64 only")
        return 1
    return fuzz([arguments.target] if arguments.target else list(TARGETS), arguments.seconds)


def fuzz(names: Sequence[str], seconds: int) -> int:
    """Run the targets, as many at once as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(lambda name: _run(name, seconds), names))
    return 1 if any(codes) else 0


def _run(name: str, seconds: int) -> int:
    corpus = FOUND / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in TARGETS[name].seeds:
        (corpus / f"seed-{hashlib.sha256(seed).hexdigest()[:16]}").write_bytes(seed)
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.engine", name, str(corpus)),
            *(f"-max_total_time={seconds}", f"-timeout={_TIMEOUT_S}", f"-max_len={_MAX_BYTES}"),
            *("-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={FOUND / name}/"),
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    runs = re.search(r"number_of_executed_units:\s*(\d+)", ended.stdout)
    say(f"{name}: {runs[1] if runs else 'no'} inputs, {len(list(corpus.iterdir()))} of them kept")
    if ended.returncode:
        written = re.search(r"Test unit written to (\S+)", ended.stdout)
        say(ended.stdout[-6000:])
        if written:
            file = Path(written[1]).relative_to(ROOT)
            say(f"{name}: a finding; again: {Path(sys.executable)} -m tests.fuzz {name} {file}")
    return ended.returncode


def say(line: str) -> None:
    """A line on standard output, whole even among those of other threads."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

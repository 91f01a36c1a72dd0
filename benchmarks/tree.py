"""The memory of a command and of the processes that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

#: Seconds between two looks at the processes.
_LOOK_S: Final = 0.05


@dataclass(slots=True)
class Run:
    """What became of a command."""

    status: int
    seconds: float
    peak: int = 0  #: bytes of all processes together, the most that was seen at one look
    largest: int = 0  #: bytes of the largest process at its own peak


def run_nerq(arguments: Sequence[str], settings: Mapping[str, str]) -> Run:
    """Run nerq's command line and look at it until it ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NERQ_")}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        env=environment | dict(settings),
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.DEVNULL,
    )
    run = Run(0, 0.0)
    while process.poll() is None:
        _look(process.pid, run)
        time.sleep(_LOOK_S)
    run.status, run.seconds = process.returncode, time.perf_counter() - started
    return run


def _look(pid: int, run: Run) -> None:
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    together = 0
    for process in processes:
        try:
            now = int(process.memory_info().rss)
            together += now
            run.largest = max(run.largest, now, _recorded_peak(process.pid))
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError, ValueError):
            continue
    run.peak = max(run.peak, together)


def _recorded_peak(pid: int) -> int:
    """The kernel's own record where there is one, so that nothing between two looks is missed."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(lines[0].split()[1]) if lines else 0  # one that has just ended has no memory

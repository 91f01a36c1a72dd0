"""Workers on machines that are unlike this one."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def with_clock(error_file: Path) -> list[str]:
    """The command that starts another on a machine whose clock is wrong by the seconds that the file holds."""
    return _elsewhere(WORKER_CLOCK=str(error_file))


def with_patience(silence_s: float) -> list[str]:
    """The command that starts another whose processes wait so long for a silent database."""
    return _elsewhere(WORKER_SILENCE_S=str(silence_s))


def _elsewhere(**variables: str) -> list[str]:
    path = os.pathsep.join([str(Path(__file__).parent / "elsewhere"), str(_ROOT)])
    return ["env", f"PYTHONPATH={path}", *(f"{name}={value}" for name, value in variables.items())]

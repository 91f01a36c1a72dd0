"""What a target of fuzzing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from worker.text import storable


@dataclass(frozen=True)
class Target:
    """Something that must hold for any bytes.

    `check` raises what is a finding; it may write into the folder that it is given, which is not empty.
    """

    check: Callable[[bytes, Path], None]
    seeds: tuple[bytes, ...]  #: to begin with: ordinary inputs, and those that were findings once


def as_text(data: bytes) -> str:
    """A text as readers give it; most inputs that fuzzing thinks of are not UTF-8 everywhere."""
    return storable(data.decode("utf-8", "replace"))

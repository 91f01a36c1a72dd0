"""The live line on standard error: a bar in a terminal, plain lines every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cli import output
from cli.quantity import count, duration, short

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

#: Seconds between two plain lines,
LINE_EVERY_S = 5.0
#: and between two that say the same.
SAME_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Moment:
    """How far the work is. `total` still grows while `is_reading`."""

    done: int
    total: int
    is_reading: bool = False
    n_failed: int = 0
    chars_per_s: float | None = None
    seconds_left: float | None = None

    @property
    def position(self) -> str:
        """`980/1,200`, with a plus while the total still grows."""
        return f"{self.done:,}/{self.total:,}{'+' if self.is_reading else ''}"

    @property
    def pace(self) -> str:
        """Failures, speed and time left, as far as they are known."""
        parts = [count(self.n_failed, "failed", "failed")] if self.n_failed else []
        if self.chars_per_s:
            parts.append(f"{short(self.chars_per_s)} characters/s")
        if self.seconds_left is not None and not self.is_reading:
            parts.append(f"{duration(self.seconds_left)} left")
        return ", ".join(parts)


class Silent(AbstractContextManager["Silent"]):
    """Shows nothing."""

    def show(self, moment: Moment) -> None:
        """Take note of nothing."""

    def __exit__(self, *_exception: object) -> None:
        return None


class Lines(Silent):
    """One line every few seconds, for a log or a pipe; nothing at all when the work is over before that."""

    def __init__(self) -> None:
        self._told = time.monotonic()
        self._position = ""

    def show(self, moment: Moment) -> None:
        """Write a line if it is time for one."""
        pause = SAME_EVERY_S if moment.position == self._position else LINE_EVERY_S
        if time.monotonic() < self._told + pause:
            return
        self._told, self._position = time.monotonic(), moment.position
        output.say(f"{moment.position} documents{', ' if moment.pace else ''}{moment.pace}")


class LiveBar(Silent):
    """A bar that moves, in a terminal; it is gone when the work is over."""

    def __init__(self) -> None:
        self._bar = _make_bar()
        self._task = self._bar.add_task("Reading", total=None, position="", pace="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def show(self, moment: Moment) -> None:
        """Move the bar."""
        self._bar.update(
            self._task,
            description="Reading" if moment.is_reading else "Extracting",
            completed=moment.done,
            total=moment.total or None,
            position=moment.position,
            pace=moment.pace,
        )

    def __exit__(self, *_exception: object) -> None:
        self._bar.stop()


def make_display(quiet: bool = False) -> Silent:
    """What suits standard error."""
    if quiet:
        return Silent()
    is_animated = sys.stderr.isatty() and output.is_smart_terminal()
    return LiveBar() if is_animated else Lines()


def _make_bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[position]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
        console=Console(stderr=True, no_color=not output.uses_colour(sys.stderr), highlight=False),
        transient=True,
    )

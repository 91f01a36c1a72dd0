"""The live line on standard error: a bar in a terminal, plain lines every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cli import output
from cli.quantity import count, duration, short

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

#: Seconds between two plain lines,
LINE_EVERY_S = 5.0
#: and between two that say the same.
SAME_EVERY_S = 60.0


class Showable(Protocol):
    """How far some work is."""

    @property
    def done(self) -> int:
        """Of the total."""

    @property
    def total(self) -> int:
        """0 until it is known."""

    @property
    def title(self) -> str:
        """What is being done, before the bar."""

    @property
    def position(self) -> str:
        """`980/1,200`, behind the bar."""

    @property
    def pace(self) -> str:
        """Speed, time left and the like, as far as they are known."""

    @property
    def line(self) -> str:
        """Title and position where there is no bar."""


@dataclass(frozen=True, slots=True)
class Moment:
    """How far the documents of a job are. `total` still grows while `is_reading`."""

    done: int
    total: int
    is_reading: bool = False
    n_failed: int = 0
    chars_per_s: float | None = None
    seconds_left: float | None = None

    @property
    def title(self) -> str:
        """What is being done."""
        return "Reading" if self.is_reading else "Extracting"

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

    @property
    def line(self) -> str:
        """`980/1,200 documents`."""
        return f"{self.position} documents"


class Silent(AbstractContextManager["Silent"]):
    """Shows nothing."""

    def show(self, moment: Showable) -> None:
        """Take note of nothing."""

    def stop(self) -> None:
        """Leave nothing behind."""

    def __exit__(self, *_exception: object) -> None:
        self.stop()


class Lines(Silent):
    """One line every few seconds, for a log or a pipe; nothing at all when the work is over before that."""

    def __init__(self, every_s: float = LINE_EVERY_S) -> None:
        self._every_s = every_s
        self._told = time.monotonic()
        self._line = ""

    def show(self, moment: Showable) -> None:
        """Write a line if it is time for one."""
        pause = SAME_EVERY_S if moment.line == self._line else self._every_s
        if time.monotonic() < self._told + pause:
            return
        self._told, self._line = time.monotonic(), moment.line
        output.say(f"{moment.line}{', ' if moment.pace else ''}{moment.pace}")


class LiveBar(Silent):
    """A bar that moves, in a terminal; what is said meanwhile appears above it, and it is gone in the end."""

    def __init__(self) -> None:
        self._bar = _make_bar()
        self._task = self._bar.add_task("", total=None, position="", pace="")

    def show(self, moment: Showable) -> None:
        """Move the bar."""
        self._bar.start()
        self._bar.update(
            self._task,
            description=moment.title,
            completed=moment.done,
            total=moment.total or None,
            position=moment.position,
            pace=moment.pace,
        )

    def stop(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def make_display(quiet: bool = False, every_s: float = LINE_EVERY_S) -> Silent:
    """What suits standard error: a bar, or a line every few seconds."""
    if quiet:
        return Silent()
    is_animated = sys.stderr.isatty() and output.is_smart_terminal()
    return LiveBar() if is_animated else Lines(every_s)


def _make_bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, no_color=not output.uses_colour(sys.stderr), highlight=False)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30 if console.width >= 100 else 12),
        TextColumn("{task.fields[position]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
        console=console,
        transient=True,
    )

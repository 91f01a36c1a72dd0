"""What a training run tells on standard error: lines for data and epochs, a bar or lines in between."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from cli import output
from cli.progress import make_display
from cli.quantity import count, duration
from training.options import TrainObserver

#: Seconds between two lines about steps.
LINE_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class _Moment:
    """How far a part of the run is."""

    title: str
    done: int
    total: int
    unit: str
    loss: float | None
    seconds_left: float | None

    @property
    def position(self) -> str:
        return f"{self.unit} {self.done:,}/{self.total:,}"

    @property
    def pace(self) -> str:
        parts = [f"loss {self.loss:.3f}"] if self.loss is not None else []
        if self.seconds_left is not None:
            parts.append(f"{duration(self.seconds_left)} left")
        return ", ".join(parts)

    @property
    def line(self) -> str:
        return f"{self.title}, {self.position}"


class TrainProgress(TrainObserver, AbstractContextManager["TrainProgress"]):
    """Shows a run while the block lasts.

    Attributes:
        n_kept: epochs after which the run could be resumed.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._is_quiet = quiet
        self._display = make_display(quiet, LINE_EVERY_S)
        self._clock = _Clock()
        self._n_epochs = 1
        self.n_kept = 0

    def __exit__(self, *_exception: object) -> None:
        self._display.stop()

    def prepared(self, facts: dict[str, Any]) -> None:
        """Say what the data is."""
        data, self._n_epochs = facts["data"], facts["training"]["epochs"]
        for file in data["files"]:
            scheme = f", {file['scheme']}" if file["scheme"] else ""
            remarks = "".join(f", {n:,} {what}" for what, n in file["remarks"].items())
            documents = count(file["documents"], "document")
            self._say(f"{file['name']}: {documents} ({file['format']}{scheme}){remarks}")
        train = data["train"]
        left_out = (
            f", {train['misaligned']:,} left out: they do not end where words end"
            if train["misaligned"]
            else ""
        )
        self._say(f"Training on {train['words']:,} words with {train['entities']:,} entities{left_out}")
        if data["unlabelled"]:
            documents = count(data["unlabelled"]["documents"], "document")
            self._say(f"Unlabelled: {data['unlabelled']['words']:,} words in {documents}")
        agreement = facts["word_rule_agreement"]
        how_well = f", which finds {agreement:.2%} of the data's words exactly" if agreement else ""
        self._say(f"Words are cut by the rule {facts['word_rule']}{how_well}")

    def began_anew(self, n_epochs: int, differences: Sequence[str]) -> None:
        """Say what of an interrupted run is thrown away."""
        why = ", ".join(differences) or "--restart was given"
        self._say(f"Beginning anew: {count(n_epochs, 'epoch')} of an interrupted run will be lost ({why})")

    def resumed(self, epoch: int) -> None:
        """Say where the run goes on."""
        self.n_kept = epoch
        self._say(f"Going on after epoch {epoch} of an interrupted run (--restart begins anew)")

    def taught(self, n_done: int, n_words: int) -> None:
        """Show how far the teacher has read."""
        left = self._clock.seconds_left("teacher", n_done, n_words)
        self._display.show(_Moment("The teacher reads", n_done, n_words, "word", None, left))

    def stepped(self, step: int, n_steps: int, loss: float | None) -> None:
        """Show how far the training is."""
        epoch = -(-step * self._n_epochs // n_steps)
        left = self._clock.seconds_left("steps", step, n_steps)
        self._display.show(_Moment(f"Epoch {epoch}/{self._n_epochs}", step, n_steps, "step", loss, left))

    def scored(self, epoch: int, score: dict[str, float], is_best: bool) -> None:
        """Say how good the epoch is."""
        best = "  best so far" if is_best else ""
        precision, recall, f1 = (f"{100 * score[key]:.2f}" for key in ("precision", "recall", "f1"))
        self._say(f"epoch {epoch}: F1 {f1} (precision {precision}, recall {recall}){best}")

    def tried(self, window_words: int, f1: float) -> None:
        """Say how good the stored weights are in a window: of a large model each takes minutes."""
        window = f"windows of {window_words} words" if window_words else "single sentences"
        self._say(f"in {window}: F1 {100 * f1:.2f}")

    def kept(self, epoch: int) -> None:
        """Take note."""
        self.n_kept = epoch

    def _say(self, text: str) -> None:
        if not self._is_quiet:
            output.say(text)


class _Clock:
    """Tells the time left from the speed since a part of the run began."""

    def __init__(self) -> None:
        self._part = ""
        self._started = 0.0
        self._first = 0

    def seconds_left(self, part: str, done: int, total: int) -> float | None:
        """None at first, when there is no speed yet."""
        now = time.monotonic()
        if part != self._part:
            self._part, self._started, self._first = part, now, done
        if done == self._first:
            return None
        return (now - self._started) / (done - self._first) * (total - done)

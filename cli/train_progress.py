"""What a training run tells on standard error."""

from __future__ import annotations

import sys
import time
from typing import Any

from cli import output
from cli.quantity import count, duration
from training.options import TrainObserver

#: Seconds between two lines about steps.
_LINE_EVERY_S = 10.0


class TrainProgress(TrainObserver):
    """Lines for the data and for each epoch; steps in between, in place in a terminal, else now and then."""

    def __init__(self, quiet: bool = False) -> None:
        self._is_quiet = quiet
        self._is_live = sys.stderr.isatty() and output.is_smart_terminal()
        self._started = self._told = time.monotonic()

    def prepared(self, facts: dict[str, Any]) -> None:
        """Say what the data is."""
        if self._is_quiet:
            return
        for file in facts["data"]["files"]:
            scheme = f", {file['scheme']}" if file["scheme"] else ""
            output.say(f"{file['name']}: {count(file['documents'], 'document')} ({file['format']}{scheme})")
        data = facts["data"]["train"]
        left_out = (
            f", {data['misaligned']:,} left out: they do not end where words end"
            if data["misaligned"]
            else ""
        )
        output.say(f"Training on {data['words']:,} words with {data['entities']:,} entities{left_out}")
        agreement = facts["word_rule_agreement"]
        how_well = f", which finds {agreement:.2%} of the data's words exactly" if agreement else ""
        output.say(f"Words are cut by the rule {facts['word_rule']}{how_well}")
        self._started = self._told = time.monotonic()

    def stepped(self, step: int, n_steps: int, loss: float | None) -> None:
        """Say how far it is."""
        now = time.monotonic()
        if self._is_quiet or now - self._told < (0.2 if self._is_live else _LINE_EVERY_S):
            return
        self._told = now
        left = duration((now - self._started) / step * (n_steps - step))
        line = f"step {step:,}/{n_steps:,}{f', loss {loss:.3f}' if loss is not None else ''}, {left} left"
        if self._is_live:
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        else:
            output.say(line)

    def scored(self, epoch: int, score: dict[str, float], is_best: bool) -> None:
        """Say how good the epoch is."""
        if self._is_quiet:
            return
        best = "  best so far" if is_best else ""
        precision, recall, f1 = (f"{100 * score[key]:.2f}" for key in ("precision", "recall", "f1"))
        clear = "\r\x1b[K" if self._is_live else ""
        output.say_styled(f"{clear}epoch {epoch}: F1 {f1} (precision {precision}, recall {recall}){best}")

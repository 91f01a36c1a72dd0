"""What is scored against gold: the entities that a job has stored, or those that a model finds now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cli.models import entity_labels
from cli.progress import Silent, make_display
from cli.quantity import duration, short
from worker.errors import NotFoundError

if TYPE_CHECKING:
    from training.findings import Findings
    from training.gold import Gold
    from worker.settings import Settings
    from worker.store import Database


@dataclass(frozen=True, slots=True)
class Contender:
    """A job or a model, and what it found in gold's documents."""

    job_id: int | None
    model_id: str
    model_name: str
    labels: tuple[str, ...]  #: of the entities that the model can find
    settings: dict[str, Any]  #: how it read; None where a job does not say
    own_max_words: int | None  #: of the windows that the model says itself
    findings: Findings

    @property
    def title(self) -> str:
        """`job 7 (general)`, or the model's name."""
        return f"job {self.job_id} ({self.model_name})" if self.job_id else f"model {self.model_name}"


def stored_contender(database: Database, ref: str, gold: Gold) -> Contender:
    """A job with its stored entities. Raises NotFoundError."""
    from training.findings import find_stored
    from worker import store

    job = store.find_job(database, ref)
    model = next(model for model in store.list_models(database) if model.id == job.model_id)
    window = model.details.get("window")
    settings = {
        "window": window,
        "decoding": model.details.get("decoding"),
        "raw": True,
        "engine": None,
        "precision": None,
    }
    findings = find_stored(database, job.id, gold)
    labels, own = tuple(entity_labels(model.labels)), window and window["max_words"]
    return Contender(job.id, model.id, model.name, labels, settings, own, findings)


def names_job(database: Database | None, ref: str) -> bool:
    """Whether a job answers to this."""
    from worker import store

    if database is None:
        return False
    try:
        store.find_job(database, ref)
    except NotFoundError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Way:
    """How models are asked to read; None and empty: as the checkpoint says."""

    max_words: Sequence[int] = ()  #: of the windows to try, one after another
    decoding: str | None = None
    is_raw: bool = False


def reading_contenders(name: str, gold: Gold, way: Way, settings: Settings, quiet: bool) -> list[Contender]:
    """A model that reads gold's documents now, once for each length of window.

    Raises:
        ModelError: it cannot be opened.
    """
    from training.gold_reader import GoldReader
    from worker.recognition import Checkpoint
    from worker.recognition.windows import WindowPolicy

    checkpoint = Checkpoint.open(name)
    model_id, own, details = checkpoint.id, checkpoint.window, checkpoint.details()
    if way.decoding:
        checkpoint = replace(checkpoint, decoding=way.decoding)
    windows = [WindowPolicy(words, own.max_pieces) for words in way.max_words] or [own]
    reader = GoldReader(
        checkpoint,
        gold,
        is_raw=way.is_raw,
        precision=settings.precision,
        threads=settings.threads,
        pack_pieces=settings.pack_pieces,
        engine=settings.engine,
    )
    read = {
        "decoding": way.decoding or details["decoding"],
        "raw": way.is_raw,
        "engine": reader.engine,
        "precision": reader.precision,
    }
    with make_display(quiet) as display:
        tracker = _Tracker(gold, len(windows), display)
        return [
            Contender(
                None,
                model_id,
                checkpoint.name,
                checkpoint.labels.types,
                {"window": {**details["window"], "max_words": window.max_words}, **read},
                own.max_words,
                reader.read(window, tracker.note),
            )
            for window in windows
        ]


@dataclass(frozen=True, slots=True)
class _Moment:
    """How much of gold has been read, in characters: a file without document marks is one huge document."""

    done: int
    total: int
    chars_per_s: float | None
    title = "Reading"

    @property
    def position(self) -> str:
        return f"{short(self.done)}/{short(self.total)}"

    @property
    def pace(self) -> str:
        if not self.chars_per_s:
            return ""
        left = duration((self.total - self.done) / self.chars_per_s)
        return f"{short(self.chars_per_s)} characters/s, {left} left"

    @property
    def line(self) -> str:
        return f"{self.title}: {short(self.done)} of {short(self.total)} characters"


class _Tracker:
    """Shows how much of gold has been read, all windows together."""

    def __init__(self, gold: Gold, n_times: int, display: Silent) -> None:
        self._display = display
        self._n_chars = n_times * sum(len(document.text) for document in gold.documents)
        self._n_chars_read = 0.0
        self._started = time.monotonic()
        self._show()

    def note(self, n_chars: float) -> None:
        """Characters that have been read."""
        self._n_chars_read += n_chars
        self._show()

    def _show(self) -> None:
        took = time.monotonic() - self._started
        pace = self._n_chars_read / took if self._n_chars_read and took else None
        self._display.show(_Moment(round(self._n_chars_read), self._n_chars, pace))

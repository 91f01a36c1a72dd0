"""The dev set: scores a network through the recogniser that workers use, and finds the window it reads best in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from training.data import LabelledDocument
from training.scoring import Report, ScoredDocument, score_spans
from worker.annotations import Span
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine import Engine
from worker.recognition.pieces import Pieces, WordPieces
from worker.recognition.reading import Reading
from worker.recognition.windows import WindowPolicy, cut_windows

#: Words of the windows that are tried, where they are not longer than those of the training; 0: one sentence.
_CANDIDATES = (0, 60, 100, 160, 200)


@dataclass(frozen=True, slots=True)
class FittedWindow:
    """The window policy with the best strict F1 on dev."""

    policy: WindowPolicy
    report: Report  #: of that policy
    scores: dict[int, float]  #: F1 by words of a window, each candidate's


class DevSet:
    """Annotated documents with their own words.

    The words are cut into pieces once, however often they are read.
    """

    def __init__(self, cutter: WordPieces, documents: Sequence[LabelledDocument]) -> None:
        self._cutter = cutter
        self._documents = documents

    def score(self, checkpoint: Checkpoint, engine: Engine, policy: WindowPolicy | None = None) -> Report:
        """Strict scores of what the engine's network finds, in the checkpoint's windows or in others.

        Args:
            checkpoint: one whose words `cutter` cuts.
            engine: runs its network.
            policy: the other windows; no smaller ones, in pieces.
        """
        readings = [
            Reading(
                document.text,
                document.words,
                document.sentences,
                pieces,
                cut_windows(pieces.n_of_words, document.sentences, policy or checkpoint.window),
            )
            for document, pieces in zip(self._documents, self._pieces, strict=True)
        ]
        found = Recognizer(checkpoint, engine).recognize_readings(readings)
        return score_spans(
            ScoredDocument(
                document.text, document.spans, [Span(e.start, e.end, e.label) for e in one.entities]
            )
            for document, one in zip(self._documents, found, strict=True)
        )

    def fit_window(
        self,
        checkpoint: Checkpoint,
        engine: Engine,
        max_words: int,
        on_score: Callable[[int, float], None] = lambda _words, _f1: None,
    ) -> FittedWindow:
        """Try windows of up to `max_words` words; of equally good ones the shortest, which is the fastest too."""
        lengths = sorted({min(length, max_words) for length in (*_CANDIDATES, max_words)})
        policies = [WindowPolicy(length, checkpoint.window.max_pieces) for length in lengths]
        reports = []
        for policy in policies:
            reports.append(self.score(checkpoint, engine, policy))
            on_score(policy.max_words, reports[-1].f1)
        best = max(range(len(reports)), key=lambda i: reports[i].f1)
        scores = {policy.max_words: report.f1 for policy, report in zip(policies, reports, strict=True)}
        return FittedWindow(policies[best], reports[best], scores)

    @cached_property
    def _pieces(self) -> list[Pieces]:
        return [
            self._cutter.cut([document.text[start:end] for start, end in document.words.tolist()])
            for document in self._documents
        ]

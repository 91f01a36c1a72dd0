"""Everything that can be said of predictions beside gold: scores, confusions, intervals, reliability, mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from training.confusion import Confusion, confuse
from training.intervals import Interval, find_intervals
from training.matching import Match, match_spans
from training.mistakes import Kind, Mistake, find_mistakes
from training.pairing import pair_entities
from training.reliability import Reliability, find_reliability
from training.scoring import Report, ScoredDocument, score_spans
from training.threshold import Threshold, find_threshold


@dataclass(frozen=True, slots=True)
class Assessment:
    """How good predictions are, and where they are wrong."""

    strict: Report
    conlleval: Report  #: in the lenient reading; spans have legal tags only, so that it equals the strict one
    matching: dict[str, Match]  #: by reading: strict, exact, partial, type
    confusion: Confusion
    interval: Interval | None  #: None: there are not two documents, or blocks of sentences, to draw from
    reliability: Reliability | None  #: None: nothing was predicted, or without scores
    threshold: Threshold | None  #: None as there
    errors: tuple[Mistake, ...]  #: worst first, up to the number asked for
    n_errors: int  #: all of them
    n_errors_by_kind: dict[Kind, int]

    def as_dict(self) -> dict[str, Any]:
        """The assessment as plain values for JSON."""
        return asdict(self)


def assess(
    documents: Sequence[ScoredDocument],
    *,
    names: Sequence[str] | None = None,  # of the documents, for the list of errors
    n_errors: int = 100,
    resamples: int = 1000,
    seed: int = 1,
    context: int = 40,  # characters of text on either side of an error
) -> Assessment:
    """Assess the predictions of documents; the same arguments give the same answer.

    Raises:
        ValueError: spans overlap, or one begins or ends with white space, or a score is not in [0, 1].
    """
    if names is None:
        names = [f"document {number}" for number in range(1, len(documents) + 1)]
    if len(names) != len(documents):
        raise ValueError(f"{len(names)} names for {len(documents)} documents")
    strict = score_spans(documents)  # first, for it refuses what cannot be scored
    pairs = [pair_entities(document) for document in documents]
    mistakes = find_mistakes(documents, pairs, names, n_errors, context)
    return Assessment(
        strict=strict,
        conlleval=score_spans(documents, "conlleval"),
        matching=match_spans(documents),
        confusion=confuse(pair for of_document in pairs for pair in of_document),
        interval=find_intervals(documents, resamples, seed),
        reliability=find_reliability(documents),
        threshold=find_threshold(documents),
        errors=mistakes.worst,
        n_errors=mistakes.n,
        n_errors_by_kind=mistakes.n_by_kind,
    )

"""What a model found + gold -> scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from training.assessment import Assessment, assess
from training.findings import Findings, UnmatchedGold
from training.gold import Gold
from training.scoring import Report, ScoredDocument


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of what was found, and what of gold and job was left out of them."""

    assessment: Assessment
    n_gold_documents: int
    unmatched_gold: tuple[UnmatchedGold, ...]
    n_documents_without_gold: int

    @property
    def report(self) -> Report:
        """The strict scores."""
        return self.assessment.strict

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON, the strict scores of all entities at the top, too."""
        figures = self.assessment.as_dict()
        return {
            **figures["strict"],
            **figures,
            "n_gold_documents": self.n_gold_documents,
            "unmatched_gold": [str(name) for name in self.unmatched_gold],
            "n_job_documents_without_gold": self.n_documents_without_gold,
        }


def evaluate(
    gold: Gold, findings: Findings, min_score: float | None = None, n_errors: int = 100
) -> Evaluation:
    """Score what was found in those documents of gold that were read; below `min_score` it is left out."""
    numbers = sorted(findings.by_document)
    return Evaluation(
        assess(
            scored_documents(gold, findings, numbers, min_score),
            names=[gold.name(number) for number in numbers],
            n_errors=n_errors,
        ),
        n_gold_documents=len(gold.documents),
        unmatched_gold=findings.unmatched_gold,
        n_documents_without_gold=findings.n_documents_without_gold,
    )


def scored_documents(
    gold: Gold, findings: Findings, numbers: Iterable[int], min_score: float | None
) -> list[ScoredDocument]:
    """These documents of gold, with what was found in them."""
    return [
        ScoredDocument(
            document.text,
            document.spans,
            [one for one in findings.by_document[number] if min_score is None or one.score >= min_score],
            None if document.sentences is None else [words[0][0] for words in document.sentences if words],
        )
        for number, document in ((number, gold.documents[number]) for number in numbers)
    ]

"""One evaluation: who is scored, against whom, and the answer as one object."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.contender import Contender, Way, names_job, reading_contenders, stored_contender
from cli.quantity import iso_time
from worker.errors import NotFoundError

if TYPE_CHECKING:
    from training.gold import Gold
    from worker.settings import Settings
    from worker.store import Database

#: What of an answer may hold text of documents, or names that gold gives them: it is never stored.
_UNSTORED = ("errors", "unmatched_gold")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a job or a model, gold, and how to read and to score."""

    job: str | None
    model: str | None
    gold: Gold
    way: Way
    against: str | None
    min_score: float | None
    n_errors: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """A contender with its figures, as one object for JSON."""

    contender: Contender
    answer: dict[str, Any]


def score(question: Question, settings: Settings, database: Database | None) -> list[Scored]:
    """Score the job, or the model once for each length of window, the best first.

    Raises:
        NotFoundError: the job does not exist.
        ModelError: a model cannot be opened.
    """
    if question.against is not None:
        _check_rival(question.against, database)  # before gold is read, which may take long
    contenders = _contenders(question, settings, database)
    scored = [Scored(one, _answer(one, question)) for one in contenders]
    scored.sort(key=lambda one: -one.answer["f1"])  # of equally good ones the shortest stays first
    if question.against is not None:
        rival = _rival(question, question.against, settings, database)
        scored[0].answer["comparison"] = _compare(question, scored[0].contender, rival)
    if len(scored) > 1:
        scored[0].answer["windows"] = _windows(scored)
    return scored


def keep(scored: Sequence[Scored], gold: Gold, database: Database) -> list[int]:
    """Store every evaluation; their ids, in the same order."""
    from worker import store

    files = tuple(
        store.GoldFile(str(file.path), sha) for file, sha in zip(gold.files, gold.sha256s, strict=True)
    )
    return [
        store.add_evaluation(
            database,
            store.NewEvaluation(
                job_id=one.contender.job_id,
                model_id=one.contender.model_id,
                model_name=one.contender.model_name,
                gold=files,
                settings=one.answer["settings"],
                nerq_version=one.answer["nerq_version"],
                precision=one.answer["precision"],
                recall=one.answer["recall"],
                f1=one.answer["f1"],
                figures=_without_text(one.answer),
            ),
        )
        for one in scored
    ]


def _contenders(question: Question, settings: Settings, database: Database | None) -> list[Contender]:
    if question.model is not None:
        return reading_contenders(question.model, question.gold, question.way, settings, question.quiet)
    assert database is not None  # noqa: S101 - a job is in a database
    if question.job is None and not names_job(database, "last"):
        raise NotFoundError(
            "There is no job yet: `nerq submit` makes one, or --model lets a model read gold now."
        )
    return [stored_contender(database, question.job or "last", question.gold)]


def _check_rival(ref: str, database: Database | None) -> None:
    """Raises NotFoundError or ModelError if it is neither a job nor a model."""
    from worker.recognition import Checkpoint

    if database is not None and names_job(database, ref):
        return
    if ref == "last" or ref.isdecimal():
        raise NotFoundError(f"There is no job {ref!r} to compare with; see `nerq status`.")
    Checkpoint.open(ref)


def _rival(question: Question, ref: str, settings: Settings, database: Database | None) -> Contender:
    """The job of that name or number, or else the model, which reads as the one does that it is compared with."""
    if database is not None and names_job(database, ref):
        return stored_contender(database, ref, question.gold)
    way = Way(is_raw=question.way.is_raw or question.model is None)
    return reading_contenders(ref, question.gold, way, settings, question.quiet)[0]


def _answer(contender: Contender, question: Question) -> dict[str, Any]:
    from training.evaluation import evaluate
    from worker.version import nerq_version

    gold = question.gold
    evaluation = evaluate(gold, contender.findings, question.min_score, question.n_errors)
    return {
        "created_at": iso_time(time.time()),
        "job": contender.job_id,
        "model": {"id": contender.model_id, "name": contender.model_name},
        "gold": [
            {
                "path": str(file.path),
                "sha256": sha,
                "format": file.format,
                "scheme": file.scheme,
                "remarks": dict(file.remarks),
            }
            for file, sha in zip(gold.files, gold.sha256s, strict=True)
        ],
        "scheme": _scheme(gold),
        "settings": {**contender.settings, "min_score": question.min_score},
        "nerq_version": nerq_version(),
        **evaluation.as_dict(),
        "own_max_words": contender.own_max_words,
        "unknown_labels": [label for label in gold.labels if label not in contender.labels],
    }


def _scheme(gold: Gold) -> str | None:
    """The tagging scheme of the CoNLL files, where they have one in common."""
    schemes = {file.scheme for file in gold.files if file.scheme}
    return schemes.pop() if len(schemes) == 1 else None


def _compare(question: Question, ours: Contender, theirs: Contender) -> dict[str, Any]:
    """The comparison on the documents that both have read; differences are ours less theirs."""
    from training.comparison import compare
    from training.evaluation import scored_documents

    numbers = sorted(ours.findings.by_document.keys() & theirs.findings.by_document.keys())
    against: dict[str, Any] = {
        "against": {
            "job": theirs.job_id,
            "model": {"id": theirs.model_id, "name": theirs.model_name},
            "settings": {**theirs.settings, "min_score": question.min_score},
        },
        "n_documents": len(numbers),
    }
    if not numbers:
        return against
    sides = [
        scored_documents(question.gold, one.findings, numbers, question.min_score) for one in (theirs, ours)
    ]
    figures = compare(*sides).as_dict()
    renamed = {
        "first": "f1_against",
        "second": "f1",
        "only_first": "only_against",
        "only_second": "only_this",
        "wrong_only_first": "wrong_only_against",
        "wrong_only_second": "wrong_only_this",
    }
    return against | {renamed.get(key, key): value for key, value in figures.items()}


def _windows(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """The scores by window, the shortest first."""
    rows = [
        {
            "max_words": one.answer["settings"]["window"]["max_words"],
            **{key: one.answer[key] for key in ("precision", "recall", "f1")},
            "is_best": one is scored[0],
            "is_own": one.answer["settings"]["window"]["max_words"] == one.contender.own_max_words,
        }
        for one in scored
    ]
    return sorted(rows, key=lambda row: int(row["max_words"]))


def _without_text(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The figures alone, as they are stored."""
    left_out = {*_UNSTORED, "created_at", "job", "model", "gold", "settings", "nerq_version"}
    return {
        **{key: value for key, value in answer.items() if key not in left_out},
        "n_unmatched_gold": len(answer["unmatched_gold"]),
    }

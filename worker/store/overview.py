"""A job's entities at a glance: how many of each label, of each score, and of each name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Subquery, case, func, select

from worker.store.database import Database
from worker.store.rows import ExtractionStatus, Job
from worker.store.schema import entity, extraction, source

#: Classes of scores, each of the same width, of which the last one holds 1.
N_SCORE_CLASSES = 20


@dataclass(frozen=True, slots=True)
class NameRow:
    """A name under one label: spellings that `fold_name` makes one are one; `text` is the most frequent of them."""

    label: str
    name: str
    text: str
    n: int
    n_documents: int
    n_spellings: int
    least_score: float
    mean_score: float


@dataclass(frozen=True, slots=True)
class Overview:
    """What a job's model has found in the job's documents, each document counted once.

    `names` are the most frequent of all `n_names`; `scores` counts entities by classes of their score.
    """

    labels: dict[str, int]
    scores: tuple[int, ...]
    n_names: int
    names: tuple[NameRow, ...]


def job_overview(db: Database, job: Job, most_names: int) -> Overview:
    """All of one moment."""
    its = _entities_of(job)
    with db.read() as connection:
        by_label = select(its.c.label, func.count()).group_by(its.c.label).order_by(its.c.label)
        labels = {label: int(n) for label, n in connection.execute(by_label)}
        names = tuple(NameRow(*row) for row in connection.execute(_names(its).limit(most_names)))
        every = select(its.c.label, its.c.name).distinct().subquery("every")
        n_names = int(connection.execute(select(func.count()).select_from(every)).scalar_one())
        return Overview(labels, _scores(connection, its), n_names, names)


def _entities_of(job: Job) -> Subquery:
    documents = select(source.c.document_id).where(
        source.c.job_id == job.id, source.c.document_id.is_not(None)
    )
    e = entity.c
    return (
        select(e.extraction_id, e.label, e.name, e.text, e.score)
        .join(extraction, extraction.c.id == e.extraction_id)
        .where(extraction.c.model_id == job.model_id, extraction.c.document_id.in_(documents))
        .where(extraction.c.status == ExtractionStatus.DONE)
        .subquery("its")
    )


def _scores(connection: Connection, its: Subquery) -> tuple[int, ...]:
    last = N_SCORE_CLASSES - 1
    counts = []
    for number in range(N_SCORE_CLASSES):
        is_in = its.c.score >= number / N_SCORE_CLASSES if number else its.c.score < 2
        if number < last:
            is_in &= its.c.score < (number + 1) / N_SCORE_CLASSES
        counts.append(func.sum(case((is_in, 1), else_=0)))
    return tuple(int(n or 0) for n in connection.execute(select(*counts)).one())


def _names(its: Subquery) -> Select[Any]:
    """Columns as of `NameRow`, the most frequent first."""
    of_name = (its.c.label, its.c.name)
    totals = (
        select(
            *of_name,
            func.count().label("n"),
            func.count(its.c.extraction_id.distinct()).label("n_documents"),
            func.count(its.c.text.distinct()).label("n_spellings"),
            func.min(its.c.score).label("least_score"),
            func.avg(its.c.score).label("mean_score"),
        )
        .group_by(*of_name)
        .subquery("totals")
    )
    spellings = (
        select(*of_name, its.c.text, func.count().label("n")).group_by(*of_name, its.c.text)
    ).subquery("spellings")
    rank = func.row_number().over(
        partition_by=(spellings.c.label, spellings.c.name),
        order_by=(spellings.c.n.desc(), spellings.c.text),
    )
    ranked = select(spellings.c.label, spellings.c.name, spellings.c.text, rank.label("rank")).subquery(
        "ranked"
    )
    t = totals.c
    is_its = (ranked.c.label == t.label) & (ranked.c.name == t.name) & (ranked.c.rank == 1)
    return (
        select(t.label, t.name, ranked.c.text, t.n, t.n_documents, t.n_spellings, t.least_score, t.mean_score)
        .select_from(totals.join(ranked, is_its))
        .order_by(t.n.desc(), t.name, t.label)
    )

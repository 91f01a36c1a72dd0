"""Documents full of names, and where the names stand, from a seed: what `benchmarks.store` fills databases with."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import numpy as np
import psutil

from worker import store
from worker.store import (
    Claimed,
    Database,
    Finished,
    ModelFacts,
    NewDocument,
    NewEntity,
    NewSource,
    RunFacts,
)

#: The first is the most frequent.
LABELS = ("PER", "ORG", "LOC", "DATE", "MISC")
ENTITIES_PER_DOCUMENT = 50
#: Whatever a message may name by default: figures of different versions compare only while this stays.
DOCUMENTS_PER_BATCH = 64
_MODEL = ModelFacts(
    "0" * 64, "benchmark", "none", ("O", *(f"{tag}-{label}" for label in LABELS for tag in "BI"))
)
_RUN = RunFacts("benchmark:0:0", "none", "fp32", "0")
_SYLLABLES = "ka lo mi ne ra to su ve da po li ga be no ti sa ru me".split()
_PHRASES = (
    "signed the agreement in the presence of",
    "and",
    "wrote once more about the delivery to",
    "was named as a party, together with",
    "of",
    "has paid what was owed to",
    "met on the same day",
    "had no objection; nor did",
)
#: Shares of the spellings of one name: as it is, in capitals, broken over two lines.
_SPELLINGS = (0.85, 0.1, 0.05)
_SCORES = (0.71, 0.83, 0.9, 0.95, 0.97, 0.99, 0.995, 0.999)


@dataclass(frozen=True, slots=True)
class Marked:
    """A source and the entities in its document."""

    source: NewSource
    entities: list[NewEntity]


def make_corpus(n_documents: int, n_names: int, seed: int = 1) -> Iterator[Marked]:
    """That many documents of 50 entities; each name occurs at least once if there is room, a few very often."""
    random = np.random.default_rng(seed)
    n_entities = n_documents * ENTITIES_PER_DOCUMENT
    weights = 1 / (np.arange(n_names) + 20)
    names = random.choice(n_names, n_entities, p=weights / weights.sum())
    room = random.permutation(n_entities)[:n_names]
    names[room] = np.arange(len(room))
    shape = (n_documents, ENTITIES_PER_DOCUMENT)
    choices = zip(
        names.reshape(shape).tolist(),
        random.choice(len(_SPELLINGS), shape, p=_SPELLINGS).tolist(),
        random.integers(len(_PHRASES), size=shape).tolist(),
        random.integers(len(_SCORES), size=shape).tolist(),
        strict=True,
    )
    spelled = [_spellings(i) for i in range(n_names)]
    for number, row in enumerate(choices):
        yield _document(number, list(zip(*row, strict=True)), spelled)


def _document(
    number: int, row: list[tuple[int, int, int, int]], spelled: list[tuple[str, str, str]]
) -> Marked:
    parts = [f"Letter {number}. "]
    position = len(parts[0])
    entities = []
    for i, (name, spelling, phrase, score) in enumerate(row):
        text = spelled[name][spelling]
        label = LABELS[name % len(LABELS)]
        entities.append(NewEntity(position, position + len(text), label, text, _SCORES[score]))
        between = f" {_PHRASES[phrase]} " if i % 3 else ". "
        parts += [text, between]
        position += len(text) + len(between)
    text = "".join(parts)
    document = NewDocument(hashlib.sha256(text.encode()).hexdigest(), text)
    return Marked(NewSource(path=f"letters/{number // 1000:03}/{number}.txt", document=document), entities)


def _spellings(number: int) -> tuple[str, str, str]:
    """`Kalo Mine`, `KALO MINE` and the same over two lines; each number another name."""
    syllables = []
    rest = number + len(_SYLLABLES) ** 3  # four syllables at least
    while rest:
        rest, i = divmod(rest, len(_SYLLABLES))
        syllables.append(_SYLLABLES[i])
    name = f"{''.join(syllables[:2])} {''.join(syllables[2:])}".title()
    return name, name.upper(), name.replace(" ", "\n")


@dataclass(frozen=True, slots=True)
class Filled:
    """One batch that was stored; the seconds of `finish`, and the processor seconds of this process and its server."""

    n_entities: int
    seconds: float
    cpu_seconds: float


def fill(db: Database, corpus: Iterable[Marked]) -> Iterator[Filled]:
    """Store it by way of a job, in the batches and by the functions that workers use."""
    job_id = store.create_job(db, None, _MODEL, {})
    documents = iter(corpus)
    while batch := list(islice(documents, DOCUMENTS_PER_BATCH)):
        store.add_sources(db, job_id, [one.source for one in batch])
        claimed = store.claim(db, [row.id for row in store.announce(db, len(batch))], _RUN.worker, 600)
        assert claimed is not None  # noqa: S101 - all of these documents are new
        found = {one.source.document.text: one.entities for one in batch if one.source.document}
        results = [_finished(one, found[one.text]) for one in claimed.extractions]
        busy, started = cpu_seconds(), time.perf_counter()
        store.finish(db, results, _RUN)
        seconds = time.perf_counter() - started
        yield Filled(sum(len(one.entities) for one in results), seconds, cpu_seconds() - busy)
    store.close_job(db, job_id, {})


def cpu_seconds() -> float:
    """Processor seconds of this process, of its children (a server, say) and of those that have ended."""
    this = psutil.Process()
    seconds = 0.0
    for process in (this, *this.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # a server's children come and go
            seconds += sum(process.cpu_times()[:4])
    return seconds


def _finished(one: Claimed, entities: list[NewEntity]) -> Finished:
    n_words = one.text.count(" ")
    return Finished(one.id, one.attempt, entities, n_words, n_words, 1, 2 * n_words, 0.1)

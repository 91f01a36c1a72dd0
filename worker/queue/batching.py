"""Announced extractions -> batches: one model each, bounded by characters and by count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from worker.queue.message import BatchMessage
from worker.store import Announced

#: Characters for which it is worth to start another model process.
_WORTH_A_PROCESS = 20_000


def make_batches(
    announced: Sequence[Announced], max_chars: int, max_documents: int, spread: int = 1
) -> list[BatchMessage]:
    """Batches in the order given; an extraction that is to be read alone, or is too long, has its own.

    `spread` is how many processes wait for work: with little to do, batches are made smaller so that each
    gets some, unless it is too little to share.
    """
    total = sum(row.n_chars for row in announced)
    fair_chars = min(max_chars, max(_WORTH_A_PROCESS, math.ceil(total / spread)))
    ordered = sorted(announced, key=lambda row: (row.model_id, row.alone))
    batches: list[BatchMessage] = []
    for (_, alone), rows in groupby(ordered, key=lambda row: (row.model_id, row.alone)):
        ids = _cut(rows, fair_chars, 1 if alone else max_documents)
        batches.extend(BatchMessage(batch) for batch in ids)
    return batches


def _cut(rows: Iterable[Announced], max_chars: int, max_documents: int) -> Iterator[tuple[int, ...]]:
    ids: list[int] = []
    chars = 0
    for row in rows:
        if ids and (chars + row.n_chars > max_chars or len(ids) == max_documents):
            yield tuple(ids)
            ids, chars = [], 0
        ids.append(row.id)
        chars += row.n_chars
    if ids:
        yield tuple(ids)

"""A text, cut where an entity or a page begins or ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from worker.html.wording import plain_lines
from worker.store import NewEntity

#: Text of no entity, the number of a page that begins, or text with the numbers of the entities that it is in.
Passage = str | int | list[str | int]


def find_passages(text: str, entities: Sequence[NewEntity], page_starts: Sequence[int]) -> list[Passage]:
    """The whole text; offsets are needed no more, so that it does not matter what they count."""
    return list(_passages(text, entities, page_starts))


def _passages(text: str, entities: Sequence[NewEntity], page_starts: Sequence[int]) -> Iterator[Passage]:
    edges = {0, len(text), *page_starts, *(edge for e in entities for edge in (e.start, e.end))}
    by_start = sorted(range(len(entities)), key=lambda number: entities[number].start)
    inside: list[int] = []
    page, opened = 0, 0
    for start, end in pairwise([*sorted(edge for edge in edges if 0 <= edge <= len(text)), len(text)]):
        while page < len(page_starts) and page_starts[page] <= start:
            page += 1
            yield page
        while opened < len(by_start) and entities[by_start[opened]].start <= start:
            inside.append(by_start[opened])
            opened += 1
        inside = [number for number in inside if entities[number].end > start]
        if passage := plain_lines(text[start:end]):
            yield [passage, *inside] if inside else passage

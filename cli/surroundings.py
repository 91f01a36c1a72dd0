"""What stands around an entity: whether something is near it, and the text before and after."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from worker.store import Database, EntityRow

#: In the same sentence, in the same document, or at most so many characters between.
Within = Literal["sentence", "document"] | int
#: Start, end, and the id of the entity that it is, if it is one.
Span = tuple[int, int, int | None]


@dataclass(frozen=True, slots=True)
class Nearness:
    """What must be near an entity: a text, whatever its case and line breaks; an entity of one of these labels."""

    text: str | None
    labels: tuple[str, ...]
    within: Within

    @property
    def needs_texts(self) -> bool:
        """Whether SQL alone cannot tell."""
        return self.text is not None or (bool(self.labels) and self.within != "document")


class Surroundings:
    """Looks around one entity after another; remembers the document of the last one."""

    def __init__(self, db: Database, nearness: Nearness) -> None:
        self._db = db
        self._nearness = nearness
        self._extraction_id: int | None = None
        self._text = ""
        self._companions: list[_Companions] = []

    def is_near(self, row: EntityRow) -> bool:
        """Whether everything that must be near the entity is."""
        self._read(row)
        return all(companions.are_near(row) for companions in self._companions)

    def context(self, row: EntityRow, n_chars: int) -> tuple[str, str]:
        """So much of the text before and after the entity, on one line."""
        self._read(row)
        before = self._text[max(0, row.start - n_chars) : row.start]
        return _one_line(before).lstrip(), _one_line(self._text[row.end : row.end + n_chars]).rstrip()

    def _read(self, row: EntityRow) -> None:
        if row.extraction_id == self._extraction_id:
            return
        from worker.store.surroundings import read_spans, read_text

        self._extraction_id = row.extraction_id
        self._text = read_text(self._db, row.document_id) or ""
        wanted = self._nearness
        kinds: list[list[Span]] = []
        if wanted.text is not None:
            kinds.append(list(_occurrences(self._text, wanted.text)))
        if wanted.labels:
            kinds.append(list(read_spans(self._db, row.extraction_id, wanted.labels)))
        ruler = _Ruler.of(self._text, wanted.within if wanted.needs_texts else "document")
        self._companions = [_Companions(spans, ruler) for spans in kinds]


class _Companions:
    """Spans of one document, one of which is to be near an entity; in the order of their starts."""

    def __init__(self, spans: Sequence[Span], ruler: _Ruler) -> None:
        self._spans = spans
        self._ruler = ruler
        self._extents = [ruler.extent(start, end) for start, end, _ in spans]
        self._firsts = [first for first, _ in self._extents]
        self._longest = max((last - first for first, last in self._extents), default=0)

    def are_near(self, row: EntityRow) -> bool:
        first, last = self._ruler.extent(row.start, row.end)
        first, last = first - self._ruler.reach, last + self._ruler.reach
        begin, end = bisect_left(self._firsts, first - self._longest), bisect_right(self._firsts, last)
        return any(
            self._extents[i][1] >= first and not _is_itself(self._spans[i], row) for i in range(begin, end)
        )


@dataclass(frozen=True, slots=True)
class _Ruler:
    """What is near what in one document: extents that overlap, or lie at most `reach` apart."""

    extent: Callable[[int, int], tuple[int, int]]
    reach: int = 0

    @classmethod
    def of(cls, text: str, within: Within) -> _Ruler:
        if isinstance(within, int):
            return cls(lambda start, end: (start, end), within)
        if within == "document":
            return cls(lambda _start, _end: (0, 0))
        from worker.recognition.sentences import split_sentences
        from worker.recognition.words import split_words

        words = split_words(text)
        starts = words[split_sentences(text, words), 0].tolist()
        return cls(lambda start, end: (bisect_right(starts, start), bisect_right(starts, end - 1)))


def _is_itself(span: Span, row: EntityRow) -> bool:
    """Whether it is this entity, or text of it."""
    start, end, entity_id = span
    return entity_id == row.id if entity_id is not None else start < row.end and end > row.start


def _occurrences(text: str, wanted: str) -> Iterator[Span]:
    import regex

    words = r"\s+".join(regex.escape(word) for word in wanted.split())
    for match in regex.finditer(words, text, flags=regex.IGNORECASE | regex.FULLCASE):
        yield match.start(), match.end(), None


def _one_line(text: str) -> str:
    """Runs of white space as one space; those at the ends stay, since a word may end or begin there."""
    return re.sub(r"\s+", " ", text)

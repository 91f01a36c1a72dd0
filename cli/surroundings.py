"""What stands around an entity: whether something is near it, and the text before and after."""

from __future__ import annotations

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
        place = _places(self._text, wanted.within) if wanted.needs_texts else _nowhere
        self._companions = []
        if wanted.text is not None:
            self._companions.append(
                _Companions(list(_occurrences(self._text, wanted.text)), place, wanted.within)
            )
        if wanted.labels and wanted.within != "document":
            spans: list[Span] = list(read_spans(self._db, row.extraction_id, wanted.labels))
            self._companions.append(_Companions(spans, place, wanted.within))


class _Companions:
    """Spans of one document, one of which is to be near an entity; in the order of their starts."""

    def __init__(self, spans: Sequence[Span], place: Callable[[int], int], within: Within) -> None:
        self._spans = spans
        self._place = place
        self._within = within
        # By sentence, or by start: what is near lies side by side.
        self._keys = [place(start) for start, _, _ in spans]
        self._longest = max((end - start for start, end, _ in spans), default=0)

    def are_near(self, row: EntityRow) -> bool:
        if isinstance(self._within, int):
            first = bisect_left(self._keys, row.start - self._within - self._longest)
            last = bisect_right(self._keys, row.end + self._within)
        else:
            first = bisect_left(self._keys, self._place(row.start))
            last = bisect_right(self._keys, self._place(row.start))
        return any(self._is_companion(span, row) for span in self._spans[first:last])

    def _is_companion(self, span: Span, row: EntityRow) -> bool:
        start, end, entity_id = span
        is_itself = entity_id == row.id if entity_id is not None else start < row.end and end > row.start
        gap = max(0, start - row.end, row.start - end)
        return not is_itself and (not isinstance(self._within, int) or gap <= self._within)


def _places(text: str, within: Within) -> Callable[[int], int]:
    """Offset -> what must be the same, or side by side, for two things that are near each other."""
    if within == "document":
        return _nowhere
    if isinstance(within, int):
        return lambda start: start
    from worker.recognition.sentences import split_sentences
    from worker.recognition.words import split_words

    words = split_words(text)
    starts = words[split_sentences(text, words), 0].tolist()
    return lambda start: bisect_right(starts, start)


def _nowhere(_start: int) -> int:
    return 0


def _occurrences(text: str, wanted: str) -> Iterator[Span]:
    import regex

    words = r"\s+".join(regex.escape(word) for word in wanted.split())
    for match in regex.finditer(words, text, flags=regex.IGNORECASE | regex.FULLCASE):
        yield match.start(), match.end(), None


def _one_line(text: str) -> str:
    """Runs of white space as one space; those at the ends stay, since a word may end or begin there."""
    from re import sub

    return sub(r"\s+", " ", text)

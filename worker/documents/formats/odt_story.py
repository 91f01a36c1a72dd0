"""The text of one file of an ODT archive: the body, or the headers and footers of its styles."""

from __future__ import annotations

from collections.abc import Callable

from worker.documents.formats.blocks import LINE, PARAGRAPH
from worker.documents.formats.page_text import PageText
from worker.documents.formats.xml_events import Attributes

_PREFIXES = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
}
#: What is not shown: deletions, the sources of indexes, marks of notes, readings above a word.
_SKIPPED = frozenset(
    "text:tracked-changes text:note-citation text:ruby-text text:sequence-decls text:variable-decls "
    "text:user-field-decls text:table-of-content-source text:alphabetical-index-source text:illustration-index-source "
    "text:table-index-source text:object-index-source text:user-index-source text:bibliography-source "
    "office:forms office:scripts office:annotation office:binary-data office:automatic-styles".split()
)
_HEADERS = frozenset(f"style:{name}" for name in ("header", "header-left", "header-first"))
_FOOTERS = frozenset(f"style:{name}" for name in ("footer", "footer-left", "footer-first"))
_BOXES = frozenset({"draw:text-box"})
#: More spaces than any person wants are an attack.
_MAX_SPACES = 1_000


class OdtStory:
    """Sees the elements of a file."""

    def __init__(self) -> None:
        self.headers: list[str] = []
        self.footers: list[str] = []
        self.footnotes: list[str] = []
        self.notes: set[str] = set()
        self._page = PageText()
        self._n_skipped = 0
        self._n_paragraphs = 0  # open ones; only text in them is shown
        self._starts: dict[str, Callable[[Attributes], None]] = {
            "text:p": self._start_paragraph,
            "text:h": self._start_paragraph,
            "text:s": self._spaces,
            "text:tab": lambda _: self._page.put_exactly("\t"),
            "text:line-break": lambda _: self._page.break_line(),
            "text:note": lambda _: self._page.begin_aside(),
            "table:table": lambda _: self._page.begin_table(),
            "table:table-cell": lambda _: self._page.begin_cell(),
        }
        self._ends: dict[str, Callable[[], None]] = {
            "text:p": self._end_paragraph,
            "text:h": self._end_paragraph,
            "text:note": lambda: _keep(self.footnotes, self._page.take_aside()),
            "table:table": self._page.end_table,
            "table:table-row": self._page.end_row,
            "table:table-cell": self._page.end_cell,
        }
        for name in _HEADERS | _FOOTERS | _BOXES:
            self._starts[name] = lambda _: self._page.begin_aside()
        for name in _HEADERS:
            self._ends[name] = lambda: _keep(self.headers, self._page.take_aside())
        for name in _FOOTERS:
            self._ends[name] = lambda: _keep(self.footers, self._page.take_aside())
        for name in _BOXES:
            self._ends[name] = self._page.end_aside

    def text(self) -> str:
        """What is not in headers, footers and notes."""
        return self._page.text()

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        name = _prefixed(name)
        if name == "office:annotation":
            self.notes.add("comments were not read")
        if self._n_skipped or name in _SKIPPED:
            self._n_skipped += 1
        elif begin := self._starts.get(name):
            begin(attributes)

    def end(self, name: str) -> None:
        """An element ends."""
        if self._n_skipped:
            self._n_skipped -= 1
        elif finish := self._ends.get(_prefixed(name)):
            finish()

    def data(self, text: str) -> None:
        """Text between tags."""
        if self._n_paragraphs and not self._n_skipped:
            self._page.put(text)

    def _start_paragraph(self, _: Attributes) -> None:
        self._n_paragraphs += 1

    def _end_paragraph(self) -> None:
        self._n_paragraphs -= 1
        self._page.end(LINE if self._page.is_in_cell else PARAGRAPH)

    def _spaces(self, attributes: Attributes) -> None:
        count = next((value for key, value in attributes.items() if key.endswith(" c")), "1")
        self._page.put_exactly(" " * min(int(count), _MAX_SPACES) if count.isdecimal() else " ")


def _keep(texts: list[str], text: str) -> None:
    if text and text not in texts:
        texts.append(text)


def _prefixed(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"{_PREFIXES.get(namespace, '')}:{local}"

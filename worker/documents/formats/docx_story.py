"""The text of one part of a DOCX file (body, header, notes), of which Word calls each a story."""

from __future__ import annotations

from collections.abc import Callable

from worker.documents.formats.blocks import LINE, PARAGRAPH
from worker.documents.formats.tables import Tables
from worker.documents.formats.xml_events import Attributes

#: WordprocessingML as Word writes it, and as ISO has it (strict).
_WORD = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main ",
    "http://purl.oclc.org/ooxml/wordprocessingml/main ",
)
_OTHERS = {
    "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback": "Fallback",
    "http://schemas.openxmlformats.org/officeDocument/2006/math t": "t",
}
#: What is not shown: deletions, where something was moved away from, codes of fields, readings above a word, and what
#: stands there a second time for old programs.
_SKIPPED = frozenset("Fallback del moveFrom instrText delInstrText delText rt sdtPr".split())
_CHARACTERS = {"cr": "\n", "br": "\n", "ptab": "\t", "noBreakHyphen": "-"}
_OFF = ("0", "false", "off", "none")
_PRIVATE_USE = range(0xE000, 0xF900)  #: where fonts of symbols have theirs, which no other font can show


class Story:
    """Sees the elements of a part; `text()` is what they say."""

    def __init__(self) -> None:
        self.notes: set[str] = set()
        self._tables = Tables()
        self._open: list[str] = []  # names of the elements that are open, without Word's namespace
        self._n_skipped = 0  # of them, from the first that is not shown on
        self._is_text = False
        self._is_hidden = False  # the run that is open
        self._joins_next = False  # the mark of the paragraph that is open was deleted
        self._starts: dict[str, Callable[[Attributes], None]] = {
            "t": self._start_text,
            "r": self._start_run,
            "p": self._start_paragraph,
            "tab": self._tab,
            "vanish": self._vanish,
            "sym": self._symbol,
            "altChunk": self._embedded,
            "object": self._embedded,
            "tbl": lambda _: self._tables.begin_table(),
            "tc": lambda _: self._tables.begin_cell(),
            "txbxContent": lambda _: self._tables.begin_aside(),
        }
        self._ends: dict[str, Callable[[], None]] = {
            "t": self._end_text,
            "p": self._end_paragraph,
            "tc": self._tables.end_cell,
            "tr": self._tables.end_row,
            "tbl": self._tables.end_table,
            "txbxContent": self._tables.end_aside,
        }

    def text(self) -> str:
        """All of it, text boxes after the paragraph that they hang on."""
        return self._tables.text()

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        local = _local(name)
        parent = self._open[-1] if self._open else ""
        self._open.append(local)
        if local == "del" and parent == "rPr" and "pPr" in self._open[-3:]:
            self._joins_next = True
        if self._n_skipped or local in _SKIPPED:
            self._n_skipped += 1
        elif local in _CHARACTERS:
            self._put(_CHARACTERS[local])
        elif begin := self._starts.get(local):
            begin(attributes)

    def end(self, _name: str) -> None:
        """An element ends."""
        local = self._open.pop()
        if self._n_skipped:
            self._n_skipped -= 1
        elif finish := self._ends.get(local):
            finish()

    def data(self, text: str) -> None:
        """Text between tags; only that in `t` is shown."""
        if self._is_text and not self._n_skipped:
            self._put(text)

    def _put(self, text: str) -> None:
        if self._is_hidden:
            self.notes.add("hidden text was not read")
        else:
            self._tables.blocks.put(text)

    def _start_text(self, _: Attributes) -> None:
        self._is_text = True

    def _end_text(self) -> None:
        self._is_text = False

    def _start_run(self, _: Attributes) -> None:
        self._is_hidden = False

    def _start_paragraph(self, _: Attributes) -> None:
        self._joins_next = self._is_hidden = False

    def _end_paragraph(self) -> None:
        if not self._joins_next:
            self._tables.blocks.end(LINE if self._tables.is_in_cell else PARAGRAPH)
        self._joins_next = False

    def _tab(self, _: Attributes) -> None:
        if self._open[-2:] != ["tabs", "tab"]:  # where a tab stops is no tab
            self._put("\t")

    def _vanish(self, attributes: Attributes) -> None:
        if self._open[-3:] == ["r", "rPr", "vanish"]:
            self._is_hidden = _value(attributes, "val") not in _OFF

    def _embedded(self, _: Attributes) -> None:
        self.notes.add("embedded documents were not read")

    def _symbol(self, attributes: Attributes) -> None:
        try:
            code = int(_value(attributes, "char"), 16)
        except ValueError:
            return
        self._put(" " if code in _PRIVATE_USE or code > 0xFFFF else chr(code))


def _local(name: str) -> str:
    for namespace in _WORD:
        if name.startswith(namespace):
            return name[len(namespace) :]
    return _OTHERS.get(name, name)


def _value(attributes: Attributes, name: str) -> str:
    return next((value for key, value in attributes.items() if key.endswith(" " + name)), "")

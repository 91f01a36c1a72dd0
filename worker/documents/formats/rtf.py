"""RTF -> its text as it would be printed with all changes accepted."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, replace

from worker.documents.formats.blocks import PARAGRAPH, Blocks
from worker.documents.formats.extracted import Extracted
from worker.documents.formats.rtf_flow import Flow
from worker.documents.formats.rtf_tokens import Token, tokens
from worker.documents.formats.rtf_words import (
    CHARACTERS,
    CHARSETS,
    COMMENT,
    FOOTERS,
    HEADERS,
    KNOWN_AFTER_STAR,
    NOT_SHOWN,
    PARAGRAPH_ENDS,
    SETS,
    SYMBOLS,
)
from worker.errors import DocumentError


def extract_rtf(data: bytes) -> Extracted:
    """Headers, body with tables and text boxes, notes, footers. Comments are not read, and noted.

    Raises:
        DocumentError: `damaged`.
    """
    if not data.startswith(b"{\\rtf"):
        raise DocumentError("damaged", "not RTF")
    reader = _Reader()
    for token in tokens(data):
        reader.read(token)
        if reader.is_complete:
            break
    else:
        raise DocumentError("damaged", "cut off: its last group is not closed")
    return reader.extracted()


@dataclass(frozen=True, slots=True)
class _State:
    """What holds until the end of the group."""

    flow: Flow
    keep: list[str] | None = None  #: where the flow's text goes at the end of the group that it begins with
    hangs: bool = False  #: the flow is a text box
    is_shown: bool = True
    is_font_table: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    in_table: bool = False
    font: int | None = None
    n_alternatives: int = 1  #: characters after `\\u` that are for readers without Unicode


@dataclass(slots=True)
class _Reader:
    """Sees the tokens."""

    is_complete: bool = False
    _body: Flow = field(default_factory=Flow)
    _headers: list[str] = field(default_factory=list)
    _footers: list[str] = field(default_factory=list)
    _footnotes: list[str] = field(default_factory=list)
    _notes: set[str] = field(default_factory=set)
    _state: _State = field(init=False)
    _outer: list[_State] = field(default_factory=list)
    _encoding: str = "cp1252"
    _charsets: dict[int, str] = field(default_factory=dict)
    _default_font: int | None = None
    _after_star: bool = False
    _n_to_skip: int = 0
    _bytes: bytearray = field(default_factory=bytearray)  # of one encoding, not decoded yet
    _units: list[int] = field(default_factory=list)  # of UTF-16, likewise

    def __post_init__(self) -> None:
        self._state = _State(self._body)

    def extracted(self) -> Extracted:
        """What was read."""
        text = Blocks()
        for part in (*self._headers, self._body.text(), *self._footnotes, *self._footers):
            text.put(part)
            text.end(PARAGRAPH)
        return Extracted(text.text(), notes=tuple(sorted(self._notes)))

    def read(self, token: Token) -> None:
        """The next token."""
        if token.kind in ("text", "hex"):
            self._read_bytes(token.value)
            return
        if token.kind == "word" and token.value == b"u" and token.number is not None:
            self._read_unit(token.number)
            return
        if token.kind == "brace":
            self._flush()
            self._n_to_skip = 0
            self._open() if token.value == b"{" else self._close()
        elif self._n_to_skip:
            self._n_to_skip -= 1
        elif token.kind == "symbol":
            self._read_symbol(token.value)
        else:
            self._flush()
            self._read_word(token.value, token.number)

    def _read_bytes(self, value: bytes) -> None:
        skipped = min(self._n_to_skip, len(value))
        self._n_to_skip -= skipped
        if value := value[skipped:]:
            if self._units:
                self._flush()
            self._bytes += value
        self._after_star = False

    def _read_unit(self, number: int) -> None:
        if self._bytes:
            self._flush()
        self._units.append(number & 0xFFFF)
        self._n_to_skip = self._state.n_alternatives

    def _flush(self) -> None:
        """Put what was collected into the text."""
        if self._bytes:
            self._put(self._bytes.decode(self._codec(), "replace"))
            self._bytes.clear()
        if self._units:
            units = b"".join(unit.to_bytes(2, "little") for unit in self._units)
            self._put(units.decode("utf-16-le", "replace"))
            self._units.clear()

    def _codec(self) -> str:
        font = self._default_font if self._state.font is None else self._state.font
        return self._charsets.get(-1 if font is None else font, self._encoding)

    def _put(self, text: str) -> None:
        state = self._state
        if not state.is_shown or state.is_font_table or state.is_deleted:
            return
        if state.is_hidden:
            self._notes.add("hidden text was not read")
        else:
            state.flow.put(text, state.in_table)

    def _open(self) -> None:
        self._outer.append(self._state)
        self._state = replace(self._state, keep=None, hangs=False)
        self._after_star = False

    def _close(self) -> None:
        closed = self._state
        if not self._outer:
            raise DocumentError("damaged", "a group is closed that was not opened")
        self._state = self._outer.pop()
        if closed.keep is not None and (text := closed.flow.text()) and text not in closed.keep:
            closed.keep.append(text)
        if closed.hangs:
            self._state.flow.hang(closed.flow.text())
        self.is_complete = not self._outer

    def _read_symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._after_star = True
            return
        self._flush()
        if symbol in (b"\n", b"\r"):
            self._end_paragraph()
        elif character := SYMBOLS.get(symbol):
            self._put(character)

    def _read_word(self, word: bytes, number: int | None) -> None:
        is_optional, self._after_star = self._after_star, False
        if is_optional and word == COMMENT:
            self._notes.add("comments were not read")
        if (is_optional and word not in KNOWN_AFTER_STAR) or word in NOT_SHOWN:
            self._change(is_shown=False)
        elif character := CHARACTERS.get(word):
            self._put(character)
        elif word in PARAGRAPH_ENDS:
            self._end_paragraph()
        elif not (self._read_group_word(word) or self._read_table_word(word)):
            self._read_property(word, number)

    def _change(self, **properties: object) -> None:
        self._state = replace(self._state, **properties)  # type: ignore[arg-type]

    def _end_paragraph(self) -> None:
        if self._state.is_shown and not self._state.is_deleted:
            self._state.flow.end_paragraph(self._state.in_table)

    def _read_group_word(self, word: bytes) -> bool:
        """A word that says what the text of its group is."""
        keep = self._kept(word)
        if word == b"fonttbl":
            self._change(is_font_table=True)
        elif keep is not None and self._state.is_shown:
            self._change(flow=Flow(), keep=keep, in_table=False)
        elif word == b"shptxt" and self._state.is_shown:
            self._change(flow=Flow(), hangs=True, in_table=False)
        else:
            return False
        return True

    def _kept(self, word: bytes) -> list[str] | None:
        if word in HEADERS:
            return self._headers
        if word in FOOTERS:
            return self._footers
        return self._footnotes if word == b"footnote" else None

    def _read_table_word(self, word: bytes) -> bool:
        state = self._state
        if word == b"cell" and state.is_shown:
            state.flow.end_cell()
        elif word == b"row" and state.is_shown:
            state.flow.end_row()
        elif word in (b"intbl", b"pard"):
            self._change(in_table=word == b"intbl")
        else:
            return False
        return True

    def _read_property(self, word: bytes, number: int | None) -> None:
        is_on = number != 0
        if word == b"v":
            self._change(is_hidden=is_on)
        elif word == b"deleted":
            self._change(is_deleted=is_on)
        elif word == b"plain":
            self._change(is_hidden=False, is_deleted=False, font=None)
        elif word == b"uc" and number is not None:
            self._change(n_alternatives=max(number, 0))
        elif word == b"f":
            self._change(font=number)
        elif word == b"deff":
            self._default_font = number
        else:
            self._read_encoding(word, number or 0)

    def _read_encoding(self, word: bytes, number: int) -> None:
        if word == b"ansicpg":
            self._encoding = _code_page(number) or self._encoding
        elif word in SETS:
            self._encoding = SETS[word]
        elif self._state.is_font_table and self._state.font is not None:
            found = {b"fcharset": CHARSETS.get(number), b"cpg": _code_page(number)}.get(word)
            if found:
                self._charsets[self._state.font] = found


def _code_page(number: int) -> str | None:
    try:
        return codecs.lookup("utf-8" if number == 65001 else f"cp{number}").name
    except LookupError:
        return None

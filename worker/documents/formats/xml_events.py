"""XML -> its elements, one after another: nothing is expanded, nothing is fetched, no tree is built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from xml.parsers import expat

from worker.errors import DocumentError

Attributes = dict[str, str]


class XmlHandler(Protocol):
    """Sees a file's elements. Names are `namespace local`, parted by a space, or only `local`."""

    def start(self, name: str, attributes: Attributes, /) -> None:
        """An element begins."""

    def end(self, name: str, /) -> None:
        """An element ends."""

    def data(self, text: str, /) -> None:
        """Text between tags, possibly in several pieces."""


def parse_xml(chunks: Iterable[bytes], handler: XmlHandler) -> None:
    """Let the handler see every element of the file.

    Raises:
        DocumentError: `damaged` for what is no XML, `unsupported` for a document type declaration, the place to declare
            entities, with which a few bytes become many or another file's.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.data
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise DocumentError(
            "damaged", f"its XML is wrong or cut off: {expat.ErrorString(error.code)}"
        ) from error


def _refuse_doctype(*_declaration: object) -> None:
    raise DocumentError("unsupported", "its XML has a document type declaration, as no word processor writes")

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


def parse_xml(chunks: Iterable[bytes], handler: XmlHandler, has_namespaces: bool = True) -> None:
    """Let the handler see every element of the file; without namespaces its names are as they stand.

    Raises:
        DocumentError: `damaged` for what is no XML; `unsupported` for declarations and entities, with which a few bytes
            become many or another file's.
    """
    parser = expat.ParserCreate(namespace_separator=" " if has_namespaces else None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.SkippedEntityHandler = (
        _refuse_entity  # one that only a DTD elsewhere declares, which is not fetched
    )
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


def _refuse_declarations(_name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
    """The name of a DTD, as OpenOffice wrote one into its manifests, does no harm; declarations would."""
    if has_subset:
        raise DocumentError("unsupported", "its XML declares entities, as no word processor writes")


def _refuse_entity(*_entity: object) -> None:
    raise DocumentError("unsupported", "its XML refers to entities of another file")

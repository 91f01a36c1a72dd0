"""DOCX -> its text as it would be printed with all changes accepted."""

from __future__ import annotations

import re
from collections import defaultdict

from worker.documents.formats.blocks import PARAGRAPH, Blocks
from worker.documents.formats.docx_story import Story
from worker.documents.formats.extracted import Extracted
from worker.documents.formats.package import Package
from worker.documents.formats.xml_events import Attributes
from worker.errors import DocumentError

_CONTENT_TYPES = "[Content_Types].xml"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: The end of a part's content type -> what kind of part it is.
_PART = re.compile(r"\.(document|header|footer|footnotes|endnotes|comments)(?:\.main)?\+xml$")
_MAIN = re.compile(r"ms-word\.(?:document|template)\.macroEnabled\.main\+xml$|\.template\.main\+xml$")
_UNREAD = {
    "word/charts/": "text in charts was not read",
    "word/diagrams/": "text in diagrams was not read",
}
#: Headers come first, as on paper; notes after the text that they belong to.
_ORDER = ("header", "document", "footnotes", "endnotes", "footer")


def extract_docx(data: bytes) -> Extracted:
    """Headers, body with tables and text boxes, footnotes, endnotes, footers. Comments are not read, and noted.

    Raises:
        DocumentError: `damaged`, `encrypted`, `too_large` or `unsupported`.
    """
    _refuse_old_office(data)
    package = Package(data)
    parts = _Parts()
    package.read_xml(_CONTENT_TYPES, parts)
    if not parts.names["document"]:
        raise DocumentError("unsupported", "an Office document, but none of Word")
    text, notes = Blocks(), _unread(package, parts.names["comments"])
    for kind in _ORDER:
        seen = set()
        for name in sorted(parts.names[kind], key=_natural):
            story = _read(package, name)
            notes |= story.notes
            if story.text() not in seen:  # a header may be the same on first, odd and even pages
                text.put(story.text())
                text.end(PARAGRAPH)
            seen.add(story.text())
    return Extracted(text.text(), notes=tuple(sorted(notes)))


def _read(package: Package, name: str) -> Story:
    story = Story()
    package.read_xml(name, story)
    return story


def _unread(package: Package, comments: list[str]) -> set[str]:
    notes = {
        note for folder, note in _UNREAD.items() if any(name.startswith(folder) for name in package.names)
    }
    if any(_read(package, name).text() for name in comments):
        notes.add("comments were not read")
    return notes


def _refuse_old_office(data: bytes) -> None:
    if not data.startswith(_OLD_OFFICE):
        return
    if _ENCRYPTED in data:
        raise DocumentError("encrypted", "a Word document with a password; save a copy without one")
    raise DocumentError("unsupported", "an old Word document (.doc); save it as .docx and submit that")


def _natural(name: str) -> tuple[int, str]:
    return len(name), name


class _Parts:
    """The names of the archive's members by what they are."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = defaultdict(list)

    def start(self, name: str, attributes: Attributes) -> None:
        content_type, part = attributes.get("ContentType", ""), attributes.get("PartName", "").lstrip("/")
        if not part or name.rpartition(" ")[2] != "Override":
            return
        if _MAIN.search(content_type):
            self.names["document"].append(part)
        elif "wordprocessingml" in content_type and (match := _PART.search(content_type)):
            self.names[match[1]].append(part)

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass

"""ODT -> its text as it would be printed with all changes accepted."""

from __future__ import annotations

from worker.documents.formats.blocks import PARAGRAPH, Blocks
from worker.documents.formats.extracted import Extracted
from worker.documents.formats.odt_story import OdtStory
from worker.documents.formats.package import Package
from worker.documents.formats.xml_events import Attributes
from worker.errors import DocumentError

_MANIFEST = "META-INF/manifest.xml"
_ENCRYPTED_PACKAGE = "encrypted-package"


def extract_odt(data: bytes) -> Extracted:
    """Headers, body with tables and text boxes, notes, footers. Comments are not read, and noted.

    Raises:
        DocumentError: `damaged`, `encrypted`, `too_large` or `unsupported`.
    """
    package = Package(data)
    _refuse_encrypted(package)
    body, pages = OdtStory(), OdtStory()
    package.read_xml("content.xml", body)
    if "styles.xml" in package.names:
        package.read_xml("styles.xml", pages)
    text = Blocks()
    for part in (*pages.headers, body.text(), *body.footnotes, *pages.footers):
        text.put(part)
        text.end(PARAGRAPH)
    return Extracted(text.text(), notes=tuple(sorted(body.notes | pages.notes)))


def _refuse_encrypted(package: Package) -> None:
    manifest = _Manifest()
    if _MANIFEST in package.names:
        # Its DTD declares its namespace, in old files there alone; and is not read.
        package.read_xml(_MANIFEST, manifest, has_namespaces=False)
    if manifest.is_encrypted or _ENCRYPTED_PACKAGE in package.names:
        raise DocumentError(
            "encrypted", "a document with a password; save a copy without one and submit that"
        )


class _Manifest:
    """Whether any file of the archive is encrypted."""

    def __init__(self) -> None:
        self.is_encrypted = False

    def start(self, name: str, _attributes: Attributes) -> None:
        self.is_encrypted |= name.rpartition(":")[2] == "encryption-data"

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass

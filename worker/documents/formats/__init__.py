"""Bytes of a file in some format -> its text. Pure functions; who calls them limits their time and memory.

media_types.py  the names of the formats
detection.py    name and first bytes -> media type
extracted.py    the value: Extracted
pdf.py          PDF
hyphens.py      words broken at line ends
"""

from __future__ import annotations

from worker.documents.formats.detection import HEAD_BYTES, detect_media_type
from worker.documents.formats.extracted import Extracted
from worker.documents.formats.media_types import EML, EXTRACTED_MEDIA_TYPES, HTML, PDF
from worker.errors import DocumentError

__all__ = ["EXTRACTED_MEDIA_TYPES", "HEAD_BYTES", "Extracted", "detect_media_type", "extract"]


def extract(media_type: str, data: bytes, encoding: str | None = None) -> Extracted:
    """The text of a file, one of `EXTRACTED_MEDIA_TYPES`. `encoding` is for formats that need not say theirs.

    Each format's library is imported when its first file comes.

    Raises:
        DocumentError: `damaged`, `encrypted`, `no_text_layer`, `too_large`, `undecodable` or `unsupported`.
    """
    if media_type == PDF:
        from worker.documents.formats.pdf import extract_pdf

        return extract_pdf(data)
    if media_type == HTML:
        from worker.documents.formats.html import extract_html

        return extract_html(data, encoding)
    if media_type == EML:
        from worker.documents.formats.eml import extract_eml

        return extract_eml(data, encoding)
    raise DocumentError("unsupported", f"no reader for {media_type}")

"""Bytes of a file in some format -> its text. Pure functions; who calls them limits their time and memory.

media_types.py  the names of the formats
detection.py    name and first bytes -> media type
advice.py       what to do with other kinds of files
extracted.py    the value: Extracted

pdf.py          PDF
pdf_lines.py    a page's lines and where they stand
paragraphs.py   lines -> paragraphs
hyphens.py      words broken at line ends
docx.py         DOCX: which parts
docx_story.py   the elements of a part
odt.py          ODT: which files
odt_story.py    the elements of a file
rtf.py          RTF; rtf_tokens.py, rtf_words.py, rtf_flow.py: its tokens, what they mean, paragraphs and rows
package.py      an archive of XML files, with limits
xml_events.py   XML without entities
html.py         HTML
eml.py          mails
headers.py      their headers
declared.py     bytes whose encoding is declared

blocks.py       text built of blocks
tables.py       tables, and what stands aside
page_text.py    the same where white space is only a space
"""

from __future__ import annotations

from worker.documents.formats import media_types as types
from worker.documents.formats.advice import advice
from worker.documents.formats.detection import HEAD_BYTES, detect_media_type
from worker.documents.formats.extracted import Extracted
from worker.documents.formats.media_types import EXTRACTED_MEDIA_TYPES
from worker.errors import DocumentError

__all__ = ["EXTRACTED_MEDIA_TYPES", "HEAD_BYTES", "Extracted", "advice", "detect_media_type", "extract"]


def extract(media_type: str, data: bytes, encoding: str | None = None) -> Extracted:
    """The text of a file, one of `EXTRACTED_MEDIA_TYPES`. `encoding` is for formats that need not say theirs.

    Each format's library is imported when its first file comes.

    Raises:
        DocumentError: `damaged`, `encrypted`, `no_text_layer`, `too_large`, `undecodable` or `unsupported`.
    """
    match media_type:
        case types.PDF:
            from worker.documents.formats.pdf import extract_pdf

            return extract_pdf(data)
        case types.DOCX:
            from worker.documents.formats.docx import extract_docx

            return extract_docx(data)
        case types.ODT:
            from worker.documents.formats.odt import extract_odt

            return extract_odt(data)
        case types.RTF:
            from worker.documents.formats.rtf import extract_rtf

            return extract_rtf(data)
        case types.HTML:
            from worker.documents.formats.html import extract_html

            return extract_html(data, encoding)
        case types.EML:
            from worker.documents.formats.eml import extract_eml

            return extract_eml(data, encoding)
    raise DocumentError("unsupported", f"no reader for {media_type}")

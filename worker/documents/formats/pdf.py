"""PDF -> the text of its pages in the order in which PDFium gives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from worker.documents.formats.extracted import Extracted
from worker.documents.formats.hyphens import join_hyphenated
from worker.documents.formats.paragraphs import join_lines
from worker.documents.formats.pdf_lines import read_lines
from worker.errors import DocumentError

#: Pages are parted by a form feed, at which a sentence ends: no entity runs from one page to the next.
_PAGE_BREAK = "\n\f"
#: A page with fewer characters than this and an image on most of it is a picture of a page.
_FEW_CHARS = 50
_LARGE_IMAGE_SHARE = 0.5
_ADVICE = "make it searchable first, e.g. with `ocrmypdf`, and submit what comes out"


def extract_pdf(data: bytes) -> Extracted:
    """The text of all pages, in paragraphs.

    Raises:
        DocumentError: `encrypted`, `damaged` or `no_text_layer`.
    """
    with _opened(data) as document:
        pages, scanned = _read(document)
    if len(scanned) * 2 > len(pages):
        raise DocumentError(
            "no_text_layer", f"{len(scanned)} of {len(pages)} pages are images without text; {_ADVICE}"
        )
    pages = join_hyphenated(pages)
    starts = [0]
    for page in pages[:-1]:
        starts.append(starts[-1] + len(page) + len(_PAGE_BREAK))
    return Extracted(_PAGE_BREAK.join(pages), tuple(starts), notes=_notes(scanned, len(pages)))


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise DocumentError(
                "encrypted", "a PDF with a password; save a copy without one and submit that"
            ) from error
        raise DocumentError("damaged", "not a PDF that can be opened, or cut off") from error
    try:
        yield document
    finally:
        document.close()


def _read(document: Any) -> tuple[list[str], list[int]]:
    """The text of each page, and the numbers of those that are images."""
    pages, scanned = [], []
    for number in range(len(document)):
        try:
            text, is_scanned = _read_page(document, number)
        except (pypdfium2.PdfiumError, AssertionError) as error:
            raise DocumentError("damaged", f"page {number + 1} of the PDF cannot be read") from error
        pages.append(text)
        if is_scanned:
            scanned.append(number + 1)
    return pages, scanned


def _read_page(document: Any, number: int) -> tuple[str, bool]:
    page = document[number]
    try:
        textpage = page.get_textpage()
        text = join_lines(list(read_lines(textpage)))
        textpage.close()
        return text, len(text.strip()) < _FEW_CHARS and _has_large_image(page)
    finally:
        page.close()


def _has_large_image(page: Any) -> bool:
    width, height = page.get_size()
    for image in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = image.get_bounds()
        if abs(right - left) * abs(top - bottom) >= _LARGE_IMAGE_SHARE * width * height:
            return True
    return False


def _notes(scanned: list[int], n_pages: int) -> tuple[str, ...]:
    if not scanned:
        return ()
    shown = ", ".join(map(str, scanned[:10])) + (", ..." if len(scanned) > 10 else "")
    return (f"{len(scanned)} of {n_pages} pages are images without text: {shown}; {_ADVICE}",)

"""PDF -> the text of its pages in the order in which PDFium gives it."""

from __future__ import annotations

import re
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
#: What fonts give that do not say which letters they draw: control characters and places for private use.
_NO_LETTERS = re.compile("[\x01-\x08\x0e-\x1f\ue000-\uf8ff\ufffd]")
_ADVICE = "let `ocrmypdf` (with --force-ocr) read it first and submit what comes out"


def extract_pdf(data: bytes) -> Extracted:
    """The text of all pages, in paragraphs.

    Raises:
        DocumentError: `encrypted`, `damaged` or `no_text_layer`.
    """
    with _opened(data) as document:
        pages, textless = _read(document)
    if len(textless) * 2 > len(pages):
        raise DocumentError("no_text_layer", f"{_textless(textless, len(pages))}; {_ADVICE}")
    pages = join_hyphenated(pages)
    starts = [0]
    for page in pages[:-1]:
        starts.append(starts[-1] + len(page) + len(_PAGE_BREAK))
    return Extracted(_PAGE_BREAK.join(pages), tuple(starts), notes=_notes(textless, len(pages)))


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
    """The text of each page, and the numbers of those on which more is seen than there is text."""
    pages, textless = [], []
    for number in range(len(document)):
        try:
            page = _page(document, number)
            textpage = page.get_textpage()
            text = join_lines(list(read_lines(textpage)))
            textpage.close()
            pages.append(text)
            if _is_unreadable(text) or (len(text) < _FEW_CHARS and _has_large_image(page)):
                textless.append(number + 1)
            page.close()
        except (pypdfium2.PdfiumError, AssertionError) as error:
            raise DocumentError("damaged", f"page {number + 1} of the PDF cannot be read") from error
    return pages, textless


def _page(document: Any, number: int) -> Any:
    """The page, with what was typed into its forms and written onto it made part of it."""
    page = document[number]
    if pdfium.FPDFPage_GetAnnotCount(page) > 0:
        if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) == pdfium.FLATTEN_FAIL:
            raise DocumentError("damaged", f"the forms on page {number + 1} of the PDF cannot be read")
        page.close()
        page = document[number]
    return page


def _is_unreadable(text: str) -> bool:
    return 2 * len(_NO_LETTERS.findall(text)) > len("".join(text.split())) > 0


def _has_large_image(page: Any) -> bool:
    width, height = page.get_size()
    for image in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]):
        left, bottom, right, top = image.get_bounds()
        if abs(right - left) * abs(top - bottom) >= _LARGE_IMAGE_SHARE * width * height:
            return True
    return False


def _notes(textless: list[int], n_pages: int) -> tuple[str, ...]:
    if not textless:
        return ()
    shown = ", ".join(map(str, textless[:10])) + (", ..." if len(textless) > 10 else "")
    return (f"{_textless(textless, n_pages)} ({shown}); {_ADVICE}",)


def _textless(textless: list[int], n_pages: int) -> str:
    return f"{len(textless)} of {n_pages} pages have no readable text, as scans have none"

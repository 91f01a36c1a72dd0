"""A PDF says its pages' text in paragraphs; what has no text says why."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod
from PIL import Image

from worker.documents.formats import Extracted, extract
from worker.documents.formats.hyphens import join_hyphenated
from worker.documents.formats.media_types import PDF
from worker.documents.formats.paragraphs import Edge, Line, join_lines
from worker.errors import DocumentError

LONG = (
    "The Lender shall pay to the Borrower what the Borrower asked the Lender for, at the times agreed. " * 4
)


def make(*pages: str, image_on: tuple[int, ...] = (), password: str | None = None, owner: str = "") -> bytes:
    pdf = FPDF(format="A4")
    pdf.set_font("Helvetica", size=11)
    if password is not None or owner:
        pdf.set_encryption(owner, password, encryption_method=EncryptionMethod.RC4)
    for number, text in enumerate(pages):
        pdf.add_page()
        if number in image_on:
            picture = BytesIO()
            Image.new("RGB", (60, 80), "grey").save(picture, "PNG")
            pdf.image(picture, x=0, y=0, w=210, h=297)
        pdf.multi_cell(0, 6, text, align="L")
    return bytes(pdf.output())


def refusal(data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        extract(PDF, data)
    return caught.value


def test_pages_begin_where_page_starts_say() -> None:
    result = extract(PDF, make("Ann Lee", "", "Acme Bank\nBoston"))
    assert result == Extracted("Ann Lee\n\f\n\fAcme Bank\nBoston", (0, 9, 11))
    assert result.page_starts is not None
    assert result.text[result.page_starts[2] :] == "Acme Bank\nBoston"


def test_lines_of_a_paragraph_are_joined_and_short_lines_stay() -> None:
    text = f"LEASE\n{LONG.strip()}\n\n\n{LONG.strip()}\nAnn Lee\n12 Main Street\nBoston"
    lines = extract(PDF, make(text)).text.split("\n")
    assert lines == ["LEASE", LONG.strip(), "", LONG.strip(), "Ann Lee", "12 Main Street", "Boston"]


def test_broken_words_are_joined() -> None:
    text = "the bor-\nrower of Smith-\nJones is well-\nknown in 1999-\n2000"
    assert extract(PDF, make(text)).text.replace("\n", " ") == (
        "the borrower of Smith-Jones is well-known in 1999- 2000"
    )


@pytest.mark.parametrize(
    ("broken", "joined"),
    [
        ("bor\uffferower", "borrower"),
        ("Johan\ufffesson", "Johansson"),
        ("Smith\ufffeJones", "Smith-Jones"),
        ("well\ufffeknown", "well-known"),
        ("long\ufffeterm and longterm", "longterm and longterm"),
        ("credit\ufffeworthy, credit-worthy", "credit-worthy, credit-worthy"),
        ("MEY\ufffeER, Meyer", "MEYER, Meyer"),
        ("a\ufffe b", "a- b"),
    ],
)
def test_the_hyphen_stays_where_it_belongs_to_the_word(broken: str, joined: str) -> None:
    assert join_hyphenated([broken]) == [joined]


def line(text: str, x: float, bottom: float, width: float, size: float = 10, **other: float) -> Line:
    edges = Edge(x, bottom, size), Edge(x + width, bottom, size)
    return Line(text, *edges, first_word=other.get("first_word", 30), is_row=bool(other.get("is_row")))


def test_lines_are_parted_by_what_their_places_say() -> None:
    full, short = 400.0, 300.0
    assert (
        join_lines([line("a", 50, 700, full), line("b", 50, 688, short), line("c", 50, 676, full)])
        == "a b\nc"
    )
    assert (
        join_lines([line("a", 50, 700, full), line("b", 50, 660, full), line("c", 50, 648, full)])
        == "a\n\nb c"
    )
    assert join_lines([line("a", 50, 700, full, 16), line("b", 50, 688, full)]) == "a\n\nb"
    assert join_lines([line("a", 50, 100, 200), line("b", 300, 700, 200)]) == "a b"  # the next column
    assert join_lines([line("a", 50, 100, full), line("(b) c", 50, 88, full)]) == "a\n(b) c"
    assert join_lines([line("a", 50, 100, full, is_row=1), line("b", 50, 88, full)]) == "a\nb"
    assert join_lines([line("Ann", 50, 100, 60), line("Lee", 50, 88, 50)]) == "Ann\nLee"
    assert join_lines([line("1999-", 50, 100, full), line("2000", 50, 88, full)]) == "1999-2000"
    assert join_lines([line("日", 50, 100, full), line("本", 50, 88, full)]) == "日本"
    assert join_lines([line("THE LAW", 50, 100, full), line("Lee", 50, 88, full)]) == "THE LAW\nLee"
    assert join_lines([]) == ""


def test_a_scan_has_no_text_layer() -> None:
    error = refusal(make("", "stamp 1", LONG, image_on=(0, 1)))
    assert error.code == "no_text_layer"
    assert "2 of 3 pages" in error.detail
    assert "ocrmypdf" in error.detail


def test_few_scanned_pages_are_noted() -> None:
    result = extract(PDF, make(LONG, "", LONG, image_on=(1, 2)))
    assert len(result.notes) == 1
    assert result.notes[0].startswith("1 of 3 pages are images without text: 2;")


def test_only_a_password_that_is_asked_for_stops() -> None:
    assert extract(PDF, make("Ann Lee", owner="owner")).text == "Ann Lee"
    assert refusal(make("Ann Lee", owner="owner", password="secret")).code == "encrypted"


def test_what_is_cut_off_is_damaged_or_says_all_it_has() -> None:
    whole = make(LONG, LONG)
    assert refusal(whole[:100]).code == "damaged"
    assert refusal(b"%PDF-1.7\n").code == "damaged"
    assert refusal(b"").code == "damaged"
    texts = set()
    for end in range(0, len(whole), 97):
        with suppress(DocumentError):
            texts.add(extract(PDF, whole[:end]).text)
    assert texts <= {extract(PDF, whole).text}


def test_a_page_without_anything_is_an_empty_text() -> None:
    assert extract(PDF, make("")) == Extracted("", (0,))

"""What a real word processor writes is read as it was written, in every format; PDFs as pdftotext reads them."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tests.office import convert, find_program, make_fodt
from worker.documents.formats import HEAD_BYTES, Extracted, detect_media_type, extract
from worker.recognition.sentences import split_sentences
from worker.recognition.words import WordRule, split_words

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "documents").rglob("*.txt"))
MASTER = (
    "<style:header><text:p>Smith LLP</text:p></style:header>"
    "<style:footer><text:p>Page foot</text:p></style:footer>"
)
#: What PDFs are compared in: words that agree, in their order.
AGREEMENT = 0.99


def read(path: Path) -> Extracted:
    data = path.read_bytes()
    media_type = detect_media_type("unnamed", data[:HEAD_BYTES])
    assert media_type is not None
    return extract(media_type, data)


def paragraphs(text: str) -> str:
    return "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n") if line.strip())


def table(*rows: tuple[str, ...]) -> str:
    columns = f"<table:table-column table:number-columns-repeated='{len(rows[0])}'/>"
    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    return f"<table:table>{columns}{lines}</table:table>"


def cell(text: str) -> str:
    return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"


def agreement(ours: list[str], theirs: list[str]) -> float:
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / max(len(ours), len(theirs))


def letters(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w", text))


@pytest.fixture(scope="module")
def text() -> str:
    """Prose of several pages, a paragraph a line."""
    texts = "\n\n".join(path.read_text("utf-8") for path in EXAMPLES)
    return "\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", texts))


def test_every_format_holds_the_same_words(tmp_path: Path, text: str) -> None:
    note = (
        "<text:p>Noted<text:note text:note-class='footnote'><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>See Jones.</text:p></text:note-body></text:note>.</text:p>"
    )
    source = tmp_path / "a.fodt"
    source.write_text(make_fodt(paragraphs(text) + table(("Lender", "Acme Bank")) + note, MASTER), "utf-8")
    expected = f"Smith LLP {text} Lender Acme Bank Noted. See Jones. Page foot".split()
    for path in convert(source, "docx", "odt", "rtf").values():
        result = read(path)
        assert result.text.split() == expected, path.name
        assert "\n\nLender\tAcme Bank\n\n" in result.text
        assert result.notes == ()
    page = read(convert(source, "html:HTML")["html:HTML"])
    words = page.text.split()
    assert agreement(words, expected) > AGREEMENT  # the marks of notes are words of a page


def test_text_in_two_columns_is_read_in_order_and_its_sentences_found(tmp_path: Path, text: str) -> None:
    source = tmp_path / "a.fodt"
    section = f"<text:section text:style-name='S' text:name='S1'>{paragraphs(text)}</text:section>"
    source.write_text(make_fodt(section, columns=2), "utf-8")
    result = read(convert(source, "pdf")["pdf"])
    words = text.split()
    assert agreement(result.text.split(), words) > AGREEMENT
    assert n_sentences(result.text) < 1.3 * n_sentences(text)


def n_sentences(text: str) -> int:
    return len(split_sentences(text, split_words(text, WordRule.NEWS)))


def test_pdfs_are_read_as_pdftotext_reads_them(tmp_path: Path, text: str) -> None:
    pdftotext = find_program("pdftotext")
    rows = [(f"Party {i}", f"Acme {i} Bank", f"{i}000") for i in range(40)]
    body = paragraphs(text) + table(*rows) + paragraphs(text)
    source = tmp_path / "a.fodt"
    source.write_text(make_fodt(body, MASTER), "utf-8")
    path = convert(source, "pdf")["pdf"]
    result = read(path)
    theirs = subprocess.run([pdftotext, path, "-"], check=True, capture_output=True, text=True).stdout
    assert agreement(result.text.split(), theirs.split()) > AGREEMENT
    pages = theirs.split("\f")[:-1]
    assert result.page_starts is not None
    ends = [*result.page_starts[1:], len(result.text)]
    assert len(pages) == len(ends) > 3
    for start, end, page in zip(result.page_starts, ends, pages, strict=True):
        assert letters(result.text[start:end]) == letters(page)

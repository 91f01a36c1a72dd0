"""A page says what a browser shows."""

from __future__ import annotations

import pytest

from worker.documents.formats import Extracted, extract
from worker.documents.formats.media_types import HTML


def read(page: str) -> str:
    return extract(HTML, page.encode()).text


def test_only_what_is_visible_is_text() -> None:
    page = (
        "<!DOCTYPE html><head><title>no</title><style>no</style></head><body>yes<script>no</script><!-- no -->"
        "<template>no</template><noscript>no</noscript><p hidden>no</p><p style='color:red;display : none'>no</p>"
        "<p style=visibility:hidden>no</p><dialog>no</dialog><dialog open>open</dialog><iframe>no</iframe>"
        "<svg><title>no</title><text>drawn</text></svg><input type=hidden value=no><input value='typed in'>"
    )
    assert read(page) == "yes\nopen\ndrawn typed in"


def test_fields_show_their_values_whatever_their_type_is_written_like() -> None:
    fields = "<input type=TEXT value=Ann><input type=month value=2026-11><input type=odd value=Bo>"
    assert read(fields) == "Ann 2026-11 Bo"
    assert (
        read("<input type=Hidden value=no><input type=password value=no><input type=checkbox value=no>") == ""
    )


def test_blocks_are_lines_and_paragraphs_have_a_blank_line_between_them() -> None:
    assert read("<h1>A</h1><p>b<p>c<div>d</div>e<ul><li>f<li>g</ul>h<br>i<br><br><br>j") == (
        "A\n\nb\n\nc\n\nd\ne\n\nf\ng\n\nh\ni\n\nj"
    )


def test_white_space_is_one_space_unless_it_is_preserved() -> None:
    assert read("<p> a\n  <b> b</b> c<i>d</i> </p>\n <p>\n</p><p>e") == "a b cd\n\ne"
    assert read("<pre>\n  a\n   b</pre> c") == "  a\n   b\n\nc"


def test_entities_are_characters_and_soft_hyphens_nothing() -> None:
    assert read("Smith&amp;Sons &lt;Zo&euml;&gt; &#x1F600;&nbsp;x Johans&shy;son&#0;") == (
        "Smith&Sons <Zoë> 😀\u00a0x Johansson\ufffd"
    )


def test_cells_are_parted_and_columns_of_text_are_read_one_after_the_other() -> None:
    table = "<table><caption>Parties</caption><tr><th>Lender<td>Acme<tr><td><td>Ann</table>"
    assert read(f"x{table}y") == "x\n\nParties\n\nLender\tAcme\nAnn\n\ny"
    assert read("<table><tr><td>Acme<br>Boston<td>Bo<br>Rome</table>") == "Acme\nBoston\nBo\nRome"
    assert read("<table><tr><td><p>a<p>b<td>c</table>") == "a\n\nb\n\nc"


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        ("<p>Zoë".encode("utf-16"), None, "utf-16"),
        ("\ufeff<p>Zoë".encode(), None, "utf-8"),
        ("<meta charset=iso-8859-2><p>Zoë".encode(), None, "utf-8"),  # it is UTF-8, whatever it says
        ("<meta charset='windows-1252'><p>Zoë".encode("cp1252"), None, "cp1252"),
        (b"<meta http-equiv=x content='text/html; charset=iso-8859-1'><p>Zo\xeb \x80", None, "cp1252"),
        ('<?xml version="1.0" encoding="iso-8859-2"?><p>Zoë'.encode("iso8859-2"), None, "iso8859-2"),
        ("<meta charset=utf-8><p>Zoë".encode("cp437"), "cp437", "cp437"),
    ],
)
def test_the_encoding_is_found(data: bytes, encoding: str | None, expected: str) -> None:
    page = extract(HTML, data, encoding)
    assert page.text.startswith("Zoë")
    assert (page.encoding, page.encoding_confidence) == (expected, None)


@pytest.mark.parametrize("trick", ["unicode_escape", "utf-7", "hex", "\\0", "idna"])
def test_an_encoding_that_is_a_trick_is_not_taken(trick: str) -> None:
    page = extract(
        HTML, b"<meta charset=" + trick.encode() + b"><p>\\x41 +AEE- Caf\xe9 de la gare \xe0 Orl\xe9ans"
    )
    assert page.text.startswith("\\x41 +AEE-")


def test_depth_is_no_matter() -> None:
    assert read("<div>" * 10_000 + "deep") == "deep"
    assert read("<table><tr><td>" * 3_000 + "deep") == "deep"
    assert extract(HTML, b"") == Extracted("", encoding="utf-8")

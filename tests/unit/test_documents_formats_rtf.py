"""An RTF file says what would be printed with all changes accepted."""

from __future__ import annotations

import pytest

from worker.documents.formats import Extracted, extract
from worker.documents.formats.media_types import RTF
from worker.errors import DocumentError

FONTS = (
    r"{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Mincho;}}{\colortbl;\red0;}"
    r"{\stylesheet{\s1 Heading;}}{\info{\title Secret}}{\*\generator Writer;}"
)


def read(body: str | bytes, head: str = r"{\rtf1\ansi\ansicpg1252\deff0" + FONTS) -> Extracted:
    return extract(RTF, head.encode() + (body.encode() if isinstance(body, str) else body) + b"}")


def test_groups_and_line_ends_of_the_source_mean_nothing() -> None:
    assert read("\\pard Sili{\\b con} Val\r\nley\\par\\pard Bank\\par").text == "Silicon Valley\n\nBank"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"Zo\'eb", "Zoë"),
        (r"\u8364? 5", "€ 5"),
        (r"\uc2\u-10179xx\u-8704xx!", "😀!"),  # of UTF-16, with two characters for old readers
        (r"\uc0\u233 t\u233", "été"),
        (r"\u8364\'80.", "€."),
        (r"{\f1\'cc\'ee}", "Мо"),
        (r"{\f2\'93\'fa\'96{}{\f2 {}}\'7b}", "日本"[0] + "\ufffd{"),
        (r"{\f2\'93\'fa\'96\'7b}", "日本"),
        (r"\ldblquote a\rdblquote\~b\_c\-d\emdash\{\\\}", "“a”\u00a0b-cd—{\\}"),
        (r"a\tab b\line c", "a\tb\nc"),
    ],
)
def test_characters(source: str, text: str) -> None:
    assert read(source).text == text


def test_the_encoding_is_what_the_head_says() -> None:
    assert read(rb"\'e6", r"{\rtf1\ansi\ansicpg1250").text == "ć"
    assert read(rb"\'8e", r"{\rtf1\mac").text == "é"


def test_tables() -> None:
    row = r"\trowd\cellx1\cellx2\pard\intbl {a}\cell {b}\cell\row"
    rows = row.format(a="Lender", b="Acme Bank") + row.format(a="", b="Ann")
    assert read(r"\pard x\par " + rows + r"\pard y\par").text == "x\n\nLender\tAcme Bank\nAnn\n\ny"


def test_deleted_and_hidden_text_is_dropped_and_comments_are_noted() -> None:
    assert read(r"a{\deleted old\par}{\revised new}").text == "anew"
    hidden = read(r"a{\v secret}\v x\v0 b{\*\annotation secret}")
    assert hidden == Extracted("ab", notes=("comments were not read", "hidden text was not read"))


def test_headers_notes_boxes_and_fields() -> None:
    body = (
        r"{\header\pard Head\par}\pard An{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt Boxed\par}}{\shprslt no}}chor"
        r"{\super 1{\*\footnote Note\par}} {\field{\*\fldinst HYPERLINK}{\fldrslt link}}\par{\footerf Foot}"
    )
    assert read(body).text == "Head\n\nAnchor1 link\n\nBoxed\n\nNote\n\nFoot"


def test_pictures_are_left_out_binary_ones_too() -> None:
    assert read(b"a{\\pict\\bin5 }{\\x}}{\\pict 0011aa}b").text == "ab"


@pytest.mark.parametrize("data", [b"{\\rtf1 a", b"{\\rtf1 a{b}", b"{\\rtf1\\bin99 a}", b"text", b""])
def test_what_is_cut_off_is_damaged(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        extract(RTF, data)
    assert caught.value.code == "damaged"


def test_what_follows_the_last_group_is_not_read() -> None:
    assert extract(RTF, b"{\\rtf1 a}\0\0}}{junk").text == "a"

"""Files that are attacks or are broken: each has its reason within the time and memory of an ordinary one."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from tests.office import make_docx, make_odt, make_zip, paragraph
from worker.documents.formats import extract
from worker.documents.formats.media_types import DOCX, EML, EXTRACTED_MEDIA_TYPES, HTML, ODT, PDF, RTF
from worker.documents.formats.package import MAX_UNPACKED_BYTES
from worker.errors import DocumentError

Maker = Callable[[str], bytes]
PACKAGES: list[tuple[str, Maker, str]] = [
    (DOCX, make_docx, "word/document.xml"),
    (ODT, make_odt, "content.xml"),
]


def refusal(media_type: str, data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        extract(media_type, data)
    assert caught.value.detail.isprintable()
    return caught.value.code


def outcome(media_type: str, data: bytes) -> str:
    """The text, or the code of the reason why there is none."""
    try:
        return extract(media_type, data).text
    except DocumentError as error:
        return error.code


def with_member(data: bytes, name: str, content: bytes | None) -> bytes:
    """The archive with another member of that name, or without it."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
    if content is None:
        del members[name]
    else:
        members[name] = content
    return make_zip(members)


@pytest.mark.parametrize(("media_type", "make", "part"), PACKAGES)
def test_archives_that_are_broken_are_damaged(media_type: str, make: Maker, part: str) -> None:
    data = make("")
    for end in range(0, len(data), 29):
        assert refusal(media_type, data[:end]) == "damaged"
    assert refusal(media_type, with_member(data, part, None)) == "damaged"
    assert refusal(media_type, with_member(data, part, b"<a><b></a>")) == "damaged"
    assert refusal(media_type, with_member(data, part, b"")) == "damaged"
    for place in range(40, len(data), 7):
        changed = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
        assert outcome(media_type, changed) in ("", "damaged", "encrypted", "unsupported")


@pytest.mark.parametrize(("media_type", "make", "part"), PACKAGES)
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    ],
)
def test_entities_are_neither_expanded_nor_fetched(
    media_type: str, make: Maker, part: str, declaration: str
) -> None:
    for encoding in ("utf-8", "utf-16"):
        xml = f'<?xml version="1.0" encoding="{encoding}"?>{declaration}<a>&e;</a>'.encode(encoding)
        assert refusal(media_type, with_member(make(""), part, xml)) == "unsupported"


def test_a_bomb_is_too_large() -> None:
    part = "word/document.xml"
    buffer = BytesIO(with_member(make_docx(""), part, None))
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(part, "w") as member,
    ):
        member.write(b"<a>")
        for _ in range(MAX_UNPACKED_BYTES // 2**20):
            member.write(bytes([32]) * 2**20)
    data = buffer.getvalue()
    assert len(data) < 2 * 2**20
    assert refusal(DOCX, data) == "too_large"


def test_a_header_that_lies_about_a_size_is_damage() -> None:
    data = make_docx(paragraph("x" * 123_456))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        size = archive.getinfo("word/document.xml").file_size.to_bytes(4, "little")
    assert refusal(DOCX, data.replace(size, (99).to_bytes(4, "little"))) == "damaged"


def test_ten_thousand_levels_are_no_matter() -> None:
    levels = 10_000
    cells = "<w:tbl><w:tr><w:tc>" * levels + paragraph("deep") + "</w:tc></w:tr></w:tbl>" * levels
    assert extract(DOCX, make_docx(cells)).text == "deep"
    boxes = "<w:p><w:r><w:txbxContent>" * levels + paragraph("deep") + "</w:txbxContent></w:r></w:p>" * levels
    assert extract(DOCX, make_docx(boxes)).text == "deep"
    spans = "<text:p>" + "<text:span>" * levels + "deep" + "</text:span>" * levels + "</text:p>"
    assert extract(ODT, make_odt(spans)).text == "deep"
    assert extract(RTF, b"{\\rtf1 " + b"{" * levels + b"deep" + b"}" * levels + b"}").text == "deep"
    assert extract(HTML, b"<span>" * levels + b"deep").text == "deep"


def test_odd_places_of_elements_lose_no_text() -> None:
    assert extract(DOCX, make_docx(f"<w:tc>{paragraph('a')}</w:tc><w:tr/>{paragraph('b')}")).text == "a\nb"
    assert extract(ODT, make_odt("<table:table-cell><text:p>a</text:p></table:table-cell>")).text == "a"
    assert extract(RTF, rb"{\rtf1 a\cell b\row c\intbl d}").text == "a\n\nb\nc\n\nd"


def test_a_workbook_is_no_document() -> None:
    types = "<Types xmlns='x'><Override PartName='/xl/workbook.xml' ContentType='x.sheet.main+xml'/></Types>"
    assert refusal(DOCX, make_zip({"[Content_Types].xml": types})) == "unsupported"


def test_many_spaces_in_few_bytes_are_few() -> None:
    text = extract(ODT, make_odt("<text:p>a<text:s text:c='999999999'/>b</text:p>")).text
    assert len(text) < 2_000


@pytest.mark.parametrize("media_type", sorted(EXTRACTED_MEDIA_TYPES))
@pytest.mark.parametrize(
    "data", [b"", b"\0" * 3_000, b"%PDF-1.7", b"PK\x03\x04", b"{\\rtf", b"<", bytes(range(256)) * 9]
)
def test_any_bytes_are_a_text_or_a_reason(media_type: str, data: bytes) -> None:
    found = outcome(media_type, data)
    assert found in ("damaged", "undecodable", "unsupported") or media_type in (HTML, EML)
    assert "\0" not in found


def test_a_pdf_that_refers_to_itself_ends() -> None:
    objects = b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>endobj\n"
    data = b"%PDF-1.7\n" + objects + b"trailer<</Root 1 0 R/Size 3>>\n%%EOF"
    assert refusal(PDF, data) == "damaged"

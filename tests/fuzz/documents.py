"""Targets: any bytes as a file of a format are a text that can be stored, the same each time, or a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.target import Target
from tests.office import make_docx, make_odt, make_zip, paragraph
from worker.documents.formats import HEAD_BYTES, Extracted, detect_media_type, extract
from worker.documents.formats.media_types import DOCX, EML, HTML, ODT, RTF
from worker.errors import DocumentError

Check = Callable[[bytes, Path], None]


def _extracted(media_type: str) -> Check:
    def check(data: bytes, _folder: Path) -> None:
        _check(media_type, data)

    return check


def _member(media_type: str, name: str) -> Check:
    """The bytes are the XML in an archive that is otherwise whole."""
    whole = _CONTENT_TYPES if media_type == DOCX else {}

    def check(data: bytes, _folder: Path) -> None:
        _check(media_type, make_zip({**whole, name: data}))

    return check


def _check(media_type: str, data: bytes) -> None:
    extracted = _outcome(media_type, data)
    if isinstance(extracted, DocumentError):
        assert re.fullmatch("[a-z_]+", extracted.code), "no code"
        assert extracted.detail.isprintable(), "a message that a terminal would obey"
        return
    assert "\0" not in extracted.text, "PostgreSQL cannot store it"
    extracted.text.encode()  # no lone surrogate
    assert all(note.isprintable() for note in extracted.notes), "a note that a terminal would obey"
    assert extract(media_type, data) == extracted, "another text the second time"


def _outcome(media_type: str, data: bytes) -> Extracted | DocumentError:
    try:
        return extract(media_type, data)
    except DocumentError as error:
        return error


def _detected(data: bytes, _folder: Path) -> None:
    for name in ("a", "a.txt", "a.docx", "a.pdf"):
        detect_media_type(name, data[:HEAD_BYTES])


_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_CONTENT_TYPES: dict[str, str | bytes] = {
    "[Content_Types].xml": f"<Types xmlns='x'><Override PartName='/a' ContentType='{_TYPE}'/></Types>"
}
_WORD = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
_TEXT = "xmlns:t='urn:oasis:names:tc:opendocument:xmlns:text:1.0'"
_TABLE = "xmlns:b='urn:oasis:names:tc:opendocument:xmlns:table:1.0'"

DOCUMENT_TARGETS = {
    "docx": Target(_extracted(DOCX), (make_docx(paragraph("Ann")), b"PK\x05\x06" + bytes(18))),
    "docx-xml": Target(
        _member(DOCX, "a"),
        (
            f"<w:p {_WORD}><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>a</w:t><w:tab/></w:r></w:p>".encode(),
            f"<w:tbl {_WORD}><w:tr><w:tc><w:p/></w:tc></w:tr><w:tc><w:sym w:char='41'/></w:tc></w:tbl>".encode(),
            f"<w:txbxContent {_WORD}><w:del><w:t>b</w:t></w:del><w:vanish/></w:txbxContent>".encode(),
        ),
    ),
    "odt": Target(_extracted(ODT), (make_odt("<text:p>Ann</text:p>"),)),
    "odt-xml": Target(
        _member(ODT, "content.xml"),
        (
            f"<t:p {_TEXT}>a<t:s t:c='9'/><t:tab/><t:note><t:p>b</t:p></t:note></t:p>".encode(),
            f"<b:table {_TABLE} {_TEXT}><b:table-cell><t:p>a</t:p></b:table-cell><b:table-row/></b:table>".encode(),
        ),
    ),
    "html": Target(
        _extracted(HTML),
        (
            b"<!DOCTYPE html><meta charset=cp1252><p hidden>a<table><tr><td>b<td>c</table><pre> d\n e</pre>&shy;",
            b"<dialog open><input value=x><textarea>\ny</textarea><br>z<svg><title>t</title>\xff\xfe",
        ),
    ),
    "eml": Target(
        _extracted(EML),
        (
            b"From: =?utf-8?q?Zo=C3=AB?= <a@b>\nSubject: =?x?b?!?=\n\nbody \xe9",
            b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\na\n--b\nContent-Type: text/html\n\n<p>c\n--b--",
            b"Content-Type: message/rfc822\n\nContent-Transfer-Encoding: base64\n\nQQ==",
        ),
    ),
    "rtf": Target(
        _extracted(RTF),
        (
            rb"{\rtf1\ansi\ansicpg932\deff1{\fonttbl{\f1\fcharset128 A;}}\f1\'93\'fa\uc2\u8364xx\par{\v a}b}",
            rb"{\rtf1\trowd\pard\intbl a\cell\row{\header h}{\*\footnote f}{\shp{\*\shpinst{\shptxt s}}}\bin2 }}}",
        ),
    ),
    "media-type": Target(
        _detected, (make_docx(""), b"<!--<?<!doctype html", b"From: a\nReceived: b\n c\n\n")
    ),
}

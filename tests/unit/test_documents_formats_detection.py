"""What kind of file it is: the content decides where it is unmistakable, the name about the rest."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.office import make_docx, make_odt, make_zip, paragraph
from worker.documents.formats import advice, detect_media_type
from worker.documents.formats import media_types as types

MAIL = b"Received: by x\r\nFrom: a@b.example\r\nSubject: s\r\n\r\nbody"
MEMO = b"From: Ann\nTo: Bob\nSubject: lunch\n\nAt noon?"


def stored(members: dict[str, bytes]) -> bytes:
    """An archive in which the members stand as they are."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "head", "media_type"),
    [
        ("a.txt", b"%PDF-1.7", types.PDF),
        ("a.pdf", b"\n\n%PDF-1.4", types.PDF),
        ("a.pdf", b"<!DOCTYPE html><html>not found", types.HTML),
        ("a.docx", b"<html><body>x", types.HTML),
        ("a.doc", b"{\\rtf1 x}", types.RTF),
        ("a.doc", make_docx(paragraph("x")), types.DOCX),
        ("a", make_docx(paragraph("x")), types.DOCX),
        ("a.docx", make_odt(""), types.ODT),
        ("a.docx", make_zip({"b.xml": ""}), types.DOCX),
        ("a.zip", make_zip({"a.txt": "x"}), types.ZIP),
        ("a.txt", make_zip({}), types.ZIP),
        ("a.zip", make_zip({"word/a.txt": "x", "xl/b.txt": "y"}), types.ZIP),
        ("a.zip", stored({"a.docx": make_docx(paragraph("x")), "b.xlsx": make_zip({"xl/x": ""})}), types.ZIP),
        ("a.zip", make_docx(paragraph("x")), types.DOCX),
        ("a.xlsx", make_zip({"[Content_Types].xml": "", "xl/workbook.xml": ""}), None),
        ("a.ods", make_zip({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), None),
        ("a.csv", b"PAR1", types.PARQUET),
        ("a.txt.gz", b"\x1f\x8b\x08", types.GZIP),
        ("a.html", b"just words", types.HTML),
        ("a.txt", b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- c --><!doctype HTML>", types.HTML),
        ("a.txt", "<html>".encode("utf-16"), types.HTML),
        ("a.txt", b"<p>a paragraph", types.TEXT),
        ("notes", MAIL, types.EML),
        ("a.txt", MAIL, types.EML),
        ("a.md", MAIL, types.MARKDOWN),
        ("a.txt", MEMO, types.TEXT),
        ("a.EML", MEMO, types.EML),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),
        ("folder.pdf/a", b"x", None),
        ("a.csv", b"a,b", types.CSV),
        ("a.tsv", b"a\tb", types.TSV),
        ("a.jsonl", b"{}", types.JSONL),
        ("", b"", None),
    ],
)
def test_the_kind(name: str, head: bytes, media_type: str | None) -> None:
    assert detect_media_type(name, head) == media_type


def test_every_kind_that_is_extracted_has_a_suffix() -> None:
    suffixes = ("pdf", "docx", "odt", "rtf", "html", "eml")
    assert {detect_media_type(f"a.{suffix}", b"") for suffix in suffixes} == types.EXTRACTED_MEDIA_TYPES


def test_there_is_advice_only_for_what_has_no_reader() -> None:
    for name, words in {"a.DOC": ".docx", "a.xlsx": ".csv", "a.msg": ".eml", "a.jpg": "ocrmypdf"}.items():
        assert words in (advice(name) or "")
        assert detect_media_type(name, b"") is None
    assert [advice(name) for name in ("a.docx", "a.pdf", "a.exe", "a", "")] == [None] * 5

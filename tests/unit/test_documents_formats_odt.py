"""An ODT file says what would be printed with all changes accepted."""

from __future__ import annotations

import pytest

from tests.office import make_odt
from worker.documents.formats import Extracted, extract
from worker.documents.formats.media_types import ODT
from worker.errors import DocumentError


def read(body: str, master: str = "") -> Extracted:
    return extract(ODT, make_odt(body, master))


def test_white_space_is_one_space_and_marks_are_characters() -> None:
    body = (
        "<text:h> The\n  Heading </text:h><text:p>a<text:s text:c='3'/>b<text:tab/>c<text:line-break/> d "
        "<text:span>Zo</text:span>ë <text:a>linked</text:a></text:p>"
    )
    assert read(body).text == "The Heading\n\na   b\tc\nd Zoë linked"


def test_deletions_are_dropped_and_insertions_kept() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>Old Bank</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes><text:p>Lender is <text:change/><text:change-start/>New"
        "<text:change-end/> Bank</text:p>"
    )
    assert read(body).text == "Lender is New Bank"


def test_tables_lists_boxes_notes_headers_and_footers_have_their_places() -> None:
    def cell(text: str) -> str:
        return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"

    body = (
        "<text:p>An<draw:frame><draw:text-box><text:p>Boxed</text:p></draw:text-box></draw:frame>chor"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Note</text:p></text:note-body>"
        "</text:note></text:p>"
        f"<table:table><table:table-row>{cell('Lender')}{cell('Acme')}</table:table-row>"
        f"<table:table-row>{cell('')}{cell('Ann')}</table:table-row></table:table>"
        "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
    )
    master = (
        "<style:header><text:p>Head</text:p></style:header><style:footer><text:p>Foot</text:p></style:footer>"
    )
    assert read(body, master).text == "Head\n\nAnchor\n\nBoxed\n\nLender\tAcme\nAnn\n\none\n\nNote\n\nFoot"


def test_comments_are_noted_and_text_outside_of_paragraphs_is_none() -> None:
    comment = "<office:annotation><text:p>secret</text:p></office:annotation>"
    assert read(f"<text:p>a{comment}</text:p><text:sequence>7</text:sequence>") == Extracted(
        "a", notes=("comments were not read",)
    )


def test_a_password_is_told_from_damage() -> None:
    manifest = "<m:manifest xmlns:m='m'><m:encryption-data/></m:manifest>"
    with pytest.raises(DocumentError) as caught:
        extract(ODT, make_odt("", **{"META-INF/manifest.xml": manifest}))
    assert caught.value.code == "encrypted"


def test_openoffice_names_a_dtd_in_its_manifest() -> None:
    manifest = (
        '<!DOCTYPE manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd"><m:manifest/>'
    )
    assert extract(ODT, make_odt("<text:p>a</text:p>", **{"META-INF/manifest.xml": manifest})).text == "a"

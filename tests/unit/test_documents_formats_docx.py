"""A Word file says what would be printed with all changes accepted."""

from __future__ import annotations

import pytest

from tests.office import make_docx, paragraph
from worker.documents.formats import Extracted, extract
from worker.documents.formats.media_types import DOCX
from worker.errors import DocumentError


def read(body: str, **parts: str) -> Extracted:
    return extract(DOCX, make_docx(body, **parts))


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_paragraphs_have_a_blank_line_between_them_and_runs_nothing() -> None:
    body = f"<w:p>{run('Silicon Val')}{run('ley Bank &amp; Co.', '<w:b/>')}</w:p><w:p/>{paragraph('Zoë 😀')}"
    assert read(body).text == "Silicon Valley Bank & Co.\n\nZoë 😀"


def test_tabs_breaks_hyphens_and_symbols_are_characters() -> None:
    inner = (
        "<w:pPr><w:tabs><w:tab w:pos='1'/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t>"
        "<w:noBreakHyphen/><w:t>d</w:t><w:softHyphen/><w:t>e</w:t><w:sym w:char='F0B7'/><w:sym w:char='2022'/></w:r>"
    )
    assert read(f"<w:p>{inner}</w:p>").text == "a\tb\nc-de •"


def test_insertions_are_kept_and_deletions_dropped() -> None:
    deleted = "<w:del><w:r><w:delText>Old Bank</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{run('gone')}</w:moveFrom><w:moveTo>{run('.')}</w:moveTo>"
    body = f"<w:p>{run('Lender is ')}{deleted}<w:ins>{run('New Bank')}</w:ins>{moved}</w:p>"
    assert read(body).text == "Lender is New Bank."


def test_a_paragraph_whose_mark_was_deleted_goes_on_in_the_next() -> None:
    mark = "<w:pPr><w:rPr><w:del w:id='1'/></w:rPr></w:pPr>"
    assert (
        read(f"<w:p>{mark}{run('Acme ')}</w:p>{paragraph('Bank')}{paragraph('x')}").text == "Acme Bank\n\nx"
    )


def test_cells_are_parted_by_tabs_and_rows_by_line_ends() -> None:
    def cell(*texts: str) -> str:
        return f"<w:tc>{''.join(map(paragraph, texts))}</w:tc>"

    table = (
        f"<w:tbl><w:tr>{cell('Lender')}{cell('Acme Bank')}</w:tr>"
        f"<w:tr>{cell('')}{cell('Ann Lee')}</w:tr>"
        f"<w:tr>{cell('12 Main St', 'Boston')}{cell('Bo Li', 'Rome')}</w:tr></w:tbl>"
    )
    read_text = read(paragraph("before") + table + paragraph("after")).text
    assert read_text == ("before\n\nLender\tAcme Bank\nAnn Lee\n12 Main St\nBoston\nBo Li\nRome\n\nafter")
    nested = f"<w:tbl><w:tr><w:tc>{table}{paragraph('')}</w:tc></w:tr></w:tbl>"
    assert "Lender\tAcme Bank\nAnn Lee" in read(nested).text


def test_headers_come_first_once_and_notes_and_footers_last() -> None:
    result = read(
        paragraph("Body"),
        header1=paragraph("Smith LLP"),
        header2=paragraph("Smith LLP"),
        footer1=paragraph("Page"),
        footnotes=f"<w:footnote>{paragraph('See Jones.')}</w:footnote>",
        endnotes=f"<w:endnote>{paragraph('The end.')}</w:endnote>",
    )
    assert result == Extracted("Smith LLP\n\nBody\n\nSee Jones.\n\nThe end.\n\nPage")


def test_text_boxes_stand_after_their_paragraph_and_once() -> None:
    box = f"<w:txbxContent>{paragraph('Boxed Person')}</w:txbxContent>"
    compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    both = (
        f'<mc:AlternateContent xmlns:mc="{compatibility}"><mc:Choice>{box}</mc:Choice>'
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )
    body = f"<w:p>{run('An')}<w:r>{both}</w:r>{run('chor')}</w:p>{paragraph('next')}"
    assert read(body).text == "Anchor\n\nBoxed Person\n\nnext"


def test_fields_show_their_result_and_links_their_text() -> None:
    field = "<w:r><w:fldChar w:fldCharType='begin'/><w:instrText>HYPERLINK</w:instrText></w:r>"
    body = f"<w:p>{field}{run('page 3')}<w:hyperlink>{run(' of Acme')}</w:hyperlink></w:p>"
    assert read(body).text == "page 3 of Acme"


def test_what_is_not_read_is_noted_without_its_text() -> None:
    shown = run("!", "<w:vanish w:val='0'/>")
    hidden = read(f"<w:p>{run('seen')}{run('secret', '<w:vanish/>')}{shown}</w:p>")
    assert hidden == Extracted("seen!", notes=("hidden text was not read",))
    comments = read(paragraph("a"), comments=f"<w:comment>{paragraph('secret')}</w:comment>")
    assert comments.notes == ("comments were not read",)
    assert read(paragraph("a"), comments="").notes == ()


def test_documents_in_the_namespace_of_iso_are_read() -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    data = make_docx(paragraph("Acme"), header1=paragraph("Head"), namespace=strict)
    assert extract(DOCX, data).text == "Head\n\nAcme"


def refusal(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        extract(DOCX, data)
    return caught.value.code


def test_passwords_and_old_documents_are_told_apart() -> None:
    old_office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    assert refusal(old_office) == "unsupported"
    assert refusal(old_office + "EncryptedPackage".encode("utf-16-le")) == "encrypted"

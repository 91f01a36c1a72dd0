"""Files of word processors for tests: written by LibreOffice, or put together from a few elements."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from tests.services import missing_service

_CONVERT_S = 100
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODF_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{_ODF}:{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "style": "style",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
    }.items()
)


def find_program(*names: str) -> str:
    """The path of the first program that there is, or the test is skipped."""
    for name in names:
        if found := shutil.which(name):
            return found
    missing_service(f"no {names[0]}")
    raise AssertionError


def convert(source: Path, *formats: str) -> dict[str, Path]:
    """What LibreOffice makes of a file, in the same folder and with the format as its suffix."""
    office = find_program("soffice", "libreoffice")
    profile = f"-env:UserInstallation={(source.parent / 'profile').as_uri()}"
    for name in formats:
        subprocess.run(
            [office, profile, "--headless", "--convert-to", name, "--outdir", source.parent, source],
            check=True,
            capture_output=True,
            timeout=_CONVERT_S,
        )
    return {name: source.with_suffix(f".{name.partition(':')[0]}") for name in formats}


def make_zip(members: Mapping[str, str | bytes]) -> bytes:
    """An archive of these members, in their order."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return buffer.getvalue()


def make_docx(body: str, namespace: str = _WORD, **parts: str) -> bytes:
    """A Word file: the XML inside of `w:body`, and of parts such as `header1`, `footnotes`, `comments`."""
    types, members = [_override("document", "document.main")], {}
    for name, inner in parts.items():
        types.append(_override(name, name.rstrip("0123456789")))
        members[f"word/{name}.xml"] = _word_xml(name.rstrip("0123456789"), inner, namespace)
    content_types = f'<?xml version="1.0"?><Types xmlns="x">{"".join(types)}</Types>'
    document = _word_xml("document", f"<w:body>{body}</w:body>", namespace)
    return make_zip({"[Content_Types].xml": content_types, "word/document.xml": document, **members})


def _override(name: str, kind: str) -> str:
    return f'<Override PartName="/word/{name}.xml" ContentType="{_WORD_TYPE}.{kind}+xml"/>'


def _word_xml(root: str, inner: str, namespace: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{root} xmlns:w="{namespace}">{inner}</w:{root}>'


def paragraph(text: str) -> str:
    """A paragraph of a Word file."""
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def make_odt(body: str, master: str = "", **members: str | bytes) -> bytes:
    """An ODT file: the XML inside of `office:text` and of a master page."""
    content = f"<office:body><office:text>{body}</office:text></office:body>"
    styles = f"<office:master-styles><style:master-page>{master}</style:master-page></office:master-styles>"
    return make_zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {ODF_NAMESPACES}>{content}</office:document-content>",
            "styles.xml": f"<office:document-styles {ODF_NAMESPACES}>{styles}</office:document-styles>",
            **members,
        }
    )


def make_fodt(body: str, master: str = "", columns: int = 1) -> str:
    """A document for LibreOffice to convert; a section named `S` has the columns."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document {ODF_NAMESPACES} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:automatic-styles>
<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"
 fo:margin="2cm"/><style:header-style/><style:footer-style/></style:page-layout>
<style:style style:name="S" style:family="section"><style:section-properties>
<style:columns fo:column-count="{columns}" fo:column-gap="1cm"/></style:section-properties></style:style>
<style:style style:name="B" style:family="paragraph"><style:paragraph-properties fo:break-before="page"/>
</style:style></office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="L">{master}
</style:master-page></office:master-styles>
<office:body><office:text>{body}</office:text></office:body></office:document>"""

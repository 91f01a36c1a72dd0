"""Name and first bytes -> media type: by what is in the file, and by its name where that says nothing."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from worker.documents.formats import media_types as types

#: As many of a file's first bytes as `detect_media_type` can use.
HEAD_BYTES = 65_536

_BY_SUFFIX = {
    ".txt": types.TEXT,
    ".text": types.TEXT,
    ".md": types.MARKDOWN,
    ".markdown": types.MARKDOWN,
    ".jsonl": types.JSONL,
    ".ndjson": types.JSONL,
    ".csv": types.CSV,
    ".tsv": types.TSV,
    ".tab": types.TSV,
    ".parquet": types.PARQUET,
    ".gz": types.GZIP,
    ".zip": types.ZIP,
    ".pdf": types.PDF,
    ".docx": types.DOCX,
    ".docm": types.DOCX,
    ".odt": types.ODT,
    ".rtf": types.RTF,
    ".html": types.HTML,
    ".htm": types.HTML,
    ".xhtml": types.HTML,
    ".eml": types.EML,
}
_BY_SIGNATURE = {
    b"%PDF-": types.PDF,
    b"PAR1": types.PARQUET,
    b"{\\rtf": types.RTF,
    b"\x1f\x8b": types.GZIP,
}
_ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_MEMBER = re.compile(rb"PK\x03\x04..(.).{11}(.{4}).{4}(..)(..)", re.DOTALL)
#: Sizes come after the member, so that its end has to be looked for.
_SIZES_BEHIND = 0x8
#: What every Office document has beside the folder by which its kind is told, and few folders of other people.
_OFFICE_NAMES = (b"[Content_Types].xml", b"_rels/.rels")
#: What stands before the first tag: white space, an XML declaration, comments, processing instructions. Possessive:
#: else many comments could be taken apart in any number of ways.
_HTML = re.compile(
    rb"(?>\s|<\?[^>]*>|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body|meta|title)\b",
    re.DOTALL | re.IGNORECASE,
)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
#: A header block; its first line may be the `From ` line of a mailbox with one message.
_HEADERS = re.compile(rb"(?:From [^\r\n]*\r?\n)?(?:[!-9;-~]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)+")
#: Headers that only a mail program writes: a memo in a .txt file begins with `From:` and `Subject:` too.
_MAIL_HEADERS = re.compile(
    rb"^(?:received|message-id|mime-version|return-path):", re.MULTILINE | re.IGNORECASE
)


def detect_media_type(name: str, head: bytes) -> str | None:
    """The media type of a file with this name (or path) and these first bytes; None: there is no reader for it.

    What is unmistakable in the content decides, whatever the file is called; a name decides about the rest. `head`
    is the whole file or at least its first `HEAD_BYTES`.
    """
    by_name = _BY_SUFFIX.get(PurePosixPath(name).suffix.lower())
    for signature, media_type in _BY_SIGNATURE.items():
        if head.startswith(signature):
            return media_type
    if head.startswith(_ZIP_SIGNATURES):
        return _zip_type(head, by_name)
    if _HTML.match(_as_ascii(head)):
        return types.HTML
    if by_name in (None, types.TEXT) and _is_mail(head):
        return types.EML
    return by_name


def _zip_type(head: bytes, by_name: str | None) -> str | None:
    """What the names of the first members say; a Word file has `word/`, a workbook `xl/`."""
    names = _member_names(head)
    is_office = by_name != types.ZIP or any(name in _OFFICE_NAMES for name in names)
    if is_office and any(name.startswith(b"word/") for name in names):
        return types.DOCX
    if names and names[0] == b"mimetype":
        return types.ODT if types.ODT.encode() in head[:200] else None
    if is_office and any(name.startswith((b"xl/", b"ppt/", b"visio/")) for name in names):
        return None
    return by_name if by_name in (types.DOCX, types.ODT) else types.ZIP


def _member_names(head: bytes) -> list[bytes]:
    """Of the archive itself: what is stored in it may be an archive too."""
    names = []
    position = 0
    while match := _ZIP_MEMBER.search(head, position):
        length, n_extra = (int.from_bytes(match[i], "little") for i in (3, 4))
        names.append(head[match.end() : match.end() + length])
        is_behind = match[1][0] & _SIZES_BEHIND
        n_bytes = 0 if is_behind else int.from_bytes(match[2], "little")
        position = match.end() + length + n_extra + n_bytes
    return names


def _as_ascii(head: bytes) -> bytes:
    """The bytes with no mark and, of UTF-16, no NULs: enough to look for tags."""
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"")


def _is_mail(head: bytes) -> bool:
    headers = _HEADERS.match(head)
    return headers is not None and bool(_MAIL_HEADERS.search(headers[0]))

"""What a name and the first bytes say of a file: its media type, and what it is called when there is no reader."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from worker.documents.formats import EXTRACTED_MEDIA_TYPES, detect_media_type
from worker.documents.formats.media_types import CSV, GZIP, JSONL, PARQUET, TSV, ZIP

#: Read in a process of their own, by libraries that a hostile file may crash or keep busy without end.
COMPLEX: Final = EXTRACTED_MEDIA_TYPES | {PARQUET, GZIP, ZIP}
#: Files of any number of records, each with a text.
RECORDS: Final = frozenset({JSONL, CSV, TSV, PARQUET})
#: Files like these are read; one of another name is too, if its content says that it is one of them.
SUPPORTED: Final = (
    ".txt, .md, .pdf, .docx, .odt, .rtf, .html, .eml, .jsonl, .csv, .tsv, .parquet, and .gz and .zip of them"
)
#: What a program that opens files of these kinds can save them as.
_SAVED_AS: Final = {".doc": ".docx", ".msg": ".eml", ".xls": ".csv", ".xlsx": ".csv"}
#: A longer suffix, dot included, names no kind of file; nor does one with digits (`backup.20240101`, `part.r07`).
_MAX_SUFFIX_CHARS = 10
#: Kinds that are wrapped up in others: a .jar is a zip too, but no folder of documents.
_WRAPPERS = {ZIP: (".zip", ""), GZIP: (".gz", "")}
_TAR_SUFFIXES = (".tar.gz", ".tgz")


def media_type(name: str, head: bytes = b"") -> str | None:
    """How to read a file of this name that begins with these bytes; None: there is no reader for it."""
    found = detect_media_type(name, head)
    if found in _WRAPPERS:
        by_name = detect_media_type(name, b"")
        suffix = PurePosixPath(name).suffix.lower()
        if by_name is None and suffix not in _WRAPPERS[found]:
            return None
        if name.lower().endswith(_TAR_SUFFIXES):
            return None
    return found


def refusal(name: str) -> str:
    """What to say of a file that there is no reader for."""
    if other := _SAVED_AS.get(suffix := PurePosixPath(name).suffix.lower()):
        return f"no reader for {suffix} files: save it as {other}"
    return f"no reader for this kind of file; there are {SUPPORTED}"


def kind_of_suffix(name: str) -> str:
    """What a file is called that there is no reader for: `.jpg`, `.tar.gz`, `no suffix` or `other`."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = "".join(path.suffixes[-2:]).lower()
    is_made_up = len(suffix) > _MAX_SUFFIX_CHARS or any(map(str.isdigit, suffix)) or not suffix.isprintable()
    return "other" if is_made_up else suffix or "no suffix"

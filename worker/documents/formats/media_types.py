"""The kinds of files that can be read, by the names that IANA has for them."""

from __future__ import annotations

from typing import Final

TEXT: Final = "text/plain"
MARKDOWN: Final = "text/markdown"
JSONL: Final = "application/jsonl"
CSV: Final = "text/csv"
TSV: Final = "text/tab-separated-values"
PARQUET: Final = "application/vnd.apache.parquet"
GZIP: Final = "application/gzip"
ZIP: Final = "application/zip"

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT: Final = "application/vnd.oasis.opendocument.text"
RTF: Final = "application/rtf"
HTML: Final = "text/html"
EML: Final = "message/rfc822"

#: Kinds whose text has to be found in the file; of the others the text is the file, or a field of its records.
EXTRACTED_MEDIA_TYPES: Final = frozenset({PDF, DOCX, ODT, RTF, HTML, EML})

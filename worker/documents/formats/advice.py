"""What to do with a file that there is no reader for."""

from __future__ import annotations

from pathlib import PurePosixPath

_OCR = "make a PDF with text of it, e.g. with `ocrmypdf`"
_ADVICE = {
    **dict.fromkeys((".doc", ".dot", ".wpd", ".pages", ".wps"), "save it as .docx"),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "save its sheets as .csv"),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key", ".xps", ".djvu"), "save it as .pdf"),
    **dict.fromkeys((".msg", ".mbox", ".pst"), "save its mails as .eml"),
    **dict.fromkeys((".epub", ".mht", ".mhtml"), "save it as .html"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"), _OCR),
    **dict.fromkeys((".7z", ".rar", ".tar", ".bz2", ".xz", ".zst"), "unpack it, or pack it as .zip"),
}


def advice(name: str) -> str | None:
    """A few words for a person, e.g. `save it as .docx` for an old Word document; None: there are none."""
    return _ADVICE.get(PurePosixPath(name).suffix.lower())

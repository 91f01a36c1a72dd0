"""What is found in a file of a format that is not plain text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file: what offsets refer to, ready to be stored (neither NUL nor lone surrogates)."""

    text: str
    page_starts: tuple[int, ...] | None = (
        None  #: offsets at which pages begin, ascending from 0, equal for empty ones
    )
    encoding: str | None = None  #: of formats whose bytes are text in some encoding
    encoding_confidence: float | None = None  #: in [0, 1]; None where the encoding was given or certain
    notes: tuple[
        str, ...
    ] = ()  #: what the file holds that was not read, in words without text of the document

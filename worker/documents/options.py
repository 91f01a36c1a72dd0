"""What a submit may ask of the readers."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from worker.errors import InputError

DEFAULT_MAX_FILE_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are chosen and read.

    Raises:
        InputError: there is no such text encoding.
    """

    encoding: str | None = None  #: of every file; None: found out for each
    #: Patterns such as `*.log`; of a folder only files that match one are read, whatever their suffix.
    #: A pattern with a slash is matched against the path inside the folder.
    include: tuple[str, ...] = ()
    text_field: str = "text"  #: of a JSONL record
    id_field: str = "id"
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES  #: of a text file, or of one line of a JSONL file

    def __post_init__(self) -> None:
        if self.encoding is not None:
            try:
                "a".encode(codecs.lookup(self.encoding).name).decode(self.encoding)
            except (LookupError, UnicodeError, ValueError) as error:
                raise InputError(f"{self.encoding!r} is not a text encoding that Python knows") from error

"""What a submit may ask of the readers."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from worker.errors import InputError

DEFAULT_MAX_FILE_BYTES: Final = 50_000_000
DEFAULT_LIMIT_S: Final = 120.0
DEFAULT_MEMORY_BYTES: Final = 4_000_000_000


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are chosen and read.

    Raises:
        InputError: there is no such text encoding, or the delimiter is not one character.
    """

    encoding: str | None = None  #: of every file; None: found out for each
    #: Patterns such as `*.log`; of a folder only files that match one are read, whatever their suffix.
    #: A pattern with a slash is matched against the path inside the folder.
    include: tuple[str, ...] = ()
    text_field: str | None = None  #: of a record; None: `text`, or in a table the column that can only be it
    id_field: str | None = None  #: of a record; None: `id`
    delimiter: str | None = None  #: between the columns of a table; None: found out
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES  #: of a file that is one document, or of one record
    limit_s: float = DEFAULT_LIMIT_S  #: that a reading process may spend on a file without giving anything
    memory_bytes: int = DEFAULT_MEMORY_BYTES  #: of address space, that a reading process may have

    def __post_init__(self) -> None:
        if self.encoding is not None:
            try:
                "a".encode(codecs.lookup(self.encoding).name).decode(self.encoding)
            except (LookupError, UnicodeError, ValueError) as error:
                raise InputError(f"{self.encoding!r} is not a text encoding that Python knows") from error
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise InputError("a delimiter is one character, such as ';' or a tab")

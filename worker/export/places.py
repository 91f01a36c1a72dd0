"""Names of sources -> names of files in a folder: inside it, each once, whatever a source calls itself.

The name of a record is data of a stranger: it may be `../../x`, as long as a book, or drive a terminal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from worker.text import replace_hidden

#: File systems take 255 bytes, of which a suffix and a number need some;
_MAX_PART_BYTES = 180
#: and paths of 4096, of which the folder around needs some.
_MAX_PATH_BYTES = 2000
#: What a file system of some machine gives a meaning to.
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
#: A text in a file of another kind gets this one in addition.
_TEXT_SUFFIXES = (".txt", ".md", ".text")


class Places:
    """Finds a place in a folder for each source of a job; `common` is the folder that all of them lay in."""

    def __init__(self, folder: Path, common: str) -> None:
        self._folder = folder
        self._common = common
        self._n_placed = 0

    def find(self, path: str, record: str | None) -> Path:
        """The path of a text file that is not there yet; it mirrors where the source lay, its folders are made.

        A name that is taken gets the number of the document.
        """
        self._n_placed += 1
        candidates = self._candidates(_parts(path.removeprefix(self._common), record))
        place = self._folder / next(filter(self._is_free, candidates))
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _candidates(self, parts: Sequence[str]) -> Iterator[PurePosixPath]:
        place = PurePosixPath(*parts)
        yield place
        yield place.with_stem(f"{place.stem}-{self._n_placed}")
        number = self._n_placed
        while True:
            yield PurePosixPath(f"{number}-{place.name}")
            number += 1

    def _is_free(self, place: PurePosixPath) -> bool:
        if len(str(place).encode()) > _MAX_PATH_BYTES:
            return False
        is_in_file = any((self._folder / parent).is_file() for parent in place.parents)
        return not is_in_file and not (self._folder / place).exists()


def _parts(path: str, record: str | None) -> list[str]:
    parts = [_safe(part) for part in path.split("/") if part not in ("", ".", "..")]
    if record is not None:
        parts.append(f"{_safe(record)}.txt")
    elif not parts:
        parts.append("document.txt")
    elif not parts[-1].lower().endswith(_TEXT_SUFFIXES):
        parts[-1] += ".txt"
    return parts


def _safe(part: str) -> str:
    """A name that is no path, not hidden, not too long and shown as it is."""
    safe = _FORBIDDEN.sub("_", replace_hidden(part, lambda _: "_"))
    safe = re.sub(r"^[.\s]|[.\s]$", "_", safe) or "_"
    if len(safe.encode()) <= _MAX_PART_BYTES:
        return safe
    head = safe.encode()[: _MAX_PART_BYTES - 17].decode(errors="ignore")
    return f"{head}-{hashlib.sha256(part.encode()).hexdigest()[:16]}"

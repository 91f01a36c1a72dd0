"""Which sign stands for which name, and the key of hashes: in memory, and in a file for its owner alone."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from worker.annotations.lines import new_file
from worker.errors import InputError
from worker.store import fold_name

_FORMAT = "nerq name map"
_VERSION = 1
_KEY_BYTES = 32


@dataclass(slots=True)
class Entry:
    """A name as it was first seen, its sign, and how often that was written."""

    label: str
    text: str
    sign: str
    n: int = 0


class NameMap:
    """Signs by label and folded name: spellings that differ in case and white space are one name."""

    def __init__(self, style: str, key: str = "", entries: tuple[Entry, ...] = ()) -> None:
        self.style = style
        self.key = key or secrets.token_hex(_KEY_BYTES)
        self._entries = {(entry.label, fold_name(entry.text)): entry for entry in entries}
        self._counts = Counter(entry.label for entry in entries)

    def __len__(self) -> int:
        return len(self._entries)

    def count(self, label: str) -> int:
        """How many names of the label there are."""
        return self._counts[label]

    def sign(self, label: str, name: str, make: Callable[[str, str, Self], str]) -> str:
        """The sign of the name, made if it has none yet; counts that it is written once more."""
        entry = self._entries.get((label, fold_name(name)))
        if entry is None:
            entry = self._entries[label, fold_name(name)] = Entry(label, name, make(label, name, self))
            self._counts[label] += 1
        entry.n += 1
        return entry.sign

    @classmethod
    def read(cls, path: Path, style: str) -> Self:
        """The map in the file, which then goes on: its names keep their signs. A new one where there is no file.

        Raises:
            InputError: the file holds something else, or signs of another style.
        """
        if not path.exists():
            return cls(style)
        try:
            content = json.loads(path.read_bytes())
            is_ours = (content["format"], content["version"]) == (_FORMAT, _VERSION)
            known, key = content["style"], bytes.fromhex(content["key"]).hex()
            entries = tuple(Entry(**fields) for fields in content["names"] if is_ours)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise InputError(
                f"{path} is no map that `nerq redact` has written; name another file."
            ) from error
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        if not is_ours:
            raise InputError(f"{path} is a map of another version of nerq; name another file.")
        if known != style:
            raise InputError(f"{path} is a map for --style {known}; name another file for {style}.")
        return cls(style, key, entries)

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all; only the owner may read it.

        Raises:
            InputError: it cannot be written.
        """
        content: dict[str, Any] = {
            "format": _FORMAT,
            "version": _VERSION,
            "style": self.style,
            "key": self.key,
        }
        content["names"] = [asdict(entry) for entry in self._entries.values()]
        with new_file(path, is_private=True) as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")

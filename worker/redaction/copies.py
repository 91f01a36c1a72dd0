"""Copies of a job's documents with their names replaced, in a folder that mirrors where the documents lay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.annotations.lines import new_folder
from worker.errors import InputError
from worker.export.places import Places
from worker.export.selection import Tally
from worker.redaction.account import Account
from worker.redaction.occurrences import KnownNames, Stretch, found_stretches
from worker.redaction.signs import Sign
from worker.store import JobDocument

#: In every folder of copies: what has it may be replaced. Hidden, so that nobody takes it for a document.
MARK = ".nerq-redact"
_MARK_TEXT = "Written by `nerq redact`, which replaces this folder with --overwrite.\n"


@dataclass(slots=True)
class Replaced:
    """How much was replaced, by label."""

    found: Counter[str] = field(default_factory=Counter)  #: where the model found it
    elsewhere: Counter[str] = field(default_factory=Counter)  #: further places of what it found

    def add(self, stretch: Stretch) -> None:
        """Count one."""
        (self.found if stretch.is_found else self.elsewhere)[stretch.label] += 1


@dataclass(frozen=True, slots=True)
class Redactor:
    """Replaces the names of documents; `known` are those to replace wherever they stand, None: only where found."""

    sign: Sign
    known: KnownNames | None
    replaced: Replaced

    def redact(self, document: JobDocument) -> tuple[str, list[tuple[Stretch, str]]]:
        """The text with a sign in the place of each name; and what was replaced, with its sign."""
        text, parts, position = document.text, [], 0
        signs = []
        for stretch in self._stretches(document):
            sign = self.sign(stretch.label, text[stretch.start : stretch.end])
            parts += [text[position : stretch.start], sign]
            signs.append((stretch, sign))
            position = stretch.end
            self.replaced.add(stretch)
        return "".join([*parts, text[position:]]), signs

    def _stretches(self, document: JobDocument) -> Sequence[Stretch]:
        stretches = found_stretches(document.entities)
        if self.known is None:
            return stretches
        further = self.known.find(document.text, stretches)
        return sorted([*stretches, *further], key=lambda stretch: stretch.start)


def refuse_folder(path: Path, overwrite: bool) -> None:
    """Refuse to write copies where anything of somebody else is.

    Raises:
        InputError: the path is a file, or a folder that is neither empty nor, with `overwrite`, of copies.
    """
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(f"{path} is a file; name a folder.")
    if not any(path.iterdir()):
        return
    if not (path / MARK).is_file():
        raise InputError(f"{path} holds files that `nerq redact` did not write; name a new folder.")
    if not overwrite:
        raise InputError(f"{path} exists already; name another folder, or --overwrite.")


def write_copies(
    documents: Iterable[JobDocument],
    redactor: Redactor,
    tally: Tally,
    account: Account,
    folder: Path,
    common: str,
    before_it_shows: Callable[[], None],
) -> None:
    """Write a plain-text copy of each document; the folder takes its place whole or not at all.

    `common` is the folder that all sources lay in, `before_it_shows` is called when all copies are there.

    Raises:
        InputError: the folder cannot be written.
    """
    with new_folder(folder) as new:
        (new / MARK).write_text(_MARK_TEXT, encoding="utf-8")
        places = Places(new, common)
        for document in documents:
            text, signs = redactor.redact(document)
            place = places.find(document.path, document.record)
            place.write_bytes(text.encode())
            account.add(document, place.relative_to(new), signs)
            tally.add(document)
        before_it_shows()

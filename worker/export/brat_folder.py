"""brat standoff: a folder that mirrors where the sources lay, two files a document, scores as notes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from worker.annotations.brat import new_brat_folder, write_pair
from worker.export.places import Places
from worker.export.selection import Tally
from worker.export.streams import Source, annotate
from worker.store import JobDocument


def write_brat_folder(
    documents: Iterable[JobDocument], tally: Tally, source: Source, path: Path, common: str
) -> None:
    """Write the folder whole or not at all; `common` is the folder that all sources lay in.

    Raises:
        InputError: something else than brat is at the path, or it cannot be written.
    """
    with new_brat_folder(path) as folder:
        places = Places(folder, common)

        def write(document: JobDocument) -> None:
            write_pair(annotate(document, source), _pair_name(document, places, folder), folder)

        for _ in tally.converted(documents, write):
            pass


def _pair_name(document: JobDocument, places: Places, folder: Path) -> str:
    """The common name of the two files: a text that is no `.txt` keeps its suffix, as `services.md.txt`."""
    place = places.find(document.path, document.record)
    return str(place.relative_to(folder)).removesuffix(".txt")

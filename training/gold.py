"""Gold: the annotated files that a model is scored against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.annotations import AnnotatedDocument, AnnotatedFile, read_annotations


@dataclass(frozen=True, slots=True)
class Gold:
    """Annotated files, their documents numbered through from 0."""

    files: tuple[AnnotatedFile, ...]
    sha256s: tuple[str, ...]  #: of each file's bytes, or of all in a folder
    documents: tuple[AnnotatedDocument, ...]

    @classmethod
    def read(cls, paths: Sequence[Path], scheme: str | None = None) -> Gold:
        """Read files in any format, or folders of brat; `scheme` forces that of CoNLL files.

        Raises:
            NotFoundError: no such file.
            InputError: a file does not hold what its format asks for; the message names file and line.
        """
        files = tuple(read_annotations(path, scheme) for path in paths)
        sha256s = tuple(file.sha256() for file in files)
        return cls(files, sha256s, tuple(document for file in files for document in file.documents))

    @property
    def labels(self) -> list[str]:
        """The labels of its entities, sorted."""
        return sorted({span.label for document in self.documents for span in document.spans})

    def name(self, number: int) -> str:
        """What people call a document: its id, or its place."""
        return self.documents[number].id or f"document {number + 1}"

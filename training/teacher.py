"""What a teacher thinks of each word: the probabilities that a student learns beside the labels, or instead of them."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data import IGNORED, LabelledDocument
from training.options import TrainObserver
from worker.documents import ReadOptions, read_sources
from worker.errors import InputError, ModelError
from worker.recognition import Checkpoint, open_recognizer
from worker.recognition.reading import Reading
from worker.recognition.sentences import split_sentences
from worker.recognition.words import WordRule, split_words

Rows = npt.NDArray[np.float16]

#: Words that the teacher reads between two reports of progress.
_WORDS_AT_ONCE = 20_000


def read_unlabelled(paths: Iterable[Path], rule: WordRule) -> list[LabelledDocument]:
    """Texts of files and folders in any format that `nerq submit` reads, cut by the word rule.

    Raises:
        InputError: a file cannot be read, or there is no text at all.
    """
    documents = {}
    for source in read_sources([*paths], ReadOptions()):
        if source.document is None:
            raise InputError(f"{source.path}: {source.error}")
        documents[source.document.sha256] = _unlabelled(source.document.text, rule)
    if not documents:
        raise InputError("The unlabelled files hold no text.")
    return [document for document in documents.values() if len(document.words)]


def _unlabelled(text: str, rule: WordRule) -> LabelledDocument:
    words = split_words(text, rule)
    return LabelledDocument(
        text, words, split_sentences(text, words), np.full(len(words), IGNORED), spans=(), n_misaligned=0
    )


def ask_teacher(
    teacher: str,
    documents: Sequence[LabelledDocument],
    labels: Sequence[str],
    observer: TrainObserver,
    kept: Path | None = None,
    precision: str = "auto",
) -> list[Rows]:
    """Log-probabilities of each document's words, shape (n_words, n_labels) in the order of `labels`.

    Args:
        teacher: a checkpoint with the same labels.
        documents: cut into the student's words; the teacher cuts these into its own pieces and windows.
        kept: a file that holds them after the first time; one of another teacher or of other words is refused.

    Raises:
        ModelError: the teacher has other labels.
    """
    checkpoint = Checkpoint.open(teacher)
    if sorted(checkpoint.labels.names) != sorted(labels):
        raise ModelError(
            f"The teacher {teacher} knows {', '.join(checkpoint.labels.names)}; the data has {', '.join(labels)}."
        )
    key = _key(checkpoint, documents, labels)
    bounds = np.cumsum([len(document.words) for document in documents])[:-1]
    if kept is not None and kept.exists():
        return np.split(_read(kept, key), bounds)
    order = [checkpoint.labels.names.index(label) for label in labels]
    rows = np.concatenate([*_ask(checkpoint, documents, observer, precision)])[:, order]
    if kept is not None:
        _write(kept, rows, key)
    return np.split(rows, bounds)


def _ask(
    checkpoint: Checkpoint, documents: Sequence[LabelledDocument], observer: TrainObserver, precision: str
) -> Iterator[Rows]:
    recognizer = open_recognizer(checkpoint, precision)
    n_words, n_done = sum(len(document.words) for document in documents), 0
    for group in _groups(documents):
        readings = [Reading.of_words(d.text, d.words, d.sentences, checkpoint) for d in group]
        yield recognizer.read_words(readings).astype(np.float16)
        n_done += sum(len(document.words) for document in group)
        observer.taught(n_done, n_words)


def _groups(documents: Iterable[LabelledDocument]) -> Iterator[list[LabelledDocument]]:
    group: list[LabelledDocument] = []
    for document in documents:
        group.append(document)
        if sum(len(d.words) for d in group) >= _WORDS_AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def _key(checkpoint: Checkpoint, documents: Iterable[LabelledDocument], labels: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{checkpoint.id} {' '.join(labels)}".encode())
    for document in documents:
        digest.update(document.text.encode("utf-8", "surrogatepass"))
        digest.update(document.words.tobytes())
        digest.update(document.sentences.tobytes())
    return digest.hexdigest()


def _read(path: Path, key: str) -> Rows:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["key"]) == key:
                return np.asarray(stored["rows"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} holds no teacher's probabilities: {error}") from error
    raise InputError(f"{path} is of another teacher or of other texts; name another file.")


def _write(path: Path, rows: Rows, key: str) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        np.savez(file, rows=rows, key=np.array(key))
        os.fsync(file.fileno())
    part.replace(path)

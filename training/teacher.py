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
from worker.annotations.lines import new_file
from worker.documents import ReadOptions, read_sources
from worker.errors import InputError, ModelError
from worker.recognition import Checkpoint, open_recognizer
from worker.recognition.engines import EngineKind
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
    kept: Path | None,
    work: Path,
    precision: str = "auto",
    engine: EngineKind = "auto",
) -> Path:
    """A file of the log-probabilities of the documents' words, for `read_rows`; made unless it is there.

    Args:
        teacher: a checkpoint with the same labels.
        documents: cut into the student's words; the teacher cuts these into its own pieces and windows.
        labels: the columns of the rows, in order.
        observer: is told how far the teacher has read.
        kept: the file that is wanted; one of another teacher or of other words is refused.
        work: a folder for the file where none is wanted.
        precision: that the teacher computes in.
        engine: that the teacher computes with, see `open_engine`.

    Raises:
        ModelError: the teacher has other labels.
        InputError: the wanted file cannot be used.
    """
    checkpoint = Checkpoint.open(teacher)
    if sorted(checkpoint.labels.names) != sorted(labels):
        raise ModelError(
            f"The teacher {teacher} knows {', '.join(checkpoint.labels.names)}; the data has {', '.join(labels)}."
        )
    key = _key(checkpoint, documents, labels)
    path = kept or work / f"teacher-{engine}-{precision}-{key[:16]}.npz"
    if path.exists():
        _check(path, key)
        return path
    if not path.parent.is_dir():  # found out before the teacher reads for hours
        raise InputError(f"There is no folder {path.parent} for the teacher's probabilities.")
    order = [checkpoint.labels.names.index(label) for label in labels]
    rows = np.concatenate([*_ask(checkpoint, documents, observer, precision, engine)])[:, order]
    _write(path, rows, key)
    return path


def read_rows(path: Path, documents: Sequence[LabelledDocument]) -> list[Rows]:
    """The log-probabilities of each document's words, shape (n_words, n_labels), that `ask_teacher` wrote.

    Raises:
        InputError: the file is not here: another process has written it on another machine.
    """
    bounds = np.cumsum([len(document.words) for document in documents])[:-1]
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return np.split(stored["rows"], bounds)
    except OSError as error:
        raise InputError(f"The teacher's probabilities cannot be read: {error}") from error


def _ask(
    checkpoint: Checkpoint,
    documents: Sequence[LabelledDocument],
    observer: TrainObserver,
    precision: str,
    engine: EngineKind,
) -> Iterator[Rows]:
    recognizer = open_recognizer(checkpoint, precision, engine=engine)
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


def _check(path: Path, key: str) -> None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["key"]) == key:
                return
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} holds no teacher's probabilities: {error}") from error
    raise InputError(f"{path} is of another teacher or of other texts; name another file.")


def _write(path: Path, rows: Rows, key: str) -> None:
    with new_file(path) as file:
        np.savez(file, rows=rows, key=np.array(key))
        file.flush()
        os.fsync(file.fileno())

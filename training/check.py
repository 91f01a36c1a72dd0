"""What is wrong with labelled data, and what it holds, before a model is trained on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.census import Census, cut_document, name_documents, take_census
from training.data import dev_misfit
from training.duplicates import MIN_WORDS, Duplicates, find_duplicates
from training.vocabulary import MANY_PIECES, PieceCensus, Vocabulary
from training.word_rule import FittedRule, fit_word_rule
from worker.annotations import AnnotatedFile, Place, Problem, read_annotations

#: A label with fewer entities is hardly learned.
FEW_EXAMPLES = 50
#: Below this, the words of plain text are not those that the model was trained on.
_LOW_AGREEMENT = 0.95
#: Shares above which a warning is given.
_MUCH_UNKNOWN = 0.01
_MANY_IN_MANY = 0.01
_MUCH_KNOWN = 0.05


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that may be meant, but costs a model if it is not; the code is for machines."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DataCheck:
    """The outcome. What is wrong (`problems`) is left out of all figures."""

    train_files: tuple[AnnotatedFile, ...]
    dev_files: tuple[AnnotatedFile, ...]
    train: Census
    dev: Census | None
    rule: FittedRule
    vocabulary: Vocabulary
    train_pieces: PieceCensus
    dev_pieces: PieceCensus | None
    duplicates: Duplicates
    problems: tuple[Problem, ...]
    warnings: tuple[Warned, ...]

    @property
    def is_usable(self) -> bool:
        """Whether `nerq train` would take the data."""
        return not self.problems

    def as_dict(self, with_text: bool = False) -> dict[str, Any]:
        """JSON-able; text of documents only on request."""
        return {
            "usable": self.is_usable,
            "files": [
                *(_describe_file(file, "train") for file in self.train_files),
                *(_describe_file(file, "dev") for file in self.dev_files),
            ],
            "train": {**self.train.as_dict(with_text), **self.train_pieces.as_dict()},
            "dev": {**self.dev.as_dict(with_text), **self.dev_pieces.as_dict()}
            if self.dev and self.dev_pieces
            else None,
            "word_rule": {"rule": self.rule.rule.value, "agreement": self.rule.agreement},
            "model": {"name": self.vocabulary.name, "window": self.vocabulary.window.as_dict()},
            "duplicates": self.duplicates.as_dict(),
            "errors": [_describe_problem(problem) for problem in self.problems],
            "warnings": [{"code": one.code, "message": one.message} for one in self.warnings],
        }


def check_data(
    train: Sequence[Path],
    dev: Sequence[Path] = (),
    *,
    scheme: str | None = None,
    vocabulary: Vocabulary | None = None,
) -> DataCheck:
    """Read all of it, collect every problem, and count.

    Args:
        train: annotated files or folders, in any format that `worker.annotations` reads.
        dev: the same, of the data that a model would be chosen on.
        scheme: forces the tagging scheme of CoNLL files.
        vocabulary: of the model whose pieces are counted; the bundled `general` if not given.

    Raises:
        NotFoundError: a file does not exist.
        InputError: a file cannot be read at all.
        ModelError: the bundled model cannot be opened.
    """
    vocabulary = vocabulary or Vocabulary.of_model("general")
    problems: list[Problem] = []
    train_files = tuple(read_annotations(path, scheme, problems.append) for path in train)
    dev_files = tuple(read_annotations(path, scheme, problems.append) for path in dev)
    named, dev_named = name_documents(train_files), name_documents(dev_files)
    rule = fit_word_rule([one.document for one in named])
    cut = [cut_document(one, rule.rule) for one in named]
    dev_cut = [cut_document(one, rule.rule) for one in dev_named]
    census = take_census(cut, rule.rule)
    dev_census = take_census(dev_cut, rule.rule) if dev else None
    pieces = vocabulary.take_census(cut)
    dev_pieces = vocabulary.take_census(dev_cut) if dev else None
    duplicates = find_duplicates(cut, dev_cut)
    if not problems:  # else entities may be missing only because they were left out
        if not census.labels:
            problems.append(Problem("record", Place(train[0]), "the training data holds no entity"))
        elif dev_census and (misfit := dev_misfit(census.labels, dev_census.labels)):
            problems.append(Problem("record", Place(dev[0]), misfit))
    warnings = (
        *_of_labels(census, dev_census),
        *_of_words(
            rule, census, dev_census, is_in_words=all(one.document.sentences is not None for one in named)
        ),
        *_of_pieces(pieces, dev_pieces, vocabulary),
        *_of_duplicates(duplicates),
    )
    return DataCheck(
        train_files,
        dev_files,
        census,
        dev_census,
        rule,
        vocabulary,
        pieces,
        dev_pieces,
        duplicates,
        tuple(problems),
        warnings,
    )


def _of_labels(train: Census, dev: Census | None) -> Iterator[Warned]:
    for label, n in train.labels.items():
        if n < FEW_EXAMPLES:
            yield Warned(
                "few_examples", f"{label}: {n} in train, fewer than {FEW_EXAMPLES}; it is hardly learned"
            )
    if dev is None:
        return
    for label in sorted(dev.labels.keys() - train.labels.keys()):
        yield Warned("label_not_in_train", f"{label}: in dev but not in train; the model cannot find it")
    for label in sorted(train.labels.keys() - dev.labels.keys()):
        yield Warned(
            "label_not_in_dev", f"{label}: in train but not in dev; dev cannot tell how well it is found"
        )


def _of_words(rule: FittedRule, train: Census, dev: Census | None, *, is_in_words: bool) -> Iterator[Warned]:
    if rule.agreement is not None and rule.agreement < _LOW_AGREEMENT:
        yield Warned(
            "word_rule",
            f"the rule that fits best ({rule.rule.value}) finds {100 * rule.agreement:.1f} % of the words: plain "
            "text will be cut otherwise than this data",
        )
    for name, census in (("train", train), ("dev", dev)):
        if census is None:
            continue
        if n := len(census.misaligned):
            what = "cut otherwise in plain text" if is_in_words else "not trained on, and never found whole"
            message = f"{n:,} of {census.n_entities:,} entities in {name} begin or end inside a word: {what}"
            yield Warned("misaligned", message)
        if n := census.n_crossing:
            message = f"entities in {name} that go on beyond the end of a sentence in plain text: {n:,}"
            yield Warned("crossing_sentences", message)


def _of_pieces(train: PieceCensus, dev: PieceCensus | None, vocabulary: Vocabulary) -> Iterator[Warned]:
    for name, census in (("train", train), ("dev", dev)):
        if census is None:
            continue
        if n := census.n_long_sentences:
            message = f"sentences in {name} that are longer than a window of {vocabulary.name}: {n:,}"
            yield Warned("long_sentences", f"{message}; they are read in parts")
        if census.unknown_share > _MUCH_UNKNOWN:
            share = f"{100 * census.unknown_share:.1f} %"
            yield Warned(
                "unknown_pieces", f"{share} of the pieces in {name} are unknown to {vocabulary.name}"
            )
        if census.n_words_in_many > _MANY_IN_MANY * census.n_pieces:
            message = f"words in {name} of more than {MANY_PIECES} pieces of {vocabulary.name}"
            yield Warned("words_in_many_pieces", f"{message}: {census.n_words_in_many:,}")


def _of_duplicates(duplicates: Duplicates) -> Iterator[Warned]:
    if n := len(duplicates.in_train):
        first = duplicates.in_train[0]
        message = f"documents that are in train twice: {n:,}; the first {first.named} = {first.earlier}"
        yield Warned("duplicate_documents", message)
    if n := len(duplicates.train_in_dev):
        first = duplicates.train_in_dev[0]
        message = f"documents of dev that are in train too: {n:,}; the first {first.named} = {first.earlier}"
        yield Warned("dev_in_train", f"{message}; scores on dev will flatter")
    if duplicates.known_share > _MUCH_KNOWN:
        share = f"{100 * duplicates.known_share:.1f} %"
        message = f"{share} of dev's sentences of {MIN_WORDS} words or more are in train too"
        yield Warned("dev_sentences_in_train", f"{message}: scores on dev will flatter")


def _describe_file(file: AnnotatedFile, role: str) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "set": role,
        "format": file.format,
        "scheme": file.scheme,
        "documents": len(file.documents),
        "has_document_marks": file.has_document_marks,
        "has_text": all(document.has_text for document in file.documents),
        "remarks": dict(file.remarks),
    }


def _describe_problem(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
        "kind": problem.kind,
        "path": str(place.path),
        "line": place.line,
        "task": place.task,
        "message": problem.message,
    }

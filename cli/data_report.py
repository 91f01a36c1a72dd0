"""A check of labelled data as people read it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from cli import output
from cli.quantity import count
from cli.render import Column, render_facts, render_rows
from training.census import Census, Lengths
from training.check import DataCheck
from training.vocabulary import MANY_PIECES, PieceCensus
from worker.annotations import ProblemKind

#: Of each kind of problem, and of entities that do not fit the words.
_SHOWN = 10

FILE_COLUMNS = (
    Column("path", "file", cut="left"),
    Column("set"),
    Column("format"),
    Column("scheme"),
    Column("documents", right=True, shown=count),
)
SET_COLUMNS = (
    Column("what", " "),
    Column("train", right=True),
    Column("dev", right=True),
)
LABEL_COLUMNS = (
    Column("label"),
    Column("train", right=True, shown=count),
    Column("dev", right=True, shown=count),
)
_KINDS: dict[ProblemKind, str] = {
    "encoding": "not UTF-8",
    "record": "not as the format asks",
    "columns": "wrong number of columns",
    "tag": "unknown tags",
    "sequence": "tags that the scheme does not allow where they stand",
    "offsets": "entities outside their text",
    "edges": "entities with white space at their edges",
    "overlap": "entities that overlap",
    "discontinuous": "entities in several parts",
    "covered": "entities that cover another text than they say",
    "duplicate": "ids that are there twice",
}


def print_check(found: DataCheck, show_text: bool, shows_all: bool) -> None:
    """Write tables of what the data holds, then what is wrong; texts of entities only on request."""
    render_rows(_file_rows(found), FILE_COLUMNS, "table", "")
    output.write("\n")
    n_columns = 3 if found.dev else 2
    render_rows(_set_rows(found), SET_COLUMNS[:n_columns], "table", "")
    output.write("\n")
    render_rows(_label_rows(found), LABEL_COLUMNS[:n_columns], "table", "There is no entity.")
    output.write("\n")
    render_facts(_facts(found))
    _print_misaligned(found, show_text, shows_all)
    _print_problems(found, shows_all)
    if found.warnings:
        output.write("\n")
        render_facts(
            (("", one.message) for one in found.warnings), f"{count(len(found.warnings), 'warning')}:"
        )
    if found.is_usable and not found.warnings:
        output.write("\nNothing is wrong.\n")


def _file_rows(found: DataCheck) -> Iterator[dict[str, Any]]:
    for role, files in (("train", found.train_files), ("dev", found.dev_files)):
        for file in files:
            yield {
                "path": str(file.path),
                "set": role,
                "format": file.format,
                "scheme": file.scheme,
                "documents": len(file.documents),
            }


def _set_rows(found: DataCheck) -> Iterator[dict[str, str | None]]:
    train = _figures(found.train, found.train_pieces)
    dev = _figures(found.dev, found.dev_pieces) if found.dev and found.dev_pieces else {}
    for what, value in train.items():
        yield {"what": what, "train": value, "dev": dev.get(what)}


def _figures(census: Census, pieces: PieceCensus) -> dict[str, str]:
    n_words = max(census.n_words, 1)
    return {
        "documents": count(census.n_documents),
        "sentences": count(census.n_sentences),
        "words": count(census.n_words),
        "entities": count(census.n_entities),
        "words of a document": _lengths(census.document_words),
        "words of a sentence": _lengths(census.sentence_words),
        "words of an entity": _lengths(census.entity_words),
        "pieces of a sentence": _lengths(pieces.sentence_pieces),
        "sentences longer than a window": count(pieces.n_long_sentences),
        "pieces of a word": f"{pieces.n_pieces / n_words:.2f}",
        f"words in more than {MANY_PIECES} pieces": count(pieces.n_words_in_many),
        "unknown pieces": f"{100 * pieces.unknown_share:.2f} %",
        "entities that cut a word": count(len(census.misaligned)),
        "entities across sentences": count(census.n_crossing),
    }


def _lengths(lengths: Lengths) -> str:
    return f"{lengths.median:,} / {lengths.p95:,} / {lengths.max:,}"


def _label_rows(found: DataCheck) -> Iterator[dict[str, Any]]:
    dev: Mapping[str, int] = found.dev.labels if found.dev else {}
    for label in sorted({*found.train.labels, *dev}):
        yield {"label": label, "train": found.train.labels.get(label, 0), "dev": dev.get(label, 0)}


def _facts(found: DataCheck) -> Iterator[tuple[str, str]]:
    yield "lengths", "the middle one / 95 of 100 are no longer / the longest"
    rule = found.rule
    agreement = (
        "" if rule.agreement is None else f", which finds {100 * rule.agreement:.2f} % as they are here"
    )
    yield "word rule", f"{rule.rule.value}{agreement}"
    window = found.vocabulary.window
    words = f"{window.max_words} words and " if window.max_words else "one sentence, "
    yield "pieces", f"of {found.vocabulary.name}; a window holds {words}{window.max_pieces} pieces"
    files = (*found.train_files, *found.dev_files)
    if any(not file.has_document_marks for file in files):
        yield "documents", "CoNLL without -DOCSTART- does not say where one ends: each file is one"
    if any(not document.has_text for file in files for document in file.documents):
        yield "text", "CoNLL has only words; the text was put together by rule, a sentence a line"
    for file in files:
        for what, n in file.remarks.items():
            yield "passed over", f"{n:,} {what} ({file.path})"
    duplicates = found.duplicates
    yield "duplicates", f"{count(len(duplicates.in_train), 'document')} twice in train"
    if found.dev:
        shared = f"{count(len(duplicates.train_in_dev), 'document')} of dev in train"
        known = f"{duplicates.n_known_sentences:,} of {count(duplicates.n_dev_sentences, 'longer sentence')}"
        yield "", f"{shared}, {known} ({100 * duplicates.known_share:.1f} %)"


def _print_misaligned(found: DataCheck, show_text: bool, shows_all: bool) -> None:
    lost = [*found.train.misaligned, *(found.dev.misaligned if found.dev else ())]
    if not lost:
        return
    shown = lost if shows_all else lost[:_SHOWN]
    lines = [
        (
            "",
            f"{entity.named}: {entity.span.label} [{entity.span.start}, {entity.span.end})"
            + (f" {entity.text}" if show_text else ""),
        )
        for entity in shown
    ]
    output.write("\n")
    render_facts(
        [*lines, *_rest(len(lost) - len(shown))], f"{len(lost):,} entities begin or end inside a word:"
    )


def _print_problems(found: DataCheck, shows_all: bool) -> None:
    """Every overlap, as it has to be mended by hand; of other kinds, the first ones."""
    if not found.problems:
        return
    kinds = Counter(problem.kind for problem in found.problems)
    named: defaultdict[ProblemKind, list[tuple[str, str]]] = defaultdict(list)
    for problem in found.problems:
        if shows_all or problem.kind == "overlap" or len(named[problem.kind]) < _SHOWN:
            named[problem.kind].append(("", str(problem)))
    output.write("\n")
    output.write(f"{count(len(found.problems), 'error')}:\n")
    for kind, lines in named.items():
        rest = _rest(kinds[kind] - len(lines))
        render_facts([*lines, *rest], f"{_KINDS[kind]}: {kinds[kind]:,}")


def _rest(n: int) -> list[tuple[str, str]]:
    return [("", f"... and {n:,} more; --all or --json shows them")] if n else []

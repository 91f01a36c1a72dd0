"""CoNLL: one word a line with its tag in the last column, a blank line between sentences.

`-DOCSTART-` begins a document; `-DOCSTART- (id)` names it. Columns are parted by tabs or by spaces.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.annotations.annotated import AnnotatedDocument, AnnotatedFile, Offsets, Span
from worker.annotations.detokenise import is_finely_cut, join_sentences
from worker.annotations.lines import read_lines, write_lines
from worker.annotations.problems import OnProblem, Place, Problem, ProblemKind, refuse
from worker.annotations.tags import Scheme, TagError, find_chunks, iob2_tags, recognise_scheme
from worker.annotations.words import cut_words
from worker.errors import DocumentError, InputError
from worker.text import storable

_MARK = re.compile(r"-DOCSTART-(?:$|[ \t]+(?:\((?P<id>.*)\)|.*)$)", re.DOTALL)
_SPACES = re.compile("[ \t]+")


def read_conll(path: Path, scheme: Scheme | None = None, on_problem: OnProblem = refuse) -> AnnotatedFile:
    """Read a CoNLL file; `scheme` None recognises it.

    Raises:
        InputError: columns or tags are wrong (file and line are named), or there is no word at all.
    """
    parts = _read_parts(path, on_problem)
    sentences = [sentence for part in parts for sentence in part.sentences]
    if not sentences and not any(part.is_marked for part in parts):
        on_problem(Problem("record", Place(path), "the file is empty"))
    # Wrong tags are told below, where the entities are read.
    scheme = scheme or recognise_scheme((s.tags for s in sentences), on_fault=lambda _: None)
    finely = is_finely_cut([sentence.words for sentence in sentences])
    documents = tuple(_document(part, scheme, finely, path, on_problem) for part in parts)
    return AnnotatedFile(path, "conll", scheme, documents, any(part.is_marked for part in parts))


def write_conll(documents: Iterable[AnnotatedDocument], path: str | Path) -> None:
    """Write two columns, word and IOB2 tag, with `-DOCSTART-` before each document.

    Documents without words are cut at white space and at their entities; white space itself is not kept.

    Raises:
        InputError: the format cannot hold a document (an entity cuts a word, an id has a line break, ...).
    """
    write_lines(_all_lines(documents), Path(path))


@dataclass(slots=True)
class _Sentence:
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  #: the line number of each word


@dataclass(slots=True)
class _Part:
    id: str | None
    is_marked: bool
    sentences: list[_Sentence] = field(default_factory=list)


def _read_parts(path: Path, on_problem: OnProblem) -> list[_Part]:
    """The file's documents as they stand: sentences of words and tags."""
    parts: list[_Part] = []
    sentence, n_columns = _Sentence(), 0
    for number, line in read_lines(path, on_problem):
        mark = _MARK.match(line)
        if mark:
            parts.append(_Part(storable(mark["id"]) if mark["id"] else None, is_marked=True))
        if mark or not line.strip(" \t"):
            sentence = _Sentence()
            continue
        columns = _split(line)
        if message := _wrong_columns(columns, n_columns):
            on_problem(Problem("columns", Place(path, number), message))
        if not columns[0]:
            continue
        n_columns = n_columns or len(columns)
        if not parts:
            parts.append(_Part(None, is_marked=False))
        if not sentence.words:
            parts[-1].sentences.append(sentence)
        sentence.words.append(storable(columns[0]))
        sentence.tags.append(columns[-1] if len(columns) > 1 else "O")
        sentence.lines.append(number)
    return parts


def _split(line: str) -> list[str]:
    return [c.strip(" ") for c in line.split("\t")] if "\t" in line else _SPACES.split(line.strip(" "))


def _wrong_columns(columns: Sequence[str], n_columns: int) -> str:
    if len(columns) < 2:
        return "one column; a word and its tag are needed"
    if n_columns and len(columns) != n_columns:
        return f"{len(columns)} columns, where the lines before have {n_columns}"
    return "" if columns[0] else "the word is empty"


def _tag_problem(error: TagError, place: Place) -> Problem:
    kind: ProblemKind = "sequence" if error.is_sequence else "tag"
    return Problem(kind, place, str(error))


def _document(
    part: _Part, scheme: Scheme, finely: bool, path: Path, on_problem: OnProblem
) -> AnnotatedDocument:
    joined = join_sentences([sentence.words for sentence in part.sentences], finely)
    spans: list[Span] = []
    for sentence, offsets in zip(part.sentences, joined.sentences, strict=True):
        faults: list[TagError] = []
        chunks = find_chunks(sentence.tags, scheme, faults.append)
        for fault in faults:
            on_problem(_tag_problem(fault, Place(path, sentence.lines[fault.position])))
        for first, end, label in chunks:
            if sentence.words[first][0].isspace() or sentence.words[end - 1][-1].isspace():
                message = "an entity begins or ends with white space"
                on_problem(Problem("edges", Place(path, sentence.lines[first]), message))
            else:
                spans.append(Span(offsets[first][0], offsets[end - 1][1], storable(label)))
    return AnnotatedDocument(part.id, joined.text, joined.sentences, tuple(spans), has_text=False)


def _all_lines(documents: Iterable[AnnotatedDocument]) -> Iterator[str]:
    for number, document in enumerate(documents, start=1):
        try:
            yield from conll_lines(document)
        except DocumentError as error:
            raise InputError(f"document {number} cannot be written as CoNLL: {error.detail}") from error


def conll_lines(document: AnnotatedDocument) -> Iterator[str]:
    """The lines of one document; see `write_conll`.

    Raises:
        DocumentError: the format cannot hold it.
    """
    if document.id and re.search("[\r\n]", document.id):
        raise _unwritable("its id has a line break")
    yield f"-DOCSTART- ({document.id})" if document.id else "-DOCSTART-\tO"
    yield ""
    for offsets in _cut_sentences(document) if document.sentences is None else document.sentences:
        chunks = _chunks(offsets, document.spans)
        for (start, end), tag in zip(offsets, iob2_tags(len(offsets), chunks), strict=True):
            yield f"{_writable(document.text[start:end])}\t{tag}"
        yield ""


def _cut_sentences(document: AnnotatedDocument) -> Iterator[list[Offsets]]:
    """A sentence for each line of the text, but never an end inside an entity."""
    sentence: list[Offsets] = []
    spans = document.spans
    for start, end in cut_words(document.text, (edge for s in spans for edge in (s.start, s.end))):
        last = sentence[-1][1] if sentence else start
        if "\n" in document.text[last:start]:
            ahead = bisect_right(spans, last, key=lambda span: span.end)
            if ahead == len(spans) or spans[ahead].start >= last:
                yield sentence
                sentence = []
        sentence.append((start, end))
    if sentence:
        yield sentence


def _chunks(words: Sequence[Offsets], spans: Sequence[Span]) -> Iterator[tuple[int, int, str]]:
    if not words:
        return
    firsts = {start: i for i, (start, _) in enumerate(words)}
    ends = {end: i + 1 for i, (_, end) in enumerate(words)}
    for span in spans[bisect_right(spans, words[0][0], key=lambda span: span.end) :]:
        if span.start >= words[-1][1]:
            return
        if span.start not in firsts or span.end not in ends:
            raise _unwritable(f"the entity [{span.start}, {span.end}) cuts a word or a sentence")
        if re.search("[\t\r\n]", span.label) or span.label != span.label.strip(" "):
            raise _unwritable("a label has a tab, a line break or a space at its end")
        yield firsts[span.start], ends[span.end], span.label


def _writable(word: str) -> str:
    if word != word.strip(" ") or "\t" in word or "\n" in word or word == "-DOCSTART-":
        raise _unwritable("a word has white space, or is -DOCSTART- itself")
    return word


def _unwritable(detail: str) -> DocumentError:
    return DocumentError("unwritable", detail)

"""brat standoff: the text in a `.txt`, its annotations in the `.ann` beside it.

    T1<TAB>LABEL start end<TAB>covered text
    #1<TAB>AnnotatorNotes T1<TAB>score 0.97, where a model found it

Offsets are in characters, a line break in the covered text is written as a space. A folder is read with those inside
it; a document's id is the path of its `.txt` in the folder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

from worker.annotations.annotated import AnnotatedDocument, AnnotatedFile
from worker.annotations.fitting import Placed, fit_spans, make_span
from worker.annotations.lines import new_folder, read_lines
from worker.annotations.problems import OnProblem, Place, Problem, refuse
from worker.errors import DocumentError, InputError
from worker.text import storable

_OFFSETS = "[0-9]{1,18} [0-9]{1,18}"
_ENTITY = re.compile(rf"(?P<label>\S+) (?P<offsets>{_OFFSETS}(?:;{_OFFSETS})*)")
#: By the first character of a line.
_SKIPPED = {
    "R": "relations skipped",
    "*": "relations skipped",
    "E": "events skipped",
    "A": "attributes skipped",
    "M": "attributes skipped",
    "N": "normalisations skipped",
    "#": "notes skipped",
}
#: In the covered text, what would end its line.
_LINE_BREAKS = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_WHITE_SPACE = re.compile(r"\s")
_OWN_SUFFIXES = frozenset({".ann", ".txt"})


def read_brat(path: Path, on_problem: OnProblem = refuse) -> AnnotatedFile:
    """Read every pair of a folder, or one pair of which either file is named.

    Raises:
        InputError: there is no pair, or a line of an `.ann` is wrong; file and line are named.
    """
    folder = path if path.is_dir() else path.parent
    annotations = _find(path)
    if not annotations:
        message = "a directory without .ann files; a folder is read as brat standoff"
        on_problem(Problem("record", Place(path), message))
    remarks: Counter[str] = Counter()
    documents: list[AnnotatedDocument] = []
    for annotation in annotations:
        name = annotation.with_suffix(".txt").relative_to(folder).as_posix()
        document = _read_pair(annotation, name, on_problem, remarks)
        if document:
            documents.append(document)
    parts = tuple(part for one in annotations for part in (one.with_suffix(".txt"), one) if part.is_file())
    if path.is_dir() and (n_bare := _count_bare(path, parts)):
        remarks["texts without an .ann skipped"] = n_bare
    return AnnotatedFile(path, "brat", None, tuple(documents), True, dict(remarks), parts)


def write_brat(documents: Iterable[AnnotatedDocument], path: str | Path) -> None:
    """Write a folder with a `.txt` and an `.ann` for each document, named by its id; all of it or nothing.

    A folder that is there already is replaced if it holds nothing else than such pairs.

    Raises:
        InputError: an id is no name for a file, a label has white space, or the folder cannot be written.
    """
    with new_brat_folder(Path(path)) as folder:
        for number, document in enumerate(documents, start=1):
            try:
                write_pair(document, _file_name(document.id, number), folder)
            except DocumentError as error:
                raise InputError(f"document {number} cannot be written as brat: {error.detail}") from error


def new_brat_folder(path: Path) -> AbstractContextManager[Path]:
    """A folder for `write_pair`, which takes its place whole or not at all.

    Raises:
        InputError: something else than pairs is there.
    """
    if path.suffix in _OWN_SUFFIXES or (path.exists() and not _is_replaceable(path)):
        raise InputError(
            f"{path}: brat is written into a folder of its own: new, empty or of .txt files with their .ann"
        )
    return new_folder(path)


def write_pair(document: AnnotatedDocument, name: str, folder: Path) -> None:
    """Write the two files of a document; `name` is their path in the folder without the suffix.

    Raises:
        DocumentError: the format cannot hold it, or the files are there.
    """
    if document.text.startswith("\ufeff"):
        raise DocumentError("unwritable", "its text begins with a byte order mark")
    if any(_WHITE_SPACE.search(span.label) for span in document.spans):
        raise DocumentError("unwritable", "a label has white space")
    text_path, annotation_path = folder / f"{name}.txt", folder / f"{name}.ann"
    if text_path.exists():
        raise DocumentError("unwritable", "another document has its id")
    text_path.parent.mkdir(parents=True, exist_ok=True)
    text_path.write_bytes(document.text.encode())
    annotation_path.write_bytes("".join(_lines(document)).encode())


def is_brat(path: Path) -> bool:
    """Whether a path is read as brat: a folder, or one file of a pair."""
    suffix = path.suffix.lower()
    return path.is_dir() or suffix == ".ann" or (suffix == ".txt" and path.with_suffix(".ann").is_file())


def _find(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path.with_suffix(".ann")]
    return sorted(one for one in path.rglob("*.ann") if not _is_hidden(one.relative_to(path)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _count_bare(folder: Path, parts: tuple[Path, ...]) -> int:
    known = set(parts)
    return sum(one not in known and not _is_hidden(one.relative_to(folder)) for one in folder.rglob("*.txt"))


def _read_pair(
    annotation: Path, name: str, on_problem: OnProblem, remarks: Counter[str]
) -> AnnotatedDocument | None:
    text = _read_text(annotation.with_suffix(".txt"), annotation, on_problem)
    if text is None:
        return None
    ids: set[str] = set()
    found: list[Placed | None] = []
    for number, line in read_lines(annotation, on_problem):
        place = Place(annotation, number)
        if line[:1] in _SKIPPED:
            remarks[_SKIPPED[line[0]]] += 1
        elif line.strip():
            found.append(_entity(line, ids, text, place, on_problem))
    return AnnotatedDocument(storable(name), text, None, fit_spans(found, text, on_problem), has_text=True)


def _read_text(path: Path, annotation: Path, on_problem: OnProblem) -> str | None:
    if not path.is_file():
        on_problem(Problem("record", Place(annotation), f"its text {path.name} is missing"))
        return None
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}") from error
    try:
        return storable(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        on_problem(
            Problem("encoding", Place(path, line), "not UTF-8; brat texts are UTF-8: convert it first")
        )
        return None


def _entity(line: str, ids: set[str], text: str, place: Place, on_problem: OnProblem) -> Placed | None:
    name, _, rest = line.partition("\t")
    described, _, covered = rest.partition("\t")
    match = _ENTITY.fullmatch(described)
    if not match or not re.fullmatch(r"T\S+", name):
        on_problem(
            Problem("record", place, "no line of brat standoff: T1<tab>LABEL start end<tab>text is one")
        )
        return None
    if name in ids:
        on_problem(Problem("duplicate", place, f"the id {name} is there twice"))
    ids.add(name)
    if ";" in match["offsets"]:
        advice = "nerq's entities are of one stretch: make it one, or take it out"
        on_problem(
            Problem("discontinuous", place, f"{name} is in several parts ({match['offsets']}); {advice}")
        )
        return None
    start, end = map(int, match["offsets"].split())
    if end <= len(text) and not _is_same(text[start:end], storable(covered)):
        message = f"{name} covers another text in the .txt than the line says: [{start}, {end})"
        on_problem(Problem("covered", place, message))
        return None
    return make_span(start, end, storable(match["label"]), place, on_problem)


def _is_same(text: str, covered: str) -> bool:
    return _WHITE_SPACE.sub(" ", text).rstrip() == _WHITE_SPACE.sub(" ", covered).rstrip()


def _is_replaceable(path: Path) -> bool:
    """Whether nothing is lost: texts without an `.ann` are somebody's documents."""
    if not path.is_dir():
        return False
    files = [one for one in path.rglob("*") if not one.is_dir()]
    return all(
        one.suffix in _OWN_SUFFIXES and all(one.with_suffix(s).is_file() for s in _OWN_SUFFIXES)
        for one in files
    )


def _file_name(name: str | None, number: int) -> str:
    """The id without its `.txt`; for a document without one, its place.

    Raises:
        DocumentError: it is no path in a folder.
    """
    if not name:
        return f"document-{number:04}"
    name = name.removesuffix(".txt")
    parts = PurePosixPath(name).parts
    is_path = "/".join(parts) == name and not name.startswith("/") and "\0" not in name
    if not is_path or any(part.startswith(".") for part in parts):
        raise DocumentError("unwritable", "its id is no name for a file")
    return name


def _lines(document: AnnotatedDocument) -> Iterator[str]:
    for number, span in enumerate(document.spans, start=1):
        covered = _LINE_BREAKS.sub(" ", document.text[span.start : span.end])
        yield f"T{number}\t{span.label} {span.start} {span.end}\t{covered}\n"
        if span.score is not None:
            yield f"#{number}\tAnnotatorNotes T{number}\tscore {span.score:.6g}\n"

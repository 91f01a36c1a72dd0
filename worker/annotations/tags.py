"""Tagging schemes: which one a file uses, and what its tags say.

IOB1   I- everywhere; B- only where an entity follows another of its label at once
IOB2   B- begins every entity, I- goes on
BIOES  B- I- E-, and S- for an entity of one word; BILOU writes L- for E- and U- for S-
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

Scheme = Literal["IOB1", "IOB2", "BIOES"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)

#: A labelled run of words `[first, end)` of a sentence.
Chunk = tuple[int, int, str]

_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S"}


class TagError(ValueError):
    """The tag at `position` of its sentence is unknown or not allowed there."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


def recognise_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme that a file's tags are written in; IOB2 where they fit several.

    Raises:
        TagError: the tags fit none; its position counts the words of all sentences.
    """
    first_word, bare_inside, needless_begin = 0, -1, False
    for tags in sentences:
        for i, (left, tag) in enumerate(zip(["O", *tags], tags, strict=False)):
            prefix, label = parse_tag(tag, first_word + i)
            if prefix in "ES":
                return "BIOES"
            follows_its_label = left != "O" and parse_tag(left)[1] == label
            needless_begin |= prefix == "B" and not follows_its_label
            if prefix == "I" and not follows_its_label and bare_inside < 0:
                bare_inside = first_word + i
        first_word += len(tags)
    if bare_inside < 0:
        return "IOB2"
    if needless_begin:
        raise TagError(
            bare_inside,
            "I- begins an entity here but B- does elsewhere: the tags are neither IOB1 nor IOB2; "
            "give the scheme IOB1 to take both as beginnings",
        )
    return "IOB1"


def find_chunks(tags: Sequence[str], scheme: Scheme) -> list[Chunk]:
    """The entities of one sentence.

    Raises:
        TagError: a tag is unknown, or not allowed where it stands.
    """
    return list(_iobes_chunks(tags) if scheme == "BIOES" else _iob_chunks(tags, scheme))


def iob2_tags(n_words: int, chunks: Iterable[Chunk]) -> list[str]:
    """The IOB2 tags of a sentence with these entities."""
    tags = ["O"] * n_words
    for first, end, label in chunks:
        tags[first:end] = [f"B-{label}", *[f"I-{label}"] * (end - first - 1)]
    return tags


def parse_tag(tag: str, position: int = 0) -> tuple[str, str]:
    """`B-PER` -> `("B", "PER")`, with BILOU's prefixes turned into those of BIOES; `O` -> `("O", "")`."""
    if tag == "O":
        return "O", ""
    prefix, dash, label = tag.partition("-")
    if not dash or not label or prefix not in _PREFIXES:
        raise TagError(
            position, f"unknown tag {tag[:40]!r}; expected O, B-LABEL, I-LABEL (or E-, S-, L-, U-)"
        )
    return _PREFIXES[prefix], label


def _iob_chunks(tags: Sequence[str], scheme: Scheme) -> Iterator[Chunk]:
    start, open_label = 0, ""
    for i, tag in enumerate(tags):
        prefix, label = parse_tag(tag, i)
        if prefix in "ES":
            raise TagError(i, f"{tag} does not belong to {scheme}")
        if prefix == "I" and label == open_label:
            continue
        if prefix == "I" and scheme == "IOB2":
            raise TagError(i, f"{tag} without a B-{label} before it is not allowed in IOB2")
        if open_label:
            yield start, i, open_label
        start, open_label = i, label
    if open_label:
        yield start, len(tags), open_label


def _iobes_chunks(tags: Sequence[str]) -> Iterator[Chunk]:
    start, open_label = 0, ""
    for i, tag in enumerate(tags):
        prefix, label = parse_tag(tag, i)
        goes_on = prefix in "IE"
        if goes_on != bool(open_label) or (goes_on and label != open_label):
            raise TagError(i, f"{tag} is not allowed here in BIOES")
        if prefix in "BS":
            start, open_label = i, label
        if prefix in "ES":
            yield start, i + 1, label
            open_label = ""
    if open_label:
        raise TagError(
            len(tags) - 1, f"the sentence ends inside an entity: E-{open_label} is missing (BIOES)"
        )

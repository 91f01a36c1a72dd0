"""Tagging schemes: which one a file uses, and what its tags say.

IOB1   I- everywhere; B- only where an entity follows another of its label at once
IOB2   B- begins every entity, I- goes on
BIOES  B- I- E-, and S- for an entity of one word; BILOU writes L- for E- and U- for S-
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, get_args

Scheme = Literal["IOB1", "IOB2", "BIOES"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)

#: A labelled run of words `[first, end)` of a sentence.
Chunk = tuple[int, int, str]

_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S"}


class TagError(ValueError):
    """The tag at `position` of its sentence is unknown, or (`is_sequence`) not allowed there."""

    def __init__(self, position: int, message: str, is_sequence: bool = True) -> None:
        super().__init__(message)
        self.position = position
        self.is_sequence = is_sequence


#: Told of a wrong tag; where it returns, the tag is read as well as it can be and the next ones are looked at.
OnFault = Callable[[TagError], None]


def _refuse(error: TagError) -> None:
    raise error


def recognise_scheme(sentences: Iterable[Sequence[str]], on_fault: OnFault = _refuse) -> Scheme:
    """The scheme that a file's tags are written in; IOB2 where they fit several, or with faults none.

    Raises:
        TagError: the tags fit none; its position counts the words of all sentences.
    """
    first_word, bare_inside, needless_begin = 0, -1, False
    for tags in sentences:
        left = ""  # the label of the word before
        for i, tag in enumerate(tags, start=first_word):
            prefix, label = _parse(tag, i, on_fault)
            if prefix in "ES":
                return "BIOES"
            needless_begin |= prefix == "B" and left != label
            if prefix == "I" and left != label and bare_inside < 0:
                bare_inside = i
            left = label
        first_word += len(tags)
    if bare_inside < 0:
        return "IOB2"
    if needless_begin:
        on_fault(
            TagError(
                bare_inside,
                "I- begins an entity here but B- does elsewhere: the tags are neither IOB1 nor IOB2; "
                "give the scheme IOB1 to take both as beginnings",
            )
        )
        return "IOB2"
    return "IOB1"


def find_chunks(tags: Sequence[str], scheme: Scheme, on_fault: OnFault = _refuse) -> list[Chunk]:
    """The entities of one sentence. Where faults are let pass, a wrong I- or E- begins an entity.

    Raises:
        TagError: a tag is unknown, or not allowed where it stands.
    """
    return list(_iobes_chunks(tags, on_fault) if scheme == "BIOES" else _iob_chunks(tags, scheme, on_fault))


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
            position,
            f"unknown tag {tag[:40]!r}; expected O, B-LABEL, I-LABEL (or E-, S-, L-, U-)",
            is_sequence=False,
        )
    return _PREFIXES[prefix], label


def _parse(tag: str, position: int, on_fault: OnFault) -> tuple[str, str]:
    try:
        return parse_tag(tag, position)
    except TagError as error:
        on_fault(error)
        return "O", ""


def _iob_chunks(tags: Sequence[str], scheme: Scheme, on_fault: OnFault) -> Iterator[Chunk]:
    start, open_label = 0, ""
    for i, tag in enumerate(tags):
        prefix, label = _parse(tag, i, on_fault)
        if prefix in "ES":
            on_fault(TagError(i, f"{tag} does not belong to {scheme}", is_sequence=False))
            prefix = "I" if prefix == "E" else "B"
        if prefix == "I" and label == open_label:
            continue
        if prefix == "I" and scheme == "IOB2":
            message = f"{tag} without a B-{label} before it is not allowed in IOB2"
            on_fault(TagError(i, f"{message} (the scheme IOB1 takes it as a beginning)"))
        if open_label:
            yield start, i, open_label
        start, open_label = i, label
    if open_label:
        yield start, len(tags), open_label


def _iobes_chunks(tags: Sequence[str], on_fault: OnFault) -> Iterator[Chunk]:
    start, open_label = 0, ""
    for i, tag in enumerate(tags):
        prefix, label = _parse(tag, i, on_fault)
        goes_on = prefix in "IE" and label == open_label
        if not goes_on:
            if open_label or prefix in "IE":
                on_fault(TagError(i, f"{tag} is not allowed here in BIOES"))
            if open_label:
                yield start, i, open_label
            start, open_label = i, label
        if prefix in "ES":
            yield start, i + 1, label
            open_label = ""
    if open_label:
        message = f"the sentence ends inside an entity: E-{open_label} is missing (BIOES)"
        on_fault(TagError(len(tags) - 1, message))
        yield start, len(tags), open_label

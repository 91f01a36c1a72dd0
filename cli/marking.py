"""A text with its entities and pages marked, for a terminal or as plain text."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from cli.visible import visible

if TYPE_CHECKING:
    from worker.store import EntityRow

#: Colours of labels in the order of the alphabet; they read on dark and on light terminals.
_COLOURS = ("bright_red", "green", "yellow", "bright_blue", "magenta", "cyan", "red", "bright_green")
#: A carriage return that ends a line together with a line feed is part of the line's end and needs no escape.
_LINE_END = "\r\n"
#: Line ends and tabs are all of a text that a terminal is to obey.
_KEPT = "\n\t"
#: Where it begins, and the line that says so.
_Page = tuple[int, str]


def colours_of(entities: Sequence[EntityRow]) -> dict[str, str]:
    """A colour for each label."""
    labels = sorted({entity.label for entity in entities})
    return dict(zip(labels, _COLOURS * (len(labels) // len(_COLOURS) + 1), strict=False))


def painted(text: str, colour: str) -> str:
    """The text as an entity is shown in a terminal."""
    return click.style(visible(text, keep=_KEPT), fg=colour, bold=True, underline=True)


def marked(
    text: str, entities: Sequence[EntityRow], page_starts: Sequence[int], colours: Mapping[str, str]
) -> Iterator[str]:
    """The text in parts, each entity marked; one that begins inside another is left to the first.

    A page begins with a line of its own, where it begins inside an entity behind that one. Without colours entities are
    written [text](LABEL).
    """
    line = click.style("--- page {} ---", dim=True) if colours else "--- page {} ---"
    pages = deque((start, line.format(number)) for number, start in enumerate(page_starts, start=1))
    position = 0
    for entity in sorted(entities, key=lambda entity: (entity.start, -entity.end)):
        if entity.start < position:
            continue
        yield from _plain(text, position, entity.start, _taken(pages, entity.start))
        surface = text[entity.start : entity.end].replace(_LINE_END, "\n")
        if colours:
            yield painted(surface, colours[entity.label])
        else:
            yield f"[{visible(surface, keep=_KEPT)}]({visible(entity.label)})"
        position = entity.end
    yield from _plain(text, position, len(text), _taken(pages, len(text)))


def _taken(pages: deque[_Page], last: int) -> Iterator[_Page]:
    """The pages that begin there at the latest; they are pages no more."""
    while pages and pages[0][0] <= last:
        yield pages.popleft()


def _plain(text: str, start: int, end: int, pages: Iterable[_Page]) -> Iterator[str]:
    """A part without entities, with the lines of pages that begin in it, or began before it."""
    for page_start, line in pages:
        yield _shown(text[start:page_start])
        start = max(start, page_start)
        is_in_line = text[start - 1 : start] not in ("", "\n", "\f")
        yield "\n" * is_in_line + line + "\n"
    yield _shown(text[start:end])


def _shown(text: str) -> str:
    """The text without anything a terminal would obey but line ends and tabs; a form feed ends a line, too."""
    return visible(text.replace(_LINE_END, "\n").replace("\f", "\n"), keep=_KEPT)

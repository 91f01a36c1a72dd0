"""A page as tests look at it: its tags, ids and text, and how well its colours can be told apart."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """The parsed page: its tags with their attributes, its ids, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        #: What scripts hold, by their ids; `script` is the one that runs.
        self.embedded: dict[str, str] = {}
        self._data: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []
        self.text = "".join(self._data)

    @property
    def ids(self) -> list[str]:
        return [ident for _, attributes in self.tags if (ident := attributes.get("id"))]

    @property
    def sections(self) -> list[str]:
        return [
            str(attributes["id"]) for tag, attributes in self.tags if tag == "section" and "id" in attributes
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if self._open[-1:] == ["script"]:
            ident = str(attributes.get("id") or tag)
            self.embedded[ident] = self.embedded.get(ident, "") + data
        elif self._open[-1:] != ["style"]:
            self._data.append(data)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    shares = [channel / 255 for channel in _channels(colour)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def mixed(above: str, below: str, opacity: float) -> str:
    pairs = zip(_channels(above), _channels(below), strict=True)
    return "#" + "".join(f"{round(opacity * a + (1 - opacity) * b):02x}" for a, b in pairs)

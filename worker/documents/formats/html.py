"""HTML -> its visible text."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from worker.documents.formats.blocks import LINE, PARAGRAPH
from worker.documents.formats.declared import decode_declared
from worker.documents.formats.extracted import Extracted
from worker.documents.formats.page_text import PageText

_INVISIBLE = frozenset(
    "-comment !doctype head script style template noscript iframe object audio video canvas map datalist "
    "title desc metadata rt rp annotation noframes".split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 blockquote pre ul ol dl figure hr table fieldset".split())
_LINES = frozenset(
    "address article aside body caption center dd details dialog div dt figcaption footer form header hgroup html "
    "legend li main menu nav optgroup option search section summary tbody thead tfoot".split()
)
#: Fields that do not show their value; a type that there is none of is a field of text.
_UNTYPED = frozenset("hidden password checkbox radio file image color range".split())
_PRESERVED = ("pre", "textarea")
_NOT_SHOWN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b", re.IGNORECASE
)
_META = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([\w:.-]+)")
_DECLARATION_BYTES = 4096


def extract_html(data: bytes, encoding: str | None = None, declared: str | None = None) -> Extracted:
    """The text that a browser shows without running scripts and without style sheets.

    `declared` is the encoding that whoever sent the page says it is in; it counts before what the page says.

    Raises:
        DocumentError: `undecodable`, or `unsupported` for what is no text.
    """
    decoded = decode_declared(data, declared or _declaration(data), encoding)
    return Extracted(
        visible_text(decoded.text), encoding=decoded.encoding, encoding_confidence=decoded.confidence
    )


def _declaration(data: bytes) -> str | None:
    head = data[:_DECLARATION_BYTES]
    match = _XML.match(head) or _META.search(head)
    return match[1].decode("ascii") if match else None


def visible_text(html: str) -> str:
    """The visible text of a page or of a piece of one."""
    page = PageText()
    # Recursion would end at a depth of 1,000.
    rest: list[tuple[LexborNode, bool]] = []
    if root := LexborHTMLParser(html).root:
        rest.append((root, False))
    while rest:
        node, is_end = rest.pop()
        if node.is_text_node:
            page.put(node.text_content or "")
        elif is_end:
            _leave(node.tag or "", page)
        elif _enter(node, node.tag or "", page):
            rest.append((node, True))
            child = node.last_child
            while child is not None:
                rest.append((child, False))
                child = child.prev
    return page.text()


def _enter(node: LexborNode, tag: str, page: PageText) -> bool:
    """Note that an element begins; whether what is in it is shown."""
    if tag in _INVISIBLE or _is_hidden(node, tag):
        return False
    page.end(_lines_around(tag))
    if tag == "br":
        page.break_line()
    elif tag == "input":
        page.put(_value(node))
    elif tag in _PRESERVED:
        page.n_preserved += 1
    elif tag == "table":
        page.begin_table()
    elif tag in ("td", "th"):
        page.begin_cell()
    return True


def _leave(tag: str, page: PageText) -> None:
    if tag in _PRESERVED:
        page.n_preserved -= 1
    elif tag == "table":
        page.end_table()
    elif tag == "tr":
        page.end_row()
    elif tag in ("td", "th"):
        page.end_cell()
    page.end(_lines_around(tag))


def _lines_around(tag: str) -> int:
    return PARAGRAPH if tag in _PARAGRAPHS else LINE if tag in _LINES else 0


def _is_hidden(node: LexborNode, tag: str) -> bool:
    attributes = node.attributes
    return (
        "hidden" in attributes
        or bool(_NOT_SHOWN.search(attributes.get("style") or ""))
        or (tag == "dialog" and "open" not in attributes)
    )


def _value(node: LexborNode) -> str:
    """What a field shows."""
    attributes = node.attributes
    is_shown = (attributes.get("type") or "").strip().lower() not in _UNTYPED
    return f" {attributes.get('value') or ''} " if is_shown else ""

"""Values as data that a page holds for its script."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

#: What could end the element that holds the data, or begin another one.
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def embedded(value: Any) -> Markup:
    """JSON for the inside of a script element that is data; nothing in it is markup."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(written.translate(_ESCAPES))  # noqa: S704 - it holds no markup any more

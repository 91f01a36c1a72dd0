"""What a page is made with: its template's environment, and the hashes of its style and script."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from worker.html.wording import plain

_HERE = Path(__file__).parent


def make_environment(package: str) -> Environment:
    """For templates of the package, which may use those of this folder."""
    # What is not Markup is somebody's text: plain() and then the escapes of HTML, without exception.
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("worker.html", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def read_style(*own: Path) -> str:
    """The style that all pages have, and the page's own."""
    return "".join(path.read_text("utf-8") for path in (_HERE / "base.css", *own))


def digest(content: str) -> str:
    """What a content security policy calls a style or script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _shown(value: Any) -> Any:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value

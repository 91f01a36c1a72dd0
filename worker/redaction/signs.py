"""What stands in the place of a name."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Literal, get_args

from worker.redaction.name_map import NameMap
from worker.store import fold_name

Style = Literal["mask", "label", "pseudonym", "hash"]
STYLES: tuple[Style, ...] = get_args(Style)

#: (label, name) -> what to write.
Sign = Callable[[str, str], str]

#: Everything but what breaks a line: the lines of a masked text are those of the original.
_MASKED = re.compile("[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BLOCK = "█"
_HASH_DIGITS = 16


def make_sign(style: Style, names: NameMap) -> Sign:
    """The signs of a style; pseudonyms and hashes are looked up in `names`, and put there when they are new."""
    if style == "mask":
        return lambda _label, name: _MASKED.sub(_BLOCK, name)
    if style == "label":
        return lambda label, _name: f"[{label}]"
    make = _next_pseudonym if style == "pseudonym" else _keyed_hash
    return lambda label, name: names.sign(label, name, make)


def _next_pseudonym(label: str, _name: str, names: NameMap) -> str:
    return f"{label}-{names.count(label) + 1}"


def _keyed_hash(label: str, name: str, names: NameMap) -> str:
    """HMAC-SHA-256, cut; without the key nobody can try out which name it might be."""
    digest = hmac.new(bytes.fromhex(names.key), f"{label}\0{fold_name(name)}".encode(), hashlib.sha256)
    return f"{label}-{digest.hexdigest()[:_HASH_DIGITS]}"

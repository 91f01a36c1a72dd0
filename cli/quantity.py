"""Numbers, durations, sizes and times the way people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

#: Kinds of skipped files that a summary names; a folder may hold any number.
KINDS_SHOWN = 8


def count(n: int, one: str = "", many: str | None = None) -> str:
    """`1,203 sources`; without a noun the number alone.

    >>> count(1, "entity", "entities"), count(1203, "source")
    ('1 entity', '1,203 sources')
    """
    if not one:
        return f"{n:,}"
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Two units at most.

    >>> duration(0.4), duration(12.34), duration(75), duration(7260), duration(190000)
    ('0.4 s', '12 s', '1 min 15 s', '2 h 1 min', '2 d 4 h')
    """
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    days, hours = divmod(hours, 24)
    if days == 0:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{days} d {hours} h" if hours else f"{days} d"


def size(n_bytes: float) -> str:
    """Decimal units.

    >>> size(999), size(1_234_567)
    ('999 B', '1.2 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.0f} {unit}" if unit == "B" or n_bytes >= 99.5 else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:,.1f} TB"


def short(number: float) -> str:
    """Three digits and a unit: `45.1 k`.

    >>> short(950), short(45123), short(2_500_000)
    ('950', '45.1 k', '2.5 M')
    """
    for unit in ("", " k", " M"):
        if number < 999.5:
            return f"{number:.0f}{unit}" if not unit or number >= 99.5 else f"{number:.1f}{unit}"
        number /= 1000
    return f"{number:,.1f} G"


def local_time(seconds: float) -> str:
    """Seconds since the epoch in the time zone of this machine, to the minute."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def iso_time(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, for machines."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def breakdown(counts: Mapping[str, int], most: int | None = None) -> str:
    """`3 .pdf, 2 hidden`, the most frequent first, and after `most` of them how many more kinds there are.

    >>> breakdown({".pdf": 3, "hidden": 2, ".doc": 1, ".xls": 1}, most=2)
    '3 .pdf, 2 hidden and 2 other kinds'
    """
    ordered = sorted(((n, key) for key, n in counts.items() if n), key=lambda item: (-item[0], item[1]))
    n_more = len(ordered) - most if most is not None else 0
    shown = ", ".join(f"{n:,} {key}" for n, key in ordered[:most])
    return f"{shown} and {count(n_more, 'other kind')}" if n_more > 0 else shown

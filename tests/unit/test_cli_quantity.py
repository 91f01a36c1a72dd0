"""Numbers, durations and sizes as people read them."""

from __future__ import annotations

import pytest

from cli import quantity


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (-1, "0.0 s"),
        (9.94, "9.9 s"),
        (12.3, "12 s"),
        (59.6, "1 min"),
        (75, "1 min 15 s"),
        (3599.7, "1 h"),
        (7260, "2 h 1 min"),
        (86400, "1 d"),
        (190_000, "2 d 4 h"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert quantity.duration(seconds) == shown


@pytest.mark.parametrize(
    ("n_bytes", "shown"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (123_456, "123 kB"), (5e12, "5.0 TB")],
)
def test_size(n_bytes: float, shown: str) -> None:
    assert quantity.size(n_bytes) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (950, "950"), (45_123, "45.1 k"), (2_500_000, "2.5 M")]
)
def test_short(number: float, shown: str) -> None:
    assert quantity.short(number) == shown


def test_count_agrees_with_its_noun() -> None:
    assert quantity.count(1, "entity", "entities") == "1 entity"
    assert quantity.count(1203, "source") == "1,203 sources"
    assert quantity.count(1_000_000) == "1,000,000"


def test_breakdown_has_the_most_frequent_first_and_leaves_out_zeros() -> None:
    assert quantity.breakdown({"hidden": 2, ".pdf": 1300, "symlink": 0}) == "1,300 .pdf, 2 hidden"
    assert quantity.breakdown({}) == ""
    kinds = {f".{letter}": 1 for letter in "abcdefghi"}
    assert quantity.breakdown(kinds, most=8).endswith(", 1 .h and 1 other kind")
    assert quantity.breakdown(kinds, most=9).endswith(", 1 .i")


def test_iso_time_is_utc() -> None:
    assert quantity.iso_time(0.5) == "1970-01-01T00:00:00.500Z"

"""The study's table: means over seeds, differences of the same seed, in the same windows."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.study import summarise, table


def _result(variant: str, seed: int, **f1: dict[str, float]) -> dict[str, Any]:
    return {"variant": variant, "seed": seed, "f1": f1}


RESULTS = [
    _result("crf", 1, crf={"0": 91.0, "200": 93.0}),
    _result("base", 1, argmax={"0": 90.0, "100": 93.0, "200": 92.0}, constrained={"0": 90.5, "200": 92.5}),
    _result("base", 2, argmax={"0": 91.0, "100": 92.0, "200": 94.0}, constrained={"0": 91.5, "200": 94.25}),
]


def test_rows_are_means_over_seeds_and_differences_of_the_same_seed() -> None:
    base, constrained, crf = summarise(RESULTS)
    assert base["windows"] == {0: 90.5, 100: 92.5, 200: 93.0}
    assert base["spread"] == 2.5
    assert (base["best"], base["deviation"]) == (93.5, pytest.approx(0.5**0.5))  # of 93 and 94
    assert base["difference"] == 0
    # Against base's 92.0 and 94.0: the window of 100 words is not one that this row has.
    assert constrained["difference"] == pytest.approx(0.375)
    assert (crf["seeds"], crf["difference"], crf["deviation"]) == ([1], 1.0, None)


def test_the_table_leaves_out_what_was_not_measured() -> None:
    lines = table(summarise(RESULTS)).splitlines()
    assert lines[0].startswith("| variant | decoding | seeds | 1 sentence | 100 | 200 |")
    assert lines[3] == "| base | constrained | 2 | 91.00 |  | 93.38 | 2.38 | 93.38 ± 1.24 | +0.38 |"
    assert lines[4] == "| crf | crf | 1 | 91.00 |  | 93.00 | 2.00 | 93.00 | +1.00 |"

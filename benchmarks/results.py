"""The report as tables for people, as JSON and as a chart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.chart import draw_chart
from benchmarks.stages import ORDER

_COLUMNS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("pieces/s", lambda row: f"{row['pieces_per_s']:,.0f}"),
    ("words/s", lambda row: f"{row['words_per_s']:,.0f}"),
    ("docs/s", lambda row: f"{row['documents_per_s']:,.1f}"),
    ("x pipeline", lambda row: _plain(row, "times_pipeline", "{:.2f}")),
    ("computed/real", lambda row: _plain(row, "computed_per_real", "{:.2f}")),
    ("of roof", lambda row: _plain(row, "of_roof", "{:.0%}")),
    ("peak MiB", lambda row: f"{row['peak_bytes'] / 2**20:,.0f}"),
    ("entities as fp32", lambda row: _share(row, "entities")),
    ("entity words as fp32", lambda row: _share(row, "words")),
)


def print_table(report: Mapping[str, Any]) -> None:
    """Everything, to standard output."""
    machine = report["machine"]
    print(f"{machine['cpu']}, {machine['threads']} threads; nerq {machine['nerq']}; medians over the rounds")
    for corpus in report["corpora"]:
        print(
            f"\n{corpus['name']}: {corpus['n_documents']:,} documents, {corpus['n_words']:,} words, "
            f"{corpus['n_pieces']:,} pieces; {_roof_line(corpus['roofs'])}"
        )
        f1 = report["f1"]
        head = ["", *(name for name, _ in _COLUMNS), *(["F1"] if f1 else [])]
        rows = [
            [
                _name(row),
                *(show(row) for _, show in _COLUMNS),
                *([_percent(f1.get(row["key"]))] if f1 else []),
            ]
            for row in corpus["rows"]
        ]
        _print_aligned([head, *rows])
    for table in report["stages"]:
        print(f"\nWhere the time goes: {table['corpus']}, {table['engine']}, files to SQLite")
        total = table["total"]
        rows = [
            [name, f"{table['seconds'][name]:.3f} s", _percent(table["seconds"][name] / total)]
            for name in ORDER
        ]
        _print_aligned([*rows, ["total", f"{total:.3f} s", ""]])


def write_results(report: Mapping[str, Any], output: Path) -> None:
    """`output` with the suffixes .json and .svg."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    output.with_suffix(".svg").write_text(draw_chart(report), encoding="utf-8")
    print(f"\n{output.with_suffix('.json')} and .svg")


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['name']}, {row['choice']}" if row["choice"] else str(row["name"])


def _roof_line(roofs: Sequence[Mapping[str, float]]) -> str:
    kinds = roofs[0].keys()
    middle = {kind: sorted(roof[kind] for roof in roofs)[len(roofs) // 2] for kind in kinds}
    return "roof " + ", ".join(f"{value / 1e9:,.0f} GFLOP/s {kind}" for kind, value in middle.items())


def _plain(row: Mapping[str, Any], key: str, form: str) -> str:
    return form.format(row[key]) if key in row else "-"


def _share(row: Mapping[str, Any], key: str) -> str:
    return f"{row['agreement'][key]:.2%}" if "agreement" in row else "-"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _print_aligned(rows: Iterable[Sequence[str]]) -> None:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]).rstrip())

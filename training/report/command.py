"""The command line that makes the page again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any


def command_line(evaluation: Mapping[str, Any], page: str) -> str:
    """`nerq evaluate ...` for a shell, as far as the evaluation says what was asked."""
    return shlex.join(("nerq", "evaluate", *_words(evaluation), "--report", page))


def gold_names(evaluation: Mapping[str, Any]) -> list[str]:
    """The gold files by name."""
    gold = evaluation.get("gold") or []
    return [gold] if isinstance(gold, str) else [str(file.get("path") or file["name"]) for file in gold]


def _words(evaluation: Mapping[str, Any]) -> Iterator[str]:
    settings = evaluation.get("settings") or {}
    if evaluation.get("job") is not None:
        yield str(evaluation["job"])
    else:
        yield from ("--model", str(evaluation["model"]["name"]))
    for name in gold_names(evaluation):
        yield from ("--gold", name)
    if evaluation.get("scheme"):
        yield from ("--scheme", str(evaluation["scheme"]))
    if evaluation.get("job") is None:
        yield from _reading(evaluation, settings)
    against = (evaluation.get("comparison") or {}).get("against")
    if against:
        yield from ("--against", str(against.get("job") or against["model"]["name"]))
    if settings.get("min_score") is not None:
        yield from ("--min-score", str(settings["min_score"]))
    if evaluation.get("errors"):
        yield from ("--errors", str(len(evaluation["errors"])))


def _reading(evaluation: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    """How a model was asked to read; a job has been read already."""
    if settings.get("raw"):
        yield "--raw"
    lengths = [words for words, _ in windows(evaluation)]
    window = settings.get("window")
    if not lengths and isinstance(window, Mapping) and "own_max_words" in evaluation:
        lengths = [window["max_words"]] if window["max_words"] != evaluation["own_max_words"] else []
    if lengths:
        yield from ("--window", ",".join(map(str, lengths)))
    if settings.get("decoding") in ("argmax", "constrained"):
        yield from ("--decoding", settings["decoding"])


def windows(evaluation: Mapping[str, Any]) -> list[tuple[int, float]]:
    """(words of the window, F1), the shortest first; given as a mapping or as rows."""
    given = evaluation.get("windows") or {}
    pairs = given.items() if isinstance(given, Mapping) else [(row["max_words"], row["f1"]) for row in given]
    return sorted((int(words), float(f1)) for words, f1 in pairs)

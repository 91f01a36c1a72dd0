"""Evaluation -> what the template shows: headline, sections, errors, what was left out, where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.report.command import command_line, gold_names
from training.report.passages import Run, find_runs
from training.report.ratios import Values
from training.report.sections import make_sections
from training.report.sections.kinds import KINDS
from worker.html.section import Section
from worker.html.wording import count, interval, percent, whole


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the headline."""

    name: str
    value: str
    interval: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Error:
    """One error as the list shows it; labels are numbers in the list of labels."""

    kind: str
    document: str
    labels: Sequence[int]
    gold: Values | None
    predicted: Values | None
    before: str
    runs: Sequence[Run]
    after: str


@dataclass(frozen=True, slots=True)
class View:
    """The page, but for its style."""

    title: str
    subtitle: str
    figures: Sequence[Figure]
    meaning: str
    warning: str
    sections: Sequence[Section]
    errors: Sequence[Error]
    errors_sentence: str
    kinds: Mapping[str, int]  #: of the errors shown
    labels: Sequence[str]  #: of the errors shown
    left_out: Sequence[str]
    left_out_sentence: str
    command: str
    provenance: Sequence[tuple[str, str]]


def make_view(evaluation: Values, title: str, page: str) -> View:
    """What there is to show; a part that the evaluation lacks is left out."""
    strict = evaluation["strict"]
    labels, errors = _errors(evaluation.get("errors") or ())
    return View(
        title=title,
        subtitle=_subtitle(evaluation),
        figures=_figures(strict, evaluation.get("interval")),
        meaning=_meaning(evaluation.get("interval")),
        warning="" if strict["n_documents"] else "No gold document was scored, so that all figures are 0.",
        sections=make_sections(evaluation),
        errors=errors,
        errors_sentence=_errors_sentence(evaluation, len(errors)),
        kinds={kind: n for kind in KINDS if (n := sum(error.kind == kind for error in errors))},
        labels=labels,
        left_out=[_unmatched(one) for one in evaluation.get("unmatched_gold") or ()],
        left_out_sentence=_left_out_sentence(evaluation),
        command=command_line(evaluation, page),
        provenance=list(_provenance(evaluation)),
    )


def _subtitle(evaluation: Values) -> str:
    job = evaluation.get("job")
    who = f"Model {evaluation['model']['name']}" + ("" if job is None else f", job {job}")
    gold = ", ".join(gold_names(evaluation))
    return f"{who}, against gold in {gold}" if gold else who


def _figures(strict: Values, ranges: Values | None) -> list[Figure]:
    right, gold, found = (whole(strict[key]) for key in ("n_correct", "n_gold", "n_predicted"))
    sentences = {
        "f1": f"over {count(strict['n_documents'], 'document')}",
        "precision": f"{right} of the {found} found are right",
        "recall": f"{right} of the {gold} in gold are found",
    }
    names = {"f1": "Strict F1", "precision": "Precision", "recall": "Recall"}
    return [
        Figure(names[key], percent(strict[key]), interval(ranges[key]) if ranges else "", sentence)
        for key, sentence in sentences.items()
    ]


def _meaning(ranges: Values | None) -> str:
    meaning = (
        "An entity counts as right only if its begin, its end and its label are all those of gold. "
        "F1 is the harmonic mean of precision and recall; all figures are percent."
    )
    if ranges is None:
        return meaning
    return (
        f"{meaning} The ranges hold the middle {100 * ranges['level']:g} % of {whole(ranges['resamples'])} "
        f"resamples of {count(ranges['n_units'], *_unit(ranges['unit']))}: other texts of the same kind would give "
        "a figure in about this range."
    )


def _unit(name: str) -> tuple[str, str]:
    """One and many of it: `block of 50 sentences`, `blocks of 50 sentences`."""
    first, space, rest = name.partition(" ")
    return name, f"{first}s{space}{rest}"


def _errors(errors: Iterable[Values]) -> tuple[list[str], list[Error]]:
    """The labels that occur in them, and the errors."""
    errors = list(errors)
    labels = sorted({side["label"] for error in errors for side in _sides(error)})
    number = {label: i for i, label in enumerate(labels)}
    return labels, [
        Error(
            kind=error["kind"],
            document=error["document"],
            labels=sorted({number[side["label"]] for side in _sides(error)}),
            gold=error["gold"],
            predicted=error["predicted"],
            before=error["before"],
            runs=find_runs(error["gold"], error["predicted"]),
            after=error["after"],
        )
        for error in errors
    ]


def _sides(error: Values) -> Iterator[Values]:
    yield from (side for side in (error["gold"], error["predicted"]) if side is not None)


def _errors_sentence(evaluation: Values, n_shown: int) -> str:
    n = evaluation.get("n_errors", n_shown)
    shown = f"All {whole(n)} errors" if n == n_shown else f"The {whole(n_shown)} worst of {whole(n)} errors"
    return f"{shown}: first what the model was surest of, last what it missed."


def _unmatched(one: Any) -> str:
    return f"{one['name']} ({one['reason']})" if isinstance(one, Mapping) else str(one)


def _left_out_sentence(evaluation: Values) -> str:
    """Empty if nothing was; an evaluation that was kept has only the number."""
    n = len(evaluation.get("unmatched_gold") or ()) or evaluation.get("n_unmatched_gold", 0)
    if not n:
        return ""
    n_gold = evaluation.get("n_gold_documents")
    whole_of = f" of {count(n_gold, 'gold document')}" if n_gold is not None else ""
    return f"{whole(n)}{whole_of} could not be matched with what was read, and did not count."


def _provenance(evaluation: Values) -> Iterator[tuple[str, str]]:
    model = evaluation["model"]
    yield "model", f"{model['name']}"
    yield "model id", f"{model['id']}"
    if evaluation.get("job") is not None:
        yield "job", str(evaluation["job"])
    gold = evaluation.get("gold")
    for name, file in zip(
        gold_names(evaluation), [gold] if isinstance(gold, str) else gold or [], strict=True
    ):
        sha256 = "" if isinstance(file, str) else file.get("sha256")
        yield "gold", f"{name}, sha-256 {sha256}" if sha256 else name
    for key, name in (("scheme", "scheme"), ("n_gold_documents", "gold documents")):
        if evaluation.get(key) is not None:
            yield name, str(evaluation[key])
    if evaluation.get("unknown_labels"):
        yield "labels of gold that the model does not know", ", ".join(evaluation["unknown_labels"])
    if evaluation.get("n_job_documents_without_gold"):
        yield "documents of the job without gold", whole(evaluation["n_job_documents_without_gold"])
    for key, value in (evaluation.get("settings") or {}).items():
        yield key.replace("_", " "), _setting(value)
    for key, name in (("nerq_version", "nerq"), ("created_at", "made"), ("schema_version", "schema version")):
        if evaluation.get(key) is not None:
            yield name, str(evaluation[key])


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {_setting(one)}" for key, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not said" if value is None else str(value)

"""`nerq evaluations`: the scores that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from cli.choose import SHORT_ID
from cli.options import json_lines
from cli.output import write
from cli.quantity import iso_time, local_time
from cli.render import Column, render_facts, render_one, render_rows
from cli.scores import Shown, length, percent, print_figures
from cli.session import stored

if TYPE_CHECKING:
    from worker.store import StoredEvaluation


COLUMNS = (
    Column("id", right=True),
    Column("created", shown=local_time),
    Column("model", cut="left"),
    Column("job", right=True),
    Column("gold", cut="left"),
    Column("how", cut="right"),
    Column("precision", right=True, shown=percent),
    Column("recall", right=True, shown=percent),
    Column("f1", right=True, shown=percent),
)


@click.command("evaluations")
@click.argument("evaluation_id", metavar="[ID]", type=click.IntRange(min=1), required=False)
@click.option("--model", metavar="MODEL", help="Only of this model: its name or the start of its id.")
@click.option(
    "--gold",
    metavar="FILE",
    help="Only against this file: its path, an end of it, or the start of its sha-256.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Rows to list, the latest."
)
@json_lines
def command(
    evaluation_id: int | None, model: str | None, gold: str | None, limit: int, as_json: bool
) -> None:
    """List the scores that are kept, or show one.

    \b
    Examples:
      nerq evaluations                            the latest
      nerq evaluations --gold dev.conll           every model on this file
      nerq evaluations --model general --json | jq .f1
      nerq evaluations 7                          all figures of one

    Every `nerq evaluate` is kept unless it was given --no-store: when, which model and job, which gold (its
    path and the sha-256 of its bytes), how it was read, and all figures, but no text of a document. HOW says in
    which windows, and what was not as usual.
    """
    from worker import store

    if evaluation_id is not None and (model or gold):
        raise click.UsageError("--model and --gold narrow the list; they do not go with an ID.")
    with stored() as database:
        if evaluation_id is not None:
            _show(store.find_evaluation(database, evaluation_id), as_json)
            return
        found = store.list_evaluations(database, model=model, gold=gold, limit=limit)
        if as_json:
            render_rows(map(_facts, found), COLUMNS, "jsonl", "")
        else:
            render_rows(
                map(_row, found), COLUMNS, "table", "No evaluation is kept: `nerq evaluate` makes one."
            )


def how(settings: Mapping[str, Any], job_id: int | None) -> str:
    """How a model read: `60 words, constrained, raw text, scores from 0.5`."""
    parts = [length(settings["window"]["max_words"])] if settings["window"] else []
    if settings["decoding"] not in (None, "argmax"):
        parts.append(settings["decoding"])
    if settings["raw"] and job_id is None:
        parts.append("raw text")
    if settings["min_score"] is not None:
        parts.append(f"scores from {settings['min_score']:g}")
    return ", ".join(parts)


def _show(one: StoredEvaluation, as_json: bool) -> None:
    answer = {**_facts(one), "figures": dict(one.values.figures)}
    if as_json:
        render_one(answer)
        return
    values = one.values
    facts = [
        ("created", local_time(one.created_at)),
        ("model", f"{values.model_name} ({values.model_id[:SHORT_ID]})"),
        ("job", str(values.job_id or "")),
        *(("gold", f"{file.path} (sha256 {file.sha256[:SHORT_ID]})") for file in values.gold),
        ("windows", how(values.settings, values.job_id)),
        ("nerq", values.nerq_version),
    ]
    render_facts([fact for fact in facts if fact[1]], f"Evaluation {one.id}")
    write("\n")
    print_figures(values.figures, Shown(full=True))


def _row(one: StoredEvaluation) -> dict[str, Any]:
    values = one.values
    return {
        "id": one.id,
        "created": one.created_at,
        "model": f"{values.model_name} ({values.model_id[:SHORT_ID]})",
        "job": values.job_id,
        "gold": ", ".join(file.path for file in values.gold),
        "how": how(values.settings, values.job_id),
        "precision": values.precision,
        "recall": values.recall,
        "f1": values.f1,
    }


def _facts(one: StoredEvaluation) -> dict[str, Any]:
    values = one.values
    return {
        "id": one.id,
        "created_at": iso_time(one.created_at),
        "job": values.job_id,
        "model": {"id": values.model_id, "name": values.model_name},
        "gold": [{"path": file.path, "sha256": file.sha256} for file in values.gold],
        "settings": dict(values.settings),
        "nerq_version": values.nerq_version,
        "precision": values.precision,
        "recall": values.recall,
        "f1": values.f1,
    }

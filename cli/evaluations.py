"""`nerq evaluations`: the scores that are kept, all or one, and how to be rid of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cli import output
from cli.choose import SHORT_ID
from cli.options import OutputFile, StoredInteger, json_lines, json_object
from cli.quantity import count, iso_time, local_time
from cli.render import Column, render_facts, render_one, render_rows
from cli.scores import Shown, length, percent, print_figures
from cli.session import stored
from worker.errors import EXIT_FAILURES, EXIT_OK

if TYPE_CHECKING:
    from worker.store import StoredEvaluation


COLUMNS = (
    Column("id", right=True),
    Column("created", shown=local_time),
    Column("model", cut="right"),
    Column("job", right=True),
    Column("gold", cut="left"),
    Column("how", cut="right"),
    Column("precision", right=True, shown=percent),
    Column("recall", right=True, shown=percent),
    Column("f1", right=True, shown=percent),
)


class _Evaluations(click.Group):
    """The group; a bare number is met with what to type."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0].isdecimal():
            raise click.UsageError(f"To see one: nerq evaluations show {args[0]}", ctx)
        return super().resolve_command(ctx, args)


@click.group("evaluations", cls=_Evaluations, invoke_without_command=True)
@click.option("--model", metavar="MODEL", help="Only of this model: its name or the start of its id.")
@click.option(
    "--gold",
    metavar="FILE",
    help="Only against this file: its path, an end of it, or the start of its sha-256.",
)
@click.option(
    "--limit", type=StoredInteger(min=1), default=20, show_default=True, help="Rows to list, the latest."
)
@json_lines
@click.pass_context
def command(ctx: click.Context, model: str | None, gold: str | None, limit: int, as_json: bool) -> None:
    """List the scores that are kept, show one, or delete some.

    \b
    Examples:
      nerq evaluations                            the latest
      nerq evaluations --gold dev.conll           every model on this file
      nerq evaluations --model general --json | jq .f1
      nerq evaluations show 7                     all figures of one
      nerq evaluations delete 3 4

    Every `nerq evaluate` is kept unless it was given --no-store: when, which model and job, which gold (its
    path and the sha-256 of its bytes), how it was read, and all figures, but no text of a document. HOW says in
    which windows, and what was not as usual.
    """
    if ctx.invoked_subcommand:
        _refuse_options_of_the_list(ctx)
        return
    from worker import store

    with stored() as database:
        found = store.list_evaluations(database, model=model, gold=gold, limit=limit)
        if as_json:
            render_rows(map(_facts, found), COLUMNS, "jsonl", "")
        else:
            render_rows(map(_row, found), COLUMNS, "table", _nothing(model, gold))


@command.command("show")
@click.argument("evaluation_id", metavar="ID", type=StoredInteger(min=1))
@click.option("--report", type=OutputFile(), help="Write an HTML page, too; it holds no errors.")
@json_object
def show(evaluation_id: int, report: Path | None, as_json: bool) -> None:
    """Show all figures of one.

    \b
    Examples:
      nerq evaluations show 7
      nerq evaluations show 7 --report scores.html
      nerq evaluations show 7 --json | jq .figures.confusion

    The errors are not kept, since they hold text: `nerq evaluate` with the same gold shows them again.
    """
    from worker import store

    with stored() as database:
        one = store.find_evaluation(database, evaluation_id)
    if report:
        from training.report import write_report

        write_report(report, _answer(one), _title(one))
    if as_json:
        render_one({**_facts(one), "figures": dict(one.values.figures)})
    else:
        _print(one)


@command.command("delete")
@click.argument("evaluation_ids", metavar="ID...", nargs=-1, required=True, type=StoredInteger(min=1))
@click.option("--yes", "-y", "is_sure", is_flag=True, help="Do not ask.")
@json_object
def delete(evaluation_ids: tuple[int, ...], is_sure: bool, as_json: bool) -> int:
    """Delete the figures of some for good.

    \b
    Examples:
      nerq evaluations delete 7
      nerq evaluations delete 3 4 5 --yes

    Jobs, models and gold files stay as they are. If one ID does not exist, nothing is deleted.
    """
    from worker import store

    with stored() as database:
        found = [store.find_evaluation(database, one) for one in sorted(set(evaluation_ids))]
        if not is_sure and not _is_confirmed(found):
            output.say("Nothing was deleted.")
            return EXIT_FAILURES
        store.delete_evaluations(database, [one.id for one in found])
    if as_json:
        render_one({"deleted": [one.id for one in found]})
    else:
        output.write(f"{count(len(found), 'evaluation')} deleted.\n")
    return EXIT_OK


def _refuse_options_of_the_list(ctx: click.Context) -> None:
    for option in ctx.command.params:
        if option.name and ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{option.opts[0]} is for the list; options of `{ctx.invoked_subcommand}` stand behind it.",
                ctx,
            )


def _nothing(model: str | None, gold: str | None) -> str:
    if model or gold:
        return "No such evaluation is kept; `nerq evaluations` lists all."
    return "No evaluation is kept: `nerq evaluate` makes one."


def _is_confirmed(found: Sequence[StoredEvaluation]) -> bool:
    if not output.reads_terminal():
        raise click.UsageError("Nobody is there to be asked; with --yes it is deleted without a question.")
    render_rows(map(_row, found), COLUMNS, "table", "")
    return click.confirm("Delete?", err=True)


def how(settings: Mapping[str, Any], job_id: int | None) -> str:
    """How a model read: `60 words, constrained, raw text, scores from 0.5`."""
    parts = [length(settings["window"]["max_words"])] if settings["window"] else []
    if settings["decoding"] not in (None, "constrained"):
        parts.append(settings["decoding"])
    if settings["raw"] and job_id is None:
        parts.append("raw text")
    if settings["min_score"] is not None:
        parts.append(f"scores from {settings['min_score']:g}")
    return ", ".join(parts)


def _print(one: StoredEvaluation) -> None:
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
    output.write("\n")
    print_figures(values.figures, Shown(full=True))


def _answer(one: StoredEvaluation) -> dict[str, Any]:
    """As `nerq evaluate` gave it, but for the text that is not kept."""
    return {**one.values.figures, **_facts(one)}


def _title(one: StoredEvaluation) -> str:
    values = one.values
    who = f"job {values.job_id} ({values.model_name})" if values.job_id else f"model {values.model_name}"
    return f"{who} on {', '.join(file.path for file in values.gold)}"


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

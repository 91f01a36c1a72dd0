"""`nerq models`: the models that are bundled or were used, and their export to other runtimes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.choose import SHORT_ID
from cli.next_steps import suggest
from cli.options import json_lines, json_object
from cli.output import say, warn, write
from cli.quantity import count
from cli.quantize import quantize
from cli.render import Column, render_one, render_rows
from cli.session import opened_database, read_settings, sqlite_path

if TYPE_CHECKING:
    from worker.settings import Settings
    from worker.store import Database, ModelRow

COLUMNS = (
    Column("name", cut="left"),
    Column("id", shown=lambda value: value[:SHORT_ID]),
    Column("bundled", shown=lambda value: "yes" if value else ""),
    Column("n_documents", "documents", right=True, shown=count),
    Column("labels", shown=", ".join, cut="right"),
    Column("path", cut="left"),
)


@click.group("models", invoke_without_command=True)
@json_lines
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the models that are bundled or were used.

    \b
    Examples:
      nerq models
      nerq models --json | jq .labels
      nerq models export general general-onnx --onnx    for other runtimes
      nerq models quantize general --gold gold.jsonl    may it run in 8 bits?

    DOCUMENTS counts those that a model has read. `nerq submit --model` takes a bundled name, a folder
    (`nerq train` makes one) or the id of a model on the Hugging Face hub.
    """
    if ctx.invoked_subcommand:
        if as_json:
            raise click.UsageError(f"--json belongs behind `{ctx.invoked_subcommand}`.", ctx)
        return
    rows = _rows(read_settings())
    render_rows(rows, COLUMNS, "jsonl" if as_json else "table", "No model is bundled and none was used.")
    if not as_json:
        suggest(("nerq submit PATH --model NAME", "read documents with one of them"))


@command.command("export")
@click.argument("model")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--onnx", is_flag=True, required=True, help="The format: ONNX, with the weights in 32 bits.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export.")
@json_object
def export(model: str, output: Path, onnx: bool, overwrite: bool, as_json: bool) -> None:
    """Write a model for another runtime, and check that it answers the same.

    \b
    Examples:
      nerq models export general general-onnx --onnx
      nerq models export models/mine mine.onnx --onnx --json | jq -r .sha256

    MODEL is a bundled name, a folder or a hub id. An OUTPUT that ends in .onnx is one file; else it is a folder
    that also gets the tokenizer and the rules for reading. onnxruntime runs the file on windows of several
    lengths: unless it finds the same labels there, nothing is written and the exit code is 1.
    """
    del onnx  # the only format
    read_settings()
    from training.onnx import export_onnx
    from worker.recognition import Checkpoint

    exported = export_onnx(Checkpoint.open(model), output, overwrite=overwrite)
    if as_json:
        render_one({**asdict(exported), "output": str(exported.output)})
        return
    size = f"{exported.n_bytes / 1e6:,.1f} MB"
    write(f"sha256 {exported.sha256}\n")
    say(
        f"Written to {exported.output} ({size}). On {count(exported.n_windows, 'window')} of "
        f"{count(exported.n_pieces, 'piece')} in all, onnxruntime gives the labels of torch; logits differ by "
        f"{exported.max_difference:.1g} at most."
    )


command.add_command(quantize)


def _rows(settings: Settings) -> Iterator[dict[str, Any]]:
    """One row a model: those of the database, then the bundled ones that it does not know."""
    bundled = {model["id"]: model for model in _bundled()}
    path = sqlite_path(settings)
    if path is None or path.exists():
        for model in _used(settings):
            yield {**model, "bundled": bundled.pop(model["id"], None) is not None}
    yield from bundled.values()


def _used(settings: Settings) -> Iterator[dict[str, Any]]:
    from worker import store

    with opened_database(settings) as database:
        for model in store.list_models(database):
            yield {
                "name": model.name,
                "id": model.id,
                "n_documents": model.n_done,
                "labels": entity_labels(model.labels),
                "path": model.path,
            }


def _bundled() -> Iterator[dict[str, Any]]:
    from worker.recognition import Checkpoint, bundled_models

    for name in bundled_models():
        checkpoint = Checkpoint.open(name)
        yield {
            "name": name,
            "id": checkpoint.id,
            "bundled": True,
            "n_documents": 0,
            "labels": list(checkpoint.labels.types),
            "path": str(checkpoint.folder),
        }


def entity_labels(tags: tuple[str, ...]) -> list[str]:
    """The labels of entities behind a model's tags, as it stores them: ("O", "B-PER", "I-PER") -> ["PER"]."""
    from worker.recognition.labels import LabelSet

    return list(LabelSet(tags).types)


def warn_of_unknown_labels(database: Database, labels: Iterable[str]) -> None:
    """Say which labels no model has that has read into this database: nothing can be found by them."""
    from worker import store

    known = {label for model in store.list_models(database) for label in entity_labels(model.labels)}
    if known and (unknown := [label for label in labels if label not in known]):
        warn(f"No model here finds {', '.join(unknown)}; they find {', '.join(sorted(known))}.")


def refuse_unknown_labels(model: ModelRow, labels: Iterable[str]) -> None:
    """Refuse labels that the model has not: what was asked for by them would be missing in silence."""
    known = entity_labels(model.labels)
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise click.BadParameter(
            f"{model.name} finds no {', '.join(unknown)}; it finds {', '.join(known)}.", param_hint="--label"
        )

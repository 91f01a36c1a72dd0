"""`nerq train`: fine-tune a model on labelled documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli import output
from cli.options import InputFile, json_object, quiet
from cli.render import render_one
from cli.session import read_settings
from training.options import TrainOptions

if TYPE_CHECKING:
    from training.train import Trained

_DEFAULTS = {name: field.default for name, field in TrainOptions.__dataclass_fields__.items()}
_Command = TypeVar("_Command", bound=Callable[..., Any])
_File = InputFile()


def _setting(name: str, kind: Any, text: str) -> Callable[[_Command], _Command]:
    """An option with the default of the field of TrainOptions that it sets."""
    return click.option(
        f"--{name.replace('_', '-')}", type=kind, default=_DEFAULTS[name], show_default=True, help=text
    )


@click.command("train")
@click.option(
    "--train",
    required=True,
    multiple=True,
    type=_File,
    help="Annotated file, CoNLL or JSONL; give it again for more.",
)
@click.option(
    "--dev", required=True, type=_File, help="Annotated file; the epoch that is best on it is kept."
)
@click.option(
    "--base", required=True, metavar="MODEL", help="What to start from: a bundled name, a folder or a hub id."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder of the new model.")
@_setting("epochs", click.IntRange(min=1), "Times through the training data.")
@_setting(
    "learning_rate", click.FloatRange(0, 1, min_open=True, max_open=True), "Its peak, after the warm-up."
)
@_setting(
    "warmup", click.FloatRange(0, 1, max_open=True), "Share of the steps in which the learning rate rises."
)
@_setting("weight_decay", click.FloatRange(min=0), "Weight decay of AdamW.")
@_setting("batch_pieces", click.IntRange(min=1), "Subword pieces of one step.")
@_setting("max_words", click.IntRange(min=0), "Words of the longest window; 0: single sentences.")
@_setting("max_pieces", click.IntRange(min=8), "Subword pieces of the longest window.")
@_setting("seed", int, "The same seed gives the same model.")
@_setting("threads", click.IntRange(min=1), "CPU threads; all cores if not given.")
@click.option(
    "--scheme",
    type=click.Choice(["IOB1", "IOB2", "BIOES"], case_sensitive=False),
    metavar="IOB1|IOB2|BIOES",
    help="Tagging scheme of CoNLL files; recognised and stated if not given.",
)
@click.option("--half-weights", is_flag=True, help="Store the weights in 16 bits: half the size.")
@click.option(
    "--notes",
    type=_File,
    help="Markdown file for the model card: licences of the data, limits of the model.",
)
@click.option("--overwrite", is_flag=True, help="Replace the output folder if it exists.")
@quiet
@json_object
def command(quiet: bool, as_json: bool, **values: Any) -> None:
    """Fine-tune a model on labelled documents.

    \b
    Examples:
      nerq train --train train.conll --dev dev.conll --base general --output models/mine
      nerq train --train a.jsonl --train b.jsonl --dev dev.jsonl --base distilbert-base-uncased --output mine
      nerq submit contracts/ --model models/mine      use it

    The output is a standard Hugging Face folder with a model card. Nothing is left in it unless the run
    comes to its end. A GPU is used where there is one.
    """
    read_settings()
    options = TrainOptions(**values)
    from cli.train_progress import TrainProgress
    from training.train import train

    trained = train(options, TrainProgress(quiet))
    if as_json:
        render_one(_answer(trained))
    else:
        _print(trained)


def _print(trained: Trained) -> None:
    from cli.scores import print_scores

    output.say(f"\nBest on dev: epoch {trained.best_epoch}, written to {trained.output}")
    print_scores(trained.best)
    output.say(f"\nNext: nerq submit PATH --model {trained.output}")


def _answer(trained: Trained) -> dict[str, Any]:
    return {
        "output": str(trained.output),
        "best_epoch": trained.best_epoch,
        "dev": trained.best.as_dict(),
        "epochs": list(trained.history),
    }

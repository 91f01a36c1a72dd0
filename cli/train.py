"""`nerq train`: fine-tune a model on labelled documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli import output
from cli.annotated_input import AnnotatedInput
from cli.options import FiniteRange, InputFile, json_object, quiet
from cli.render import render_one
from cli.sections import SectionedCommand, SectionedOption
from cli.session import read_settings
from training.options import CONTEXTS, DECODINGS, PRECISIONS, TrainOptions
from worker.errors import SettingsError

if TYPE_CHECKING:
    from training.train import Trained

_DEFAULTS = {name: field.default for name, field in TrainOptions.__dataclass_fields__.items()}
_Command = TypeVar("_Command", bound=Callable[..., Any])
_RATE = FiniteRange(0, 1, min_open=True, max_open=True)


class _InputPlace(InputFile):
    """A file or a folder to read."""

    def __init__(self) -> None:
        click.Path.__init__(self, path_type=Path)


def _option(section: str, name: str, kind: Any, text: str, **more: Any) -> Callable[[_Command], _Command]:
    """An option that sets a field of TrainOptions; without one of its own it has the default of the field."""
    if not more.get("required") and not more.get("multiple"):
        more = {"default": _DEFAULTS[name], "show_default": True, **more}
    flag = f"--{name.replace('_', '-')}"
    if kind is bool:
        return click.option(flag, cls=SectionedOption, section=section, is_flag=True, help=text)
    return click.option(flag, cls=SectionedOption, section=section, type=kind, help=text, **more)


def _options(section: str, *options: tuple[Any, ...]) -> Callable[[_Command], _Command]:
    """A section of the help: name, type and text of each option, and what else click is to know."""

    def decorate(command: _Command) -> _Command:
        for name, kind, text, *more in reversed(options):
            command = _option(section, name, kind, text, **(more[0] if more else {}))(command)
        return command

    return decorate


@click.command("train", cls=SectionedCommand)
@_options(
    "Data",
    (
        "train",
        AnnotatedInput(),
        "Annotated file, or folder of brat standoff; give it again for more.",
        {"required": True, "multiple": True},
    ),
    ("dev", AnnotatedInput(), "Annotated file; the epoch that is best on it is kept.", {"required": True}),
    (
        "base",
        str,
        "What to start from: a bundled name, a folder or a hub id.",
        {"required": True, "metavar": "MODEL"},
    ),
    (
        "scheme",
        click.Choice(["IOB1", "IOB2", "BIOES"], case_sensitive=False),
        "Tagging scheme of CoNLL files; recognised and stated if not given.",
        {"metavar": "IOB1|IOB2|BIOES"},
    ),
)
@_options(
    "Windows",
    (
        "context",
        click.Choice(CONTEXTS),
        "Lengths of the windows of training: mixed, from one sentence to --max-words; all as long as "
        "--max-words (document); or single sentences.",
    ),
    ("max_words", click.IntRange(min=0), "Words of the longest window; 0: single sentences."),
    (
        "sentence_share",
        FiniteRange(0, 1),
        "Of mixed lengths: about which share of the words stands in windows of one sentence.",
    ),
    ("max_pieces", click.IntRange(min=8), "Subword pieces of the longest window."),
)
@_options(
    "Optimisation",
    ("epochs", click.IntRange(min=1), "Times through the training data, at most."),
    (
        "patience",
        click.IntRange(min=1),
        "Stop after this many epochs without a better score on dev.",
        {"show_default": "never"},
    ),
    (
        "learning_rate",
        _RATE,
        "Its peak, after the warm-up.",
        {"show_default": "by the width of the network: 5e-5 for 768, 2e-4 for 384"},
    ),
    (
        "head_learning_rate",
        _RATE,
        "The peak for the new layers (head, CRF).",
        {"show_default": "--learning-rate"},
    ),
    (
        "layer_decay",
        FiniteRange(0, 1, min_open=True),
        "Each layer learns slower than the one above it by this factor, such as 0.9.",
    ),
    (
        "warmup",
        FiniteRange(0, 1, max_open=True),
        "Share of the steps in which the learning rate rises; then it falls to 0.",
    ),
    ("weight_decay", FiniteRange(min=0), "Weight decay of AdamW."),
    ("batch_pieces", click.IntRange(min=1), "Subword pieces that go through the network together."),
    ("accumulate", click.IntRange(min=1), "Batches of one step: larger steps in the same memory."),
    (
        "precision",
        click.Choice(PRECISIONS),
        "Of the computation; the weights have 32 bits. auto: bf16 where the hardware computes it.",
    ),
    ("threads", click.IntRange(min=1), "CPU threads.", {"show_default": "all cores"}),
    ("seed", int, "The same seed gives the same model on the same machine."),
)
@_options(
    "Loss and decoding",
    (
        "decoding",
        click.Choice(DECODINGS),
        "How labels are chosen: each word's likeliest (argmax), the likeliest legal sequence (constrained), or by "
        "a linear-chain CRF, which is trained too.",
    ),
    (
        "class_weights",
        str,
        "Weights of the labels in the loss: balanced (rare labels weigh more), or a list; the others weigh 1.",
        {"metavar": "balanced|LABEL=WEIGHT,...", "show_default": "all alike"},
    ),
)
@_options(
    "Learning from a larger model",
    (
        "teacher",
        str,
        "A model with the same labels, whose probabilities are learned beside the labels.",
        {"metavar": "MODEL"},
    ),
    (
        "unlabelled",
        _InputPlace(),
        "Texts that only the teacher labels: a file or folder as `nerq submit` reads it; give it again for more.",
        {"multiple": True, "metavar": "PATH"},
    ),
    (
        "unlabelled_ratio",
        FiniteRange(0, min_open=True),
        "How much unlabelled text is in an epoch, as a multiple of the labelled text.",
    ),
    ("teacher_weight", FiniteRange(0, 1), "Share of the teacher in the loss of a labelled word."),
    (
        "temperature",
        FiniteRange(0, min_open=True),
        "Above 1 the teacher's second thoughts count for more.",
    ),
    (
        "teacher_rows",
        click.Path(dir_okay=False, path_type=Path),
        "File that keeps the teacher's probabilities, for other runs with the same data.",
        {"metavar": "FILE"},
    ),
)
@_options(
    "Output",
    ("output", click.Path(path_type=Path), "Folder of the new model.", {"required": True}),
    ("overwrite", bool, "Replace the output folder if it exists."),
    ("restart", bool, "Begin anew where an interrupted run of the same command would go on."),
    ("half_weights", bool, "Store the weights in 16 bits: half the size."),
    ("notes", InputFile(), "Markdown file for the model card: licences of the data, limits of the model."),
    (
        "tensorboard",
        click.Path(file_okay=False, path_type=Path),
        "Folder for TensorBoard logs; needs the package tensorboard.",
        {"metavar": "FOLDER"},
    ),
)
@quiet
@json_object
def command(quiet: bool, as_json: bool, **values: Any) -> None:
    """Fine-tune a model on labelled documents.

    \b
    Examples:
      nerq train --train train.conll --dev dev.conll --base general --output models/mine
      nerq train --train a.jsonl --train b.jsonl --dev dev.jsonl --base distilbert-base-uncased --output mine
      nerq train ... --base roberta-base --decoding crf --layer-decay 0.9 --patience 3 --output large
      nerq train ... --base general --teacher large --unlabelled contracts/ --output small
      torchrun --nproc-per-node 4 --no-python nerq train ...      on 4 GPUs
      nerq submit contracts/ --model models/mine      use it

    The output is a standard Hugging Face folder with a model card. Nothing is left in it unless the run
    comes to its end. A run that was interrupted after an epoch goes on from there when the same command is
    given again. A GPU is used where there is one; to use several start one process for each, with torchrun
    or `accelerate launch`. A step then takes a batch of each process.
    """
    settings = read_settings()
    try:
        options = TrainOptions(**values, engine=settings.engine)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    from cli.train_progress import TrainProgress
    from training.processes import is_first
    from training.train import train

    progress = TrainProgress(quiet)
    try:
        with progress:
            trained = train(options, progress)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(_advice(progress.n_kept)) from interrupt
    if not is_first():
        return
    if as_json:
        render_one(_answer(trained))
    else:
        _print(trained)


def _advice(n_kept: int) -> str:
    if n_kept == 0:
        return "Interrupted before an epoch was done: nothing new is kept."
    return f"Interrupted. The same command goes on after epoch {n_kept}; with --restart it begins anew."


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
        "facts": trained.facts,
    }

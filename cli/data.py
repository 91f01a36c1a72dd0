"""`nerq data`: check labelled data before a model is trained on it, and carry it from one format into another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.annotated_input import AnnotatedInput
from cli.next_steps import suggest
from cli.options import json_object, quiet
from cli.quantity import count
from cli.render import render_one
from cli.session import read_settings
from worker.errors import EXIT_FAILURES, EXIT_OK, InputError

if TYPE_CHECKING:
    from worker.annotations import AnnotatedFile, Format

_FORMATS = ("conll", "jsonl", "brat", "doccano", "label-studio")

_scheme = click.option(
    "--scheme",
    type=click.Choice(["IOB1", "IOB2", "BIOES"], case_sensitive=False),
    metavar="IOB1|IOB2|BIOES",
    help="Tagging scheme of CoNLL files; recognised and stated if not given.",
)


@click.group("data")
def command() -> None:
    """Check labelled data, or write it in another format.

    \b
    Examples:
      nerq data check train.conll --dev dev.conll        before training on it
      nerq data check corpus/ --json | jq .warnings      a folder of brat standoff
      nerq data convert corpus/ train.jsonl --format jsonl

    Read and written are CoNLL columns, JSON Lines with spans, brat standoff, doccano's JSON Lines and Label
    Studio's JSON; which one a file is in is told by its name and content, and stated.
    """


@command.command("check")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=AnnotatedInput())
@click.option("--dev", type=AnnotatedInput(), help="What a model is to be chosen on; compared with FILE.")
@_scheme
@click.option("--model", metavar="MODEL", help="Count pieces as this model does. [default: general]")
@click.option(
    "--base",
    metavar="MODEL",
    help="Count them as a model would that is trained from this: a folder or hub id.",
)
@click.option("--show-text", is_flag=True, help="Show the text of entities that do not fit the words.")
@click.option(
    "--all", "shows_all", is_flag=True, help="List all that is found, not the first ones of each kind."
)
@json_object
def check(
    paths: tuple[Path, ...],
    dev: Path | None,
    scheme: str | None,
    model: str | None,
    base: str | None,
    show_text: bool,
    shows_all: bool,
    as_json: bool,
) -> int:
    """Say what labelled data holds and what is wrong with it.

    \b
    Examples:
      nerq data check train.conll --dev dev.conll
      nerq data check corpus/ more.jsonl --base distilbert-base-uncased
      nerq data check train.conll --json | jq -r '.errors[] | "\\(.path):\\(.line) \\(.message)"'

    Errors are what `nerq train` and `nerq evaluate` refuse: tags that the scheme does not allow, entities that
    overlap or lie outside their text, lines that are not as the format asks. All of them are found, by file and
    line, and left out of the figures. Warnings are what costs a model if it is not meant: labels with few examples,
    entities that begin or end inside a word, documents that are in train and in dev.

    Words are found by the rule that fits FILE best, as `nerq train` does it. The exit code is 1 when there are
    errors.
    """
    if model and base:
        raise click.UsageError("Give either --model or --base.")
    read_settings()
    from cli.data_report import print_check
    from training.check import check_data
    from training.vocabulary import Vocabulary

    vocabulary = Vocabulary.of_base(base) if base else Vocabulary.of_model(model or "general")
    found = check_data(paths, (dev,) if dev else (), scheme=scheme, vocabulary=vocabulary)
    if as_json:
        render_one(found.as_dict(with_text=show_text))
    else:
        print_check(found, show_text, shows_all)
        if found.is_usable:
            suggest(("nerq train --train FILE --dev FILE --base general --output DIR", "train a model on it"))
    return EXIT_OK if found.is_usable else EXIT_FAILURES


@command.command("convert")
@click.argument("source", metavar="IN", type=AnnotatedInput())
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(_FORMATS),
    metavar="|".join(_FORMATS),
    help="What to write; brat is a folder, the others are a file.",
)
@_scheme
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@quiet
@json_object
def convert(
    source: Path, target: Path, form: Format, scheme: str | None, overwrite: bool, quiet: bool, as_json: bool
) -> None:
    """Write labelled data in another format.

    \b
    Examples:
      nerq data convert train.conll corpus --format brat
      nerq data convert export.json train.jsonl --format jsonl
      nerq data convert gold.jsonl gold.conll --format conll

    OUT is written whole or not at all. CoNLL keeps words and no white space, the other formats keep the text and no
    words. CoNLL is written with IOB2 tags, for Label Studio offsets count UTF-16 units as it does.
    """
    read_settings()
    from worker.annotations import read_annotations, write_annotations

    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already; give another OUT, or --overwrite.")
    file = read_annotations(source, scheme)
    write_annotations(file.documents, target, form)
    if not quiet:
        _tell(file, target, form)
    if as_json:
        render_one(_conversion(file, target, form))


def _tell(file: AnnotatedFile, target: Path, form: Format) -> None:
    n_entities = sum(len(document.spans) for document in file.documents)
    held = f"{count(len(file.documents), 'document')}, {count(n_entities, 'entity', 'entities')}"
    output.say(f"Read {file.path} ({_format(file)}): {held}.")
    for what, n in file.remarks.items():
        output.say(f"  {n:,} {what}")
    has_words = any(document.sentences is not None for document in file.documents)
    has_text = all(document.has_text for document in file.documents)
    if form == "conll" and not has_words:
        output.say("  Words were cut at white space and at entities; the white space itself is lost.")
    elif form != "conll" and has_words:
        output.say("  Words and sentences are lost: this format has only the text.")
    if form != "conll" and not has_text:
        output.say("  The text was put together from words: a sentence a line, spaces by rule.")
    output.say(f"Wrote {target} ({form}).")


def _conversion(file: AnnotatedFile, target: Path, form: Format) -> dict[str, Any]:
    return {
        "input": {"path": str(file.path), "format": file.format, "scheme": file.scheme},
        "output": {"path": str(target), "format": form},
        "documents": len(file.documents),
        "entities": sum(len(document.spans) for document in file.documents),
        "remarks": dict(file.remarks),
    }


def _format(file: AnnotatedFile) -> str:
    return f"{file.format}, {file.scheme}" if file.scheme else file.format

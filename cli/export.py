"""`nerq export`: write the documents of a job with their entities in a format of another tool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.choose import find_model
from cli.left_out import left_out_fields, warn_of_left_out
from cli.models import refuse_unknown_labels
from cli.options import FiniteRange, json_object, quiet, split_labels
from cli.progress import Moment, make_display
from cli.quantity import count
from cli.render import render_one
from cli.session import stored
from worker.errors import EXIT_FAILURES, EXIT_OK, InputError

if TYPE_CHECKING:
    from worker.annotations.units import Unit
    from worker.export.selection import Tally, Wanted
    from worker.export.writing import Format, Plan
    from worker.store import Database, Job, JobDocument

_FORMATS = ("jsonl", "csv", "parquet", "conll", "brat", "doccano", "label-studio", "spacy")
_NO_STREAMS = ("parquet", "brat", "spacy")
#: The others have a convention of their own.
_WITH_UNITS = ("jsonl", "csv", "parquet")
_STDOUT = Path("-")


@click.command("export")
@click.argument("job", metavar="[JOB]", default="last")
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(_FORMATS),
    metavar="|".join(_FORMATS),
    help="What to write.",
)
@click.option(
    "--output",
    "-o",
    "target",
    metavar="PATH",
    type=click.Path(path_type=Path, allow_dash=True),
    default=_STDOUT,
    help="Where to; - is standard output. [default: -]",
)
@click.option(
    "--label", multiple=True, callback=split_labels, metavar="LABEL", help="Only these labels, e.g. PER,ORG."
)
@click.option("--min-score", type=FiniteRange(0, 1), help="Only entities at least this probable.")
@click.option(
    "--offsets",
    type=click.Choice(["codepoints", "utf16", "bytes"]),
    help="In jsonl, csv and parquet, what offsets count. [default: codepoints]",
)
@click.option(
    "--excel-safe",
    is_flag=True,
    help="In csv, put ' before a cell that a spreadsheet would run as a formula.",
)
@click.option("--bom", is_flag=True, help="In csv, begin with the mark by which Excel knows UTF-8.")
@click.option("--overwrite", is_flag=True, help="Replace PATH if it exists.")
@quiet
@json_object
def command(
    job: str,
    form: Format,
    target: Path,
    label: tuple[str, ...],
    min_score: float | None,
    offsets: Unit | None,
    excel_safe: bool,
    bom: bool,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Write a job's documents and entities for another tool.

    \b
    Examples:
      nerq export --format jsonl > found.jsonl              the last job
      nerq export letters --format conll -o letters.conll
      nerq export 7 --format brat -o corpus --label PER,ORG
      nerq export 7 --format csv --excel-safe --bom -o names.csv
      nerq export 7 --format spacy -o found.spacy --json

    \b
    jsonl         a line a document: text, path, model, entities with scores
    csv           a line an entity, without the texts
    parquet       a row a document, with the fields of jsonl (extra: nerq[parquet])
    conll         a word a line with its IOB2 tag, in the words and sentences of the model
    brat          a folder of .txt and .ann that mirrors the documents; scores are notes
    doccano       a line a document; no scores
    label-studio  a JSON array; entities are predictions with scores
    spacy         a DocBin in the words of the model (extra: nerq[spacy])

    Offsets count code points, START included, END not; for jsonl, csv and parquet --offsets says otherwise. Label
    Studio counts UTF-16 units; brat, doccano and spaCy count code points; CoNLL keeps no offsets and no white space.
    spaCy's doc.spans["sc"] has the scores, doc.user_data["nerq"] the path.

    A file or folder is written whole or not at all. Memory does not grow with the job, except for spacy, whose file
    is one object. Documents that were not read, or that the format cannot hold, are left out and named, and the exit
    code is 1.
    """
    _refuse_misfits(form, target, offsets, excel_safe or bom, as_json)
    with stored() as database:
        from worker import store
        from worker.export.selection import Tally, Wanted

        found = store.find_job(database, job)
        plan = _plan(database, found, form, offsets or "codepoints", excel_safe, bom, label)
        if target != _STDOUT and target.exists() and _would_be_replaced(target) and not overwrite:
            raise InputError(f"{target} exists already; give another PATH, or --overwrite.")
        tally = Tally()
        with _documents(
            database, found, Wanted(frozenset(label), min_score or 0.0), tally, quiet
        ) as documents:
            if target == _STDOUT:
                _print(plan, documents, tally)
            else:
                plan.write(documents, tally, target)
        _tell(plan, tally, target, found.id, is_quiet=quiet or as_json)
        if as_json:
            render_one(_answer(plan, tally, target, found.id))
    return EXIT_FAILURES if tally.n_left_out else EXIT_OK


def _refuse_misfits(
    form: Format, target: Path, offsets: Unit | None, is_for_excel: bool, as_json: bool
) -> None:
    if target == _STDOUT and form in _NO_STREAMS:
        raise click.UsageError(
            f"{form} is no stream: name a {'folder' if form == 'brat' else 'file'} with -o PATH."
        )
    if target == _STDOUT and as_json:
        raise click.UsageError("--json sums up what was written to a file: give -o PATH.")
    if offsets and form not in _WITH_UNITS:
        raise click.UsageError(
            f"--offsets is for {', '.join(_WITH_UNITS)}: {form} has a convention of its own."
        )
    if is_for_excel and form != "csv":
        raise click.UsageError("--excel-safe and --bom are for --format csv.")


def _would_be_replaced(target: Path) -> bool:
    """Whether there is something to lose: not in a pipe, a device or an empty folder."""
    return any(target.iterdir()) if target.is_dir() else target.is_file()


def _plan(
    database: Database,
    job: Job,
    form: Format,
    unit: Unit,
    excel_safe: bool,
    bom: bool,
    labels: tuple[str, ...],
) -> Plan:
    from worker.export.streams import Source, Style
    from worker.export.writing import Plan
    from worker.recognition.words import WordRule
    from worker.store.paths import common_folder

    model = find_model(database, job.model_id)
    refuse_unknown_labels(model, labels)
    source = Source(model.id, model.name, WordRule(model.details.get("word_rule", WordRule.NEWS)))
    return Plan(form, source, Style(unit, excel_safe, bom), common_folder(database, job.id))


@contextmanager
def _documents(
    database: Database, job: Job, wanted: Wanted, tally: Tally, is_quiet: bool
) -> Iterator[Iterator[JobDocument]]:
    """The documents, which show how far they are while they are read."""
    from worker import store
    from worker.export.selection import read_documents

    n_sources = store.job_progress(database, job.id).n_sources
    with make_display(is_quiet) as display:
        documents = read_documents(
            database, job, wanted, tally, lambda number: display.show(Moment(number, n_sources))
        )
        with closing(documents):
            yield documents


def _print(plan: Plan, documents: Iterator[JobDocument], tally: Tally) -> None:
    for line in plan.lines(documents, tally):
        output.write_data(f"{line}\n")
    output.finish()


def _tell(plan: Plan, tally: Tally, target: Path, job_id: int, is_quiet: bool) -> None:
    """What was written, where it is not told on standard output; and in any case what is missing in it."""
    held = f"{count(tally.n_documents, 'document')}, {count(tally.n_entities, 'entity', 'entities')}"
    if not is_quiet and target != _STDOUT:
        output.say(f"Wrote {target} ({plan.form}): {held} of job {job_id}.")
    if tally.n_cut_words:
        output.warn(
            f"{count(tally.n_cut_words, 'word')} had to be cut, since an entity begins or ends inside: the job was "
            "read by other word rules than this nerq's."
        )
    warn_of_left_out(tally, "what was written", job_id)


def _answer(plan: Plan, tally: Tally, target: Path, job_id: int) -> dict[str, Any]:
    has_units = plan.form in _WITH_UNITS
    return {
        "job": job_id,
        "model": plan.source.model_name,
        "model_id": plan.source.model_id,
        "path": str(target),
        "format": plan.form,
        "offsets": plan.style.offsets if has_units else None,
        "documents": tally.n_documents,
        "entities": tally.n_entities,
        "labels": dict(sorted(tally.labels.items())),
        "cut_words": tally.n_cut_words,
        **left_out_fields(tally),
    }

"""`nerq redact`: write copies of documents with their names replaced."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.choose import find_model
from cli.left_out import left_out_fields, warn_of_left_out
from cli.models import refuse_unknown_labels
from cli.options import FiniteRange, OutputFile, json_object, quiet, split_labels
from cli.progress import Moment, make_display
from cli.quantity import breakdown, count
from cli.render import render_facts, render_one
from cli.session import opened_database, read_settings
from cli.visible import visible
from worker.errors import EXIT_FAILURES, EXIT_OK, InputError, NotFoundError

if TYPE_CHECKING:
    from worker.redaction.job import Redaction
    from worker.redaction.signs import Style
    from worker.settings import Settings
    from worker.store import Database, Job

_STYLES = ("mask", "label", "pseudonym", "hash")
_WITH_MAP = ("pseudonym", "hash")
_NO_PROMISE = (
    "Names that the model did not find are still there, and so are the names of the files. This is no certified "
    "de-identification: read the copies before you give them away."
)


@click.command("redact")
@click.argument("origin", metavar="JOB|PATH")
@click.option(
    "--output",
    "-o",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder of the copies: a new one, or an empty one.",
)
@click.option(
    "--label",
    "--labels",
    "labels",
    multiple=True,
    callback=split_labels,
    metavar="LABEL",
    help="Only these labels, e.g. PER,ORG.",
)
@click.option(
    "--style",
    type=click.Choice(_STYLES),
    default="label",
    show_default=True,
    help="What stands in the place of a name.",
)
@click.option(
    "--map",
    "map_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="For pseudonym and hash: keep here which sign stands for which name.",
)
@click.option(
    "--report",
    "report_path",
    metavar="FILE",
    type=OutputFile(),
    help="Write a table of what was replaced where, without the names (CSV).",
)
@click.option("--min-score", type=FiniteRange(0, 1), help="Only entities at least this probable.")
@click.option(
    "--everywhere", is_flag=True, help="Replace a name that was found once wherever the job has it."
)
@click.option(
    "--model", metavar="MODEL", help="For PATH: the model to read it with. [default: as nerq submit]"
)
@click.option("--overwrite", is_flag=True, help="Replace DIR if it holds copies of before.")
@quiet
@json_object
def command(
    origin: str,
    folder: Path,
    labels: tuple[str, ...],
    style: Style,
    map_path: Path | None,
    report_path: Path | None,
    min_score: float | None,
    everywhere: bool,
    model: str | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Write copies of documents with their names replaced.

    \b
    Examples:
      nerq redact letters/ -o redacted                      reads the folder first, as nerq submit does
      nerq redact last -o redacted --label PER,LOC          what a job has read
      nerq redact 7 -o redacted --style pseudonym --map key.json
      nerq redact 7 -o redacted --report replaced.csv       which places were replaced by what
      nerq redact 7 -o redacted --style mask --everywhere

    \b
    mask       ███████, as long as the name: places in the text stay where they are
    label      [PER]
    pseudonym  PER-1, the same for every spelling of a name that differs in case or white space only
    hash       PER-5d0c41e9b2a7f386, an HMAC of the name; its key is in the map, or is thrown away without one

    Names that the model did not find stay in the copies, and names of files are kept: this is no certified
    de-identification. Measure what your model misses (nerq evaluate) and read the copies before you give them away.

    Replaced is what the model found, where it found it. --everywhere also replaces every other place in the job that
    reads the same, in whole words. It is not the default since one mistake of the model, or a name that is a word as
    well (May, Will), is then replaced everywhere.

    A PATH is read into the database, texts and all, with the model that nerq submit would take; what that has read
    before is not read again.

    A map that is there goes on: its names keep their signs. It is readable by its owner only, and must not lie in DIR.
    Copies are plain text in UTF-8 and mirror the folder of the documents: deed.pdf becomes deed.pdf.txt, a record of
    a JSON Lines file becomes a file. DIR is written whole or not at all. Documents that were not read have no copy:
    they are named, and the exit code is 1.
    """
    from worker.export.selection import Wanted
    from worker.redaction.copies import refuse_folder
    from worker.redaction.job import Redaction
    from worker.redaction.name_map import NameMap

    _refuse_misfits(origin, folder, style, map_path, report_path)
    refuse_folder(folder, overwrite)
    settings = read_settings()
    with opened_database(settings, make=Path(origin).exists() or origin == "-") as database:
        job = _job(database, origin, settings, model, quiet)
        if job is None:
            output.warn("Nothing to read, and nothing was written.")
            return EXIT_FAILURES
        refuse_unknown_labels(find_model(database, job.model_id), labels)
        wanted = Wanted(frozenset(labels), min_score or 0.0)
        names = NameMap.read(map_path, style) if map_path else NameMap(style)
        redaction = Redaction(wanted, style, names, map_path, report_path, everywhere)
        _write(redaction, database, job, folder, quiet)
    if as_json:
        render_one(_answer(redaction, job, folder))
    else:
        render_facts(
            _facts(redaction),
            f"Job {job.id}: {count(redaction.tally.n_documents, 'copy', 'copies')} in {folder}",
        )
        output.say(_NO_PROMISE)
    warn_of_left_out(redaction.tally, str(folder), job.id)
    return EXIT_FAILURES if redaction.tally.n_left_out else EXIT_OK


def _refuse_misfits(
    origin: str, folder: Path, style: Style, map_path: Path | None, report_path: Path | None
) -> None:
    if Path(origin).is_dir() and folder.resolve().is_relative_to(Path(origin).resolve()):
        raise click.UsageError("DIR must not lie in PATH: the copies would be read with it the next time.")
    if report_path and report_path.resolve().is_relative_to(folder.resolve()):
        raise click.UsageError("--report must not lie in DIR, which takes its place as a whole.")
    if map_path is None:
        return
    if style not in _WITH_MAP:
        raise click.UsageError(
            f"--map is for --style {' and '.join(_WITH_MAP)}: {style} has nothing to keep."
        )
    if map_path.resolve().is_relative_to(folder.resolve()):
        raise click.UsageError("--map must not lie in DIR: who gets the copies would get the names, too.")


def _job(
    database: Database, origin: str, settings: Settings, model: str | None, is_quiet: bool
) -> Job | None:
    """The job of that name, or the one that has read the path just now; None: there was nothing to read.

    Raises:
        InputError: it is both.
        NotFoundError: it is neither.
    """
    from worker import store

    is_path = origin == "-" or Path(origin).exists()
    try:
        found = store.find_job(database, origin)
    except NotFoundError:
        if not is_path:
            raise NotFoundError(
                f"{visible(origin)} is neither a job (see `nerq status`) nor a path."
            ) from None
        return _submit(database, origin, settings, model, is_quiet)
    if is_path:
        raise InputError(
            f"{origin} is a job and a path: write ./{origin} for the path, or the number of the job."
        )
    if model is not None:
        raise click.UsageError("--model is for PATH: a job has been read already.")
    return found


def _submit(
    database: Database, path: str, settings: Settings, model: str | None, is_quiet: bool
) -> Job | None:
    """Read the path as `nerq submit --wait` does; what this model has read before is not read again."""
    from cli.intake import Intake
    from cli.submission import Submission, open_model
    from cli.submit import read_chunks, read_options
    from worker import store

    facts = open_model(model or settings.model)
    intake = Intake()
    submission = Submission(settings, database, facts, None, {"paths": [path]}, intake)
    with closing(read_chunks((path,), read_options(settings), intake)) as read:
        progress = submission.submit(read, again=False, waits=True, quiet=is_quiet)
    return store.find_job(database, str(progress.job.id)) if progress else None


def _write(redaction: Redaction, database: Database, job: Job, folder: Path, is_quiet: bool) -> None:
    """Write the copies and show how far they are. Raises InputError if no document of the job was read."""
    from worker import store

    progress = store.job_progress(database, job.id)
    if not progress.states[store.ExtractionStatus.DONE]:
        raise InputError(
            f"No document of job {job.id} was read, so nothing was written: `nerq status {job.id}`."
        )
    total = progress.n_sources * (2 if redaction.is_everywhere else 1)
    numbers = itertools.count(1)
    with make_display(is_quiet) as display:
        redaction.write(database, job, folder, lambda: display.show(Moment(next(numbers), total)))


def _facts(redaction: Redaction) -> Iterator[tuple[str, str]]:
    replaced = redaction.replaced
    yield "replaced", breakdown(replaced.found) or "nothing"
    if redaction.is_everywhere:
        yield "elsewhere", breakdown(replaced.elsewhere) or "nothing"
    if redaction.style in _WITH_MAP:
        kept = f", kept in {redaction.map_path}" if redaction.map_path else ", not kept: no --map was given"
        yield "names", f"{count(len(redaction.names))}{kept}"


def _answer(redaction: Redaction, job: Job, folder: Path) -> dict[str, Any]:
    replaced = redaction.replaced
    return {
        "job": job.id,
        "path": str(folder),
        "style": redaction.style,
        "map": str(redaction.map_path) if redaction.map_path else None,
        "report": str(redaction.account_path) if redaction.account_path else None,
        "documents": redaction.tally.n_documents,
        "replaced": dict(sorted(replaced.found.items())),
        "replaced_elsewhere": dict(sorted(replaced.elsewhere.items())) if redaction.is_everywhere else None,
        **left_out_fields(redaction.tally),
    }

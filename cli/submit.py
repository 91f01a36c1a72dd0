"""`nerq submit`: read documents and put their entities into the database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.intake import Intake, chunks
from cli.options import NO_WAIT_NEEDS_A_BROKER, FiniteRange, json_object, quiet
from cli.session import opened_database, read_settings
from worker.errors import InputError

if TYPE_CHECKING:
    from worker.documents import ReadOptions
    from worker.settings import Settings
    from worker.store import NewSource

_PLACES = click.Path(allow_dash=True)  # whether they exist is seen where they are read: that is exit code 4


@click.command("submit")
@click.argument("paths", nargs=-1, required=True, type=_PLACES, metavar="PATH...")
@click.option(
    "--model", metavar="MODEL", help="A bundled name, a folder or a hub id. [default: NERQ_MODEL, or general]"
)
@click.option("--name", help="A name for the job, to use in place of its number.")
@click.option(
    "--include", multiple=True, metavar="GLOB", help="In folders, read only files like this, e.g. '*.log'."
)
@click.option("--encoding", help="Encoding of every file; found out for each if not given.")
@click.option(
    "--text-field", help="Field or column that holds the text. [default: text, or what can only be it]"
)
@click.option("--id-field", help="Field or column that names a record. [default: id]")
@click.option(
    "--delimiter", help="Between the columns of a CSV file, such as ';' or 'tab'; found out if not given."
)
@click.option("--again", is_flag=True, help="Read anew what is done, and try again what failed.")
@click.option(
    "--dry-run", "-n", is_flag=True, help="Read everything and say what would happen; store nothing."
)
@click.option(
    "--watch-folder", is_flag=True, help="Go on until told to stop, and take each file once no one writes it."
)
@click.option(
    "--every",
    type=FiniteRange(min=0.05),
    default=5.0,
    show_default=True,
    help="Seconds between two looks, with --watch-folder.",
)
@click.option(
    "--wait/--no-wait", default=None, help="Wait for the end. [default: wait without a broker, else return]"
)
@quiet
@json_object
def command(
    paths: tuple[str, ...],
    model: str | None,
    again: bool,
    dry_run: bool,
    wait: bool | None,
    quiet: bool,
    as_json: bool,
    name: str | None,
    watch_folder: bool,
    every: float,
    **reading: Any,
) -> int:
    """Read documents and put their entities into the database.

    \b
    Examples:
      nerq submit contracts/                       a folder, with all folders in it
      nerq submit a.pdf notes/ mail.zip            files, folders, archives
      nerq submit notes.csv --text-field body      a document for each row
      nerq submit logs/ --include '*.log' --name logs
      nerq submit mail/ --model models/mine --wait
      cat letter.txt | nerq submit -               standard input
      nerq submit inbox/ --watch-folder            take files as they come, until Ctrl-C

    Without a broker the work is done here and now. With one (NERQ_BROKER) it is queued for `nerq worker`, and
    the command returns at once. What was read before by the same model is not read again, so an interrupted
    submit goes on where it was when it is given again. A file that cannot be read fails alone, with a reason:
    `nerq errors JOB`. In folders and archives, hidden files and those that there is no reader for are counted, not
    failed.

    Read are text, Markdown, PDF, DOCX, ODT, RTF, HTML, EML, JSON Lines, CSV, TSV, Parquet (extra: nerq[parquet]),
    gzip and zip. What a file is, its content decides before its name does.

    The exit code is 0 when all is done (or queued), 1 when documents failed, 4 when a PATH does not exist.
    """
    if watch_folder:
        from cli.watch import refuse_misfits

        refuse_misfits(paths, again, dry_run, wait)
    settings = read_settings()
    if wait is False and not settings.broker:
        raise click.UsageError(NO_WAIT_NEEDS_A_BROKER)
    if watch_folder:
        return _watch(settings, paths, model, name, reading, every, quiet, as_json)
    intake = Intake()
    with closing(read_chunks(paths, read_options(settings, **reading), intake)) as read:
        if dry_run:
            from cli.dry_run import report

            return report(read, intake, as_json)
        from cli.submission import Submission, open_model

        facts = open_model(model or settings.model)
        with opened_database(settings, make=True) as database:
            options = {"paths": list(paths), "again": again, **reading}
            submission = Submission(settings, database, facts, name, options, intake)
            return submission.run(read, again, wait or not settings.broker, quiet, as_json)


def _watch(
    settings: Settings,
    paths: tuple[str, ...],
    model: str | None,
    name: str | None,
    reading: dict[str, Any],
    every: float,
    quiet: bool,
    as_json: bool,
) -> int:
    from cli.submission import open_model
    from cli.watch import watch

    options = read_options(settings, **reading)
    facts = open_model(model or settings.model)
    with opened_database(settings, make=True) as database:
        return watch(settings, database, facts, paths, name, options, reading, every, quiet, as_json)


def read_options(settings: Settings, **reading: Any) -> ReadOptions:
    """What the command line and the settings say of reading. Raises click.BadParameter."""
    from worker.documents import ReadOptions

    limits: dict[str, Any] = {
        "max_file_bytes": settings.max_file_bytes,
        "limit_s": settings.reader_limit_s,
        "memory_bytes": settings.reader_memory_bytes,
    }
    if (reading.get("delimiter") or "").lower() in ("tab", r"\t"):
        reading["delimiter"] = "\t"
    try:
        return ReadOptions(**limits, **reading)
    except InputError as error:
        hint = "--delimiter" if "delimiter" in str(error) else "--encoding"
        raise click.BadParameter(str(error), param_hint=hint) from error


def read_chunks(
    paths: tuple[str, ...], options: ReadOptions, intake: Intake
) -> Generator[list[NewSource], None, None]:
    """Sources in chunks; reading stops when it is closed. Raises NotFoundError at once if a path does not exist."""
    from worker.documents import read_sources

    if "-" in paths and output.reads_terminal():
        output.say("Reading from the terminal; end with Ctrl-D.")
    return chunks(read_sources(paths, options, intake.skip, intake.understand))

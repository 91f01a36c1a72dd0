"""`nerq report`: a job as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.options import OutputFile, json_object, quiet
from cli.progress import Moment, make_display
from cli.quantity import count
from cli.render import render_one
from cli.session import stored
from worker.errors import InputError

if TYPE_CHECKING:
    from worker.report import Content, Limits
    from worker.store import Database, Job

_DOCUMENTS = 2_000


@click.command("report")
@click.argument("job", metavar="[JOB]", default="last")
@click.option("--output", "-o", "target", metavar="FILE", type=OutputFile(), required=True, help="Where to.")
@click.option(
    "--limit-documents",
    metavar="N",
    type=click.IntRange(min=0),
    default=_DOCUMENTS,
    show_default=True,
    help="Documents in the page, the first ones of the job.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@quiet
@json_object
def command(
    job: str, target: Path, limit_documents: int, overwrite: bool, quiet: bool, as_json: bool
) -> None:
    """Write a job as one HTML page: charts, names, marked documents.

    \b
    Examples:
      nerq report -o report.html                            the last job
      nerq report letters -o letters.html
      nerq report 7 -o report.html --limit-documents 100    a smaller page
      nerq report 7 -o figures.html --limit-documents 0     no texts: figures, charts and names

    The page is one file that loads nothing and sends nothing; open it in a browser. Names and documents can be
    filtered, sorted and opened, with the mouse or the keyboard.

    It holds texts of documents, so only its owner may read the file: think of who gets it. Figures, charts and names
    are those of the whole job. The page holds at most N documents, 20,000 names, 1,000 failures and 40 million
    characters of text, 2 million of one document; what is beyond is counted in the page and in a warning.
    """
    from worker.report import Limits, write_report

    if target.exists() and target.is_file() and not overwrite:
        raise InputError(f"{target} exists already; give another FILE, or --overwrite.")
    with stored() as database:
        from worker import store

        found = store.find_job(database, job)
        content = _gather(database, found, Limits(documents=limit_documents), quiet)
    write_report(target, content)
    if as_json:
        render_one(_answer(content, target))
    _tell(content, target, is_quiet=quiet or as_json)


def _gather(database: Database, job: Job, limits: Limits, is_quiet: bool) -> Content:
    from worker import store
    from worker.report import gather

    n_documents = min(sum(store.job_progress(database, job.id).states.values()), limits.documents)
    with make_display(is_quiet) as display:
        return gather(database, job, limits, lambda n: display.show(Moment(n, n_documents)))


def _tell(content: Content, target: Path, is_quiet: bool) -> None:
    if not is_quiet:
        held = f"{count(content.n_documents, 'document')}, {count(content.overview.n_names, 'name')}"
        output.say(
            f"Wrote {target}: {held} of job {content.progress.job.id}. It holds texts: only you may read it."
        )
    missing = [count(n, what[:-1]) for what, n in _left_out(content).items() if n]
    if missing:
        output.warn(f"Not in the page, which says so: {', '.join(missing)}.")


def _left_out(content: Content) -> dict[str, int]:
    return {
        "documents": content.n_documents_left_out,
        "texts": content.n_texts_left_out,
        "failures": content.n_failures_left_out,
        "names": content.n_names_left_out,
    }


def _answer(content: Content, target: Path) -> dict[str, Any]:
    return {
        "job": content.progress.job.id,
        "path": str(target),
        "documents": content.n_documents,
        "entities": sum(content.overview.labels.values()),
        "names": content.overview.n_names,
        "left_out": _left_out(content),
    }

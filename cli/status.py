"""`nerq status`: the jobs, or how far one has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli import output, standing
from cli.next_steps import Step, suggest
from cli.options import FiniteRange, StoredInteger, json_lines
from cli.quantity import count, local_time
from cli.render import Column, render_facts, render_one, render_rows
from cli.session import opened_database, read_settings
from cli.workers import live_workers, warn_if_nobody_works
from worker.errors import EXIT_FAILURES, EXIT_OK

if TYPE_CHECKING:
    from worker.settings import Settings
    from worker.store import Database, Progress, WorkerRow

#: Seconds after which a job that is not all there, and to which nothing is added, is taken for interrupted.
STALL_S = 15.0

COLUMNS = (
    Column("job", right=True),
    Column("name", cut="right"),
    Column("model_name", "model", cut="left"),
    Column("state"),
    Column("documents", right=True, shown=count),
    Column("done", right=True, shown=count),
    Column("failed", right=True, shown=count),
    Column("entities", right=True, shown=count),
    Column("created", shown=local_time),
)


@click.command("status")
@click.argument("job", metavar="[JOB]", required=False)
@click.option("--watch", "-w", is_flag=True, help="Show it again and again until the job is finished.")
@click.option(
    "--every", type=FiniteRange(min=0.1), default=2.0, show_default=True, help="Seconds, with --watch."
)
@click.option(
    "--limit", type=StoredInteger(min=1), default=20, show_default=True, help="Jobs to list, the latest."
)
@json_lines
def command(job: str | None, watch: bool, every: float, limit: int, as_json: bool) -> int:
    """List the jobs, or show how far one has come.

    \b
    Examples:
      nerq status                  the latest jobs
      nerq status last             one job: states, rate, time left, failures
      nerq status 7 --watch        follow it to its end
      nerq status 7 --json         one JSON object

    A job is named by its number, its name, or 'last'. --watch ends with exit code 1 when files of the job are
    missing and no more come.
    """
    if watch and job is None:
        raise click.UsageError("--watch needs a job: nerq status last --watch")
    settings = read_settings()
    code = EXIT_OK
    with opened_database(settings) as database:
        if job is None:
            _list_jobs(database, limit, as_json)
        elif watch:
            code = _watch(database, settings, job, every, as_json)
        else:
            _show_job(database, settings, job, as_json)
        if not as_json:
            warn_if_nobody_works(database, settings)
            suggest(*_next_steps(database, job))
    return code


def _next_steps(database: Database, ref: str | None) -> Iterator[Step]:
    from worker import store

    if ref is None:
        if latest := store.list_jobs(database, 1):
            yield f"nerq status {latest[0].id}", "how far one of them is"
        return
    progress = store.job_progress(database, store.find_job(database, ref).id)
    job_id = progress.job.id
    if standing.n_open(progress):
        yield f"nerq status {job_id} --watch", "follow it"
    elif standing.by_state(progress)["cancelled"]:
        yield f"nerq retry {job_id}", "take it up again"
    if progress.n_entities:
        yield f"nerq entities --job {job_id}", "what was found"
    if standing.n_failed(progress):
        yield f"nerq errors {job_id}", "what failed, and why"


def _list_jobs(database: Database, limit: int, as_json: bool) -> None:
    from worker import store

    progresses = (store.job_progress(database, job.id) for job in store.list_jobs(database, limit))
    if as_json:
        rows: Iterator[dict[str, Any]] = (standing.answer(progress) for progress in progresses)
    else:
        rows = map(_row, progresses)
    render_rows(rows, COLUMNS, "jsonl" if as_json else "table", "No job yet: `nerq submit PATH` makes one.")


def _row(progress: Progress) -> dict[str, Any]:
    return {
        "job": progress.job.id,
        "name": progress.job.name,
        "model_name": progress.job.model_name,
        "state": standing.state(progress),
        "documents": sum(progress.states.values()) + progress.n_failed_sources,
        "done": standing.by_state(progress)["done"],
        "failed": standing.n_failed(progress),
        "entities": progress.n_entities,
        "created": progress.job.created_at,
    }


def _show_job(database: Database, settings: Settings, ref: str, as_json: bool) -> Progress:
    """Show one job once."""
    from worker import store

    progress = store.job_progress(database, store.find_job(database, ref).id)
    workers = live_workers(database, settings)
    if as_json:
        names = [{"name": worker.name, "device": worker.device, "note": worker.note} for worker in workers]
        render_one({**standing.answer(progress), "workers": names})
    else:
        facts = [*standing.facts(progress), *_worker_facts(workers)]
        render_facts(facts, standing.title(progress))
    return progress


def _watch(database: Database, settings: Settings, ref: str, every: float, as_json: bool) -> int:
    """Show one job until it is finished, in a terminal each time in the place of the last; the exit code."""
    pause = threading.Event()
    n_sources, added = -1, 0.0
    while True:
        if not as_json:
            output.clear()
        progress = _show_job(database, settings, ref, as_json)
        if progress.finished_at is not None or standing.state(progress) == "cancelled":
            return EXIT_OK
        if progress.n_sources != n_sources or standing.state(progress) != "incomplete":
            n_sources, added = progress.n_sources, time.monotonic()
        elif time.monotonic() - added >= STALL_S:
            output.warn(
                f"No file has been added for {STALL_S:.0f} s: its submit was interrupted, or is busy with a large one."
            )
            return EXIT_FAILURES
        if not as_json:
            warn_if_nobody_works(database, settings)
        pause.wait(every)


def _worker_facts(workers: Sequence[WorkerRow]) -> Iterator[tuple[str, str]]:
    for position, worker in enumerate(workers):
        note = f" ({worker.note})" if worker.note else ""
        yield "workers" if position == 0 else "", f"{worker.name} on {worker.device}{note}"

"""`nerq verify`: are a job's files, texts and entities still what they were?"""

from __future__ import annotations

from typing import Any

import click

from cli import output
from cli.options import job_argument, json_lines
from cli.quantity import count
from cli.render import Column, render_rows, with_record
from cli.session import opened_database, read_settings
from cli.verification import Verification
from worker.errors import EXIT_FAILURES, EXIT_OK

COLUMNS = (
    Column("path", joined=with_record, cut="left"),
    Column("kind"),
    Column("detail", cut="right"),
)
#: What a submit may say of reading, as the job keeps it.
_READING = ("encoding", "include", "text_field", "id_field", "delimiter")


@click.command("verify")
@job_argument
@json_lines
def command(job: str, as_json: bool) -> int:
    """Read a job's files again and compare them with what is stored.

    \b
    Examples:
      nerq verify last
      nerq verify contracts --json | jq -r .path

    The files are read as `nerq submit` read them; give relative paths a chance by calling it in the same folder.
    Listed is what is not as it was: `changed` and `missing` files and records, those that have become
    `unreadable`, and what is `damaged` in the database: a text that does not have its hash, an entity that is not
    what stands at its place. Nothing is written.

    The exit code is 0 when all is equal, 1 when something is not.
    """
    from cli.submit import read_options
    from worker import store

    settings = read_settings()
    with opened_database(settings) as database:
        found = store.find_job(database, job)
        reading: dict[str, Any] = {key: found.options[key] for key in _READING if key in found.options}
        reading["include"] = tuple(reading.get("include") or ())
        verification = Verification(database, found, read_options(settings, **reading))
        render_rows(verification.differences(), COLUMNS, "jsonl" if as_json else "table", "All is equal.")
        _say(verification)
    return EXIT_FAILURES if verification.found else EXIT_OK


def _say(verification: Verification) -> None:
    parts = [f"{count(verification.n_equal, 'source')} equal"]
    parts += [f"{count(n)} {kind}" for kind, n in verification.found.most_common()]
    if verification.n_unchecked:
        parts.append(f"{count(verification.n_unchecked)} from standard input not checked")
    if verification.n_replaced:
        parts.append(f"{count(verification.n_replaced)} read again later")
    if verification.n_new:
        parts.append(f"{count(verification.n_new)} not of the job")
    output.say(f"Job {verification.job.id}: {', '.join(parts)}.")
    if verification.found["missing"] and not verification.n_equal:
        output.say("Paths are those of the submit: call `nerq verify` in the folder where that was called.")

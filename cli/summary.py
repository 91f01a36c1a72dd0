"""The end of a submit or a retry: what came of it, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cli import output, standing
from cli.next_steps import say_next
from cli.quantity import breakdown, count
from cli.render import render_facts, render_one

if TYPE_CHECKING:
    from cli.intake import Intake
    from worker.documents import Table
    from worker.store import Progress

#: Names of skipped files, and kinds of what was not read, that a summary holds.
_EXAMPLES_SHOWN, _NOTES_SHOWN = 5, 3


def print_summary(progress: Progress, intake: Intake | None, waited: bool, as_json: bool) -> None:
    """Print how the job stands and what the intake added; `intake` is None for a retry."""
    if as_json:
        render_one({**standing.answer(progress), **(_answer(intake) if intake else {})})
        return
    facts = list(standing.facts(progress))
    if intake:
        facts[3:3] = _intake_facts(intake)
        names = [name for name, _ in facts]
        if "skipped" in names:
            facts.insert(names.index("skipped") + 1, ("", f"such as {examples(intake)}"))
    render_facts(facts, standing.title(progress))
    if intake and intake.n_done_before and not intake.n_to_do:
        output.say(
            f"Nothing new: {count(intake.n_done_before, 'document was', 'documents were')} done before."
        )
    _print_next_steps(progress, waited)


def _intake_facts(intake: Intake) -> Iterator[tuple[str, str]]:
    counts = {
        "new": intake.n_new,
        "queued again": intake.n_requeued,
        "done before": intake.n_done_before,
        "waiting already": intake.n_waiting,
        "failed before": intake.n_left_failed,
    }
    yield "submitted", ", ".join(f"{n:,} {what}" for what, n in counts.items() if n) or "none"
    if intake.guessed:
        surest = f"{100 * intake.least_confidence:.0f} %"
        yield "encodings", f"guessed: {breakdown(intake.guessed)} (at least {surest} sure)"

    yield from reading_facts(intake)


def reading_facts(intake: Intake) -> Iterator[tuple[str, str]]:
    """How tables were understood, and what of documents was not read."""
    for number, table in enumerate(intake.tables):
        yield ("" if number else "tables"), _table(table)
    if intake.n_tables > len(intake.tables):
        yield "", f"and {count(intake.n_tables - len(intake.tables), 'other table')}"
    if intake.noted:
        yield "not read", "; ".join(f"{n:,} × {note}" for note, n in intake.noted.most_common(_NOTES_SHOWN))


def _table(table: Table) -> str:
    marks = {"\t": "tabs", " ": "spaces", None: ""}
    mark = marks.get(table.delimiter, f"{table.delimiter!r}")
    parts = [
        f"{mark} between columns" if mark else "",
        f"text in {table.text_field!r}",
        f"named by {table.id_field!r}" if table.id_field is not None else "named by number",
        f"without {', '.join(map(repr, table.left_out))} (bytes)" if table.left_out else "",
    ]
    return f"{table.path}: {', '.join(filter(None, parts))}"


def examples(intake: Intake) -> str:
    """Names of a few skipped files, those of the most frequent reasons first."""
    reasons = [reason for reason, _ in intake.skipped.most_common()]
    names = [name for reason in reasons for name in intake.examples.get(reason, ())]
    return ", ".join(names[:_EXAMPLES_SHOWN])


def _answer(intake: Intake) -> dict[str, Any]:
    return {
        "submitted": {
            "new": intake.n_new,
            "queued_again": intake.n_requeued,
            "done_before": intake.n_done_before,
            "waiting_already": intake.n_waiting,
            "failed_before": intake.n_left_failed,
        },
        "guessed_encodings": dict(intake.guessed),
        **reading_answer(intake),
    }


def reading_answer(intake: Intake) -> dict[str, Any]:
    """How tables were understood, what was skipped, what of documents was not read; a few of each."""
    return {
        "tables": [asdict(table) for table in intake.tables],
        "skipped_examples": intake.examples,
        "not_read": dict(intake.noted),
    }


def _print_next_steps(progress: Progress, waited: bool) -> None:
    job_id = progress.job.id
    steps = []
    if not waited and standing.n_open(progress):
        steps.append((f"nerq status {job_id} --watch", "follow it"))
    if progress.n_entities:
        steps.append((f"nerq entities --job {job_id}", "what was found"))
    if standing.n_failed(progress):
        n_failed = count(standing.n_failed(progress), "document")
        steps.append((f"nerq errors {job_id}", f"why {n_failed} failed"))
    if standing.by_state(progress)["failed"]:
        steps.append((f"nerq retry {job_id}", "try the failed ones again"))
    say_next(*steps)

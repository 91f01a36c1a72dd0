"""The end of a submit or a retry: what came of it, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli import output, standing
from cli.next_steps import say_next
from cli.quantity import breakdown, count
from cli.render import render_facts, render_one

if TYPE_CHECKING:
    from cli.intake import Intake
    from worker.store import Progress


def print_summary(progress: Progress, intake: Intake | None, waited: bool, as_json: bool) -> None:
    """Print how the job stands and what the intake added; `intake` is None for a retry."""
    if as_json:
        render_one({**standing.answer(progress), **(_answer(intake) if intake else {})})
        return
    facts = list(standing.facts(progress))
    if intake:
        facts[3:3] = _intake_facts(intake)
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

"""`nerq submit --dry-run`: what would be submitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cli.quantity import KINDS_SHOWN, breakdown, count, short
from cli.render import render_facts, render_one
from cli.summary import examples, reading_answer, reading_facts
from worker.errors import EXIT_FAILURES, EXIT_OK

if TYPE_CHECKING:
    from cli.intake import Intake
    from worker.store import NewSource


def report(read: Iterable[list[NewSource]], intake: Intake, as_json: bool) -> int:
    """Read everything, store nothing, say what there is; the exit code is 1 if something cannot be read."""
    for chunk in read:
        intake.note(chunk)
        intake.n_sources += len(chunk)
    if as_json:
        render_one(
            {
                "dry_run": True,
                "sources": intake.n_sources,
                "failures": dict(intake.failures),
                "characters": intake.n_chars,
                "skipped": dict(intake.skipped),
                "guessed_encodings": dict(intake.guessed),
                **reading_answer(intake),
            }
        )
    else:
        render_facts(_facts(intake), "Dry run: nothing was stored")
    return EXIT_FAILURES if intake.failures else EXIT_OK


def _facts(intake: Intake) -> list[tuple[str, str]]:
    facts = [
        ("sources", count(intake.n_sources)),
        ("characters", short(intake.n_chars)),
        ("cannot be read", breakdown(intake.failures)),
        ("encodings", f"guessed: {breakdown(intake.guessed)}" if intake.guessed else ""),
        *reading_facts(intake),
        ("skipped", breakdown(intake.skipped, KINDS_SHOWN)),
        ("", f"such as {examples(intake)}" if intake.skipped else ""),
    ]
    return [(name, value) for name, value in facts if value]

"""How a job stands: in one word, as facts for people, as an object for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.quantity import KINDS_SHOWN, breakdown, count, duration, iso_time, local_time, short
from worker.errors import EXIT_FAILURES, EXIT_OK

if TYPE_CHECKING:
    from worker.store import Progress


def state(progress: Progress) -> str:
    """One word: queued, running, cancelled, incomplete (files are missing), done or failed."""
    states = by_state(progress)
    if states["running"]:
        return "running"
    if states["queued"]:
        return "queued"
    if progress.job.cancelled_at is not None:
        return "cancelled"
    if progress.job.closed_at is None:
        return "incomplete"
    return "done" if states["done"] or not n_failed(progress) else "failed"


def n_failed(progress: Progress) -> int:
    """Sources that could not be read and extractions that failed."""
    return progress.n_failed_sources + by_state(progress)["failed"]


def exit_code(progress: Progress) -> int:
    """What a command that waited for the job ends with: failures and a cancelled job are not what was asked for."""
    is_cancelled = progress.job.cancelled_at is not None or by_state(progress)["cancelled"] > 0
    return EXIT_FAILURES if n_failed(progress) or is_cancelled else EXIT_OK


def n_open(progress: Progress) -> int:
    """Extractions that wait or run."""
    return by_state(progress)["queued"] + by_state(progress)["running"]


def by_state(progress: Progress) -> dict[str, int]:
    """The job's extractions by the word for their state."""
    return {status.value: n for status, n in progress.states.items()}


def title(progress: Progress) -> str:
    """`Job 7 contracts: done, 3 failed`."""
    name = f" {progress.job.name}" if progress.job.name else ""
    failed = (
        f", {count(n_failed(progress))} failed" if n_failed(progress) and state(progress) == "done" else ""
    )
    return f"Job {progress.job.id}{name}: {state(progress)}{failed}"


def facts(progress: Progress) -> Iterator[tuple[str, str]]:
    """What is worth telling about a job; nothing is told about what did not happen."""
    yield "model", f"{progress.job.model_name} ({progress.job.model_id[:12]})"
    yield "started", local_time(progress.job.created_at)
    unread = f", {count(progress.n_failed_sources)} could not be read" if progress.n_failed_sources else ""
    yield "sources", count(progress.n_sources) + unread
    if state(progress) == "incomplete":
        yield "", "not all files are in: submit the same again to go on"
    if progress.job.skipped:
        yield "skipped", breakdown(progress.job.skipped, KINDS_SHOWN)
    yield "extractions", breakdown(by_state(progress)) or "none"
    if progress.failures:
        yield "failures", breakdown(progress.failures)
    yield "entities", count(progress.n_entities)
    yield from _pace(progress)


def _pace(progress: Progress) -> Iterator[tuple[str, str]]:
    is_idle = n_open(progress) > 0 and not by_state(progress)["running"]
    if progress.chars_per_s and not is_idle:
        yield "rate", f"{short(progress.chars_per_s)} characters/s"
    if by_state(progress)["running"] and progress.seconds_left is not None:
        yield "time left", f"about {duration(progress.seconds_left)}"
    if progress.finished_at is not None and progress.started_at is not None:
        yield "took", duration(progress.finished_at - progress.started_at)


def answer(progress: Progress) -> dict[str, Any]:
    """The same for machines; times are ISO 8601 in UTC."""
    job = progress.job
    return {
        "job": job.id,
        "name": job.name,
        "state": state(progress),
        "model": {"id": job.model_id, "name": job.model_name},
        "created_at": iso_time(job.created_at),
        "started_at": _time(progress.started_at),
        "finished_at": _time(progress.finished_at),
        "sources": progress.n_sources,
        "failed_sources": progress.n_failed_sources,
        "skipped": dict(job.skipped),
        "extractions": by_state(progress),
        "failures": dict(progress.failures),
        "entities": progress.n_entities,
        "characters": progress.n_chars_total,
        "characters_done": progress.n_chars_done,
        "characters_per_s": progress.chars_per_s,
        "seconds_left": progress.seconds_left,
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso_time(seconds)

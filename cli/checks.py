"""The checks of `nerq doctor`: each looks at one thing that nerq needs and says what to do about it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cli.quantity import breakdown, count, size
from cli.session import opened_database, sqlite_path
from worker.errors import EXIT_FAILURES, EXIT_OK, EXIT_UNAVAILABLE, NerqError, ServiceError

if TYPE_CHECKING:
    from worker.settings import Settings

#: Seconds that a check waits for another program or machine.
PATIENCE_S = 5.0


#: What to do when a service is out of reach.
_ADVICE = {
    "database": "Start the database, or correct NERQ_DATABASE (host, port, user, password, name or file).",
    "workers": "The database went away meanwhile: run `nerq doctor` again.",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `advice` says what to do, `exit_code` is what a failure makes of the whole."""

    name: str
    outcome: Literal["ok", "warning", "failed"]
    finding: str
    advice: str = ""
    exit_code: int = EXIT_OK


def run_checks(settings: Settings) -> Iterator[Check]:
    """Every check, one after the other; none of them raises."""
    from cli.broker_checks import broker_checks
    from cli.engine_checks import engine_checks
    from cli.protection_checks import file_checks, postgresql_checks

    database = list(_guarded("database", _database_checks, settings))
    yield from database
    yield from _guarded("database", file_checks, settings)
    if all(check.outcome != "failed" for check in database):
        yield from _guarded("database", postgresql_checks, settings)
    yield from _guarded("broker", broker_checks, settings)
    yield from _guarded("model", _model_checks, settings)
    yield from _guarded("engine", engine_checks, settings)
    yield from _machine_checks()
    if all(check.outcome != "failed" for check in database):  # else it would fail with the same words
        yield from _guarded("workers", _worker_checks, settings)


def _guarded(name: str, checks: Callable[[Settings], Iterator[Check]], settings: Settings) -> Iterator[Check]:
    """The checks; an error becomes one that failed. Of a service out of reach only the driver has spoken so far."""
    try:
        yield from checks(settings)
    except ServiceError as error:
        yield Check(name, "failed", str(error), _ADVICE.get(name, ""), error.exit_code)
    except NerqError as error:
        yield Check(name, "failed", str(error), exit_code=error.exit_code)


def _database_checks(settings: Settings) -> Iterator[Check]:
    from worker import store

    path = sqlite_path(settings)
    if path and not path.exists():
        folder = path.absolute().parent
        if not os.access(folder, os.W_OK):
            advice = "Set NERQ_DATABASE to a file in a folder that can be written."
            yield Check("database", "failed", f"{folder} cannot be written", advice, EXIT_UNAVAILABLE)
        else:
            yield Check("database", "ok", f"SQLite, {path}: not there yet, `nerq submit` makes it")
        return
    state = store.migration_state(settings.database_url)
    where = f"SQLite, {path} ({size(path.stat().st_size)})" if path else "PostgreSQL"
    if state.is_current:
        yield Check("database", "ok", f"{where}, schema {state.current}")
    else:
        finding = f"{where}, schema {state.current or 'none'}, but this nerq needs {state.head}"
        newer = "Upgrade nerq: the database was made by a newer one."
        advice = newer if state.is_newer else "Run `nerq db upgrade`."
        yield Check("database", "failed", finding, advice, EXIT_UNAVAILABLE)


def _model_checks(settings: Settings) -> Iterator[Check]:
    from worker.recognition import Checkpoint

    checkpoint = Checkpoint.open(settings.model)
    labels = ", ".join(checkpoint.labels.types)
    yield Check("model", "ok", f"{checkpoint.name} ({checkpoint.id[:12]}) finds {labels}")


def _machine_checks() -> Iterator[Check]:
    import psutil

    cores = count(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, "core"
    )
    yield Check("machine", "ok", f"{cores}, {size(psutil.virtual_memory().total)} of memory")
    yield _gpu_check()


def _gpu_check() -> Check:
    program = shutil.which("nvidia-smi")
    if program is None:
        return Check("gpus", "ok", "none (no nvidia-smi): models run on the CPU")
    query = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=PATIENCE_S, check=True)  # noqa: S603 - our own words
    except (OSError, subprocess.SubprocessError):
        advice = "Models run on the CPU until `nvidia-smi` answers; look at the driver."
        return Check("gpus", "warning", "nvidia-smi does not answer", advice)
    names = [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    return Check(
        "gpus",
        "ok",
        "; ".join(f"{i}: {name}" for i, name in enumerate(names)) or "none: models run on the CPU",
    )


def _worker_checks(settings: Settings) -> Iterator[Check]:
    from cli.workers import live_workers
    from worker import store

    path = sqlite_path(settings)
    if path and not path.exists():
        return
    with opened_database(settings) as database:
        workers = live_workers(database, settings)
        work = store.open_work(database)
    waiting = breakdown({"queued": work.n_queued, "running": work.n_running}) or "nothing waits"
    devices = "; ".join(f"{worker.name} on {worker.device}" for worker in workers)
    if workers:
        yield Check("workers", "ok", f"{count(len(workers), 'worker')}: {devices} ({waiting})")
    elif work.n_queued and settings.broker:
        yield Check(
            "workers", "failed", f"none is alive ({waiting})", "Start one: `nerq worker`.", EXIT_FAILURES
        )
    elif work.n_queued:
        yield Check("workers", "warning", f"none is alive ({waiting})", "Submit again, or `nerq retry JOB`.")
    else:
        advice = (
            "`nerq submit` only queues with a broker; start `nerq worker` on each machine."
            if settings.broker
            else ""
        )
        yield Check("workers", "warning" if settings.broker else "ok", f"none is alive ({waiting})", advice)

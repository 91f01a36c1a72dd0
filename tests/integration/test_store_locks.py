"""Two connections of one process and another process that comes and goes, on one SQLite file."""

from __future__ import annotations

import subprocess
import sys

from tests.command_line import environment
from tests.samples import new_job
from worker import store

_LIST_JOBS = """
import sys
from worker import store
database = store.open_database(sys.argv[1])
print(len(store.list_jobs(database, 10)))
database.close()
"""


def _jobs_seen_by_another_process(url: str) -> int:
    command = [sys.executable, "-c", _LIST_JOBS, url]
    answer = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=100, env=environment()
    )
    return int(answer.stdout)


def test_opening_a_database_twice_keeps_the_locks_of_the_first(sqlite_url: str) -> None:
    first = store.open_database(sqlite_url)
    new_job(first)
    second = store.open_database(sqlite_url)  # such as the local pool's beside that of its command
    assert _jobs_seen_by_another_process(sqlite_url) == 1
    new_job(first)
    new_job(second)
    assert _jobs_seen_by_another_process(sqlite_url) == 3
    first.close()
    new_job(second)
    assert _jobs_seen_by_another_process(sqlite_url) == 4
    second.close()

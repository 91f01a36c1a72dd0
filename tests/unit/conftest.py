"""Fixtures of the tests of commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from worker.store import Database, open_database


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """The database that commands find in their folder."""
    opened = open_database(sqlite_url)
    yield opened
    opened.close()

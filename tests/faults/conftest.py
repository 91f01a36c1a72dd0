"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.queue_work import make_settings
from worker.settings import Settings
from worker.store import Database, open_database


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Of each kind of database in turn, unless a file has settings of its own."""
    return make_settings(database_url)


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    """The open database of the settings."""
    database = open_database(settings.database_url)
    yield database
    database.close()

from __future__ import annotations

import pytest

from tests.samples import new_document
from worker.errors import SettingsError
from worker.store import ExtractionStatus, MigrationState, NewSource
from worker.store.chunks import chunks
from worker.store.database import parse_url


def test_a_source_has_a_document_or_an_error() -> None:
    with pytest.raises(ValueError, match="either"):
        NewSource(path="a.txt")
    with pytest.raises(ValueError, match="either"):
        NewSource(path="a.txt", document=new_document("x"), error_code="unreadable")


def test_only_queued_and_running_are_not_final() -> None:
    assert {s for s in ExtractionStatus if not s.is_final} == {"queued", "running"}


def test_a_schema_is_current_at_head_only() -> None:
    assert MigrationState("0002", "0002").is_current
    assert not MigrationState("0001", "0002").is_current
    assert not MigrationState(None, "0002").is_current


def test_chunks_keep_order_and_lose_nothing() -> None:
    assert [list(c) for c in chunks([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
    assert list(chunks([], 2)) == []


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///nerq.db", "sqlite+pysqlite"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_urls_get_the_driver_that_nerq_uses(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://u:secret@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:secret@h:x/d",
    ],
)
def test_other_urls_are_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_url(url)
    assert "secret" not in str(error.value)

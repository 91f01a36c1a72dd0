"""Names that a shell may offer, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples import MODEL, OTHER_MODEL, failed_source, new_job, new_source
from worker.errors import NerqError
from worker.store import Database
from worker.store.suggestions import known_tags, suggest


@pytest.fixture
def filled(db: Database) -> None:
    new_job(db, [new_source("a_b/anna.txt", "Anna"), failed_source("a_b/broken.txt")], name="spring")
    new_job(db, [new_source("a%b/bob.txt", "Bob")], name="summer", model=OTHER_MODEL)


@pytest.mark.usefixtures("filled")
def test_names_begin_as_typed_and_the_latest_come_first(database_url: str) -> None:
    assert suggest(database_url, "job", "s") == ["summer", "spring"]
    assert suggest(database_url, "job", "S") == []
    assert suggest(database_url, "model", "") == ["legal", "general"]
    assert sorted(known_tags(database_url)) == sorted([MODEL.labels, OTHER_MODEL.labels])


@pytest.mark.usefixtures("filled")
def test_a_path_may_begin_at_any_of_its_folders(database_url: str) -> None:
    assert suggest(database_url, "document", "") == ["a%b/bob.txt", "a_b/anna.txt"]
    assert suggest(database_url, "document", "a_") == ["a_b/anna.txt"]
    assert suggest(database_url, "document", "a%") == ["a%b/bob.txt"]
    assert suggest(database_url, "document", "an") == ["anna.txt"]
    assert suggest(database_url, "document", "nna") == []
    assert suggest(database_url, "document", "br") == []  # it has no document


def test_no_database_is_made_and_none_is_waited_for(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/none.db", "postgresql://nerq@127.0.0.1:1/nerq"):
        with pytest.raises(NerqError):
            suggest(url, "job", "")
    assert not (tmp_path / "none.db").exists()

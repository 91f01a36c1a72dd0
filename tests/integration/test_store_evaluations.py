"""Evaluations that are kept, and the migration that makes their table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import delete, inspect

import worker.store
from tests.old_databases import copy_into_old
from tests.samples import MODEL, OTHER_MODEL, finish_all, new_job
from worker.errors import NotFoundError, SettingsError
from worker.store import (
    Database,
    EntityQuery,
    GoldFile,
    NewEvaluation,
    add_evaluation,
    delete_evaluations,
    find_entities,
    find_evaluation,
    list_evaluations,
    migration_state,
    open_database,
    upgrade_database,
)
from worker.store.schema import job, source

VALUES = NewEvaluation(
    job_id=None,
    model_id=MODEL.id,
    model_name=MODEL.name,
    gold=(GoldFile("gold/dev.conll", "d" * 64), GoldFile("more.jsonl", "e" * 64)),
    settings={"window": {"max_words": 100, "max_pieces": 384}, "raw": False, "min_score": None},
    nerq_version="0.1.0",
    precision=1 / 3,
    recall=0.25,
    f1=2 / 7,
    figures={"per_label": {"PER": {"f1": 0.1}}, "none": None},
)


def migrate(db: Database, to: str) -> None:
    """Bring the schema to a version, forwards or backwards."""
    config = Config()
    config.set_main_option("script_location", str(Path(worker.store.__file__).parent / "migrations"))
    with db.write() as connection:
        config.attributes["connection"] = connection
        is_newer = not inspect(connection).has_table("alembic_version")
        (command.upgrade if is_newer else command.downgrade)(config, to)


def ids(db: Database, **conditions: str) -> list[int]:
    return [one.id for one in list_evaluations(db, **conditions)]  # type: ignore[arg-type]


def test_a_deletion_that_names_an_unknown_one_deletes_nothing(db: Database) -> None:
    first, second, third = (add_evaluation(db, VALUES) for _ in range(3))
    with pytest.raises(NotFoundError, match=f"no evaluation {third + 1}, {third + 2};"):
        delete_evaluations(db, [second, third + 2, third + 1])
    assert ids(db) == [third, second, first]
    delete_evaluations(db, [second, first, second])
    assert ids(db) == [third]


def test_what_is_kept_comes_back(db: Database) -> None:
    values = replace(VALUES, job_id=new_job(db))
    kept = find_evaluation(db, add_evaluation(db, values))
    assert kept.values == values
    assert kept.created_at > 1_700_000_000
    with pytest.raises(NotFoundError, match="no evaluation 77"):
        find_evaluation(db, 77)


def test_evaluations_are_listed_newest_first_and_by_model_and_gold(db: Database) -> None:
    other = replace(
        VALUES,
        model_id=OTHER_MODEL.id,
        model_name="models/\udcffmine",
        gold=(GoldFile("x/DEV.conll", "f" * 64),),
    )
    first, second = add_evaluation(db, VALUES), add_evaluation(db, other)
    assert ids(db) == [second, first]
    assert [one.id for one in list_evaluations(db, limit=1)] == [second]
    assert ids(db, model="general") == ids(db, model=MODEL.id[:5]) == [first]
    assert ids(db, model="models/\udcffmine") == [second]
    assert ids(db, model="General") == ids(db, model="gen") == []
    assert ids(db, gold="gold/dev.conll") == ids(db, gold="dev.conll") == ids(db, gold="eee") == [first]
    assert ids(db, gold="./more.jsonl") == [first]
    assert ids(db, gold="ev.conll") == ids(db, gold="dev.conll", model="legal") == []


def test_an_evaluation_outlives_its_job(db: Database) -> None:
    evaluation_id = add_evaluation(db, replace(VALUES, job_id=new_job(db)))
    with db.write() as connection:
        connection.execute(delete(source))
        connection.execute(delete(job))
    assert find_evaluation(db, evaluation_id).values == VALUES


def test_a_filled_database_of_the_first_version_is_brought_up_to_date_with_every_row(
    request: pytest.FixtureRequest,
) -> None:
    filled = open_database(request.getfixturevalue("sqlite_url"))
    new_job(filled, ["Anna and Bob", "Carl"], name="letters")
    finish_all(filled, ["Anna", "Bob", "Carl"])
    before = list(find_entities(filled, EntityQuery()))
    assert len(before) == 3
    for url in ("sqlite:///old.db", str(request.getfixturevalue("empty_postgres_url"))):
        copy_into_old(filled, url, "0001")
        with pytest.raises(SettingsError, match=r"at version 0001.*nerq db upgrade"):
            open_database(url)

        upgrade_database(url)
        assert migration_state(url).is_current
        new = open_database(url)
        assert list(find_entities(new, EntityQuery())) == before
        assert ids(new) == []
        job_id = worker.store.find_job(new, "letters").id
        added = add_evaluation(new, replace(VALUES, job_id=job_id))
        assert ids(new) == [added]

        migrate(new, "0001")
        assert migration_state(url).current == "0001"
        with new.read() as connection:
            assert not inspect(connection).has_table("evaluation")
        assert list(find_entities(new, EntityQuery())) == before
        new.close()
    filled.close()

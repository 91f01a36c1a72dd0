from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import worker.store
from tests.old_databases import copy_into_old, everything
from tests.samples import failed_source, finish_all, new_job, new_source
from worker.errors import ServiceError, SettingsError
from worker.store import (
    Database,
    EntityQuery,
    find_entities,
    find_job,
    migration_state,
    open_database,
    upgrade_database,
)
from worker.store.database import make_database
from worker.store.schema import is_built_on, metadata


def set_version(url: str, version: str) -> None:
    db = make_database(url)
    with db.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    db.close()


def test_a_new_sqlite_file_gets_its_tables_and_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    db = open_database("sqlite:///new.db")
    job_id = new_job(db)
    for path in tmp_path.glob("new.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    db.close()
    assert migration_state("sqlite:///new.db").is_current
    again = open_database("sqlite:///new.db")
    assert find_job(again, "last").id == job_id
    again.close()


def test_a_new_file_behind_a_link_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "new.db")
    open_database("sqlite:///link.db").close()
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_an_empty_postgresql_database_waits_for_db_upgrade(empty_postgres_url: str) -> None:
    with pytest.raises(SettingsError, match="nerq db upgrade"):
        open_database(empty_postgres_url)
    assert migration_state(empty_postgres_url).current is None
    upgrade_database(empty_postgres_url)
    open_database(empty_postgres_url).close()
    assert migration_state(empty_postgres_url).is_current


def test_the_migrations_build_what_the_schema_says(database_url: str) -> None:
    db = make_database(database_url)
    with db.read() as connection:
        differences = compare_metadata(
            MigrationContext.configure(
                connection,
                opts={
                    "compare_type": True,
                    "include_object": lambda item, *_: is_built_on(connection.dialect.name, item),
                },
            ),
            metadata,
        )
    db.close()
    assert differences == []


def test_check_constraints_are_those_of_the_schema(db: Database) -> None:
    """Alembic does not compare check constraints."""
    query = (
        "SELECT sql FROM sqlite_master"
        if db.is_sqlite
        else "SELECT conname FROM pg_constraint WHERE contype = 'c'"
    )
    with db.read() as connection:
        built = " ".join(str(row[0]) for row in connection.execute(text(query)))
    names = [str(c.name) for table in metadata.tables.values() for c in table.constraints if c.name]
    checks = [name for name in names if name.startswith("ck_")]
    assert checks
    assert [name for name in checks if name not in built] == []


def test_upgrading_a_current_database_changes_nothing(database_url: str) -> None:
    db = open_database(database_url)
    job_id = new_job(db)
    upgrade_database(database_url)
    assert find_job(db, str(job_id)).id == job_id
    db.close()


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_an_earlier_version_has_stored_is_there_after_the_upgrade(
    kind: str, revision: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path}/old.db" if kind == "sqlite" else request.getfixturevalue("empty_postgres_url")
    )
    upgrade_database(f"sqlite:///{tmp_path}/new.db")
    new = open_database(f"sqlite:///{tmp_path}/new.db")
    new_job(new, [new_source("a.txt", "Anna came."), failed_source("b.txt")], name="letters")
    finish_all(new, ["Anna"])
    copy_into_old(new, url, revision)
    upgrade_database(url)
    old = open_database(url)
    assert everything(old) == everything(new)
    assert [row.text for row in find_entities(old, EntityQuery())] == ["Anna"]
    new_job(old, ["c.txt"])
    assert finish_all(old) != set()
    old.close()
    new.close()


def test_a_newer_schema_is_refused(database_url: str) -> None:
    set_version(database_url, "9999")
    for action in (open_database, upgrade_database):
        with pytest.raises(SettingsError, match="newer"):
            action(database_url)


def test_a_database_with_other_tables_is_not_migrated_unasked(tmp_path: Path) -> None:
    db = make_database("sqlite:///other.db")
    with db.write() as connection:
        connection.execute(text("CREATE TABLE mine (id INTEGER)"))
    db.close()
    with pytest.raises(SettingsError, match="nerq db upgrade"):
        open_database("sqlite:///other.db")


def test_asking_for_the_state_makes_no_file(tmp_path: Path) -> None:
    assert migration_state("sqlite:///absent.db").current is None
    assert list(tmp_path.iterdir()) == []


def test_versions_are_named_by_their_files() -> None:
    """`open_database` reads the versions off the file names, without Alembic."""
    config = Config()
    config.set_main_option("script_location", str(Path(worker.store.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    revisions = list(scripts.walk_revisions())
    assert [Path(r.path).name[1:5] for r in revisions] == [r.revision for r in revisions]
    assert [r.revision for r in reversed(revisions)] == sorted(r.revision for r in revisions)
    assert migration_state("sqlite:///absent.db").head == scripts.get_current_head()


def test_what_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is a text, and a rather long one, not a database. " * 50)
    with pytest.raises(ServiceError, match="not a database"):
        open_database("sqlite:///text.db")
    with pytest.raises(ServiceError, match="no/such/nerq"):
        open_database("sqlite:///no/such/nerq.db")


def open_and_close(url: str) -> None:
    open_database(url).close()


def test_processes_may_open_a_new_file_at_the_same_time(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(4) as pool:
        pool.map(open_and_close, [f"sqlite:///{tmp_path}/shared{i // 8}.db" for i in range(32)], chunksize=1)

"""`nerq verify`: what is not as it was is listed; what is, is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from cli.intake import chunks
from tests.command_line import invoke, json_lines
from tests.samples import MODEL
from worker import store
from worker.documents import ReadOptions, read_sources
from worker.store import Database
from worker.store.schema import document, entity


@pytest.fixture
def job(database: Database) -> int:
    """A folder, read, with an entity in its first document."""
    folder = Path("in")
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"Ann met {name}")
    (folder / "n.csv").write_text("key;text\n1;eins\n2;zwei\n3;drei\n")
    (folder / "z.txt").write_bytes(b"\xff\xfe\x00\xd8\x01")
    options = ReadOptions(delimiter=";")
    job_id = store.create_job(database, None, MODEL, {"paths": ["in", "-"], "delimiter": ";"})
    for chunk in chunks(read_sources(["in"], options)):
        store.add_sources(database, job_id, chunk)
    store.close_job(database, job_id, {})
    finish_first(database)
    return job_id


def finish_first(database: Database) -> None:
    announced = store.announce(database, 1)
    claimed = store.claim(database, [announced[0].id], "test:1:1", 60.0)
    assert claimed is not None
    (one,) = claimed.extractions
    found = store.NewEntity(0, 3, "PER", "Ann", 0.9)
    finished = store.Finished(one.id, one.attempt, [found], 3, 3, 1, 5, 0.1)
    store.finish(database, [finished], store.RunFacts("test:1:1", "torch", "fp32", "0"))


def kinds() -> list[tuple[str, str | None, str]]:
    result = invoke("verify", "last", "--json")
    rows = json_lines(result.stdout)
    assert result.exit_code == (1 if rows else 0), result.output
    return [(row["path"], row["record"], row["kind"]) for row in rows]


def test_what_is_equal_is_counted(job: int) -> None:
    result = invoke("verify", "last")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-1] == f"Job {job}: 7 sources equal."
    assert result.stdout == ""


CHANGES: list[tuple[Callable[[], object], tuple[str, str | None, str]]] = [
    (lambda: Path("in/b.txt").write_text("Ann met x"), ("in/b.txt", None, "changed")),
    (lambda: Path("in/b.txt").write_bytes(b"\xef\xbb\xbfAnn met b"), ("in/b.txt", None, "changed")),
    (lambda: Path("in/b.txt").unlink(), ("in/b.txt", None, "missing")),
    (lambda: Path("in/b.txt").write_bytes(bytes(1000)), ("in/b.txt", None, "unreadable")),
    (lambda: Path("in/z.txt").write_text("Zoë"), ("in/z.txt", None, "changed")),
    (lambda: Path("in/n.csv").write_text("key;text\n1;eins\n2;two\n3;drei\n"), ("in/n.csv", "2", "changed")),
    (lambda: Path("in/n.csv").write_text("key;text\n1;eins\n3;drei\n"), ("in/n.csv", "2", "missing")),
]


@pytest.mark.parametrize(("change", "found"), CHANGES)
def test_each_kind_of_change_is_told(
    job: int, change: Callable[[], object], found: tuple[str, str | None, str]
) -> None:
    change()
    assert kinds() == [found]


def test_what_an_inbox_took_again_is_compared_as_it_was_last(database: Database) -> None:
    options = {"paths": ["in"], "watch_folder": True}
    job_id = store.create_job(database, None, MODEL, options)
    Path("in").mkdir()
    for text in ("old", "new", "newer"):
        Path("in/a.txt").write_text(text)
        Path("in/b.jsonl").write_text(f'{{"text": "{text}"}}\n{{"text": "same"}}\n')
        for chunk in chunks(read_sources(["in"], ReadOptions())):
            store.add_sources(database, job_id, chunk)
    assert kinds() == []
    said = invoke("verify", "last").stderr.splitlines()[-1]
    assert said == f"Job {job_id}: 3 sources equal, 6 read again later."
    Path("in/a.txt").write_text("other")
    assert kinds() == [("in/a.txt", None, "changed")]
    Path("in/a.txt").unlink()
    assert kinds() == [("in/a.txt", None, "missing")]


def test_new_files_are_counted_and_a_whole_folder_may_be_missing(job: int) -> None:
    Path("in/0.txt").write_text("new")
    result = invoke("verify", "last")
    assert result.exit_code == 0
    assert "7 sources equal, 1 not of the job" in result.stderr
    Path("in").rename("moved")
    assert [kind for _, _, kind in kinds()] == ["missing"] * 7
    assert "in the folder where" in invoke("verify", "last").stderr


def test_damage_in_the_database_is_told(job: int, database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(entity).values(start=1, end=4))
    assert kinds() == [("in/a.txt", None, "damaged")]
    with database.write() as connection:
        connection.execute(update(document).where(document.c.text == "Ann met c").values(text="Ann met d"))
    assert ("in/c.txt", None, "damaged") in kinds()


def test_other_fields_of_records_are_stored_as_json(job: int, database: Database) -> None:
    Path("m.jsonl").write_text(json.dumps({"text": "Ann", "more": {"a": [1, "ü"]}}))
    (chunk,) = chunks(read_sources(["m.jsonl"], ReadOptions()))
    store.add_sources(database, job, chunk)
    with database.read() as connection:
        stored = connection.exec_driver_sql(
            "SELECT json_extract(metadata, '$.more.a[1]') FROM source WHERE path = 'm.jsonl'"
        )
        assert stored.scalar() == "ü"

"""What is typed is compared, never run: hostile strings in every option that reaches a query, on both databases."""

from __future__ import annotations

import json

import pytest

from tests.command_line import invoke, json_lines
from tests.samples import failed_source, finish_all, new_job, new_source
from worker import store
from worker.store import Database
from worker.store.schema import metadata

HOSTILE = [
    "'; DROP TABLE entity; --",
    "' OR '1'='1",
    "x' UNION SELECT text FROM document --",
    "%",
    "\\",
    ":id",
    "%(id)s",
    "\x1b[2J",
    "\udcff",
    "last; --",
    "9" * 30,
    "x" * 100_000,
]
#: Options that take any text, with a command; what matches nothing is not found, or an empty answer.
OPTIONS = [
    ("entities", "--text"),
    ("entities", "--name"),
    ("entities", "--like"),
    ("entities", "--near"),
    ("entities", "--cooccur"),
    ("entities", "--label"),
    ("entities", "--job"),
    ("entities", "--document"),
    ("entities", "--model"),
    ("evaluations", "--model"),
    ("evaluations", "--gold"),
    ("purge", "--yes", "--document"),
]
ARGUMENTS = ["status", "errors", "cancel", "retry", "show", "purge"]


@pytest.fixture(autouse=True)
def _filled(db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NERQ_DATABASE", database_url)
    new_job(
        db,
        [new_source("letter.txt", "Anna and Bob_1 paid 100% to Acme."), failed_source("bad.txt")],
        name="first",
    )
    finish_all(db, ["Anna", "Bob_1", "100%", "Acme"])


def tables(db: Database) -> dict[str, int]:
    """Rows of each table."""
    with db.read() as connection:
        return {t.name: len(connection.execute(t.select()).all()) for t in metadata.sorted_tables}


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_typed_matches_nothing_and_changes_nothing(db: Database, value: str) -> None:
    before = tables(db)
    for command, *options in OPTIONS:
        result = invoke(command, *options, value, "--json")
        assert result.exit_code in (0, 4), (command, options, result.output)
        if options[-1] not in ("--like", "--near"):
            assert result.stdout == "", (command, options)
        assert result.stderr.isprintable() or "\x1b" not in result.stderr
    for command in ARGUMENTS:
        extra = ["--yes"] if command == "purge" else []
        result = invoke(command, "--json", *extra, "--", value)
        assert result.exit_code == 4, (command, result.output)
        assert not set("\x1b\u202e") & set(result.output)
    assert tables(db) == before


@pytest.mark.parametrize(
    ("like", "found"),
    [
        ("%", ["100%"]),
        ("_", ["Bob_1"]),
        ("\\", []),
        ("\\%", []),
        ("/", []),
        ("/%", []),
        ("0%", ["100%"]),
        ("b_1", ["Bob_1"]),
        ("b%1", []),
        ("bobx1", []),
        ("*", []),
        ("", ["100%", "Acme", "Anna", "Bob_1"]),
    ],
)
def test_like_knows_no_wildcards(like: str, found: list[str]) -> None:
    rows = json_lines(invoke("entities", "--like", like, "--json").stdout)
    assert sorted(row["text"] for row in rows) == found


@pytest.mark.parametrize(
    ("pattern", "n"),
    [
        ("*", 4),
        ("**", 4),
        ("l.*", 0),
        ("[l]*", 0),
        ("letter.txt|*", 0),
        ("(*", 0),
        ("*\\", 0),
        ("%*", 0),
        ("l\n*", 0),
        ("*' OR '1'='1", 0),
        ("\udcff*", 0),
        ("*" * 5000, 4),
        ("**/" * 5000 + "*", 4),
    ],
)
def test_a_pattern_of_paths_knows_stars_and_question_marks_alone(pattern: str, n: int) -> None:
    answer = invoke("entities", "--document", pattern, "--json")
    assert answer.exit_code == 0
    assert len(answer.stdout.splitlines()) == n


@pytest.mark.parametrize("name", [*HOSTILE[:5], "a%b", "\u202eevil"])
def test_a_job_may_be_called_anything_and_is_found_by_it(db: Database, name: str) -> None:
    job = new_job(db, ["other.txt"], name=name)
    answer = invoke("status", name, "--json")
    assert json.loads(answer.stdout)["job"] == job
    assert store.find_job(db, name).name == name
    assert not set("\x1b\u202e") & set(invoke("status").output)


def test_what_is_counted_or_listed_by_is_one_of_a_few(db: Database) -> None:
    before = tables(db)
    for value in ("id; DROP TABLE entity", "text, id", "text label", "1"):
        assert invoke("entities", "--count-by", value).exit_code == 2
        assert invoke("entities", "--sort", value).exit_code == 2
    for value in ("1; DROP TABLE entity", "1 OFFSET 1", "-1"):
        for option in ("--limit", "--offset", "--after"):
            assert invoke("entities", option, value).exit_code == 2
        assert invoke("evaluations", value).exit_code == 2
    assert tables(db) == before

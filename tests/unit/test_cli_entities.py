"""What people ask a table of names with `nerq entities`."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.command_line import invoke, json_lines
from tests.samples import OTHER_MODEL, RUN, claimed, find_all, finish_all, new_job, new_source, result
from worker import store
from worker.store import Database

LEASE = (
    "Anna Berg rents a shop from Acme Corp. The rent is due on the first of the month.\n"
    "ANNA  BERG may end the lease; Straße 9 is its place. Acme\nCorp was told by Carl.\f"
    "On the next page Dora signs for Acme Corp."
)
PEOPLE = ["Anna Berg", "ANNA  BERG", "Carl", "Dora"]
COMPANIES = ["Acme Corp", "Acme\nCorp"]


@pytest.fixture(autouse=True)
def leases(database: Database) -> None:
    """Two jobs: a lease of two pages and a letter."""
    page_starts = (0, LEASE.index("\f") + 1)
    lease = replace(new_source("contracts/2026/lease.txt", LEASE), page_starts=page_starts)
    new_job(database, [lease], name="contracts")
    (extraction,) = claimed(database)
    last = store.NewEntity(LEASE.rindex("Acme"), LEASE.rindex("Acme") + 9, "ORG", "Acme Corp", 0.8)
    found = [*find_all(LEASE, *PEOPLE), *find_all(LEASE, *COMPANIES, label="ORG", score=0.7), last]
    store.finish(database, [result(extraction, found)], RUN)
    new_job(database, [new_source("letters/1.txt", "Dear Carl, greetings. Anna Berg")], name="letters")
    finish_all(database, ["Carl", "Anna Berg"])


def ask(*arguments: str) -> list[str]:
    """The texts that are listed."""
    answer = invoke("entities", "--json", *arguments)
    assert answer.exit_code == 0, answer.output
    return [row["text"] for row in json_lines(answer.stdout)]


def count(*arguments: str) -> list[dict[str, object]]:
    answer = invoke("entities", "--json", "--count-by", *arguments)
    assert answer.exit_code == 0, answer.output
    return json_lines(answer.stdout)


class TestWhich:
    def test_a_name_is_found_in_every_spelling(self) -> None:
        assert ask("--name", "anna\tberg") == ["Anna Berg", "ANNA  BERG", "Anna Berg"]
        assert ask("--name", "anna") == []

    def test_several_jobs_and_documents(self) -> None:
        assert len(ask("--job", "contracts", "--job", "2")) == 9
        assert len(ask("--job", "letters")) == 2
        assert len(ask("--document", "lease.txt", "--document", "2")) == 9
        assert ask("--job", "letters", "--document", "lease.txt") == []

    @pytest.mark.parametrize(
        ("pattern", "n"),
        [
            ("*.txt", 9),
            ("contracts/*.txt", 0),
            ("contracts/**.txt", 7),
            ("contracts/**/lease.txt", 7),
            ("2026/l?ase.txt", 7),
            ("./letters/*", 2),
            ("l*", 7),
            ("ease*", 0),
            ("contr**/lease.txt", 7),
            ("contracts/2026/le**ase.txt", 7),
            ("contracts/2026/le**/ase.txt", 0),
            ("LETTERS/*", 0),
            ("a(*", 0),
        ],
    )
    def test_documents_by_pattern(self, pattern: str, n: int) -> None:
        assert len(ask("--document", pattern)) == n

    def test_dates_are_those_of_reading(self) -> None:
        assert len(ask("--since", "2020-01-01", "--until", "2099-12-31")) == 9
        assert ask("--since", "2099-12-31T12:00") == []
        assert ask("--until", "2020-01-01T00:00+02:00") == []
        assert "no date" in invoke("entities", "--since", "yesterday").stderr

    def test_the_last_day_belongs_to_what_is_asked_for(self, database: Database) -> None:
        from cli.quantity import local_time

        (reading,) = store.document_readings(database, 1)
        today = local_time(reading.finished_at)[:10]
        assert len(ask("--since", today, "--until", today)) == 9


class TestNear:
    def test_a_text_in_the_same_sentence(self) -> None:
        assert ask("--near", "RENTS a\nshop") == ["Anna Berg", "Acme Corp"]
        assert ask("--near", "strasse 9", "--label", "PER") == ["ANNA  BERG"]
        assert ask("--near", "nowhere") == []

    def test_an_entity_is_not_near_itself(self) -> None:
        assert ask("--near", "Dora") == ["Acme Corp"]
        assert ask("--near", "dora", "--within", "document", "--label", "PER") == PEOPLE[:3]

    def test_a_text_at_most_so_many_characters_away(self) -> None:
        assert ask("--near", "greetings", "--within", "2") == ["Carl", "Anna Berg"]
        assert ask("--near", "greetings", "--within", "1") == []

    def test_another_entity_of_a_label(self) -> None:
        assert ask("--label", "PER", "--cooccur", "ORG") == ["Anna Berg", "Carl", "Dora"]
        assert ask("--label", "PER", "--cooccur", "ORG", "--within", "document") == PEOPLE
        assert ask("--label", "PER", "--cooccur", "ORG", "--within", "13") == ["Carl", "Dora"]
        assert ask("--label", "ORG", "--cooccur", "ORG") == []
        assert ask("--label", "ORG", "--cooccur", "LOC", "--within", "document") == []

    def test_both_at_once_with_a_page_of_the_answer(self) -> None:
        both = ("--label", "PER", "--cooccur", "ORG", "--near", "lease", "--within", "document")
        assert ask(*both, "--limit", "2", "--offset", "1") == ["ANNA  BERG", "Carl"]

    def test_counts(self) -> None:
        near = ("--near", "acme", "--within", "document")
        assert count("text", *near, "--label", "PER", "--limit", "1") == [
            {"n": 2, "text": "ANNA  BERG", "name": "anna berg"}
        ]
        by = count("document,label,model", "--near", "acme", "--within", "document")
        assert [(row["n"], row["document_id"], row["label"], row["model"]) for row in by] == [
            (4, 1, "PER", "general"),
            (3, 1, "ORG", "general"),
        ]


class TestOrder:
    def test_sorted_by_several_keys(self) -> None:
        assert ask("--sort=-score,text", "--limit", "4") == ["ANNA  BERG", "Anna Berg", "Anna Berg", "Carl"]
        assert ask("--sort=label,-text", "--job", "1", "--limit", "2") == ["Acme Corp", "Acme Corp"]

    def test_pages_follow_each_other(self) -> None:
        everything = json_lines(invoke("entities", "--json").stdout)
        seen: list[dict[str, object]] = []
        while True:
            after = ["--after", str(seen[-1]["id"])] if seen else []
            rows = json_lines(invoke("entities", "--json", "--limit", "4", *after).stdout)
            if not rows:
                break
            seen += rows
        assert seen == everything
        assert json_lines(invoke("entities", "--json", "--offset", "4").stdout) == everything[4:]
        assert invoke("entities", "--after", "99999").exit_code == 4


class TestCounts:
    def test_by_several(self) -> None:
        assert count("job,label") == [
            {"n": 4, "job_id": 1, "job": "contracts", "label": "PER"},
            {"n": 3, "job_id": 1, "job": "contracts", "label": "ORG"},
            {"n": 2, "job_id": 2, "job": "letters", "label": "PER"},
        ]

    def test_an_entity_counts_for_each_job_that_asked(self, database: Database) -> None:
        new_job(database, [new_source("again.txt", LEASE)], name="again")
        new_job(database, [new_source("other.txt", LEASE)], name="other", model=OTHER_MODEL)
        assert [(row["job"], row["n"]) for row in count("job")] == [
            ("contracts", 7),
            ("again", 7),
            ("letters", 2),
        ]
        assert count("label", "--job", "again", "--job", "contracts")[0] == {"n": 4, "label": "PER"}

    def test_names_in_their_most_frequent_spelling(self) -> None:
        assert count("text", "--label", "ORG") == [{"n": 3, "text": "Acme Corp", "name": "acme corp"}]


class TestFormats:
    def test_contexts_stand_on_one_line(self) -> None:
        row = json_lines(invoke("entities", "--json", "--name", "carl", "--context", "22").stdout)[0]
        assert (row["before"], row["after"]) == ("Acme Corp was told by ", ". On the next page Dor")
        table = invoke("entities", "--name", "acme corp", "--context", "12").stdout
        assert [len(line.split("Acme")) for line in table.splitlines()[1:]] == [2, 2, 2]

    def test_entities_know_their_page(self) -> None:
        pages = [row["page"] for row in json_lines(invoke("entities", "--json").stdout)]
        assert pages == [1, 1, 1, 1, 1, 2, 2, None, None]

    def test_parquet_holds_what_json_does(self, tmp_path: Path) -> None:
        path = tmp_path / "found.parquet"
        answer = invoke("entities", "--format", "parquet", "-o", str(path), "--context", "5")
        assert answer.stderr == f"Wrote {path} (parquet): 9 rows.\n"
        rows = pyarrow.parquet.read_table(path).to_pylist()
        assert rows == json_lines(invoke("entities", "--json", "--context", "5").stdout)
        invoke("entities", "--count-by", "job,text", "--format", "parquet", "-o", str(path))
        assert pyarrow.parquet.read_table(path).to_pylist() == count("job,text")

    def test_csv_for_excel(self) -> None:
        content = invoke("entities", "--format", "csv", "--bom").stdout_bytes
        assert content.startswith(b"\xef\xbb\xbfid,document_id,path,record,page,start,")
        rows = list(csv.DictReader(StringIO(BytesIO(content).read().decode("utf-8-sig"), newline="")))
        assert [row["text"] for row in rows] == ask()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--within", "10"),
            ("--near", "x", "--within", "paragraph"),
            ("--near", " "),
            ("--count-by", "colour"),
            ("--count-by", "text,text"),
            ("--count-by", "text", "--sort", "text"),
            ("--count-by", "text", "--context", "3"),
            ("--count-by", "job", "--near", "x"),
            ("--sort", "path"),
            ("--sort", "text", "--after", "1"),
            ("--format", "parquet"),
            ("-o", "x.csv", "--format", "csv"),
            ("--bom",),
        ],
    )
    def test_what_does_not_go_together_is_said(self, arguments: tuple[str, ...]) -> None:
        answer = invoke("entities", *arguments)
        assert answer.exit_code == 2, answer.output
        assert "Error: " in answer.stderr

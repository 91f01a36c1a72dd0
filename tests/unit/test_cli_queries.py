"""Commands that ask and change a filled database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli import standing, status
from cli.models import entity_labels
from tests.command_line import invoke, json_lines
from tests.samples import MODEL, OTHER_MODEL, failed_source, finish_all, new_job, new_source
from tests.services import free_port
from worker import store
from worker.settings import Settings
from worker.store import Database, NewSource

LETTER = "Anna of Acme wrote to Bob.\r\nBob \x1b[31mof\u202e Acme was away.\n"


@pytest.fixture
def letters(database: Database) -> int:
    """A job with two documents read, one that waits and one that could not be read."""
    sources = [new_source("letters/anna.txt", LETTER), new_source("letters/b.jsonl", "=1+Carl", record="r1")]
    job_id = new_job(database, sources, name="letters")
    finish_all(database, ["Anna", "Acme", "Bob", "\x1b[31mof\u202e", "=1+Carl"])
    store.add_sources(
        database, job_id, [new_source("letters/late.txt"), failed_source("letters/\x1b[2J.txt")]
    )
    return job_id


@pytest.mark.usefixtures("letters")
class TestEntities:
    def test_json_lines_hold_everything(self) -> None:
        rows = json_lines(invoke("entities", "--json").stdout)
        assert [row["text"] for row in rows] == ["Anna", "Acme", "Bob", "\x1b[31mof\u202e", "=1+Carl"]
        assert rows[0].keys() >= {
            "document_id",
            "path",
            "record",
            "start",
            "end",
            "label",
            "score",
            "model_id",
        }
        assert all(LETTER[row["start"] : row["end"]] == row["text"] for row in rows[:4])
        assert rows[4]["record"] == "r1"

    def test_table_escapes_what_drives_a_terminal_and_names_records(self) -> None:
        output = invoke("entities").stdout
        assert "\x1b" not in output
        assert "\\x1b[31mof\\u202e" in output
        assert "letters/b.jsonl#r1" in output

    def test_conditions_narrow_the_answer(self) -> None:
        assert len(json_lines(invoke("entities", "--like", "ACM", "--json").stdout)) == 1
        assert len(json_lines(invoke("entities", "--text", "Acme", "--json").stdout)) == 1
        assert len(json_lines(invoke("entities", "--document", "b.jsonl", "--json").stdout)) == 1
        assert len(json_lines(invoke("entities", "--limit", "2", "--json").stdout)) == 2
        assert (
            len(json_lines(invoke("entities", "--label", "ORG,PER", "--job", "last", "--json").stdout)) == 5
        )
        assert invoke("entities", "--label", "ORG", "--json").stdout == ""
        assert invoke("entities", "--min-score", "0.95", "--json").stdout == ""

    def test_a_file_stands_for_all_its_records(self, database: Database) -> None:
        new_job(database, [new_source("t.csv", f"{name} left", record=name) for name in ("Ed", "Eve")])
        finish_all(database, ["Ed", "Eve"])
        for ref, texts in (("t.csv", ["Ed", "Eve"]), ("t.csv#Eve", ["Eve"]), ("t.c*", ["Ed", "Eve"])):
            rows = json_lines(invoke("entities", "--document", ref, "--json").stdout)
            assert [row["text"] for row in rows] == texts

    def test_a_label_that_no_model_has_is_told(self) -> None:
        for option in ("--label", "--cooccur"):
            result = invoke("entities", option, "PERSON,PER")
            assert result.exit_code == 0
            assert "No model here finds PERSON; they find" in result.stderr

    def test_conditions_need_not_be_text(self) -> None:
        for option in ("--text", "--like", "--label"):
            for value in ("\udcff", "\udcff,PER" if option == "--label" else "a\udcff"):
                assert invoke("entities", option, value, "--json").exit_code == 0

    def test_an_empty_answer_is_no_failure(self) -> None:
        result = invoke("entities", "--text", "nobody")
        assert result.exit_code == 0
        assert result.stdout == ""
        assert result.stderr == "No entity matches.\n"

    def test_counts(self) -> None:
        assert json_lines(invoke("entities", "--count-by", "label", "--json").stdout) == [
            {"label": "PER", "n": 5}
        ]
        by_text = json_lines(invoke("entities", "--count-by", "text", "--json", "--like", "b").stdout)
        assert by_text == [{"text": "Bob", "name": "bob", "n": 1}]
        by_document = json_lines(invoke("entities", "--count-by", "document", "--json").stdout)
        assert [(row["path"], row["n"]) for row in by_document] == [
            ("letters/anna.txt", 4),
            ("letters/b.jsonl", 1),
        ]

    def test_csv_for_spreadsheets(self) -> None:
        assert ",'=1+Carl," in invoke("entities", "--format", "csv", "--excel-safe").stdout
        assert ",=1+Carl," in invoke("entities", "--format", "csv").stdout

    def test_what_does_not_exist_is_not_found(self) -> None:
        assert invoke("entities", "--job", "nope").exit_code == 4
        assert invoke("entities", "--document", "nope").exit_code == 4
        assert invoke("entities", "--model", "nope").exit_code == 4

    def test_labels_are_named_as_they_are_stored(self) -> None:
        assert entity_labels(("O", "E-MAIL", "PHONE")) == ["E-MAIL", "PHONE"]
        assert entity_labels(("O", "B_PER", "I_PER", "B-LOC")) == ["LOC", "PER"]

    def test_wrong_usage(self) -> None:
        assert invoke("entities", "--min-score", "2").exit_code == 2
        assert invoke("entities", "--min-score", "nan").exit_code == 2
        assert invoke("entities", "--excel-safe").exit_code == 2
        assert invoke("entities", "--json", "--format", "csv").exit_code == 2

    @pytest.mark.parametrize(
        "arguments",
        [
            ("entities", "--limit"),
            ("entities", "--offset"),
            ("entities", "--after"),
            ("status", "--limit"),
            ("evaluations", "--limit"),
            ("evaluations", "show"),
            ("evaluations", "delete"),
        ],
    )
    def test_a_number_that_no_database_takes_is_refused(self, arguments: tuple[str, ...]) -> None:
        for number in (2**63, 10**30):
            answer = invoke(*arguments, str(number))
            assert answer.exit_code == 2, answer.output
            assert "too large" in answer.stderr
        assert invoke("entities", "--limit", str(2**63 - 1), "--offset", str(2**63 - 1)).exit_code == 0


@pytest.mark.usefixtures("letters")
class TestShow:
    def test_marks_entities_and_escapes_the_rest(self) -> None:
        result = invoke("show", "anna.txt")
        assert result.stdout == (
            "[Anna](PER) of [Acme](PER) wrote to [Bob](PER).\nBob [\\x1b[31mof\\u202e](PER) Acme was away.\n"
        )
        assert "4 entities: PER 4" in result.stderr

    def test_json_holds_text_and_entities(self) -> None:
        answer = json.loads(invoke("show", "letters/anna.txt", "--json").stdout)
        assert answer["schema_version"] == 1
        assert answer["text"] == LETTER
        assert [answer["text"][e["start"] : e["end"]] for e in answer["entities"]] == [
            e["text"] for e in answer["entities"]
        ]
        reading = answer["reading"]
        assert reading["model_id"] == answer["model_id"] == MODEL.id
        assert (reading["engine"], reading["precision"], reading["nerq_version"]) == (
            "torch",
            "fp32",
            "0.1.0",
        )
        assert reading["finished_at"].startswith("20")

    def test_pages_begin_with_a_line_that_says_so(self, database: Database) -> None:
        text = "One\r\nAnna of\tAcme\r\nand Bo"
        starts = (0, 5, text.index("cme"), len(text))
        document = new_source("p", text).document
        new_job(database, [NewSource("pages.pdf", document=document, page_starts=starts)])
        finish_all(database, ["Anna", "Acme"])
        assert invoke("show", "pages.pdf").stdout == (
            "--- page 1 ---\nOne\n--- page 2 ---\n[Anna](PER) of\t[Acme](PER)\n--- page 3 ---\n"
            "\nand Bo\n--- page 4 ---\n"
        )
        assert json.loads(invoke("show", "pages.pdf", "--json").stdout)["page_starts"] == list(starts)

    def test_two_models_must_be_told_apart(self, database: Database) -> None:
        finish_all(database)
        new_job(database, [new_source("letters/anna.txt", LETTER)], model=OTHER_MODEL)
        finish_all(database, ["Bob"])
        result = invoke("show", "anna.txt")
        assert result.exit_code == 1
        assert "bbbbbbbbbbbb (legal)" in result.stderr
        assert "[Bob](PER)" in invoke("show", "anna.txt", "--model", "legal").stdout

    def test_unknown_document(self) -> None:
        assert invoke("show", "nope.txt").exit_code == 4


@pytest.mark.usefixtures("letters")
class TestJobs:
    def test_status_lists_jobs(self) -> None:
        header, row = invoke("status").stdout.splitlines()
        assert header.split() == "JOB NAME MODEL STATE DOCUMENTS DONE FAILED ENTITIES CREATED".split()
        assert row.split()[:8] == ["1", "letters", "general", "queued", "4", "2", "1", "5"]

    def test_status_of_a_job(self) -> None:
        result = invoke("status", "letters")
        assert result.stdout.startswith("Job 1 letters: queued\n")
        assert "1 undecodable" in result.stdout

    def test_status_says_when_nobody_works(self) -> None:
        assert "1 extraction waits and no worker is alive" in invoke("status").stderr
        assert "no worker is alive" in invoke("status", "last").stderr

    def test_a_live_worker_is_named_instead(self, database: Database) -> None:
        store.beat(database, "host:1:1", "host", 1, "gpu 0", note="cannot open the model")
        result = invoke("status", "last")
        assert "host:1:1 on gpu 0 (cannot open the model)" in result.stdout
        assert result.stderr == ""

    def test_status_in_json(self) -> None:
        answer = json.loads(invoke("status", "1", "--json").stdout)
        assert answer["schema_version"] == 1
        assert answer["state"] == "queued"
        assert answer["extractions"] == {"queued": 1, "running": 0, "done": 2, "failed": 0, "cancelled": 0}
        assert answer["failures"] == {"undecodable": 1}
        assert answer["finished_at"] is None
        (row,) = json_lines(invoke("status", "--json").stdout)
        assert row["job"] == 1

    def test_watch_ends_with_the_job(self, database: Database) -> None:
        finish_all(database)
        assert "Job 1 letters: done, 1 failed" in invoke("status", "last", "--watch").stdout
        assert invoke("status", "--watch").exit_code == 2

    def test_watching_an_interrupted_submit_ends(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job_id = store.create_job(database, None, MODEL, {})
        store.add_sources(database, job_id, [new_source("new.txt")])
        finish_all(database)
        monkeypatch.setattr(status, "STALL_S", 0.2)
        result = invoke("status", str(job_id), "--watch", "--every", "0.1")
        assert result.exit_code == 1
        assert "No file has been added" in result.stderr

    def test_errors(self) -> None:
        (row,) = json_lines(invoke("errors", "last", "--json").stdout)
        assert row["path"] == "letters/\x1b[2J.txt"
        assert row["code"] == "undecodable"
        table = invoke("errors", "1").stdout
        assert "letters/\\x1b[2J.txt" in table
        assert "\x1b" not in table

    def test_no_errors(self, database: Database) -> None:
        new_job(database)
        result = invoke("errors", "last", "--json")
        assert (result.exit_code, result.stdout) == (0, "")

    def test_cancel(self) -> None:
        assert invoke("cancel", "letters").stdout == "Job 1: 1 extraction cancelled.\n"
        assert json.loads(invoke("cancel", "1", "--json").stdout)["cancelled"] == 0
        assert json.loads(invoke("status", "1", "--json").stdout)["state"] == "cancelled"

    @pytest.mark.parametrize("command", ["status", "errors", "cancel", "retry", "evaluate"])
    def test_a_job_that_does_not_exist(self, command: str, tmp_path: Path) -> None:
        gold = tmp_path / "gold.jsonl"
        gold.write_text('{"text": "Anna", "entities": [[0, 4, "PER"]]}\n')
        more = ["--gold", str(gold)] if command == "evaluate" else []
        result = invoke(command, "nope", *more)
        assert result.exit_code == 4
        assert result.stderr.startswith("Error: ")

    def test_no_wait_needs_a_broker(self) -> None:
        assert invoke("retry", "last", "--no-wait").exit_code == 2
        assert invoke("submit", ".", "--no-wait").exit_code == 2

    def test_waiting_for_what_was_cancelled_is_no_success(self, database: Database) -> None:
        assert standing.exit_code(store.job_progress(database, new_job(database, []))) == 0
        job_id = new_job(database, ["new.txt"])
        store.cancel_job(database, job_id)
        assert standing.exit_code(store.job_progress(database, job_id)) == 1

    def test_retry_of_nothing_ends_at_once(self, database: Database) -> None:
        finish_all(database)
        result = invoke("retry", "last", "--quiet", "--json")
        assert result.exit_code == 1  # a source could not be read
        assert json.loads(result.stdout)["extractions"]["done"] == 3


class TestEvaluate:
    GOLD = '{"text": "Anna of Acme", "entities": [{"start": 0, "end": 4, "label": "PER"}]}\n'

    def test_scores_against_gold(self, database: Database, tmp_path: Path) -> None:
        new_job(database, [new_source("a.txt", "Anna of Acme"), new_source("b.txt", "other")])
        finish_all(database, ["Anna", "Acme"])
        gold = tmp_path / "gold.jsonl"
        gold.write_text(self.GOLD)
        answer = json.loads(invoke("evaluate", "--gold", str(gold), "--json").stdout)
        assert (answer["precision"], answer["recall"]) == (0.5, 1.0)
        assert answer["n_job_documents_without_gold"] == 1
        lines = invoke("evaluate", "last", "--gold", str(gold)).stdout.splitlines()
        header, per, overall, _, reliability, threshold = lines
        assert header.split() == "LABEL PRECISION RECALL F1 GOLD FOUND".split()
        assert per.split() == ["PER", "50.00", "100.00", "66.67", "1", "2"]
        assert overall.split() == ["all", "50.00", "100.00", "66.67", "1", "2"]
        assert reliability == "Entities scored 0.9 or more are right 50.0 % of the time (1 of 2)."
        assert threshold == "No threshold of the score raises F1 here."

    def test_fails_when_no_gold_is_in_the_job(self, database: Database, tmp_path: Path) -> None:
        new_job(database)
        finish_all(database)
        gold = tmp_path / "gold.jsonl"
        gold.write_text(self.GOLD)
        result = invoke("evaluate", "--gold", str(gold))
        assert result.exit_code == 1
        assert "1 gold document of 1 not found" in result.stderr

    def test_gold_must_exist(self) -> None:
        result = invoke("evaluate", "--gold", "no\x1bpe.conll")
        assert result.exit_code == 4
        assert result.stderr == "Error: no\\x1bpe.conll: no such file\n"
        assert invoke("evaluate", "--gold", ".").exit_code == 2
        files = ["--train", "nope.conll", "--dev", "nope.conll"]
        assert invoke("train", *files, "--base", "general", "--output", "new").exit_code == 4


class TestDatabase:
    def test_reading_makes_no_database(self, tmp_path: Path) -> None:
        for command in (["status"], ["entities"], ["errors", "1"], ["db", "check"]):
            result = invoke(*command)
            assert result.exit_code == 4
            assert "There is no database nerq.db" in result.stderr
        assert list(tmp_path.iterdir()) == []

    def test_upgrade_makes_and_check_agrees(self) -> None:
        assert "went from version none" in invoke("db", "upgrade").stdout
        assert "already" in invoke("db", "upgrade").stdout
        answer = json.loads(invoke("db", "check", "--json").stdout)
        assert answer["is_current"] is True

    def test_a_wrong_setting_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NERQ_DATABASE", "mysql://root:secret@db/nerq")
        result = invoke("status")
        assert result.exit_code == 3
        assert "NERQ_DATABASE" in result.stderr
        assert "secret" not in result.stderr

    @pytest.mark.parametrize(
        ("name", "url"),
        [
            ("NERQ_DATABASE", "postgresql://u:hunter@h:abc/db"),
            ("NERQ_BROKER", "redis://:hunt/er@127.0.0.1:6399/0"),
            ("NERQ_BROKER", "redis://:12/hunter@127.0.0.1:6399/0"),
            ("NERQ_BROKER", "redis://[hunter"),
        ],
    )
    def test_a_malformed_url_is_a_wrong_setting(
        self, name: str, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, url)
        result = invoke("status")
        assert result.exit_code == 3
        assert name in result.stderr
        assert "hunt" not in result.stderr

    def test_doctor_says_what_to_do_about_a_database_out_of_reach(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NERQ_DATABASE", f"postgresql://u:hunter@127.0.0.1:{free_port()}/db")
        result = invoke("doctor")
        assert result.exit_code == 3
        assert result.stdout.count("Cannot open the database") == 1
        assert "Start the database, or correct NERQ_DATABASE" in result.stdout

    def test_doctor_says_what_computes_the_model_and_why(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def told(**settings: str) -> str:
            for name, value in {"CUDA_VISIBLE_DEVICES": "", **settings}.items():
                monkeypatch.setenv(name, value)
            return "\n".join(line for line in invoke("doctor").stdout.splitlines() if "engine" in line)

        assert "openvino on cpu, fp32: asked for by NERQ_PRECISION" in told(NERQ_PRECISION="fp32")
        (tmp_path / "file").touch()
        assert "note  engine      converted networks cannot be kept" in told(
            XDG_CACHE_HOME=str(tmp_path / "file")
        )
        assert "FAIL  engine      There is no precision 'fp16'" in told(
            NERQ_ENGINE="openvino", NERQ_PRECISION="fp16"
        )
        assert "torch on cpu, fp16: asked for by NERQ_ENGINE" in told(NERQ_ENGINE="torch")
        assert "torch on cuda" in told(CUDA_VISIBLE_DEVICES="0")

    @pytest.mark.parametrize(
        "url", ["redis://h", "redis://h:1/", "rediss://u:p%2Fq@h:1/2?ssl_cert_reqs=required", "redis:///1"]
    )
    def test_a_good_broker_is_taken(self, url: str) -> None:
        assert Settings(broker=SecretStr(url)).broker_url == url

    def test_an_unexpected_failure_is_short_and_tells_where_to_look(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with database.write() as connection:
            connection.exec_driver_sql("DROP TABLE entity")
        result = invoke("entities")
        assert result.exit_code != 0
        assert "Traceback" not in result.stderr
        assert len(result.stderr.splitlines()) <= 3
        monkeypatch.setenv("NERQ_LOG_LEVEL", "DEBUG")
        assert "Error" in invoke("entities").stderr


class TestModels:
    def test_used_models_are_counted(self, database: Database) -> None:
        new_job(database)
        finish_all(database)
        used = [row for row in json_lines(invoke("models", "--json").stdout) if row["id"] == "a" * 64]
        assert [(row["name"], row["n_documents"], row["labels"]) for row in used] == [("general", 1, ["PER"])]

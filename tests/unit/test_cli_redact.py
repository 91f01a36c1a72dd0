"""`nerq redact`: what is replaced, what stays, and where copies and maps may be written."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command_line import invoke, run, write_documents
from tests.samples import claimed, failed_source, finish_all, new_job, new_source, result
from worker import store
from worker.redaction.occurrences import KnownNames, found_stretches
from worker.store import Database, NewEntity, RunFacts

LETTER = "Ann Lee 😀 met Bo.\r\nANN\r\nLEE left; Anna and Ann Lee stayed.\r\n"


@pytest.fixture
def letters(database: Database) -> int:
    """Ann Lee is found once, ANN LEE once; the second Ann Lee is missed."""
    job_id = new_job(
        database,
        [new_source("post/letters/a.txt", LETTER), new_source("post/b.md", "To ann lee, from Bo.")],
        name="letters",
    )
    finish_all(database, ["Ann Lee", "ANN\r\nLEE", "Bo", "ann lee"])
    return job_id


def redact(*more: str, code: int = 0) -> dict[str, Any]:
    outcome = invoke("redact", "letters", "-o", "out", "--json", *more)
    assert outcome.exit_code == code, outcome.output
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer


def copy(name: str = "letters/a.txt") -> str:
    return (Path("out") / name).read_bytes().decode("utf-8")


@pytest.mark.usefixtures("letters")
class TestStyles:
    def test_labels_stand_for_names_and_all_else_stays(self) -> None:
        answer = redact()
        assert copy() == "[PER] 😀 met [PER].\r\n[PER] left; Anna and Ann Lee stayed.\r\n"
        assert copy("b.md") == "To [PER], from [PER]."
        assert (answer["documents"], answer["replaced"]) == (2, {"PER": 5})

    def test_masks_are_as_long_as_the_names_and_break_lines_as_they_do(self) -> None:
        redact("--style", "mask")
        assert copy() == "███████ 😀 met ██.\r\n███\r\n███ left; Anna and Ann Lee stayed.\r\n"

    def test_pseudonyms_are_the_same_for_every_spelling_and_in_every_document(self) -> None:
        redact("--style", "pseudonym", "--map", "key.json")
        assert copy() == "PER-1 😀 met PER-2.\r\nPER-1 left; Anna and Ann Lee stayed.\r\n"
        assert copy("b.md") == "To PER-1, from PER-2."
        content = json.loads(Path("key.json").read_text("utf-8"))
        assert [(e["text"], e["sign"], e["n"]) for e in content["names"]] == [
            ("Ann Lee", "PER-1", 3),
            ("Bo", "PER-2", 2),
        ]
        assert Path("key.json").stat().st_mode & 0o777 == 0o600

    def test_hashes_hold_under_one_key_and_not_under_another(self) -> None:
        redact("--style", "hash", "--map", "key.json")
        first = copy("b.md")
        assert re.fullmatch(r"To (PER-[0-9a-f]{16}), from PER-[0-9a-f]{16}\.", first)
        redact("--style", "hash", "--map", "key.json", "--overwrite")
        assert copy("b.md") == first
        redact("--style", "hash", "--overwrite")
        assert copy("b.md") != first

    def test_a_map_goes_on_and_its_names_keep_their_signs(self, database: Database) -> None:
        redact("--style", "pseudonym", "--map", "key.json")
        new_job(database, [new_source("c.txt", "Cy met Bo.")], name="more")
        finish_all(database, ["Cy", "Bo"])
        outcome = invoke("redact", "more", "-o", "more-out", "--style", "pseudonym", "--map", "key.json")
        assert outcome.exit_code == 0
        assert Path("more-out/c.txt").read_text() == "PER-3 met PER-2."

    def test_a_foreign_map_is_left_as_it_is(self) -> None:
        for content in ("[]", "{}", "no json", '{"format": "nerq name map", "version": 9, "style": "hash"}'):
            Path("key.json").write_text(content)
            assert (
                invoke("redact", "letters", "-o", "out", "--style", "hash", "--map", "key.json").exit_code
                == 1
            )
            assert Path("key.json").read_text() == content
        assert not Path("out").exists()


@pytest.mark.usefixtures("letters")
class TestEverywhere:
    def test_a_name_that_was_found_once_is_replaced_wherever_it_stands_whole(self) -> None:
        answer = redact("--everywhere")
        assert copy() == "[PER] 😀 met [PER].\r\n[PER] left; Anna and [PER] stayed.\r\n"
        assert (answer["replaced"], answer["replaced_elsewhere"]) == ({"PER": 5}, {"PER": 1})

    def test_names_of_one_document_are_replaced_in_the_others(self, database: Database) -> None:
        sources = [new_source("x.txt", "Bo wrote."), new_source("y.txt", "Boston, Bo's Bo\n Bo.")]
        new_job(database, sources, name="others")
        first, second = claimed(database)
        finished = [result(first, [NewEntity(0, 2, "PER", "Bo", 0.9)]), result(second)]
        store.finish(database, finished, RunFacts("h:1:1", "torch", "fp32", "0"))
        assert invoke("redact", "others", "-o", "out", "--everywhere").exit_code == 0
        assert copy("y.txt") == "Boston, [PER]'s [PER]\n [PER]."

    def test_what_was_not_asked_for_is_replaced_nowhere(self) -> None:
        assert redact("--everywhere", "--min-score", "0.95")["replaced"] == {}
        assert copy() == LETTER


@given(
    st.lists(st.sampled_from(["Ann", "Lee", "Ann Lee", "Bo", "met", ",", "\n", "Anna"]), max_size=12),
    st.data(),
)
def test_stretches_cover_every_entity_and_share_nothing(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    places = [(m.start(), m.end()) for m in re.finditer(r"Ann Lee|Ann\b|Lee|Bo", text)]
    chosen = data.draw(st.lists(st.sampled_from(places), unique=True)) if places else []
    entities = [NewEntity(start, end, "PER", text[start:end], 0.9) for start, end in chosen]
    known = KnownNames()
    for entity in entities:
        known.add(entity)
    found = found_stretches(entities)
    every = sorted([*found, *known.find(text, found)], key=lambda s: s.start)
    assert all(left.end <= right.start for left, right in pairwise(every))
    assert all(any(s.start <= e.start and e.end <= s.end for s in every) for e in entities)
    for stretch in every:
        text = text[: stretch.start] + "█" * (stretch.end - stretch.start) + text[stretch.end :]
    assert not any(re.search(rf"\b{re.escape(e.text)}\b", text) for e in entities)


def test_a_longer_name_does_not_reach_beyond_the_end() -> None:
    known = KnownNames()
    for name in ("Ann Lee", "Ann"):
        known.add(NewEntity(0, len(name), "PER", name, 0.9))
    assert [(s.start, s.end) for s in known.find("Bo, Ann", [])] == [(4, 7)]


@pytest.mark.usefixtures("letters")
class TestReport:
    def test_it_says_what_was_replaced_where_and_no_name(self) -> None:
        answer = redact("--style", "pseudonym", "--everywhere", "--report", "replaced.csv")
        assert answer["report"] == "replaced.csv"
        text = Path("replaced.csv").read_text("utf-8")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        of_a = [row for row in rows if row["copy"] == "letters/a.txt"]
        places = [(LETTER[int(row["start"]) : int(row["end"])], row["sign"], row["found"]) for row in of_a]
        assert places == [
            ("Ann Lee", "PER-1", "here"),
            ("Bo", "PER-2", "here"),
            ("ANN\r\nLEE", "PER-1", "here"),
            ("Ann Lee", "PER-1", "elsewhere"),
        ]
        assert [row["path"] for row in rows[4:]] == ["post/b.md"] * 2
        assert not re.search("ann|bo", text.replace("label", ""), re.IGNORECASE)
        assert stat.S_IMODE(Path("replaced.csv").stat().st_mode) == 0o600

    def test_it_does_not_lie_among_the_copies_and_nothing_is_left_of_it(self) -> None:
        Path("out").mkdir()
        assert invoke("redact", "letters", "-o", "out", "--report", "out/replaced.csv").exit_code == 2
        unwritable = ("--style", "hash", "--map", "no/map")
        done = invoke("redact", "letters", "-o", "out", *unwritable, "--report", "replaced.csv")
        assert done.exit_code == 1
        assert not Path("replaced.csv").exists()


def test_a_pdf_becomes_plain_text_and_its_report_knows_pages(database: Database) -> None:
    document = new_source("p", "Ann\fBo and Cem").document
    new_job(database, [store.NewSource("x/deed.pdf", document=document, page_starts=(0, 4))], name="letters")
    finish_all(database, ["Ann", "Cem"])
    redact("--report", "replaced.csv")
    assert copy("deed.pdf.txt") == "[PER]\fBo and [PER]"
    with Path("replaced.csv").open(encoding="utf-8", newline="") as file:
        assert [row["page"] for row in csv.DictReader(file)] == ["1", "2"]


def test_overlapping_entities_leave_nothing_of_either() -> None:
    entities = [NewEntity(0, 7, "PER", "Ann Lee", 0.9), NewEntity(4, 10, "ORG", "Lee Co", 0.9)]
    assert [(s.start, s.end, s.label) for s in found_stretches(entities)] == [(0, 10, "PER")]


class TestWhatIsMissing:
    def test_documents_that_were_not_read_have_no_copy_and_are_named(
        self, database: Database, letters: int
    ) -> None:
        more = [new_source("post/late.txt", "Bo"), failed_source("post/bad.txt")]
        store.add_sources(database, letters, more)
        answer = redact(code=1)
        assert [one["name"] for one in answer["left_out"]] == ["post/late.txt", "post/bad.txt"]
        assert sorted(p.name for p in Path("out").rglob("*.*") if p.is_file()) == [
            ".nerq-redact",
            "a.txt",
            "b.md",
        ]

    def test_a_job_of_which_nothing_was_read_writes_nothing(self, database: Database) -> None:
        new_job(database, name="letters")
        assert invoke("redact", "letters", "-o", "out").exit_code == 1
        assert not Path("out").exists()

    @pytest.mark.usefixtures("letters")
    def test_what_it_does_not_promise_is_said(self) -> None:
        assert "no certified de-identification" in " ".join(
            invoke("redact", "letters", "-o", "out").stderr.split()
        )


class TestWhereTo:
    HOSTILE = (
        "../../up.txt",
        "/abs/olute.txt",
        "a/../../../b.txt",
        "./x/.hidden",
        "\x1b[2J.txt",
        "..",
        "c:\\d.txt",
    )

    def test_nothing_is_written_outside_whatever_sources_are_called(self, database: Database) -> None:
        Path("work").mkdir()
        records = ("../../r", "/etc/r", "..", "x" * 5000, "a\nb", "r", "R", "CON")
        sources = [new_source(path, f"Bo {path}") for path in self.HOSTILE]
        sources += [new_source("mail.jsonl", f"Bo {record}", record=record) for record in records]
        new_job(database, sources, name="letters")
        finish_all(database, ["Bo"])
        before = sorted(p for p in Path.cwd().rglob("*") if "nerq.db" not in p.name)
        assert invoke("redact", "letters", "-o", "work/out").exit_code == 0
        written = [p for p in Path("work/out").rglob("*") if p.is_file() and p.name != ".nerq-redact"]
        assert len(written) == len(sources)
        assert sorted(p.read_text("utf-8") for p in written) == sorted(
            f"[PER]{source.document.text[2:]}" for source in sources if source.document
        )
        assert not any(p.name.startswith(".") or "\x1b" in str(p) or "\n" in str(p) for p in written)
        after = sorted(p for p in Path.cwd().rglob("*") if "nerq.db" not in p.name)
        assert [p for p in after if not p.is_relative_to(Path.cwd() / "work/out")] == before

    def test_documents_of_one_name_have_a_copy_each(self, database: Database) -> None:
        sources = [
            new_source("a", "1"),
            new_source("a", "2"),
            new_source("a.txt", "3"),
            new_source("a.txt/b.txt", "4"),
            new_source("m.jsonl", "5", record="r"),
            new_source("m.jsonl", "6", record="r"),
        ]
        new_job(database, sources, name="letters")
        finish_all(database)
        redact()
        copies = {p.read_text() for p in Path("out").rglob("*") if p.is_file() and p.name != ".nerq-redact"}
        assert copies == set("123456")

    @pytest.mark.usefixtures("letters")
    def test_what_nerq_did_not_write_is_never_replaced(self) -> None:
        Path("out").mkdir()
        Path("out/mine.txt").write_text("mine")
        for more in ([], ["--overwrite"]):
            assert invoke("redact", "letters", "-o", "out", *more).exit_code == 1
        assert [p.name for p in Path("out").iterdir()] == ["mine.txt"]
        Path("out/mine.txt").unlink()
        redact()
        Path("out/letters/old.txt").write_text("of before")
        assert invoke("redact", "letters", "-o", "out").exit_code == 1
        redact("--overwrite")
        assert not Path("out/letters/old.txt").exists()

    @pytest.mark.usefixtures("letters")
    def test_a_map_never_lies_among_the_copies(self) -> None:
        for place in ("out/key.json", "other/../out/deep/key.json"):
            outcome = invoke("redact", "letters", "-o", "out", "--style", "hash", "--map", place)
            assert outcome.exit_code == 2

    @pytest.mark.usefixtures("letters")
    def test_a_map_that_cannot_be_written_leaves_no_copies(self) -> None:
        outcome = invoke("redact", "letters", "-o", "out", "--style", "hash", "--map", "no/such/key.json")
        assert outcome.exit_code == 1
        assert sorted(p.name for p in Path.cwd().iterdir() if "nerq.db" not in p.name) == []


class TestOrigin:
    def test_a_folder_is_read_first_and_not_twice(self, tiny_checkpoint: Path, tmp_path: Path) -> None:
        write_documents(tmp_path / "letters", {"a.txt": "Ann met Bo.", "in/b.txt": "Bo left."})
        settings = {"NERQ_DATABASE": f"sqlite:///{tmp_path}/new.db", "NERQ_MODEL": str(tiny_checkpoint)}
        first = run("redact", "letters", "-o", "out", "--json", **settings)
        assert first.returncode == 0, first.stderr
        assert {str(p.relative_to("out")) for p in Path("out").rglob("*.txt")} == {"a.txt", "in/b.txt"}
        database = store.open_database(settings["NERQ_DATABASE"])
        started = [store.job_progress(database, 1).n_entities, store.open_work(database).n_queued]
        assert run("redact", "letters", "-o", "out", "--overwrite", **settings).returncode == 0
        assert [store.job_progress(database, 2).n_entities, store.open_work(database).n_queued] == started
        assert [m.n_done for m in store.list_models(database)] == [2]
        database.close()

    @pytest.mark.usefixtures("letters")
    def test_what_may_be_a_job_or_a_path_is_asked_back(self) -> None:
        Path("letters").mkdir()
        outcome = invoke("redact", "letters", "-o", "out")
        assert outcome.exit_code == 1
        assert "./letters" in outcome.stderr

    def test_copies_do_not_lie_in_the_folder_that_is_read(self, tmp_path: Path) -> None:
        write_documents(tmp_path / "letters", {"a.txt": "Ann met Bo."})
        outcome = invoke("redact", "letters", "-o", "letters/copies")
        assert outcome.exit_code == 2
        assert "must not lie in PATH" in outcome.stderr
        assert not Path("letters/copies").exists()

    @pytest.mark.usefixtures("letters")
    def test_what_is_neither_is_not_found(self) -> None:
        assert invoke("redact", "nowhere", "-o", "out").exit_code == 4

    @pytest.mark.usefixtures("letters")
    def test_a_label_that_the_model_has_not_is_refused(self) -> None:
        assert invoke("redact", "letters", "-o", "out", "--labels", "PERS").exit_code == 2
        assert not Path("out").exists()

"""`nerq export`: each format is read back, by nerq's readers or by the library of the format."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests.command_line import NERQ, environment, invoke, json_lines, run
from tests.samples import claimed, failed_source, finish_all, new_job, new_source, result
from tests.services import needed
from worker import store
from worker.annotations import AnnotatedFile, read_annotations
from worker.store import Database, NewEntity

#: Emoji of several code points, CRLF inside a name, accents as marks of their own, a script from right to left.
LETTER = "👩🏽‍🚒 Ann Lee 😀 wrote\r\nto New\r\nYork.\r\n\r\nZoe\u0308 of 𝔅o met דנה."
NAMES = ("Ann Lee", "New\r\nYork", "Zoe\u0308", "𝔅o", "דנה")
ID = "letters/ann.txt"


@pytest.fixture
def letters(database: Database) -> int:
    """A job with names that are hard to place, an empty document and two records."""
    sources = [
        new_source(ID, LETTER),
        new_source("letters/empty.txt", ""),
        new_source("letters/mail.jsonl", "=1+Ann, no one", record="r1"),
        new_source("letters/mail.jsonl", "Nobody at all.", record="r2"),
    ]
    job_id = new_job(database, sources, name="letters")
    finish_all(database, [*NAMES, "=1+Ann"])
    return job_id


def export(form: str, *more: str) -> Path:
    """Write into out, or if that is a folder, be it."""
    path = Path(f"out.{form}")
    outcome = invoke("export", "letters", "--format", form, "-o", str(path), *more)
    assert outcome.exit_code == 0, outcome.output
    return path


def spans_of(file: AnnotatedFile) -> dict[str | None, list[str]]:
    return {d.id: [d.text[s.start : s.end] for s in d.spans] for d in file.documents}


@pytest.mark.usefixtures("letters")
class TestFormats:
    def test_jsonl_holds_everything_and_nerq_reads_it(self) -> None:
        path = export("jsonl")
        file = read_annotations(path)
        assert spans_of(file)[ID] == list(NAMES)
        assert [document.text for document in file.documents][:2] == [LETTER, ""]
        first = json_lines(path.read_text("utf-8"))[2]
        assert (first["id"], first["path"], first["record"]) == (
            "letters/mail.jsonl#r1",
            "letters/mail.jsonl",
            "r1",
        )
        assert (first["model"], first["model_id"], len(first["sha256"])) == ("general", "a" * 64, 64)
        assert first["entities"] == [
            {"start": 0, "end": 6, "label": "PER", "text": "=1+Ann", "score": 0.9, "page": None}
        ]

    @pytest.mark.parametrize("unit", ["utf16", "bytes"])
    def test_offsets_in_other_units_are_exact_and_read_as_such(self, unit: str) -> None:
        path = export("jsonl", "--offsets", unit)
        row = json_lines(path.read_text("utf-8"))[0]
        encoding, width = ("utf-16-le", 2) if unit == "utf16" else ("utf-8", 1)
        raw = row["text"].encode(encoding)
        covered = [raw[e["start"] * width : e["end"] * width].decode(encoding) for e in row["entities"]]
        assert covered == list(NAMES)
        assert spans_of(read_annotations(path))[ID] == list(NAMES)
        first = csv_rows(export("csv", "--offsets", unit))[0]
        assert int(first["start_utf16" if unit == "utf16" else "start_byte"]) == row["entities"][0]["start"]

    def test_entities_of_a_document_with_pages_know_theirs(self, database: Database) -> None:
        text = "😀 Ann\fBo and Cem"
        document = new_source("p", text).document
        new_job(database, [store.NewSource("p.pdf", document=document, page_starts=(0, 6))], name="pages")
        finish_all(database, ["Ann", "Cem"])
        outcome = invoke("export", "pages", "--format", "jsonl", "--offsets", "utf16")
        row = json_lines(outcome.stdout)[0]
        assert (row["page_starts"], [e["page"] for e in row["entities"]]) == ([0, 7], [1, 2])
        rows = csv.DictReader(io.StringIO(invoke("export", "pages", "--format", "csv").stdout, newline=""))
        assert [row["page"] for row in rows] == ["1", "2"]

    def test_csv_has_a_line_an_entity(self) -> None:
        rows = csv_rows(export("csv"))
        assert [row["text"] for row in rows] == [*NAMES, "=1+Ann"]
        assert all(LETTER[int(r["start"]) : int(r["end"])] == r["text"] for r in rows[:-1])
        assert rows[-1]["record"] == "r1"

    def test_csv_for_excel_runs_no_formula_and_says_that_it_is_utf8(self) -> None:
        path = export("csv", "--excel-safe", "--bom")
        assert path.read_bytes().startswith(b"\xef\xbb\xbfdocument_id,")
        assert csv_rows(path)[-1]["text"] == "'=1+Ann"

    def test_conll_has_the_words_of_the_model_and_whole_names(self) -> None:
        path = export("conll")
        lines = path.read_text("utf-8").splitlines()
        assert lines[0] == f"-DOCSTART- ({ID})"
        assert "New\tB-PER" in lines
        assert lines[lines.index("New\tB-PER") + 1] == "York\tI-PER"
        assert lines[lines.index("York\tI-PER") + 1] == ".\tO"
        squeezed = {
            key: ["".join(n.split()) for n in names]
            for key, names in spans_of(read_annotations(path)).items()
        }
        assert squeezed[ID] == ["".join(name.split()) for name in NAMES]
        assert squeezed["letters/empty.txt"] == []

    def test_brat_mirrors_the_folder_and_keeps_scores_as_notes(self) -> None:
        path = export("brat")
        file = read_annotations(path)
        assert spans_of(file) == {
            "ann.txt": list(NAMES),
            "empty.txt": [],
            "mail.jsonl/r1.txt": ["=1+Ann"],
            "mail.jsonl/r2.txt": [],
        }
        assert "#1\tAnnotatorNotes T1\tscore 0.9\n" in (path / "ann.ann").read_text("utf-8")

    def test_doccano_counts_code_points(self) -> None:
        path = export("doccano")
        row = json_lines(path.read_text("utf-8"))[0]
        assert [LETTER[start:end] for start, end, _ in row["label"]] == list(NAMES)
        assert spans_of(read_annotations(path))[ID] == list(NAMES)

    def test_label_studio_gets_predictions_in_utf16_units(self) -> None:
        path = export("label-studio")
        assert spans_of(read_annotations(path))[ID] == list(NAMES)
        task = json.loads(path.read_text("utf-8"))[0]
        assert "annotations" not in task
        prediction = task["predictions"][0]
        assert prediction["model_version"] == "general " + "a" * 12
        assert {region["score"] for region in prediction["result"]} == {0.9}
        raw = LETTER.encode("utf-16-le")
        values = [region["value"] for region in prediction["result"]]
        assert [raw[2 * v["start"] : 2 * v["end"]].decode("utf-16-le") for v in values] == list(NAMES)

    def test_parquet_is_read_by_pyarrow(self) -> None:
        parquet = needed("pyarrow.parquet")
        rows = parquet.read_table(export("parquet")).to_pylist()
        assert [row["text"] for row in rows][:2] == [LETTER, ""]
        assert [LETTER[e["start"] : e["end"]] for e in rows[0]["entities"]] == list(NAMES)
        assert rows[0]["entities"][0]["score"] == 0.9
        assert [row["record"] for row in rows] == [None, None, "r1", "r2"]

    def test_spacy_reads_its_docs_with_text_entities_scores_and_path(self) -> None:
        tokens = needed("spacy.tokens")
        docs_bin = tokens.DocBin(store_user_data=True).from_disk(export("spacy"))
        docs = list(docs_bin.get_docs(needed("spacy.vocab").Vocab()))
        assert [doc.text for doc in docs][:2] == [LETTER, ""]
        assert [(e.text, e.label_) for e in docs[0].ents] == [(name, "PER") for name in NAMES]
        assert [LETTER[e.start_char : e.end_char] for e in docs[0].ents] == list(NAMES)
        assert docs[0].spans["sc"].attrs["scores"] == [0.9] * len(NAMES)
        assert docs[0].user_data["nerq"]["path"] == ID
        assert [s.text.strip() for s in docs[0].sents][-1].startswith("Zoe")


@pytest.mark.usefixtures("letters")
class TestWhatIsWanted:
    def test_labels_and_scores_choose_entities_and_leave_all_documents(self) -> None:
        rows = json_lines(export("jsonl", "--min-score", "0.95").read_text("utf-8"))
        assert [len(row["entities"]) for row in rows] == [0, 0, 0, 0]

    def test_a_label_that_the_model_has_not_is_refused(self) -> None:
        outcome = invoke("export", "letters", "--format", "jsonl", "--label", "PERSON")
        assert outcome.exit_code == 2
        assert "it finds PER" in outcome.stderr

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--format", "parquet"],
            ["--format", "brat"],
            ["--format", "jsonl", "--json"],
            ["--format", "brat", "-o", "x", "--offsets", "utf16"],
            ["--format", "jsonl", "--bom"],
        ],
    )
    def test_what_does_not_go_together_is_refused(self, arguments: list[str]) -> None:
        assert invoke("export", "letters", *arguments).exit_code == 2


@pytest.mark.usefixtures("letters")
class TestWhereTo:
    def test_standard_output_is_utf8_whatever_the_locale(self, sqlite_url: str) -> None:
        printed = run_bytes(
            "export", "--format", "jsonl", NERQ_DATABASE=sqlite_url, LC_ALL="C", PYTHONUTF8="0"
        )
        assert json.loads(printed.decode("utf-8").splitlines()[0])["text"] == LETTER

    def test_a_pipe_is_written_to_and_stays_a_pipe(self) -> None:
        os.mkfifo("pipe")
        read: list[str] = []
        reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text("utf-8")))
        reader.start()
        outcome = invoke("export", "letters", "--format", "jsonl", "-o", "pipe")
        reader.join()
        assert outcome.exit_code == 0
        assert Path("pipe").is_fifo()
        assert len(read[0].splitlines()) == 4

    def test_what_is_there_stays_unless_it_may_be_replaced(self) -> None:
        Path("kept").write_text("mine")
        Path("link").symlink_to("kept")
        outcome = invoke("export", "letters", "--format", "jsonl", "-o", "link")
        assert (outcome.exit_code, Path("kept").read_text()) == (1, "mine")
        assert invoke("export", "letters", "--format", "jsonl", "-o", "link", "--overwrite").exit_code == 0
        assert Path("link").is_symlink()
        assert len(json_lines(Path("kept").read_text("utf-8"))) == 4

    def test_a_folder_of_documents_is_no_corpus_to_replace(self) -> None:
        Path("mine").mkdir()
        Path("mine/a.txt").write_text("mine")
        outcome = invoke("export", "letters", "--format", "brat", "-o", "mine", "--overwrite")
        assert (outcome.exit_code, Path("mine/a.txt").read_text()) == (1, "mine")

    def test_nothing_is_left_of_what_could_not_be_written(self) -> None:
        before = sorted(Path.cwd().iterdir())
        assert invoke("export", "letters", "--format", "jsonl", "-o", "no/such/place").exit_code == 1
        assert sorted(Path.cwd().iterdir()) == before


class TestWhatIsMissing:
    def test_documents_that_were_not_read_are_named_and_the_rest_is_written(
        self, database: Database, letters: int
    ) -> None:
        more = [new_source("letters/late.txt"), failed_source("letters/bad.txt")]
        store.add_sources(database, letters, more)
        outcome = invoke("export", "letters", "--format", "jsonl", "-o", "out.jsonl", "--json")
        assert outcome.exit_code == 1
        answer = json.loads(outcome.stdout)
        assert (answer["documents"], answer["entities"], answer["n_left_out"]) == (4, 6, 2)
        assert [one["name"] for one in answer["left_out"]] == ["letters/late.txt", "letters/bad.txt"]
        assert "letters/bad.txt: undecodable" in outcome.stderr
        assert len(json_lines(Path("out.jsonl").read_text("utf-8"))) == 4

    def test_an_entity_inside_a_word_is_kept_and_said(self, database: Database) -> None:
        new_job(database, [new_source("a.txt", "The Annabel sails.")], name="letters")
        extraction = claimed(database)[0]
        found = [NewEntity(4, 7, "PER", "Ann", 0.9)]
        store.finish(database, [result(extraction, found)], store.RunFacts("h:1:1", "torch", "fp32", "0"))
        outcome = invoke("export", "letters", "--format", "conll", "-o", "out.conll")
        assert outcome.exit_code == 0
        assert "1 word had to be cut" in outcome.stderr
        assert Path("out.conll").read_text("utf-8").splitlines()[2:6] == [
            "The\tO",
            "Ann\tB-PER",
            "abel\tO",
            "sails\tO",
        ]

    def test_what_a_format_cannot_hold_is_left_out_alone(self, database: Database) -> None:
        new_job(database, [new_source("a.txt", "Ann Lee"), new_source("b.txt", "Bo")], name="letters")
        overlapping = [NewEntity(0, 7, "PER", "Ann Lee", 0.9), NewEntity(4, 7, "PER", "Lee", 0.9)]
        first, second = claimed(database)
        run_facts = store.RunFacts("h:1:1", "torch", "fp32", "0")
        store.finish(database, [result(first, overlapping), result(second)], run_facts)
        outcome = invoke("export", "letters", "--format", "conll")
        assert outcome.exit_code == 1
        assert "a.txt: " in outcome.stderr
        assert outcome.stdout.splitlines() == ["-DOCSTART- (b.txt)", "", "Bo\tO", ""]
        assert len(json_lines(invoke("export", "letters", "--format", "jsonl").stdout)[0]["entities"]) == 2


def test_a_missing_library_is_named_with_how_to_install_it(
    letters: int, sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['pyarrow'] = sys.modules['spacy'] = None\n"
    )
    for form in ("parquet", "spacy"):
        path = f"{environment()['PYTHONPATH']}:{tmp_path}"
        done = run("export", "--format", form, "-o", "out", NERQ_DATABASE=sqlite_url, PYTHONPATH=path)
        assert done.returncode == 3
        assert f"pip install 'nerq[{form}]'" in done.stderr
        assert not Path("out").exists()


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def run_bytes(*arguments: str, **settings: str) -> bytes:
    done = subprocess.run([*NERQ, *arguments], capture_output=True, timeout=100, env=environment(**settings))
    assert done.returncode == 0, done.stderr
    return done.stdout

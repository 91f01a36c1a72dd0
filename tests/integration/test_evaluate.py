"""`nerq evaluate` and `nerq evaluations` on both databases, with a small model that reads at random."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from tests.command_line import invoke, json_lines
from tests.queue_work import make_settings
from tests.samples import new_job, new_source
from tests.tiny import make_tiny_checkpoint
from training.gold import Gold
from training.gold_reader import GoldReader
from training.scoring import LabelledStretch
from worker import store
from worker.queue.extract import extract_batch
from worker.queue.model_cache import ModelCache
from worker.queue.slots import Slot
from worker.recognition import Checkpoint, open_recognizer
from worker.recognition.reading import Reading
from worker.store import Database, ModelFacts

TEXTS = [
    f"Anna Berg of Acme {i} wrote to Carl. Nobody in Oslo answered the {name} for days, said Dora."
    for i, name in enumerate(("letter", "call", "zebra", "quiz", "jam", "vow"))
]
#: A word that is in no other text here, nor in any figure.
TELLTALE = "zebra"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("NERQ_DATABASE", database_url)
    monkeypatch.setenv("NERQ_THREADS", "1")
    monkeypatch.setenv("NERQ_PRECISION", "fp32")


@pytest.fixture(scope="session")
def other_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_checkpoint(tmp_path_factory.mktemp("models") / "other", seed=8)


@pytest.fixture
def gold(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    """Gold in which about half of what the tiny model finds is right."""
    found = open_recognizer(Checkpoint.open(str(tiny_checkpoint)), "fp32", threads=1).recognize(TEXTS)
    path = tmp_path / "gold.jsonl"
    with path.open("w") as file:
        for i, (text, one) in enumerate(zip(TEXTS, found, strict=True)):
            spans = [[e.start, e.end, e.label if n % 3 else "LAW"] for n, e in enumerate(one.entities)]
            file.write(json.dumps({"id": f"{i}.txt", "text": text, "entities": spans[i % 2 :: 2]}) + "\n")
    return path


@pytest.fixture
def conll(tmp_path: Path) -> Path:
    path = tmp_path / "gold.conll"
    lines = ["-DOCSTART- O", ""]
    for i, text in enumerate(TEXTS):
        lines += [f"{word} {'B-PER' if (n + i) % 3 == 0 else 'O'}" for n, word in enumerate(text.split())]
        lines += ["", "-DOCSTART- O", ""] if i % 2 else [""]
    path.write_text("\n".join(lines))
    return path


def evaluate(*arguments: object) -> dict[str, Any]:
    result = invoke("evaluate", "--json", "--quiet", *map(str, arguments))
    assert result.exit_code == 0, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def read_job(db: Database, folder: Path, texts: Sequence[str]) -> int:
    """A job over these texts, worked off."""
    checkpoint = Checkpoint.open(str(folder))
    facts = ModelFacts(checkpoint.id, "tiny", str(folder), checkpoint.labels.names, checkpoint.details())
    job_id = new_job(db, [new_source(f"in/{i}.txt", text) for i, text in enumerate(texts)], model=facts)
    ids = [row.id for row in store.announce(db, 1000)]
    settings = make_settings("sqlite:///unused.db", precision="fp32", batch_documents=100)
    assert extract_batch(db, ids, ModelCache(settings, Slot(None, 1)), settings, "here:1:1").n_done == len(
        texts
    )
    return job_id


def figures(answer: dict[str, Any]) -> dict[str, Any]:
    """What a reading decides."""
    keys = ("strict", "matching", "confusion", "interval", "errors", "n_errors", "threshold", "reliability")
    return {key: answer[key] for key in keys}


def test_a_model_and_its_job_get_the_same_figures(db: Database, tiny_checkpoint: Path, gold: Path) -> None:
    job_id = read_job(db, tiny_checkpoint, TEXTS)
    stored = evaluate("--gold", gold)
    direct = evaluate("--model", tiny_checkpoint, "--gold", gold)
    assert 0.2 < direct["f1"] < 0.9
    assert 0 < len(direct["errors"]) == direct["n_errors"] <= 100
    assert stored["strict"] == direct["strict"]
    assert stored["confusion"] == direct["confusion"]
    assert [e["gold"] for e in stored["errors"] if e["gold"]] != []
    assert (stored["job"], direct["job"]) == (job_id, None)
    assert stored["model"]["id"] == direct["model"]["id"]
    assert stored["settings"]["window"] == direct["settings"]["window"]


def test_gold_with_other_white_space_changes_no_figure(
    db: Database, tiny_checkpoint: Path, gold: Path, tmp_path: Path
) -> None:
    read_job(db, tiny_checkpoint, TEXTS)
    spaced = tmp_path / "spaced.jsonl"
    with spaced.open("w") as file:
        for record in map(json.loads, gold.read_text().splitlines()):
            ends = [
                [s + record["text"][:s].count(" "), e + record["text"][:e].count(" "), k]
                for s, e, k in record["entities"]
            ]
            file.write(json.dumps({"text": record["text"].replace(" ", "\n "), "entities": ends}) + "\n")
    assert evaluate("--gold", spaced)["strict"] == evaluate("--gold", gold)["strict"]


def test_the_words_of_a_conll_file_give_seqevals_figures(tiny_checkpoint: Path, conll: Path) -> None:
    from worker.annotations import read_annotations

    answer = evaluate("--model", tiny_checkpoint, "--gold", conll, "--no-store")
    recognizer = open_recognizer(Checkpoint.open(str(tiny_checkpoint)), "fp32", threads=1)
    sides: tuple[list[list[str]], list[list[str]]] = ([], [])
    for document in read_annotations(conll).documents:
        words = [word for sentence in document.sentences or () for word in sentence]
        firsts = np.cumsum([0, *(len(sentence) for sentence in (document.sentences or ())[:-1])])
        reading = Reading.of_words(
            document.text, np.array(words).reshape(-1, 2), firsts[: len(words)], recognizer.checkpoint
        )
        (found,) = recognizer.recognize_readings([reading])
        marked: tuple[Sequence[LabelledStretch], ...] = (document.spans, found.entities)
        for tags, entities in zip(sides, marked, strict=True):
            tags.append(["O"] * len(words))
            for entity in entities:
                inside = [i for i, (start, end) in enumerate(words) if entity.start <= start < entity.end]
                for i in inside:
                    tags[-1][i] = f"{'B' if i == inside[0] else 'I'}-{entity.label}"
    strict = {"mode": "strict", "scheme": IOB2, "average": "micro", "zero_division": 0}
    assert answer["n_gold"] > 10
    assert answer["f1"] == pytest.approx(f1_score(*sides, **strict))
    assert answer["precision"] == pytest.approx(precision_score(*sides, **strict))
    assert answer["recall"] == pytest.approx(recall_score(*sides, **strict))
    raw = evaluate("--model", tiny_checkpoint, "--gold", conll, "--raw", "--no-store")
    assert raw["n_predicted"] != answer["n_predicted"]  # "Dora." is one word there, two here
    assert raw["settings"]["raw"]
    assert json_lines(invoke("evaluations", "--json").stdout) == []


def test_evaluations_are_listed_and_shown_without_any_text(
    db: Database, tiny_checkpoint: Path, gold: Path, conll: Path
) -> None:
    job_id = read_job(db, tiny_checkpoint, TEXTS)
    first = evaluate(job_id, "--gold", gold, "--min-score", "0.5")
    second = evaluate("--model", tiny_checkpoint, "--gold", conll, "--gold", gold, "--window", "5")
    assert TELLTALE in json.dumps(first["errors"])
    rows = json_lines(invoke("evaluations", "--json").stdout)
    assert [row["id"] for row in rows] == [second["evaluation"], first["evaluation"]]
    assert [row["job"] for row in rows] == [None, job_id]
    assert rows[0]["settings"]["window"]["max_words"] == 5
    assert rows[1]["settings"]["min_score"] == 0.5
    assert rows[1]["gold"] == [{"path": str(gold), "sha256": hashlib.sha256(gold.read_bytes()).hexdigest()}]
    assert rows[0]["f1"] == second["f1"]
    assert len(json_lines(invoke("evaluations", "--gold", "gold.conll", "--json").stdout)) == 1
    assert len(json_lines(invoke("evaluations", "--model", "tiny", "--json").stdout)) == 1
    assert json_lines(invoke("evaluations", "--model", "none", "--json").stdout) == []

    shown = json.loads(invoke("evaluations", "show", str(first["evaluation"]), "--json").stdout)
    assert shown["figures"]["strict"] == first["strict"]
    assert TELLTALE not in json.dumps(shown)
    assert f"{100 * first['f1']:.2f}" in invoke("evaluations", "show", str(first["evaluation"])).stdout
    table = invoke("evaluations").stdout.splitlines()
    assert len(table) == 3
    assert "scores from 0.5" in table[2]
    assert invoke("evaluations", "show", "77").exit_code == 4
    assert "nerq evaluations show 77" in invoke("evaluations", "77").stderr


def test_one_that_is_kept_becomes_a_page_without_any_text(
    tiny_checkpoint: Path, gold: Path, tmp_path: Path
) -> None:
    first = evaluate("--model", tiny_checkpoint, "--gold", gold, "--report", tmp_path / "first.html")
    result = invoke("evaluations", "show", str(first["evaluation"]), "--report", str(tmp_path / "kept.html"))
    assert result.exit_code == 0
    assert f"{100 * first['f1']:.2f}" in result.stdout
    of_first, of_kept = ((tmp_path / name).read_text() for name in ("first.html", "kept.html"))
    assert first["created_at"] in of_first
    assert TELLTALE in of_first
    assert TELLTALE not in of_kept
    assert "no text of documents" in of_kept
    assert charts(of_kept) == charts(of_first) != []


def charts(page: str) -> list[str]:
    return re.findall("<svg.*?</svg>", page, re.DOTALL)


def test_evaluations_are_deleted_all_or_none(tiny_checkpoint: Path, gold: Path) -> None:
    def kept() -> list[int]:
        return [row["id"] for row in json_lines(invoke("evaluations", "--json").stdout)]

    evaluate("--model", tiny_checkpoint, "--gold", gold, "--window", "0,5,24")
    first, second, third = sorted(kept())
    nobody = invoke("evaluations", "delete", str(first))
    assert (nobody.exit_code, "--yes" in nobody.stderr) == (2, True)
    assert invoke("evaluations", "delete", str(first), "77", "--yes").exit_code == 4
    assert sorted(kept()) == [first, second, third]
    gone = invoke("evaluations", "delete", str(third), str(first), str(first), "--yes", "--json")
    assert json.loads(gone.stdout)["deleted"] == [first, third]
    assert kept() == [second]


def test_a_huge_document_is_read_with_progress(tiny_checkpoint: Path, tmp_path: Path) -> None:
    words = " ".join(TEXTS * 10).split()
    (tmp_path / "one.conll").write_text("".join(f"{word} O\n" for word in words))
    gold = Gold.read([tmp_path / "one.conll"])
    reader = GoldReader(
        Checkpoint.open(str(tiny_checkpoint)), gold, precision="fp32", threads=1, pack_pieces=64
    )
    read: list[float] = []
    findings = reader.read(on_read=read.append)
    assert len(gold.documents) == 1
    assert len(read) > 10
    assert sum(read) == pytest.approx(len(gold.documents[0].text))
    assert findings == reader.read()


def test_what_was_passed_over_in_gold_is_said(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Anna of Acme")
    (tmp_path / "a.ann").write_text("T1\tPER 0 4\tAnna\nT2\tORG 8 12\tAcme\nR1\tof Arg1:T1 Arg2:T2\n")
    arguments = ("--model", str(tiny_checkpoint), "--gold", str(tmp_path), "--no-store")
    assert f"{tmp_path}: 1 relations skipped\n" in invoke("evaluate", *arguments).stderr
    assert evaluate(*arguments)["gold"][0]["remarks"] == {"relations skipped": 1}


def test_windows_are_tried_one_after_another(tiny_checkpoint: Path, gold: Path) -> None:
    answer = evaluate("--model", tiny_checkpoint, "--gold", gold, "--window", "24,0,5")
    assert [row["max_words"] for row in answer["windows"]] == [0, 5, 24]
    assert [row["is_own"] for row in answer["windows"]] == [False, False, True]
    assert max(row["f1"] for row in answer["windows"]) == answer["f1"]
    (best,) = [row for row in answer["windows"] if row["is_best"]]
    assert best["max_words"] == answer["settings"]["window"]["max_words"]
    own = evaluate("--model", tiny_checkpoint, "--gold", gold)
    assert answer["windows"][2]["f1"] == own["f1"]
    assert len(json_lines(invoke("evaluations", "--json").stdout)) == 4
    result = invoke("evaluate", "--model", str(tiny_checkpoint), "--gold", str(gold), "--window", "0,5")
    assert "The model's own are of 24 words" in result.stdout


def test_a_decoding_may_be_chosen(tiny_checkpoint: Path, gold: Path) -> None:
    argmax, constrained = (
        evaluate("--model", tiny_checkpoint, "--gold", gold, "--decoding", decoding)
        for decoding in ("argmax", "constrained")
    )
    assert (argmax["settings"]["decoding"], constrained["settings"]["decoding"]) == ("argmax", "constrained")
    assert argmax["reliability"] != constrained["reliability"]
    assert argmax["model"] == constrained["model"]


def test_two_contenders_are_compared_on_what_both_have_read(
    db: Database, tiny_checkpoint: Path, other_checkpoint: Path, gold: Path
) -> None:
    job_id = read_job(db, tiny_checkpoint, TEXTS[:4])
    answer = evaluate("--model", tiny_checkpoint, "--gold", gold, "--against", other_checkpoint)
    comparison = answer["comparison"]
    assert comparison["n_documents"] == 6
    assert comparison["f1"] == pytest.approx(answer["f1"])
    other = evaluate("--model", other_checkpoint, "--gold", gold)
    assert comparison["f1_against"] == pytest.approx(other["f1"])
    assert comparison["difference"] == pytest.approx(answer["f1"] - other["f1"])
    assert comparison["interval"][0] < comparison["difference"] < comparison["interval"][1]
    assert comparison["both"] + comparison["only_this"] == answer["n_correct"]

    with_job = evaluate("--model", tiny_checkpoint, "--gold", gold, "--against", job_id)["comparison"]
    assert (with_job["n_documents"], with_job["difference"]) == (4, 0)
    assert with_job["against"]["job"] == job_id
    of_job = evaluate(job_id, "--gold", gold, "--against", tiny_checkpoint)["comparison"]
    assert (of_job["n_documents"], of_job["difference"], of_job["p_value"]) == (4, 0, 1)
    said = invoke("evaluate", "last", "--gold", str(gold), "--against", str(other_checkpoint)).stdout
    assert "points higher than that of model" in said
    assert invoke("evaluate", "--gold", str(gold), "--against", "77").exit_code == 4
    assert invoke("evaluate", "--gold", str(gold), "--against", "nothing").exit_code == 3


def test_low_scores_may_be_left_out(tiny_checkpoint: Path, gold: Path) -> None:
    everything = evaluate("--model", tiny_checkpoint, "--gold", gold)
    best = everything["threshold"]["best"]
    cut = evaluate("--model", tiny_checkpoint, "--gold", gold, "--min-score", best["threshold"])
    assert cut["f1"] == pytest.approx(best["f1"])
    assert cut["n_predicted"] == best["n_predicted"]


def test_labels_that_the_model_lacks_are_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "law.jsonl"
    path.write_text(json.dumps({"text": "Art. 5 of Oslo", "entities": [[0, 6, "LA\x1bW"], [10, 14, "LOC"]]}))
    result = invoke("evaluate", "--model", str(tiny_checkpoint), "--gold", str(path), "--no-store")
    assert result.exit_code == 0
    assert "The model has no label LA\\x1bW:" in result.stderr

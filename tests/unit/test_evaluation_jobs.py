import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from training.evaluation import Evaluation
from training.evaluation import evaluate as score
from training.findings import find_stored
from training.gold import Gold
from worker import store

MODEL = store.ModelFacts("0" * 64, "tiny", "models/tiny", ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"))
RUN = store.RunFacts("host:1:1", "torch", "fp32", "0")

#: What the "model" finds in every text.
FOUND = {"Ann Lee": "PER", "New York": "LOC", "New\nYork": "LOC", "York": "LOC"}


@pytest.fixture
def db() -> Iterator[store.Database]:
    database = store.open_database("sqlite:///nerq.db")
    yield database
    database.close()


def submit(
    db: store.Database,
    texts: Mapping[str, str],
    records: Mapping[str, str] | None = None,
    fail: Sequence[str] = (),
    queued: Sequence[str] = (),
) -> int:
    """A job over texts by path, worked off but for the texts in `fail` and `queued`."""
    job_id = store.create_job(db, None, MODEL, {})
    sources = []
    for path, text in texts.items():
        document = store.NewDocument(hashlib.sha256(text.encode()).hexdigest(), text)
        sources.append(store.NewSource(path, record=(records or {}).get(path), document=document))
    store.add_sources(db, job_id, sources)
    for announced in store.announce(db, 100):
        batch = store.claim(db, [announced.id], RUN.worker, 60)
        assert batch
        (claimed,) = batch.extractions
        if claimed.text in fail:
            store.fail(db, claimed.id, claimed.attempt, "worker_lost", "")
        elif claimed.text in queued:
            store.give_back(db, [(claimed.id, claimed.attempt)])
        else:
            store.finish(
                db, [store.Finished(claimed.id, claimed.attempt, find(claimed.text), 1, 1, 1, 1, 0.1)], RUN
            )
    return job_id


def find(text: str) -> list[store.NewEntity]:
    entities: list[store.NewEntity] = []
    for name, label in FOUND.items():
        start = text.find(name)
        if start >= 0 and not any(e.start <= start < e.end for e in entities):
            entities.append(store.NewEntity(start, start + len(name), label, name, 0.9))
    return entities


def evaluate(db: store.Database, job_id: int, *gold: dict[str, object] | str) -> Evaluation:
    if isinstance(gold[0], str):
        path = Path("gold.conll")
        path.write_text("\n".join(str(line) for line in gold))
    else:
        path = Path("gold.jsonl")
        path.write_text("\n".join(json.dumps(record) for record in gold))
    read = Gold.read([path])
    return score(read, find_stored(db, job_id, read))


def counts(evaluation: Evaluation) -> tuple[int, int, int]:
    return evaluation.report.n_gold, evaluation.report.n_predicted, evaluation.report.n_correct


def test_stored_entities_are_scored_against_gold_with_the_same_text(db: store.Database) -> None:
    job_id = submit(db, {"a.txt": "Ann Lee left New York.", "b.txt": "Nothing here."})
    evaluation = evaluate(
        db,
        job_id,
        {"text": "Nothing here.", "entities": []},
        {"text": "Ann Lee left New York.", "entities": [[0, 7, "PER"], [13, 22, "LOC"]]},
    )
    assert counts(evaluation) == (2, 2, 1)  # gold has the full stop in its LOC: nothing is snapped
    assert evaluation.n_gold_documents == 2
    assert evaluation.unmatched_gold == ()
    assert evaluation.n_documents_without_gold == 0


def test_gold_in_words_is_found_whatever_the_space_between_them(db: store.Database) -> None:
    job_id = submit(db, {"a.txt": "  Ann Lee\nleft New\nYork ( again ) .\r\n", "b.txt": "Other."})
    evaluation = evaluate(
        db, job_id,
        "-DOCSTART- O", "", "Ann B-PER", "Lee I-PER", "left O", "", "New B-LOC", "York I-LOC", "(again O", ") O", ". O",
    )  # fmt: skip
    assert counts(evaluation) == (2, 2, 2)
    assert evaluation.n_documents_without_gold == 1


def test_gold_with_other_line_breaks_is_carried_over(db: store.Database) -> None:
    job_id = submit(db, {"a.txt": "Ann Lee left New\nYork."})
    evaluation = evaluate(
        db, job_id, {"text": "Ann Lee left\r\nNew York.", "entities": [[0, 7, "PER"], [14, 22, "LOC"]]}
    )
    assert counts(evaluation) == (2, 2, 2)


def test_the_very_text_goes_before_one_with_other_space_and_the_id_decides_the_rest(
    db: store.Database,
) -> None:
    texts = {"a.txt": "Ann Lee  left.", "b.txt": "Ann Lee left.", "c/d.txt": "Ann Lee left. "}
    job_id = submit(db, texts)
    exact = evaluate(db, job_id, {"text": "Ann Lee left.", "entities": []})
    assert exact.n_documents_without_gold == 2
    assert counts(exact) == (0, 1, 0)
    for name in ("c/d.txt", "d.txt", "other"):
        evaluation = evaluate(db, job_id, {"id": name, "text": "Ann  Lee left.", "entities": [[0, 8, "PER"]]})
        assert counts(evaluation) == (1, 1, 1)
        assert evaluation.n_documents_without_gold == 2


def test_each_gold_document_counts_once_however_many_sources_share_its_text(db: store.Database) -> None:
    job_id = submit(db, {"a.txt": "Ann Lee", "b.txt": "Ann Lee", "c.txt": "Ann  Lee"})
    evaluation = evaluate(db, job_id, {"text": "Ann Lee", "entities": [[0, 7, "PER"]]})
    assert counts(evaluation) == (1, 1, 1)
    assert evaluation.report.n_documents == 1
    assert evaluation.n_documents_without_gold == 1


def test_gold_that_was_not_scored_is_listed_with_the_reason(db: store.Database) -> None:
    texts = {"in/a.txt": "Ann Lee", "in/b.txt": "failed", "in/c.txt": "waits", "r.jsonl": "record"}
    job_id = submit(db, texts, records={"r.jsonl": "r-7"}, fail=["failed"], queued=["waits"])
    evaluation = evaluate(
        db,
        job_id,
        {"id": "a.txt", "text": "Ann Lea", "entities": []},
        {"id": "r-7", "text": "another record", "entities": []},
        {"id": "none", "text": "nowhere", "entities": []},
        {"text": "nameless", "entities": []},
        {"text": "failed", "entities": []},
        {"id": "c.txt", "text": "waits", "entities": [[0, 5, "PER"]]},
        {"text": "Ann Lee", "entities": []},
    )
    assert [str(unmatched) for unmatched in evaluation.unmatched_gold] == [
        "a.txt (the text differs)",
        "r-7 (the text differs)",
        "none (no document has this text)",
        "document 4 (no document has this text)",
        "document 5 (its extraction is failed)",
        "c.txt (its extraction is queued)",
    ]
    assert evaluation.report.n_documents == 1
    assert counts(evaluation) == (0, 1, 0)
    assert evaluation.n_documents_without_gold == 1


def test_only_the_documents_of_the_job_are_scored(db: store.Database) -> None:
    submit(db, {"a.txt": "Ann Lee"})
    job_id = submit(db, {"b.txt": "other"})
    evaluation = evaluate(db, job_id, {"text": "Ann Lee", "entities": []})
    assert evaluation.report.n_documents == 0
    assert len(evaluation.unmatched_gold) == 1

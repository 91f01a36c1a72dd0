"""The rows of a document depend on its text and its model alone, and say by what and when they were made."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cli.submission import open_model
from tests.command_line import NERQ, environment, invoke, json_lines, write_documents
from tests.queue_work import make_settings, submit
from tests.tiny import make_tiny_checkpoint
from worker import store
from worker.queue.extract import extract_batch
from worker.queue.model_cache import ModelCache
from worker.queue.slots import Slot
from worker.recognition import Checkpoint, open_recognizer
from worker.store import EntityQuery
from worker.version import nerq_version

#: How scores of the same model may differ when other documents are computed beside them.
TOLERANCE = 1e-5
#: Three commands that load a model at the same time, on a busy machine.
_PATIENCE_S = 300.0

pytestmark = pytest.mark.timeout(600)

#: Path -> its entities: span, label, text; and their scores.
Rows = Mapping[str, list[tuple[tuple[Any, ...], float]]]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """From one word to many windows."""
    sentence = "Jane Doe of Acme Inc. visited Paris, and the mayor of New York visited Jane. "
    return {f"{i:02}.txt": f"{i} {sentence * (i * i % 17)}" for i in range(24)}


def read_by(model: Path, texts: Mapping[str, str]) -> Rows:
    """What the model itself finds, one text at a time."""
    recognizer = open_recognizer(Checkpoint.open(str(model)), "fp32", threads=1)
    found = {name: recognizer.recognize([text])[0].entities for name, text in texts.items()}
    return {
        name: [((e.start, e.end, e.label, e.text), e.score) for e in some] for name, some in found.items()
    }


def stored(db: store.Database, job: int) -> Rows:
    return {
        Path(row.path).name: [((e.start, e.end, e.label, e.text), e.score) for e in row.entities]
        for row in store.job_documents(db, job)
    }


def assert_same(rows: Rows, expected: Rows) -> None:
    assert rows.keys() == expected.keys()
    for name, some in expected.items():
        assert [span for span, _ in rows[name]] == [span for span, _ in some], name
        assert [score for _, score in rows[name]] == pytest.approx(
            [score for _, score in some], abs=TOLERANCE
        )


@pytest.fixture
def db(sqlite_url: str) -> Iterator[store.Database]:
    database = store.open_database(sqlite_url)
    yield database
    database.close()


@pytest.mark.parametrize(
    "settings",
    [
        {"PROCESSES": "1", "THREADS": "1", "BATCH_DOCUMENTS": "64", "PACK_PIECES": "2048"},
        {"PROCESSES": "3", "THREADS": "1", "BATCH_DOCUMENTS": "2", "PACK_PIECES": "64"},
    ],
    ids=["one process, large batches", "three processes, small batches, another order"],
)
def test_processes_order_and_batches_change_no_row(
    db: store.Database,
    letters: Mapping[str, str],
    tiny_checkpoint: Path,
    tmp_path: Path,
    settings: dict[str, str],
) -> None:
    folder = write_documents(tmp_path / "letters", letters)
    files = [str(folder / name) for name in letters]
    if settings["PROCESSES"] != "1":
        files.sort(key=lambda path: path.removesuffix(".txt")[::-1])
    chosen = {f"NERQ_{name}": value for name, value in settings.items()}
    chosen |= {"NERQ_MODEL": str(tiny_checkpoint), "NERQ_PRECISION": "fp32"}
    result = subprocess.run(
        [*NERQ, "submit", *files],
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        env=environment(**chosen),
    )
    assert result.returncode == 0, result.stderr
    expected = read_by(tiny_checkpoint, letters)
    assert sum(map(len, expected.values())) > 100
    assert_same(stored(db, 1), expected)


def test_an_entity_leads_to_what_made_it(db: store.Database, tiny_checkpoint: Path) -> None:
    """From `nerq entities --json` by document and model to `nerq show --json`, and to the model's row."""
    started = time.time()
    settings = make_settings("sqlite:///nerq.db", precision="fp32")
    facts = open_model(str(tiny_checkpoint))
    job = submit(db, ["Jane Doe of Acme Inc. visited Paris."], facts)
    models = ModelCache(settings, Slot(None, 1))
    extract_batch(db, [row.id for row in store.announce(db, 9)], models, settings, "host:1:1")
    checkpoint = Checkpoint.open(str(tiny_checkpoint))

    listed = json_lines(invoke("entities", "--json").stdout)
    assert listed
    for entity in listed:
        assert entity["model_id"] == checkpoint.id
        shown = json.loads(invoke("show", str(entity["document_id"]), "--json").stdout)
        assert {key: entity[key] for key in ("start", "end", "label", "text", "score")} in shown["entities"]
    reading = shown["reading"]
    assert (reading["model_id"], shown["model_id"]) == (checkpoint.id, checkpoint.id)
    assert (reading["engine"], reading["precision"]) == (models.get(facts).engine, "fp32")
    assert reading["nerq_version"] == nerq_version()
    # The database's clock and this one are the same here, but are rounded otherwise.
    assert started - 1 <= datetime.fromisoformat(reading["finished_at"]).timestamp() <= time.time() + 1
    assert reading["n_words_read"] == reading["n_words"] > 0
    assert reading["n_entities"] == len(listed)

    (model,) = [row for row in store.list_models(db) if row.id == checkpoint.id]
    assert (model.path, model.labels) == (str(tiny_checkpoint), checkpoint.labels.names)
    assert model.details == checkpoint.details()
    assert model.details["window"]["max_words"] == 24
    assert store.find_job(db, str(job)).model_id == checkpoint.id


def test_submits_at_once_read_each_document_once_by_each_model(
    db: store.Database, letters: Mapping[str, str], tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Two of the same folder with one model, a third with another."""
    folder = write_documents(tmp_path / "letters", letters)
    other = make_tiny_checkpoint(tmp_path / "other", seed=8)
    models = [tiny_checkpoint, tiny_checkpoint, other]
    settings = environment(NERQ_PRECISION="fp32", NERQ_THREADS="1", NERQ_BATCH_DOCUMENTS="2")
    commands = [
        subprocess.Popen(
            [*NERQ, "submit", str(folder), "--name", name, "--model", str(model)],
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, model in zip(("first", "second", "third"), models, strict=True)
    ]
    for command in commands:
        _, said = command.communicate(timeout=_PATIENCE_S)
        assert command.returncode == 0, said
    for name, model in zip(("first", "second", "third"), models, strict=True):
        assert_same(stored(db, store.find_job(db, name).id), read_by(model, letters))
    with db.read() as connection:
        rows = connection.exec_driver_sql("SELECT status, attempt, losses FROM extraction").all()
    assert [tuple(row) for row in rows] == [("done", 1, 0)] * (2 * len(letters))
    n_entities = sum(
        len(some) for model in (tiny_checkpoint, other) for some in read_by(model, letters).values()
    )
    assert len(list(store.find_entities(db, EntityQuery()))) == n_entities

"""Documents that kill, block or fill up the process that reads them fail alone; the rest of their batch is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.faults.outcome import clean_outcome, outcome
from tests.queue_work import failures, make_settings, running_worker, stored, submit, texts, wait_finished
from tests.services import RedisServer
from worker import store
from worker.queue.extract import Outcome, extract_batch
from worker.queue.model_cache import ModelCache, open_stored_model
from worker.queue.reading import Reader
from worker.queue.slots import Slot
from worker.recognition import Checkpoint
from worker.settings import Settings
from worker.store import Database, ModelFacts
from worker.store.schema import extraction

pytestmark = pytest.mark.timeout(600)
PATIENCE_S = 400.0

GOOD = texts(8)
POISON = {
    "Ada @kill": "worker_lost",
    "Grace @exit": "worker_lost",
    "Alan @segfault": "worker_lost",
    "Edsger @stuck": "worker_lost",
    "Barbara @greedy": "out_of_memory",
    "Donald @bug": "internal_error",
}
MAX_LOSSES = 2
#: A command that starts another one with 8 GB of memory to be had, however much the machine would promise.
LIMITED = ("bash", "-c", 'ulimit -v 8000000 && exec "$@"', "bash")


@pytest.fixture
def settings(postgres_url: str, redis_server: RedisServer) -> Settings:
    # The time limit is for the one that is stuck: on a busy machine too, a good document is read in less.
    return make_settings(
        postgres_url, redis_server.url, batch_documents=99, max_losses=MAX_LOSSES, time_limit_s=8.0
    )


def test_poison_in_a_batch_fails_alone_after_as_many_deaths_as_it_is_allowed(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    given = [*GOOD[:4], *POISON, *GOOD[4:]]
    job = submit(db, given)
    with running_worker(settings, prefix=LIMITED):
        wait_finished(db, job, PATIENCE_S)
    assert failures(db, job) == {f"{given.index(text):03}.txt": code for text, code in POISON.items()}
    assert losses(db) == [MAX_LOSSES if POISON.get(text) == "worker_lost" else 0 for text in given], (
        "the death of the whole batch costs nobody a life"
    )
    clean = clean_outcome(tmp_path, GOOD)
    assert outcome(db, job)["entity"] == clean["entity"]


def losses(db: Database) -> list[int]:
    with db.read() as connection:
        return [row.losses for row in connection.execute(extraction.select().order_by(extraction.c.id))]


def test_a_gpu_that_runs_out_of_memory_fails_only_what_does_not_fit_alone(
    sqlite_url: str, tiny_checkpoint: Path
) -> None:
    checkpoint = Checkpoint.open(str(tiny_checkpoint))
    model = ModelFacts(checkpoint.id, "tiny", str(tiny_checkpoint), checkpoint.labels.names)
    settings = make_settings(sqlite_url, precision="fp32", engine="torch")
    db = store.open_database(sqlite_url)
    job = submit(db, [*GOOD, "a sentence of many words " * 20], model)
    ids = [row.id for row in store.announce(db, 99)]
    models = ModelCache(settings, Slot(None, 1), open_on_a_small_gpu)
    found = extract_batch(db, ids, models, settings, "here:1:1")
    assert found == Outcome(n_claimed=9, n_done=8, n_failed=1)
    assert failures(db, job) == {"008.txt": "out_of_memory"}
    assert all(entities for _, entities in list(stored(db, job).values())[:8])
    db.close()


#: Pieces that a small GPU has room for: one of the short texts at a time, but no long sentence.
_ROOM = 30


def open_on_a_small_gpu(model: ModelFacts, settings: Settings, slot: Slot) -> Reader:
    """The model's own reader; its network fails as on a GPU that has no room for what it is given."""
    reader: Any = open_stored_model(model, settings, slot)
    network = reader._engine._model
    compute = network.forward

    def forward(input_ids: torch.Tensor, **others: Any) -> Any:
        if input_ids.numel() > _ROOM:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return compute(input_ids=input_ids, **others)

    network.forward = forward
    return reader  # type: ignore[no-any-return]

"""The recovery loop against a real Redis, and processes that really die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.queue_work import ROOT, is_finished, make_settings, n_running, submit, texts
from tests.readers import CapitalsReader, open_nothing, open_reader
from tests.services import RedisServer, wait_until
from worker import store
from worker.errors import ServiceError
from worker.queue.app import BrokerQueue, QueueState, make_app
from worker.queue.child import ModelProcess
from worker.queue.dispatch import dispatch, dispatch_again
from worker.queue.identity import process_name
from worker.queue.message import BatchMessage, parse
from worker.queue.recovery import Recovered, recover_once
from worker.queue.slots import Slot
from worker.queue.stopping import pause
from worker.settings import Settings
from worker.store import Database, ModelFacts


@pytest.fixture
def settings(sqlite_url: str, redis_server: RedisServer) -> Settings:
    return make_settings(sqlite_url, redis_server.url, resend_s=0.05)


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    database = store.open_database(settings.database_url)
    yield database
    database.close()


def take_all(settings: Settings) -> list[BatchMessage]:
    """What waits in Redis, taken out."""
    with make_app(settings).connection_for_read() as connection:
        queue = connection.SimpleQueue("nerq")
        batches = []
        for _ in range(BrokerQueue.of(settings).state().n_waiting):
            message = queue.get(timeout=5)
            message.ack()
            batches.append(parse(message.payload[0][0]))
        return batches


def holder(settings: Settings, ids: list[int]) -> subprocess.Popen[str]:
    """A process of this host that has claimed these extractions and keeps them."""
    code = (
        "from worker import store; from worker.queue.identity import process_name; import sys;"
        f"db = store.open_database(sys.argv[1]); store.claim(db, {ids}, process_name(), 600);"
        "print('claimed', flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, settings.database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "claimed\n"
    return process


def test_what_was_never_announced_is_sent(db: Database, settings: Settings) -> None:
    submit(db, texts(10))
    queue = BrokerQueue.of(settings)
    assert recover_once(db, settings, queue) == Recovered(n_sent=10)
    assert queue.state() == QueueState(n_waiting=3, n_taken=0)
    sent = [id_ for batch in take_all(settings) for id_ in batch.extractions]
    assert sorted(sent) == list(range(1, 11))


def test_an_emptied_redis_is_filled_again_and_duplicates_do_not_pile_up(
    db: Database, settings: Settings, redis_server: RedisServer
) -> None:
    submit(db, texts(8))
    queue = BrokerQueue.of(settings)
    recover_once(db, settings, queue)
    redis_server.flush()
    wait_until(lambda: recover_once(db, settings, queue).n_sent_again == 8, 10, "the second sending")
    for _ in range(5):
        assert recover_once(db, settings, queue) == Recovered()
    assert queue.state().n_waiting == 2


def test_a_message_in_someones_hands_is_given_time(db: Database, settings: Settings) -> None:
    patient = settings.model_copy(update={"resend_s": 600.0})
    submit(db, texts(8))
    queue = BrokerQueue.of(patient)
    recover_once(db, patient, queue)
    with make_app(patient).connection_for_read() as connection:
        simple = connection.SimpleQueue("nerq")
        taken = [simple.get(timeout=5), simple.get(timeout=5)]
        assert queue.state() == QueueState(n_waiting=0, n_taken=2)
        assert recover_once(db, patient, queue) == Recovered()
        for message in taken:
            message.ack()
        assert queue.state() == QueueState(0, 0)


def test_without_redis_nothing_is_lost(db: Database, settings: Settings, redis_server: RedisServer) -> None:
    submit(db, texts(5))
    queue = BrokerQueue.of(settings)
    redis_server.kill()
    with pytest.raises(ServiceError, match="Redis"):
        dispatch(db, settings, queue)
    assert store.open_work(db).n_undispatched == 5
    redis_server.start()
    assert recover_once(db, settings, queue).n_sent == 5


class Outbox:
    """A queue that keeps what it is sent, and breaks after so many batches."""

    def __init__(self, breaks_after: int = 1000) -> None:
        self.sent: list[int] = []
        self._n_left = breaks_after

    def send(self, batch: BatchMessage) -> None:
        if not self._n_left:
            raise KeyboardInterrupt
        self._n_left -= 1
        self.sent.extend(batch.extractions)


def test_a_long_queue_is_sent_again_once(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.queue.dispatch._CHUNK", 2)
    submit(db, texts(5))
    dispatch(db, settings, Outbox())
    outbox = Outbox()
    assert dispatch_again(db, settings, outbox, older_than_s=-1.0) == 5, "each is due at once once more"
    assert outbox.sent == [1, 2, 3, 4, 5]


def test_whatever_interrupts_the_sending_nothing_unsent_counts_as_sent(
    db: Database, settings: Settings
) -> None:
    submit(db, texts(10))
    outbox = Outbox(breaks_after=1)
    with pytest.raises(KeyboardInterrupt):
        dispatch(db, settings, outbox)
    assert store.open_work(db).n_undispatched == 10 - len(outbox.sent)


def test_the_batch_of_a_dead_process_is_sent_again_at_once_one_by_one(
    db: Database, settings: Settings
) -> None:
    job = submit(db, texts(4))
    queue = BrokerQueue.of(settings)
    recover_once(db, settings, queue)
    take_all(settings)
    with holder(settings, [1, 2, 3, 4]) as process:
        assert recover_once(db, settings, queue).n_reclaimed == 0
        process.kill()
    assert n_running(db, job) == 4
    assert recover_once(db, settings, queue) == Recovered(n_reclaimed=4, n_sent=4)
    assert [len(batch.extractions) for batch in take_all(settings)] == [1, 1, 1, 1]


def test_only_a_process_that_had_it_alone_costs_a_document_a_life(db: Database, settings: Settings) -> None:
    job = submit(db, texts(1))
    queue = BrokerQueue.of(settings)
    for deaths in range(1, settings.max_losses + 1):
        recover_once(db, settings, queue)
        with holder(settings, [1]) as process:
            process.kill()
        found = recover_once(db, settings, queue)
        assert (found.n_reclaimed, found.n_failed) == ((0, 1) if deaths == 3 else (1, 0))
    assert is_finished(db, job)


def test_what_a_living_process_of_this_host_holds_is_left_alone(db: Database, settings: Settings) -> None:
    submit(db, texts(2))
    store.claim(db, [1], process_name(), 600)
    store.claim(db, [2], "elsewhere-abcdef:1:1", 600)
    found = recover_once(db, settings, BrokerQueue.of(settings))
    assert found == Recovered()
    assert store.open_work(db).n_running == 2


def test_a_message_that_is_no_batch_is_dropped(db: Database, settings: Settings) -> None:
    process = ModelProcess(settings, Slot(None, 1), open_reader)
    outcome = process.handle({"v": 1, "extractions": [1], "text": "Ada"})
    assert outcome.n_claimed == 0
    assert outcome.problem


def test_a_process_that_refuses_leaves_the_queue_to_others_for_a_while(
    db: Database, settings: Settings
) -> None:
    is_here = False
    waits: list[float] = []

    def open_if_here(model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
        return (open_reader if is_here else open_nothing)(model, settings, slot)

    process = ModelProcess(settings, Slot(None, 1), open_if_here, lambda s, _: waits.append(s))
    submit(db, texts(7))
    for id_ in (1, 2, 3, 4, 5, 6):
        assert process.handle({"v": 1, "extractions": [id_]}).is_refused
    assert waits == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    is_here = True
    assert process.handle({"v": 1, "extractions": [1]}).n_done == 1
    assert process.handle({"v": 1, "extractions": [1]}).n_claimed == 0
    assert len(waits) == 6


def test_a_stop_ends_the_wait_after_a_refusal(db: Database, settings: Settings) -> None:
    def told_to_stop(seconds: float, is_over: Callable[[], bool]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        pause(seconds, is_over)

    process = ModelProcess(settings, Slot(None, 1), open_nothing, told_to_stop)
    submit(db, texts(1))
    with pytest.raises(SystemExit):
        process.handle({"v": 1, "extractions": [1]})
    assert store.open_work(db).n_undispatched == 1

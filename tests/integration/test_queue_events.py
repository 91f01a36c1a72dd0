"""What workers tell those who watch: signs of life and batches, by ids; never a text, and nothing piles up."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.queue_work import make_settings, running_worker, submit, texts, wait_finished
from tests.services import RedisServer
from worker import store
from worker.queue.app import BrokerQueue, make_app
from worker.queue.dispatch import dispatch
from worker.settings import Settings
from worker.store import Database

#: Stands in every document.
CANARY = "Xylomarquez"


@pytest.fixture
def settings(sqlite_url: str, redis_server: RedisServer) -> Settings:
    return make_settings(sqlite_url, redis_server.url, max_losses=1)


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    database = store.open_database(settings.database_url)
    yield database
    database.close()


class Listener:
    """Hears the events of an app, as Flower does."""

    def __init__(self, connection: Any, heard: list[dict[str, Any]]) -> None:
        self._connection = connection
        self.heard = heard

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.heard if event["type"] == kind]

    def wait(self, condition: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"{what} was not heard of; heard: {[event['type'] for event in self.heard]}")
            try:
                self._connection.drain_events(timeout=1.0)
            except TimeoutError:
                continue

    def ids(self, kind: str) -> set[int]:
        """Extractions of the batches of which such an event tells."""
        batches = {event["uuid"]: ast.literal_eval(event["args"])[0] for event in self.of("task-received")}
        return {id_ for event in self.of(kind) for id_ in batches[event["uuid"]]["extractions"]}


@contextmanager
def listening(settings: Settings) -> Iterator[Listener]:
    app = make_app(settings)
    heard: list[dict[str, Any]] = []
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": heard.append})
        with receiver.consumer_context(wakeup=False) as (consuming, _, _):
            yield Listener(consuming, heard)


def test_batches_are_told_of_by_ids_and_never_by_text(
    db: Database, settings: Settings, redis_server: RedisServer
) -> None:
    job = submit(db, [*(f"{CANARY}: {t}" for t in texts(10)), f"{CANARY} @bug", f"{CANARY} @kill"])
    with running_worker(settings), listening(settings) as listener:
        listener.wait(lambda: listener.of("worker-heartbeat"), "a sign of life")
        dispatch(db, settings, BrokerQueue(make_app(settings)))
        wait_finished(db, job)
        listener.wait(lambda: len(listener.ids("task-succeeded")) == 11, "the end of each batch")
        listener.wait(lambda: listener.of("task-failed"), "the death of a process")
    assert listener.of("task-sent")
    assert CANARY not in json.dumps(listener.heard)


def test_unheard_events_leave_nothing_behind(
    db: Database, settings: Settings, redis_server: RedisServer
) -> None:
    job = submit(db, texts(8))
    with running_worker(settings):
        wait_finished(db, job)
    with redis_server.client() as client:
        assert list(client.scan_iter("*celeryev*")) == []

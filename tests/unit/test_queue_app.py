import pickle
import subprocess
import sys

import pytest

from tests.queue_work import ROOT
from tests.readers import open_reader
from worker.errors import ServiceError, SettingsError
from worker.queue.app import BrokerQueue, make_app
from worker.queue.message import QUEUE, TASK, BatchMessage
from worker.queue.slots import Slot
from worker.settings import Settings


def settings(broker: str | None = "redis://:hunter2@127.0.0.1:1/0") -> Settings:
    return Settings(broker=broker, time_limit_s=50)


def test_an_app_needs_a_broker() -> None:
    with pytest.raises(SettingsError, match="NERQ_BROKER"):
        make_app(settings(None))


def test_a_spawned_child_gets_the_same_app() -> None:
    app = make_app(settings(), (Slot(None, 2), Slot(None, 2)), open_reader)
    copy = pickle.loads(pickle.dumps(app))  # noqa: S301 - our own
    assert copy.settings == app.settings
    assert copy.settings.broker_url == "redis://:hunter2@127.0.0.1:1/0"
    assert (copy.slots, copy.open_model) == (app.slots, open_reader)
    assert TASK in copy.tasks


def test_a_child_is_pinned_before_numerical_libraries_are_loaded() -> None:
    code = (
        "import sys, worker.queue.boot, worker.queue.task, worker.queue.local_child, worker.queue.local_pool;"
        "print(*{'numpy', 'torch', 'transformers'} & set(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert loaded.stdout.split() == []


def test_only_json_is_accepted_and_nothing_is_kept_in_redis() -> None:
    conf = make_app(settings()).conf
    assert conf.accept_content == ["json"]
    assert {conf.task_serializer, conf.result_serializer, conf.event_serializer} == {"json"}
    assert conf.result_backend is None
    assert conf.task_default_queue == QUEUE


def test_no_message_comes_back_while_its_batch_may_still_be_read() -> None:
    conf = make_app(settings()).conf
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit == 50


def test_redis_away_is_told_soon_and_without_the_password() -> None:
    queue = BrokerQueue.of(settings())
    for call in (lambda: queue.send(BatchMessage((1,))), queue.state):
        with pytest.raises(ServiceError) as told:
            call()
        assert "127.0.0.1:1" in str(told.value)
        assert "hunter2" not in str(told.value)

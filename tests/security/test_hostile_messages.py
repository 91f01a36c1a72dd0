"""What comes out of Redis is a batch as nerq sends it, or is refused before Celery sees it; the worker lives on."""

from __future__ import annotations

import base64
import bz2
import json
import lzma
import pickle
import uuid
import zlib
from typing import Any

import pytest

from tests.queue_work import make_settings, running_worker, stored, submit, texts, wait_finished
from tests.services import RedisServer, wait_until
from worker import store
from worker.queue.app import BrokerQueue, make_app
from worker.queue.dispatch import dispatch
from worker.queue.gate import MAX_BYTES, admit
from worker.queue.message import MAX_EXTRACTIONS, TASK, BatchMessage, MessageError, encode
from worker.settings import Settings

#: Stands in what is refused.
CANARY = "Xylomarquez"


def message(
    content: bytes | None = None,
    headers: dict[str, Any] | None = None,
    properties: dict[str, Any] | None = None,
    **envelope: Any,
) -> bytes:
    """A message as nerq sends it, but for what is given."""
    given = call({"v": 1, "extractions": [1, 2]}) if content is None else content
    return json.dumps(
        {
            "body": base64.b64encode(given).decode(),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"task": TASK, "id": str(uuid.uuid4()), "timelimit": [None, None], **(headers or {})},
            "properties": {
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
                **(properties or {}),
            },
            **envelope,
        }
    ).encode()


def call(*args: object, kwargs: object = None, embedded: object = None) -> bytes:
    return json.dumps(
        [list(args), kwargs or {}, {"callbacks": None} if embedded is None else embedded]
    ).encode()


def batch(extractions: object) -> bytes:
    return message(call({"v": 1, "extractions": extractions}))


HOSTILE = {
    "no JSON": b"Xylomarquez wrote",
    "no text": b"\xff\xfe\x00\x80",
    "nothing": b"",
    "deeply nested": b"[" * 100_000,
    "a list": b"[1, 2]",
    "a number": b"7",
    "a huge number": b"9" * 10_000,
    "a codec of kombu": b'{"__type__": "uuid", "__value__": {"hex": "Xylomarquez"}}',
    "no headers": json.dumps({"body": "e30=", "properties": {}}).encode(),
    "no properties": json.dumps({"body": "e30=", "headers": {"task": TASK}}).encode(),
    "too large": message() + b" " * MAX_BYTES,
    "ten megabytes": message(b"0" * 10_000_000),
    "a pickle": message(
        pickle.dumps(CANARY),
        **{"content-type": "application/x-python-serialize", "content-encoding": "binary"},
    ),
    "a pickle said to be JSON": message(pickle.dumps(CANARY)),
    "YAML": message(b"!!python/object/apply:os.system [x]", **{"content-type": "application/x-yaml"}),
    "another charset": message(**{"content-encoding": "utf-7"}),
    "a body without base64": message(properties={"body_encoding": None}),
    "a body that is not base64": message(body=f"{CANARY}*"),
    "a body that is no text": message(body=7),
    "a zlib bomb": message(zlib.compress(b"0" * 100_000), headers={"compression": "application/x-gzip"}),
    "a bz2 bomb": message(bz2.compress(b"0" * 100_000), headers={"compression": "bzip2"}),
    "an lzma bomb": message(lzma.compress(b"0" * 100_000), headers={"compression": "lzma"}),
    "compression by null": message(headers={"compression": None}),
    "another task": message(headers={"task": "celery.backend_cleanup"}),
    "a task that is no name": message(headers={"task": {"a": 1}}),
    "no task, the older protocol": json.dumps({"task": TASK, "args": [], "id": "x"}).encode(),
    "an id that is no UUID": message(headers={"id": "../../Xylomarquez\n"}),
    "an id that is no text": message(headers={"id": [1]}),
    "a tag that is no UUID": message(properties={"delivery_tag": "Xylomarquez"}),
    "two batches": message(call({"v": 1, "extractions": [1]}, {"v": 1, "extractions": [2]})),
    "named arguments": message(call({"v": 1, "extractions": [1]}, kwargs={"model": CANARY})),
    "a callback": message(
        call({"v": 1, "extractions": [1]}, embedded={"callbacks": [{"task": "os.system", "args": [CANARY]}]})
    ),
    "a chain": message(call({"v": 1, "extractions": [1]}, embedded={"chain": [{"task": CANARY}]})),
    "an embedding that is no object": message(call({"v": 1, "extractions": [1]}, embedded=[1])),
    "a body that is an object": message(json.dumps({"args": [], "kwargs": {}}).encode()),
    "a deeply nested body": message(b"[" * 100_000),
    "text for a batch": message(call(CANARY)),
    "extra keys": message(call({"v": 1, "extractions": [1], "text": CANARY})),
    "another version": message(call({"v": 2, "extractions": [1]})),
    "no ids": batch([]),
    "too many ids": batch(list(range(1, MAX_EXTRACTIONS + 2))),
    "a name for an id": batch([CANARY]),
    "a boolean for an id": batch([True]),
    "a whole float for an id": batch([1.0]),
    "infinity for an id": batch([float("inf")]),
    "an id of 65 bits": batch([2**64]),
    "an id of ten thousand digits": message(b'[[{"v": 1, "extractions": [' + b"9" * 10_000 + b"]}], {}, {}]"),
    "a negative id": batch([-1]),
    "a list for an id": batch([[1]]),
    "an id twice": batch([1, 1]),
}


@pytest.mark.parametrize("item", HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_and_not_quoted(item: bytes) -> None:
    with pytest.raises(MessageError) as refusal:
        admit(item)
    assert CANARY not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_what_nerq_sends_passes_with_its_ids_and_nothing_else() -> None:
    sent = _sent_by_nerq(BatchMessage((3, 1, 2)))
    passed = json.loads(admit(json.dumps(sent).encode()))
    assert json.loads(base64.b64decode(passed["body"]))[0] == [{"v": 1, "extractions": [3, 1, 2]}]
    assert passed["headers"]["id"] == sent["headers"]["id"]
    assert passed["headers"]["argsrepr"] == sent["headers"]["argsrepr"]
    assert passed["properties"]["delivery_tag"] == sent["properties"]["delivery_tag"]
    assert admit(json.dumps(passed).encode()) == json.dumps(passed).encode(), (
        "a message that is delivered again"
    )


def test_the_largest_batch_passes() -> None:
    largest = BatchMessage(tuple(range(2**63 - MAX_EXTRACTIONS, 2**63)))
    item = json.dumps(_sent_by_nerq(largest)).encode()
    assert len(item) < MAX_BYTES / 2 + MAX_BYTES / 10
    assert (
        len(json.loads(base64.b64decode(json.loads(admit(item))["body"]))[0][0]["extractions"])
        == MAX_EXTRACTIONS
    )


def test_what_the_sender_says_besides_is_not_obeyed() -> None:
    orders = {
        "timelimit": [10**9, 10**9],
        "eta": "2999-01-01T00:00:00",
        "expires": CANARY,
        "retries": CANARY,
        "shadow": CANARY,
        "argsrepr": CANARY,
        "group": CANARY,
        "stamps": {"a": CANARY},
    }
    properties = {"reply_to": CANARY, "correlation_id": CANARY, "priority": CANARY, "delivery_info": CANARY}
    passed = admit(message(headers=orders, properties=properties, extra=CANARY))
    assert CANARY not in passed.decode()
    headers = json.loads(passed)["headers"]
    assert (headers["timelimit"], headers["eta"], headers["retries"]) == ([None, None], None, 0)


def _sent_by_nerq(sent: BatchMessage) -> dict[str, Any]:
    """What `BrokerQueue.send` puts into Redis."""
    app = make_app(Settings(broker="redis://127.0.0.1:1/0"))
    task = app.amqp.create_task_message(str(uuid.uuid4()), TASK, (encode(sent),), time_limit=None)
    body = json.dumps(task.body).encode()
    return json.loads(message(body, headers=task.headers, properties=task.properties))


def test_a_worker_that_is_fed_all_of_it_lives_on_and_tells_nothing_of_it(
    sqlite_url: str, redis_server: RedisServer
) -> None:
    settings = make_settings(sqlite_url, redis_server.url, recovery_s=60.0)
    db = store.open_database(sqlite_url)
    other, job = submit(db, texts(3)), submit(db, texts(6)[3:])
    ids = [row.id for row in store.announce(db, 99)]
    queue = BrokerQueue.of(settings)
    with redis_server.client() as client:
        client.lpush("nerq:nerq", *HOSTILE.values(), batch([*ids, 2**40]), batch(ids), batch([2**63 - 1]))
    with running_worker(settings) as worker:
        wait_finished(db, other)
        wait_finished(db, job)
        wait_until(lambda: f"refused={len(HOSTILE)}\n" in worker.log(), what="a word on each refused message")
        children = worker.model_processes()
        last = submit(db, ["Ada came last."])
        dispatch(db, settings, queue)
        wait_finished(db, last)
        assert worker.model_processes() == children, "no process had to be replaced"
        wait_until(lambda: queue.state().n_taken == 0, what="the end of every message")
        assert CANARY not in worker.log()
    assert {state for state, _ in {**stored(db, other), **stored(db, job)}.values()} == {"done"}
    db.close()

"""What a worker takes out of Redis: a batch of nerq, written anew, or nothing.

Whoever reaches Redis can put anything into the queue, and Celery trusts what it finds there: one item that is no
message stops the whole worker, and headers choose codecs, time limits and tasks to call. So every item is judged
before Celery sees it, and all that passes is two UUIDs and the ids of extractions.
"""

from __future__ import annotations

import base64
import itertools
import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from kombu.transport import redis

from worker.queue.message import MAX_EXTRACTIONS, QUEUE, TASK, BatchMessage, MessageError, encode, parse

_log = logging.getLogger(__name__)

#: The largest batch takes half of it.
MAX_BYTES = 64 * MAX_EXTRACTIONS
#: Characters of a batch that those who watch the queue are told.
_MAX_SHOWN = 1024
_FORM = {"content-type": "application/json", "content-encoding": "utf-8"}


def admit(item: bytes) -> bytes:
    """The batch in an item of the queue, as a message for Celery.

    Raises:
        MessageError: it is anything but a batch as nerq sends it. What was wrong is not quoted.
    """
    if len(item) > MAX_BYTES:
        raise MessageError(f"a message has at most {MAX_BYTES} bytes")
    envelope = _object(_json(item))
    headers, properties = _object(envelope.get("headers")), _object(envelope.get("properties"))
    if headers.get("task") != TASK:
        raise MessageError("the task is not one of nerq's")
    is_plain = all(envelope.get(name) == value for name, value in _FORM.items())
    if not is_plain or properties.get("body_encoding") != "base64" or "compression" in headers:
        raise MessageError("the body is not uncompressed JSON")
    batch = _batch(_json(_decoded(envelope.get("body"))))
    return _message(batch, _uuid(headers.get("id")), _uuid(properties.get("delivery_tag")))


def _batch(call: object) -> BatchMessage:
    """The batch in a call of the task: its one argument, with nothing to be called besides or afterwards."""
    if not isinstance(call, list) or len(call) != 3:
        raise MessageError("the body is no call of a task")
    args, kwargs, embedded = call
    if not isinstance(args, list) or len(args) != 1 or kwargs != {}:
        raise MessageError("the task takes one batch")
    if any(value is not None for value in _object(embedded).values()):
        raise MessageError("a batch calls no other task")
    return parse(args[0])


def _message(batch: BatchMessage, task_id: str, delivery_tag: str) -> bytes:
    shown = repr((encode(batch),))
    headers = {
        "lang": "py",
        "task": TASK,
        "id": task_id,
        "root_id": task_id,
        "parent_id": None,
        "eta": None,
        "expires": None,
        "retries": 0,
        "timelimit": [None, None],
        "argsrepr": shown if len(shown) <= _MAX_SHOWN else f"{len(batch.extractions)} extractions",
        "kwargsrepr": "{}",
        "ignore_result": True,
    }
    properties = {
        "correlation_id": task_id,
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": delivery_tag,
    }
    call = [[encode(batch)], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    body = base64.b64encode(json.dumps(call).encode()).decode()
    return json.dumps({**_FORM, "body": body, "headers": headers, "properties": properties}).encode()


def _json(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise MessageError("it is not JSON, or too deeply nested") from None


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MessageError("a part of the message is missing or of the wrong type")
    return value


def _decoded(body: object) -> bytes:
    try:
        return base64.b64decode(body, validate=True) if isinstance(body, str) else b""
    except ValueError:
        raise MessageError("the body is not base64") from None


def _uuid(value: object) -> str:
    try:
        if isinstance(value, str) and str(uuid.UUID(value)) == value:
            return value
    except ValueError:
        pass
    raise MessageError("a message and its delivery are named by UUIDs")


class Channel(redis.Channel):
    """A channel of kombu that hands on what `admit` lets pass, and drops, logs and counts the rest."""

    #: Since the start of the worker: after every outage there is another channel.
    _refused: ClassVar[Iterator[int]] = itertools.count(1)

    def _create_client(self, asynchronous: bool = False) -> Any:
        client = super()._create_client(asynchronous=asynchronous)
        client.set_response_callback("BRPOP", self._admitted)
        return client

    def _admitted(self, answer: list[bytes] | None, **_: Any) -> tuple[bytes, bytes] | None:
        """The queue's name and the message; None, as if nothing had come, for one that is refused."""
        if not answer:
            return None
        name, item = answer
        try:
            return name, admit(item)
        except MessageError as error:
            _log.error("message refused", extra={"reason": str(error), "refused": next(self._refused)})
            return None


class Transport(redis.Transport):
    """kombu's transport over Redis, with a gate."""

    Channel = Channel

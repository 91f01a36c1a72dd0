"""The message of the queue: ids of extractions and nothing else, never a text or a path."""

from __future__ import annotations

from dataclasses import dataclass

from worker.errors import NerqError

#: The one queue, and the one task.
QUEUE = "nerq"
TASK = "nerq.extract_batch"
#: The only version of the message so far.
VERSION = 1
#: A message that names more is refused; `Settings.batch_documents` has the same bound.
MAX_EXTRACTIONS = 4096
#: Ids are 64-bit integers in both databases.
_MAX_ID = 2**63 - 1


class MessageError(NerqError):
    """The message is not a batch of nerq; it is dropped."""


@dataclass(frozen=True, slots=True)
class BatchMessage:
    """A batch: distinct extractions of one model."""

    extractions: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.extractions) <= MAX_EXTRACTIONS:
            raise MessageError(f"a batch names 1 to {MAX_EXTRACTIONS} extractions")
        if not all(type(id_) is int and 0 < id_ <= _MAX_ID for id_ in self.extractions):
            raise MessageError("an extraction is named by a positive integer")
        if len(set(self.extractions)) != len(self.extractions):
            raise MessageError("a batch names each extraction once")


def encode(batch: BatchMessage) -> dict[str, object]:
    """The batch as it stands in the message, JSON-able."""
    return {"v": VERSION, "extractions": list(batch.extractions)}


def parse(body: object) -> BatchMessage:
    """The batch that a message names.

    Raises:
        MessageError: anything but `{"v": 1, "extractions": [ids]}`. What was wrong is not quoted.
    """
    if not isinstance(body, dict) or body.keys() != {"v", "extractions"}:
        raise MessageError("a message has the fields v and extractions, and no others")
    if type(body["v"]) is not int or body["v"] != VERSION:
        raise MessageError("unknown version of the message")
    if not isinstance(body["extractions"], list):
        raise MessageError("extractions is a list of ids")
    return BatchMessage(tuple(body["extractions"]))

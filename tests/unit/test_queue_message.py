import json

import pytest

from worker.queue.message import MAX_EXTRACTIONS, BatchMessage, MessageError, encode, parse


def test_a_message_holds_ids_and_nothing_else() -> None:
    assert encode(BatchMessage((3, 1, 2))) == {"v": 1, "extractions": [3, 1, 2]}


def test_what_is_encoded_is_parsed_through_json() -> None:
    batch = BatchMessage((5, 2**63 - 1))
    assert parse(json.loads(json.dumps(encode(batch)))) == batch


@pytest.mark.parametrize(
    "body",
    [
        None,
        "text",
        [1, 2],
        {},
        {"v": 1},
        {"extractions": [1]},
        {"v": 2, "extractions": [1]},
        {"v": True, "extractions": [1]},
        {"v": "1", "extractions": [1]},
        {"v": 1, "extractions": [1], "text": "Ada"},
        {"v": 1, "extractions": []},
        {"v": 1, "extractions": "12"},
        {"v": 1, "extractions": {"1": 1}},
        {"v": 1, "extractions": [0]},
        {"v": 1, "extractions": [-1]},
        {"v": 1, "extractions": [True]},
        {"v": 1, "extractions": [1.0]},
        {"v": 1, "extractions": ["1"]},
        {"v": 1, "extractions": [2**63]},
        {"v": 1, "extractions": [1, 1]},
        {"v": 1, "extractions": [[1]]},
        {"v": 1, "extractions": list(range(1, MAX_EXTRACTIONS + 2))},
    ],
)
def test_anything_else_is_refused(body: object) -> None:
    with pytest.raises(MessageError):
        parse(body)


def test_a_refusal_does_not_quote_the_message() -> None:
    with pytest.raises(MessageError) as refusal:
        parse({"v": 1, "extractions": ["Ada Lovelace"]})
    assert "Ada" not in str(refusal.value)

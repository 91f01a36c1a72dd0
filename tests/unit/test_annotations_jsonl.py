import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.annotations import AnnotatedDocument, Span, read_annotations, write_jsonl
from worker.errors import InputError

FILE = Path("gold.jsonl")
GOOD = {"text": "Ann met Bo", "entities": [[0, 3, "PER"]]}


def write(*records: Any) -> Path:
    FILE.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    return FILE


def test_texts_and_spans_of_a_file() -> None:
    file = read_annotations(write({"id": 7, **GOOD}, "", {"text": "", "entities": []}))
    assert (file.format, file.scheme, file.has_document_marks) == ("jsonl", None, True)
    first, second = file.documents
    assert first == AnnotatedDocument("7", "Ann met Bo", None, (Span(0, 3, "PER"),), True)
    assert second == AnnotatedDocument(None, "", None, (), True)


@pytest.mark.parametrize(
    "entities",
    [
        {"entities": [[8, 10, "PER"], [0, 3, "PER"]]},
        {
            "entities": [
                {"start": 0, "end": 3, "label": "PER"},
                {"start": 8, "end": 10, "label": "PER", "id": 1},
            ]
        },
        {"label": [[0, 3, "PER"], [8, 10, "PER"]]},
        {"label": None, "spans": [{"start": 0, "end": 3, "label": "PER"}, [8, 10, "PER"]]},
        {"entities": [{"start_offset": o, "end_offset": e, "label": "PER"} for o, e in [(0, 3), (8, 10)]]},
    ],
)
def test_the_ways_of_annotation_tools_to_write_entities(entities: dict[str, Any]) -> None:
    (document,) = read_annotations(write({"text": "Ann met Bo", **entities})).documents
    assert document.spans == (Span(0, 3, "PER"), Span(8, 10, "PER"))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"text": "a"', "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "recursion"),
        ({"entities": []}, "no text"),
        ({"text": 5, "entities": []}, "no text"),
        ({"text": "a", "id": [], "entities": []}, "id is neither"),
        ({"text": "a"}, "no list of entities"),
        ({"text": "Ann", "entities": ["PER"]}, "neither"),
        ({"text": "Ann", "entities": [[0, 3]]}, "neither"),
        ({"text": "Ann", "entities": [[0, 3.0, "PER"]]}, "whole numbers"),
        ({"text": "Ann", "entities": [[False, 3, "PER"]]}, "whole numbers"),
        ({"text": "Ann", "entities": [[0, 3, None]]}, "whole numbers"),
        ({"text": "Ann", "entities": [[0, 3, ""]]}, "no label"),
        ({"text": "Ann", "entities": [[0, 4, "PER"]]}, "ends after the text"),
        ({"text": "Ann", "entities": [[-1, 3, "PER"]]}, "not a span"),
        ({"text": "Ann", "entities": [[2, 2, "PER"]]}, "not a span"),
        ({"text": "Ann ", "entities": [[0, 4, "PER"]]}, "white space"),
        ({"text": "Ann Lee", "entities": [[0, 7, "PER"], [4, 7, "PER"]]}, "overlap"),
        ({"text": "Ann Lee", "entities": [[0, 3, "PER"], [0, 3, "ORG"]]}, "overlap"),
    ],
)
def test_a_wrong_record_is_refused_by_file_and_line(record: Any, message: str) -> None:
    with pytest.raises(InputError, match=rf"gold\.jsonl:2: .*{message}"):
        read_annotations(write(GOOD, record))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        read_annotations(write(""))


def test_a_file_of_records_is_known_by_its_content_too() -> None:
    other = Path("gold.txt")
    other.write_text("\ufeff\n" + json.dumps(GOOD))
    assert read_annotations(other).format == "jsonl"


def test_lone_surrogates_and_nul_are_replaced_one_for_one() -> None:
    (document,) = read_annotations(
        write(r'{"text": "\ud800\u0000 \ud83d\ude00 Ann", "entities": [[5, 8, "P"]]}')
    ).documents
    assert document.text == "\ufffd\ufffd \U0001f600 Ann"
    assert document.text[5:8] == "Ann"


@st.composite
def annotated_documents(draw: st.DrawFn) -> AnnotatedDocument:
    text = draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [
        Span(
            start,
            end,
            draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)),
        )
        for start, end in pairwise(cuts)
        if not text[start].isspace() and not text[end - 1].isspace()
    ]
    return AnnotatedDocument(draw(st.none() | st.just("a/ü.txt")), text, None, tuple(spans), True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(annotated_documents(), min_size=1, max_size=4))
def test_what_was_written_is_read(documents: list[AnnotatedDocument]) -> None:
    write_jsonl(documents, FILE)
    assert list(read_annotations(FILE).documents) == documents

"""The gold of the examples: spans that are exact, and documents as hard as they are said to be."""

from itertools import pairwise
from pathlib import Path

from worker.annotations import AnnotatedDocument, read_annotations

EXAMPLES = Path(__file__).parents[2] / "examples"


def gold() -> dict[str, AnnotatedDocument]:
    documents = read_annotations(EXAMPLES / "gold.jsonl").documents
    return {document.id or "": document for document in documents}


def test_every_span_is_in_its_text_apart_from_the_others_and_has_no_white_space_around_it() -> None:
    for name, document in gold().items():
        for span in document.spans:
            text = document.text[span.start : span.end]
            assert 0 <= span.start < span.end <= len(document.text), name
            assert text == text.strip(), name
            assert span.label in {"PER", "ORG", "LOC", "MISC"}, name
        for left, right in pairwise(document.spans):
            assert left.end <= right.start, name


def test_every_span_begins_and_ends_at_a_word() -> None:
    for name, document in gold().items():
        for span in document.spans:
            around = (
                document.text[max(0, span.start - 1) : span.start],
                document.text[span.end : span.end + 1],
            )
            assert not any(char.isalnum() for char in around), (name, span)


def test_gold_names_the_file_that_it_is_for() -> None:
    for name, document in gold().items():
        if "/" in name:
            assert (EXAMPLES / "documents" / name).read_bytes() == document.text.encode(), name


def test_the_examples_hold_what_makes_documents_hard() -> None:
    documents = gold()
    assert len([name for name in documents if "/" in name]) >= 12
    assert len([name for name, document in documents.items() if len(document.text.split()) > 700]) >= 2
    names = [document.text[s.start : s.end] for document in documents.values() for s in document.spans]
    assert sum("\n" in name for name in names) > 10
    assert "\r\n" in documents["contracts/loan.txt"].text

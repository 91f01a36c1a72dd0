"""Word labels -> entities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from worker.errors import ModelError
from worker.recognition.entity import Entity
from worker.recognition.labels import LabelSet
from worker.recognition.spans import join_entities

LABELS = LabelSet(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])


def spell(
    tags: list[str], sentences: tuple[int, ...] = (0,), labels: LabelSet = LABELS
) -> list[tuple[int, int, str]]:
    """Entities of one-letter words, as word ranges."""
    text = " ".join("x" * len(tags))
    words = np.array([[2 * i, 2 * i + 1] for i in range(len(tags))]).reshape(-1, 2)
    ids = np.array([labels.names.index(tag) for tag in tags], int)
    scores = np.linspace(0.5, 1.0, len(tags))
    found = join_entities(text, words, np.array(sentences[: len(tags)], int), ids, scores, labels)
    for entity in found:
        assert text[entity.start : entity.end] == entity.text
        covered = scores[entity.start // 2 : (entity.end + 1) // 2]
        assert entity.score == pytest.approx(covered.mean())
    return [(entity.start // 2, (entity.end + 1) // 2, entity.label) for entity in found]


@pytest.mark.parametrize(
    ("tags", "entities"),
    [
        ("B-PER I-PER O B-LOC", [(0, 2, "PER"), (3, 4, "LOC")]),
        ("B-PER B-PER I-PER", [(0, 1, "PER"), (1, 3, "PER")]),
        ("O I-PER I-PER O", [(1, 3, "PER")]),  # a stray I- opens an entity
        ("B-PER I-LOC I-LOC", [(0, 1, "PER"), (1, 3, "LOC")]),  # a change of type opens another
        ("O O", []),
        ("", []),
    ],
)
def test_bio(tags: str, entities: list[tuple[int, int, str]]) -> None:
    assert spell(tags.split()) == entities


def test_no_entity_crosses_the_end_of_a_sentence() -> None:
    assert spell(["B-PER", "I-PER", "I-PER"], (0, 2)) == [(0, 2, "PER"), (2, 3, "PER")]


def test_labels_of_other_schemes_are_understood() -> None:
    bioes = LabelSet(["O", "B-X", "I-X", "E-X", "S-X"])
    assert spell(["B-X", "I-X", "E-X", "S-X", "S-X"], labels=bioes) == [(0, 3, "X"), (3, 4, "X"), (4, 5, "X")]
    assert spell(["B-X", "E-X", "I-X", "E-X"], labels=bioes) == [(0, 2, "X"), (2, 4, "X")]
    ends = LabelSet(["O", "I-X", "E-X"])
    assert spell(["I-X", "E-X", "I-X", "E-X"], labels=ends) == [(0, 2, "X"), (2, 4, "X")]
    plain = LabelSet(["O", "PER", "LOC"])
    assert spell(["PER", "PER", "LOC"], labels=plain) == [(0, 2, "PER"), (2, 3, "LOC")]


@pytest.mark.parametrize(
    ("names", "types"),
    [
        ("O B_PER I_PER B_LOC", "PER LOC"),
        ("O B_CELL T_CELL", "B_CELL T_CELL"),
        ("O B-CELL_LINE I-CELL_LINE B-I_O", "CELL_LINE I_O"),
        ("O NAME PHONE E-MAIL", "NAME PHONE E-MAIL"),
        ("O B-NAME I-NAME B-E-MAIL I-E-MAIL", "NAME E-MAIL"),
        ("O B-E-MAIL E-MAIL S-CLASS", "E-MAIL S-CLASS"),
        ("O B-MAIL E-MAIL S-MAIL S-AGE", "MAIL AGE"),
        ("O B-X L-X U-AGE", "X AGE"),
        ("O B-SHIP I-SHIP U-BOAT", "SHIP U-BOAT"),
        ("O I-X E-X X", "X"),
        ("O B- -X B_ _", "B- -X B_ _"),
    ],
)
def test_a_prefix_is_one_only_where_the_other_labels_say_so(names: str, types: str) -> None:
    assert LabelSet(names.split()).types == tuple(sorted(types.split()))


def test_underscores_spell_the_same_entities_as_hyphens() -> None:
    labels = LabelSet(["O", "B_PER", "I_PER"])
    assert spell(["B_PER", "I_PER", "B_PER", "O"], labels=labels) == [(0, 2, "PER"), (2, 3, "PER")]


def test_a_model_without_o_is_refused() -> None:
    with pytest.raises(ModelError, match="no label O"):
        LabelSet(["POSITIVE", "NEGATIVE"])


@given(st.lists(st.sampled_from(LABELS.names), max_size=30))
def test_entities_are_those_that_seqeval_reads(tags: list[str]) -> None:
    assert spell(tags) == [(first, last + 1, kind) for kind, first, last in get_entities(tags)]


@pytest.mark.parametrize(("start", "end", "text"), [(-1, 1, "ab"), (2, 2, ""), (0, 3, "ab")])
def test_an_entity_checks_itself(start: int, end: int, text: str) -> None:
    with pytest.raises(ValueError, match="no span"):
        Entity(start, end, "PER", text, 0.5)

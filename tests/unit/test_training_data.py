"""Labelled data, the fitted word rule and the windows of an epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.batches import MixedWindows
from training.data import IGNORED, label_names, label_words
from training.word_rule import fit_word_rule
from worker.annotations import AnnotatedDocument, Span, read_annotations
from worker.errors import InputError
from worker.recognition import Checkpoint
from worker.recognition.windows import WindowPolicy
from worker.recognition.words import WordRule

TEXT = "Jane Doe flew to São Paulo. She met U.S. officials of Acme Inc. there."
SPANS = (Span(0, 8, "PER"), Span(17, 26, "LOC"), Span(36, 40, "LOC"), Span(54, 63, "ORG"))
DOCUMENT = AnnotatedDocument("a", TEXT, None, SPANS, has_text=True)
LABELS = ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"]


def test_labels_come_from_the_spans() -> None:
    assert label_names([DOCUMENT]) == LABELS
    labelled = label_words(DOCUMENT, WordRule.NEWS, LABELS)
    tagged = [
        (TEXT[start:end], LABELS[i])
        for (start, end), i in zip(labelled.words.tolist(), labelled.label_ids.tolist(), strict=True)
        if i
    ]
    assert tagged == [
        *[("Jane", "B-PER"), ("Doe", "I-PER"), ("São", "B-LOC"), ("Paulo", "I-LOC"), ("U.S.", "B-LOC")],
        *[("Acme", "B-ORG"), ("Inc.", "I-ORG")],
    ]
    assert labelled.n_misaligned == 0


def test_a_span_that_ends_inside_a_word_is_counted_and_not_trained_on() -> None:
    document = AnnotatedDocument("a", "Chloroquine-induced", None, (Span(0, 11, "LOC"),), has_text=True)
    labelled = label_words(document, WordRule.NEWS, LABELS)
    assert labelled.n_misaligned == 1
    assert labelled.label_ids.tolist() == [IGNORED]


def test_data_without_entities_is_refused() -> None:
    with pytest.raises(InputError, match="no entity"):
        label_names([AnnotatedDocument("a", "nothing here", None, (), has_text=True)])


@pytest.mark.parametrize(
    ("conll", "rule"),
    [
        ("U.S. B-LOC\n, O\nAL-AIN B-LOC\nsaid O\n. O\n", WordRule.NEWS),
        ("Li B-X\n- O\ninduced O\n0 O\n. O\n5 O\nmg O\n/ O\nkg O\n. O\n", WordRule.PUNCTUATION),
        ("Bank B-X\n), O\nof O\n(“ O\nLender B-X\n”), O\n", WordRule.RUNS),
        ("Bank, B-X\nof O\nOhio. O\n", WordRule.WHITESPACE),
    ],
)
def test_the_word_rule_is_fitted_to_the_data(tmp_path: Path, conll: str, rule: WordRule) -> None:
    (tmp_path / "train.conll").write_text(conll)
    fitted = fit_word_rule(read_annotations(tmp_path / "train.conll").documents)
    assert (fitted.rule, fitted.agreement) == (rule, 1.0)


def test_spans_alone_do_not_favour_the_finest_rule() -> None:
    assert fit_word_rule([DOCUMENT]).rule == WordRule.NEWS


@pytest.fixture
def windows(tiny_checkpoint: Path) -> MixedWindows:
    documents = [label_words(DOCUMENT, WordRule.NEWS, LABELS)] * 9
    checkpoint = Checkpoint.open(str(tiny_checkpoint))
    return MixedWindows(documents, checkpoint.pieces, WindowPolicy(30, 30), batch_pieces=100, seed=1)


def test_every_word_is_trained_on_once_in_every_epoch(windows: MixedWindows) -> None:
    gold = label_words(DOCUMENT, WordRule.NEWS, LABELS).label_ids.tolist() * 9
    for epoch in range(3):
        windows.epoch = epoch
        trained = [
            label
            for i in range(len(windows))
            for label in windows[i]["labels"].flatten().tolist()
            if label != IGNORED
        ]
        assert sorted(trained) == sorted(gold)


def test_an_epoch_depends_on_its_seed_and_number_alone(windows: MixedWindows) -> None:
    def drawn(epoch: int) -> list[list[list[int]]]:
        windows.epoch = epoch
        return [windows[i]["input_ids"].tolist() for i in range(len(windows))]

    first = drawn(0)
    assert drawn(1) != first
    assert drawn(0) == first


def test_padding_is_masked_and_not_trained_on(windows: MixedWindows) -> None:
    for i in range(len(windows)):
        batch = windows[i]
        padding = batch["attention_mask"] == 0
        assert (batch["labels"][padding] == IGNORED).all()
        assert np.all(batch["attention_mask"].sum(1).numpy() > 2)

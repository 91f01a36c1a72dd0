"""Labelled data, the fitted word rule and the windows of an epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.batches import Batch, Lesson, MixedWindows
from training.data import IGNORED, label_names, label_words
from training.options import Context
from training.scoring import ScoredDocument, score_spans
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


def test_white_space_belongs_to_no_word_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text(
        "\u00a0 O\n\nNew B-LOC\n\u00a0 I-LOC\n\u2003York I-LOC\nand\u3000 O\n\u00a0Oslo O\n"
    )
    (document,) = read_annotations(tmp_path / "train.conll").documents
    labelled = label_words(document, WordRule.NEWS, LABELS)
    words = labelled.words.tolist()
    assert [document.text[start:end] for start, end in words] == ["New", "York", "and", "Oslo"]
    assert [LABELS[i] for i in labelled.label_ids.tolist()] == ["B-LOC", "I-LOC", "O", "O"]
    assert (labelled.sentences.tolist(), labelled.n_misaligned) == ([0], 0)
    found = [Span(start, end, "LOC") for start, end in words]
    assert score_spans([ScoredDocument(document.text, document.spans, found)]).n_predicted == 4


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
    return _windows(tiny_checkpoint)


def _windows(tiny_checkpoint: Path, **more: Any) -> MixedWindows:
    lessons = [Lesson(label_words(DOCUMENT, WordRule.NEWS, LABELS))] * 9
    pieces = Checkpoint.open(str(tiny_checkpoint)).pieces
    return MixedWindows(lessons, pieces, WindowPolicy(30, 60), batch_pieces=100, seed=1, **more)


def _batches(windows: MixedWindows, epoch: int = 0) -> list[Batch]:
    windows.epoch = epoch
    return [windows[i] for i in range(len(windows))]


def test_every_word_is_trained_on_once_in_every_epoch(windows: MixedWindows) -> None:
    gold = label_words(DOCUMENT, WordRule.NEWS, LABELS).label_ids.tolist() * 9
    for epoch in range(3):
        trained = [label for batch in _batches(windows, epoch) for label in batch["word_labels"].tolist()]
        assert sorted(trained) == sorted(gold)


def test_the_context_decides_how_long_windows_are(tiny_checkpoint: Path) -> None:
    def lengths(context: Context) -> set[int]:
        """Words of the windows; a document has sentences of 7 and 9 words, which make 16."""
        windows = _windows(tiny_checkpoint, context=context)
        counts = [batch["word_rows"].bincount() for epoch in range(4) for batch in _batches(windows, epoch)]
        return {n for count in counts for n in count.tolist()}

    assert lengths("sentence") == {7, 9}
    assert lengths("mixed") == lengths("document") == {7, 9, 16}


@pytest.mark.parametrize("share", [0, 0.2, 0.6, 1])
def test_as_many_words_as_wanted_stand_in_windows_of_one_sentence(
    tiny_checkpoint: Path, share: float
) -> None:
    document = label_words(DOCUMENT, WordRule.NEWS, LABELS)
    n = len(document.words)
    long = replace(  # 100 sentences of 7 and 9 words
        document,
        words=np.tile(document.words, (50, 1)),
        sentences=np.concatenate([document.sentences + n * i for i in range(50)]),
        label_ids=np.tile(document.label_ids, 50),
    )
    pieces = Checkpoint.open(str(tiny_checkpoint)).pieces
    policy = WindowPolicy(200, 384)
    windows = MixedWindows([Lesson(long)] * 20, pieces, policy, 1000, seed=1, sentence_share=share)
    lengths = np.concatenate([batch["word_rows"].bincount() for batch in _batches(windows)])
    # A window whose length is drawn shorter than two sentences is one sentence too.
    assert lengths[lengths < 10].sum() / lengths.sum() == pytest.approx(share, abs=0.08)


def test_the_words_of_a_sentence_are_a_chain(windows: MixedWindows) -> None:
    lengths = []
    for batch in _batches(windows):
        assert batch["chain_lengths"].sum() == len(batch["word_labels"])
        lengths += batch["chain_lengths"].tolist()
    assert sorted(lengths) == [7] * 9 + [9] * 9


def test_epochs_take_turns_through_the_unlabelled_text(tiny_checkpoint: Path) -> None:
    words = label_words(DOCUMENT, WordRule.NEWS, LABELS)
    nothing_known = replace(words, label_ids=np.full_like(words.label_ids, IGNORED))
    rows = [np.full((len(words.words), len(LABELS)), -i, np.float16) for i in range(40)]
    windows = MixedWindows(
        [Lesson(words, rows[0])] * 9,
        Checkpoint.open(str(tiny_checkpoint)).pieces,
        WindowPolicy(30, 60),
        batch_pieces=100,
        seed=1,
        unlabelled=[Lesson(nothing_known, own) for own in rows[1:28]],
        unlabelled_ratio=1.0,
    )
    seen = [
        {int(-row[0]) for batch in _batches(windows, epoch) for row in batch["teacher"] if row[0] != 0}
        for epoch in range(3)
    ]
    assert [len(documents) for documents in seen] == [9, 9, 9]
    assert seen[0] | seen[1] | seen[2] == set(range(1, 28))


def test_an_epoch_depends_on_its_seed_and_number_alone(windows: MixedWindows) -> None:
    def drawn(epoch: int) -> list[list[list[int]]]:
        return [batch["input_ids"].tolist() for batch in _batches(windows, epoch)]

    first = drawn(0)
    assert drawn(1) != first
    assert drawn(0) == first


def test_padding_is_masked_and_no_word_stands_in_it(windows: MixedWindows) -> None:
    for batch in _batches(windows):
        assert (batch["attention_mask"][batch["word_rows"], batch["word_columns"]] == 1).all()
        assert np.all(batch["attention_mask"].sum(1).numpy() > 2)

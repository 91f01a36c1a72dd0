from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
from seqeval.scheme import IOB2
from seqscore.scoring import score_label_sequences

from training.scoring import ScoredDocument, score_spans, score_tags
from worker.annotations import Span

TAGS = ["O", "O", "B-X", "I-X", "B-Y", "I-Y"]


@pytest.mark.parametrize(
    ("gold", "predicted", "strict", "conlleval"),  # (gold, predicted, correct) entities
    [
        # An I-X after O begins an entity: conlleval counts it, strict sees nothing there.
        ("O B-X I-X O", "O I-X I-X O", (1, 0, 0), (1, 1, 1)),
        # So does an I-Y after X, which ends the X.
        ("B-X I-Y", "B-X I-Y", (1, 1, 1), (2, 2, 2)),
        ("B-X I-X", "B-X I-Y", (1, 1, 0), (1, 2, 0)),
        # A B-X ends the X before it.
        ("B-X B-X", "B-X I-X", (2, 1, 0), (2, 1, 0)),
        ("B-X B-X", "I-X B-X", (2, 1, 1), (2, 2, 2)),
        # Entities end with their sentence.
        ("B-X | I-X", "B-X | I-X", (1, 1, 1), (2, 2, 2)),
    ],
)
def test_both_readings_of_hand_worked_tags(
    gold: str, predicted: str, strict: tuple[int, int, int], conlleval: tuple[int, int, int]
) -> None:
    sides = [[sentence.split() for sentence in side.split("|")] for side in (gold, predicted)]
    reports = score_tags(sides[0], sides[1], "strict"), score_tags(sides[0], sides[1], "conlleval")
    assert [(r.n_gold, r.n_predicted, r.n_correct) for r in reports] == [strict, conlleval]


def test_the_figures_that_conlleval_prints_for_its_known_example() -> None:
    # 459 phrases; found: 539 phrases; correct: 371. precision: 68.83%; recall: 80.83%; FB1: 74.35
    gold = ["B-NP", "O"] * 459 + ["O", "O"] * 168
    predicted = ["I-NP", "O"] * 371 + ["O", "O"] * 88 + ["B-NP", "O"] * 168
    report = score_tags([gold], [predicted], "conlleval")
    assert (report.n_gold, report.n_predicted, report.n_correct) == (459, 539, 371)
    assert [f"{100 * x:.2f}" for x in (report.precision, report.recall, report.f1)] == [
        "68.83",
        "80.83",
        "74.35",
    ]


@st.composite
def tag_pairs(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]]]:
    tags = st.sampled_from(TAGS)
    pairs = st.lists(st.tuples(tags, tags), min_size=1, max_size=12)
    sentences = draw(st.lists(pairs, min_size=1, max_size=4))
    return [[t for t, _ in one] for one in sentences], [[t for _, t in one] for one in sentences]


@settings(deadline=None, max_examples=50)
@given(tag_pairs())
def test_the_figures_are_seqevals_to_the_last_digit(sides: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = sides
    lenient, strict = score_tags(gold, predicted, "conlleval"), score_tags(gold, predicted)
    if lenient.n_gold + lenient.n_predicted:
        assert lenient.f1 == f1_score(gold, predicted, zero_division=0)
        assert lenient.precision == precision_score(gold, predicted, zero_division=0)
        assert lenient.recall == recall_score(gold, predicted, zero_division=0)
        expected = classification_report(gold, predicted, output_dict=True, zero_division=0)
        for label, score in lenient.per_label.items():
            assert (score.precision, score.recall) == (
                expected[label]["precision"],
                expected[label]["recall"],
            )
            assert (score.f1, score.support) == (expected[label]["f1-score"], expected[label]["support"])
        assert set(lenient.per_label) == set(expected) - {"micro avg", "macro avg", "weighted avg"}
    if strict.n_gold + strict.n_predicted:
        options = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
        assert strict.f1 == f1_score(gold, predicted, **options)
        assert strict.precision == precision_score(gold, predicted, **options)
        assert strict.recall == recall_score(gold, predicted, **options)


@settings(deadline=None, max_examples=50)
@given(tag_pairs())
def test_the_conlleval_reading_is_that_of_seqscore(sides: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = sides
    report = score_tags(gold, predicted, "conlleval")
    expected, _ = score_label_sequences(predicted, gold, "BIO", repair="conlleval")
    assert report.n_correct == expected.true_pos
    assert (report.n_gold, report.n_predicted) == (expected.total_ref, expected.total_pos)
    assert report.f1 == pytest.approx(float(expected.f1))


def legal(tags: list[str]) -> list[str]:
    """The tags with B- where an I- continues nothing."""
    fixed: list[str] = []
    for tag in tags:
        continues = bool(fixed) and tag.startswith("I-") and fixed[-1][1:] == tag[1:]
        fixed.append(tag if continues or tag == "O" else f"B{tag[1:]}")
    return fixed


@settings(deadline=None, max_examples=50)
@given(tag_pairs())
def test_on_legal_tags_both_readings_agree(sides: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = ([legal(tags) for tags in side] for side in sides)
    assert score_tags(gold, predicted) == score_tags(gold, predicted, "conlleval")


@settings(deadline=None, max_examples=50)
@given(tag_pairs())
def test_where_only_predictions_are_illegal_the_strict_reading_finds_no_more(
    sides: tuple[list[list[str]], list[list[str]]],
) -> None:
    gold = [legal(tags) for tags in sides[0]]
    strict, lenient = score_tags(gold, sides[1]), score_tags(gold, sides[1], "conlleval")
    assert strict.n_gold == lenient.n_gold
    assert strict.n_predicted <= lenient.n_predicted
    assert strict.recall <= lenient.recall


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("XYZ"), max_size=8), st.integers(0, 3))
def test_spans_have_legal_tags_and_so_one_score(labels: list[str], shift: int) -> None:
    places = list(pairwise(range(0, 2 * len(labels) + 1, 2)))
    gold = [Span(*place, label) for place, label in zip(places, labels, strict=True)]
    document = ScoredDocument("ab" * len(labels), gold, gold[shift:])
    assert score_spans([document]) == score_spans([document], "conlleval")

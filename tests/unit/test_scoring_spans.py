import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from training.scoring import LabelScore, ScoredDocument, score_spans, score_tags
from worker.annotations import Span

TEXT = "Ann Lee of Berlin-based BMW met the Bank of England in New York."


def span(text: str, label: str) -> Span:
    start = TEXT.index(text)
    return Span(start, start + len(text), label)


def test_a_hand_worked_case() -> None:
    gold = [
        span("Ann Lee", "PER"),
        span("Berlin", "LOC"),
        span("BMW", "ORG"),
        span("Bank of England", "ORG"),
        span("New York", "LOC"),
    ]
    predicted = [
        span("Ann Lee", "PER"),  # right
        span("Berlin-based", "LOC"),  # wrong end
        span("BMW", "ORG"),  # right
        span("England", "LOC"),  # wrong start and label
        span("New York", "ORG"),  # wrong label
        span("met", "ORG"),  # nothing there
    ]
    report = score_spans([ScoredDocument(TEXT, gold, predicted)])
    assert (report.n_gold, report.n_predicted, report.n_correct, report.n_documents) == (5, 6, 2, 1)
    assert report.precision == pytest.approx(2 / 6)
    assert report.recall == pytest.approx(2 / 5)
    assert report.f1 == pytest.approx(2 * 2 / (6 + 5))
    assert report.per_label == {
        "LOC": LabelScore(0.0, 0.0, 0.0, support=2, n_predicted=2),
        "ORG": LabelScore(pytest.approx(1 / 3), 0.5, pytest.approx(0.4), support=2, n_predicted=3),
        "PER": LabelScore(1.0, 1.0, 1.0, support=1, n_predicted=1),
    }
    assert json.loads(json.dumps(report.as_dict()))["per_label"]["ORG"]["support"] == 2


def test_documents_are_counted_together_and_never_run_into_each_other() -> None:
    one, two = ScoredDocument("Ann", [Span(0, 3, "PER")], []), ScoredDocument("Lee", [], [Span(0, 3, "PER")])
    report = score_spans([one, two])
    assert (report.n_gold, report.n_predicted, report.n_correct, report.n_documents) == (1, 1, 0, 2)


def test_neighbours_of_one_label_are_two_entities() -> None:
    two, one = [Span(0, 3, "PER"), Span(4, 7, "PER")], [Span(0, 7, "PER")]
    assert score_spans([ScoredDocument("Ann Lee", two, two)]).n_correct == 2
    assert score_spans([ScoredDocument("Ann Lee", two, one)]).n_correct == 0


def test_where_there_is_nothing_to_divide_by_the_score_is_zero() -> None:
    nothing = score_spans([ScoredDocument("a b", [], [])])
    assert (nothing.precision, nothing.recall, nothing.f1, nothing.n_documents) == (0, 0, 0, 1)
    assert score_spans([]).n_documents == 0
    missed = score_spans([ScoredDocument("Ann", [Span(0, 3, "PER")], [])])
    assert (missed.precision, missed.recall, missed.f1, missed.n_gold) == (0, 0, 0, 1)


@pytest.mark.parametrize("spans", [[(0, 3), (2, 5)], [(0, 5), (0, 5)], [(0, 4)], [(4, 9)], [(3, 7)]])
def test_spans_that_no_tags_can_stand_for_are_refused(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match=r"overlaps|out of the text"):
        score_spans([ScoredDocument("Ann Lee", [Span(start, end, "PER") for start, end in spans], [])])


@st.composite
def scored_documents(draw: st.DrawFn) -> ScoredDocument:
    text = draw(st.text("ab .\n-Ü", min_size=1, max_size=25))

    def spans() -> list[Span]:
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
        found = [Span(start, end, draw(st.sampled_from("XYZ"))) for start, end in pairwise(cuts)]
        kept = draw(st.lists(st.booleans(), min_size=len(found), max_size=len(found)))
        return [
            s
            for s, keep in zip(found, kept, strict=True)
            if keep and not text[s.start].isspace() and not text[s.end - 1].isspace()
        ]

    return ScoredDocument(text, spans(), spans())


@settings(deadline=None)
@given(st.lists(scored_documents(), max_size=4))
def test_what_is_right_is_what_stands_in_both_sets(documents: list[ScoredDocument]) -> None:
    report = score_spans(documents)
    assert report.n_gold == sum(len(d.gold) for d in documents)
    assert report.n_predicted == sum(len(d.predicted) for d in documents)
    assert report.n_correct == sum(len(set(d.gold) & set(d.predicted)) for d in documents)
    assert report.precision == pytest.approx(report.n_correct / (report.n_predicted or 1))
    assert report.recall == pytest.approx(report.n_correct / (report.n_gold or 1))


@st.composite
def tag_pairs(draw: st.DrawFn) -> list[tuple[str, str]]:
    tags = st.sampled_from(["O", "O", "B-X", "I-X", "B-Y", "I-Y"])
    return draw(st.lists(st.tuples(tags, tags), min_size=1, max_size=12))


@settings(deadline=None)
@given(st.lists(tag_pairs(), min_size=1, max_size=4))
def test_tags_score_as_seqeval_scores_them_in_strict_mode_illegal_ones_included(
    sequences: list[list[tuple[str, str]]],
) -> None:
    gold = [[tag for tag, _ in pairs] for pairs in sequences]
    predicted = [[tag for _, tag in pairs] for pairs in sequences]
    report = score_tags(gold, predicted)
    expected = classification_report(
        [*gold, ["B-Q"]], [*predicted, ["B-Q"]], mode="strict", scheme=IOB2, output_dict=True, zero_division=0
    )
    for label, score in report.per_label.items():
        assert score.f1 == pytest.approx(expected[label]["f1-score"])
        assert score.support == expected[label]["support"]
    assert set(report.per_label) == set(expected) - {"Q", "micro avg", "macro avg", "weighted avg"}


def test_tags_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        score_tags([["O", "O"]], [["O"]])
    with pytest.raises(ValueError, match="shorter"):
        score_tags([["O"], ["O"]], [["O"]])

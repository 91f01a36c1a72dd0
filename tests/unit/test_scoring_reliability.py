import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.reliability import find_reliability
from training.scoring import ScoredDocument, score_spans
from training.threshold import find_threshold
from worker.annotations import Span
from worker.recognition import Entity


def scored(*found: tuple[float, bool], n_missed: int = 0) -> ScoredDocument:
    """One entity after another, each found with a score, rightly or wrongly; the last were not found."""
    n = len(found) + n_missed
    places = [(3 * i, 3 * i + 2) for i in range(n)]
    gold = [Span(*place, "X" if i >= len(found) or found[i][1] else "Y") for i, place in enumerate(places)]
    predicted = [Entity(*places[i], "X", "ab", score) for i, (score, _) in enumerate(found)]
    return ScoredDocument("ab " * n, gold, predicted)


def test_bins_of_a_hand_worked_case() -> None:
    reliability = find_reliability([scored((0.95, True), (1.0, True), (0.92, False)), scored((0.3, False))])
    assert reliability is not None
    assert [one.n for one in reliability.bins] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 3]
    assert (reliability.bins[0].mean_score, reliability.bins[0].share_right) == (None, None)
    last = reliability.bins[-1]
    assert (last.low, last.high) == (0.9, 1.0)
    assert last.mean_score == pytest.approx(2.87 / 3)
    assert last.share_right == pytest.approx(2 / 3)
    error = 1 / 4 * 0.3 + 3 / 4 * (2.87 / 3 - 2 / 3)
    assert reliability.expected_calibration_error == pytest.approx(error)
    assert reliability.n == 4


def test_scores_that_say_what_they_mean_have_no_error() -> None:
    reliability = find_reliability([scored(*[(0.75, i < 75) for i in range(100)])])
    assert reliability is not None
    assert reliability.expected_calibration_error == pytest.approx(0)


def test_a_score_that_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.5 of \[0, 2\) is not in"):
        find_reliability([scored((1.5, True))])


def test_the_best_threshold_of_a_hand_worked_case() -> None:
    # Kept at 0.9: 1 right of 1; at 0.8: 2 of 2; at 0.5: 2 of 3; at 0.4: 3 of 4; at 0.1: 3 of 6. Gold has 7.
    document = scored(
        (0.9, True), (0.8, True), (0.5, False), (0.4, True), (0.1, False), (0.1, False), n_missed=1
    )
    threshold = find_threshold([document])
    assert threshold is not None
    assert [(c.threshold, c.n_predicted) for c in threshold.curve] == [
        (0, 6),
        (0.4, 4),
        (0.5, 3),
        (0.8, 2),
        (0.9, 1),
    ]
    assert threshold.best.threshold == 0.4
    assert threshold.best.f1 == pytest.approx(2 * 3 / (4 + 7))
    assert (threshold.best.precision, threshold.best.recall) == (3 / 4, 3 / 7)
    assert threshold.at_zero == threshold.curve[0]


def test_of_equally_good_thresholds_the_lowest_is_best() -> None:
    threshold = find_threshold([scored((0.9, False), (0.2, False))])
    assert threshold is not None
    assert threshold.best == threshold.at_zero


def test_a_long_curve_is_thinned_and_keeps_its_best_point_and_both_ends() -> None:
    found = [(i / 1000, i >= 437) for i in range(1000)]
    threshold = find_threshold([scored(*found)])
    assert threshold is not None
    assert len(threshold.curve) <= 101
    assert threshold.best.threshold == 0.437
    assert threshold.best in threshold.curve
    assert [threshold.curve[0].threshold, threshold.curve[-1].threshold] == [0, 0.999]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9, 1.0]), st.booleans()), min_size=1, max_size=12
    )
)
def test_each_point_is_the_score_of_what_is_left_at_its_threshold(found: list[tuple[float, bool]]) -> None:
    document = scored(*found, n_missed=2)
    threshold = find_threshold([document])
    assert threshold is not None
    for cut in threshold.curve:
        kept = [e for e in document.predicted if e.score >= cut.threshold]  # type: ignore[attr-defined]
        report = score_spans([ScoredDocument(document.text, document.gold, kept)])
        assert (cut.precision, cut.recall, cut.n_predicted) == (
            report.precision,
            report.recall,
            report.n_predicted,
        )
        assert cut.f1 == pytest.approx(report.f1)
    assert threshold.best.f1 == max(cut.f1 for cut in threshold.curve)

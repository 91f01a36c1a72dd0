from dataclasses import replace

import numpy as np
import pytest

from training.comparison import compare, randomisation_p
from training.intervals import f1_of, find_intervals, middle, resample
from training.scoring import ScoredDocument
from training.units import count_units, cut_units
from worker.annotations import Span

ANN, BOB = Span(0, 3, "PER"), Span(4, 7, "PER")
TEXT = "Ann Bob"


def right() -> ScoredDocument:
    return ScoredDocument(TEXT, [ANN], [ANN])


def wrong() -> ScoredDocument:
    return ScoredDocument(TEXT, [ANN], [BOB])


def test_documents_are_the_units_where_there_are_several() -> None:
    scored = [right(), wrong(), ScoredDocument(TEXT, [], [])]
    units = cut_units(scored)
    assert (units.name, len(units)) == ("document", 3)
    counts = count_units(units, scored, ["LOC", "PER"])
    assert counts.tolist() == [[[0, 0, 0], [1, 1, 1]], [[0, 0, 0], [1, 1, 0]], [[0, 0, 0], [0, 0, 0]]]


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_single_document_is_cut_into_blocks_of_50_sentences(is_marked: bool) -> None:
    sentence = "We met Ann here. "
    text = sentence * 120
    starts = list(range(0, len(text), len(sentence)))
    gold = [Span(start + 7, start + 10, "PER") for start in starts]
    document = ScoredDocument(text, gold, gold[:50], starts if is_marked else None)
    units = cut_units([document])
    assert (units.name, len(units)) == ("block of 50 sentences", 3)
    assert count_units(units, [document], ["PER"])[:, 0].tolist() == [[50, 50, 50], [50, 0, 0], [20, 0, 0]]


def test_a_few_long_documents_are_cut_into_blocks_that_are_numbered_through() -> None:
    sentence = "We met Ann here. "
    gold = [Span(start + 7, start + 10, "PER") for start in range(0, 120 * len(sentence), len(sentence))]
    first, second = (ScoredDocument(sentence * 120, gold, gold[:n]) for n in (50, 110))
    units = cut_units([first, second])
    assert (units.name, len(units)) == ("block of 50 sentences", 6)
    assert count_units(units, [first, second], ["PER"])[:, 0].tolist() == [
        *[[50, 50, 50], [50, 0, 0], [20, 0, 0]],
        *[[50, 50, 50], [50, 50, 50], [20, 10, 10]],
    ]
    better = [replace(first, predicted=gold), replace(second, predicted=gold)]
    worse = [replace(first, predicted=[]), replace(second, predicted=[])]
    assert compare(worse, better).p_value < 0.05
    assert cut_units([first] * 10).name == "document"


def test_resamples_of_equal_units_have_no_spread() -> None:
    documents = [ScoredDocument(TEXT, [ANN, BOB], [ANN])] * 20
    interval = find_intervals(documents, resamples=50)
    assert interval is not None
    assert (interval.precision, interval.recall) == ((1, 1), (0.5, 0.5))
    assert interval.f1 == interval.per_label["PER"].f1 == pytest.approx((2 / 3, 2 / 3))


def test_the_interval_is_the_binomial_one_where_each_unit_has_one_entity() -> None:
    interval = find_intervals([right()] * 80 + [wrong()] * 20, resamples=4000)
    assert interval is not None
    spread = 1.96 * (0.8 * 0.2 / 100) ** 0.5
    assert interval.f1 == pytest.approx((0.8 - spread, 0.8 + spread), abs=0.015)
    assert interval == find_intervals([right()] * 80 + [wrong()] * 20, resamples=4000)


def test_a_label_that_a_resample_does_not_hold_is_not_counted_as_wrong_there() -> None:
    rare = ScoredDocument(TEXT, [Span(0, 3, "ORG")], [Span(0, 3, "ORG")])
    interval = find_intervals([rare] + [wrong()] * 9, resamples=200)
    assert interval is not None
    assert {label: one.f1 for label, one in interval.per_label.items()} == {"ORG": (1, 1), "PER": (0, 0)}


def test_resampled_counts_are_sums_of_units() -> None:
    counts = np.array([[[1, 0, 0]], [[0, 10, 0]], [[0, 0, 100]]])
    for one in resample(counts, 50, seed=3):
        assert one.sum() == sum(
            n * weight for n, weight in zip(one[0] // [1, 10, 100], (1, 10, 100), strict=True)
        )
        assert (one[0] // [1, 10, 100]).sum() == 3


def test_a_single_unit_has_no_interval() -> None:
    assert find_intervals([right()]) is None
    assert find_intervals([]) is None
    assert middle(np.array([np.nan])) == (0, 0)
    assert np.isnan(f1_of(np.array([0, 0, 0])))


def test_the_true_score_lies_in_nine_of_ten_intervals_and_more() -> None:
    random, hits, truth = np.random.default_rng(5), 0, 0.8
    for trial in range(100):
        units = random.binomial(1, truth, size=60)
        documents = [right() if is_right else wrong() for is_right in units]
        interval = find_intervals(documents, resamples=200, seed=trial)
        assert interval is not None
        hits += interval.f1[0] <= truth <= interval.f1[1]
    assert 88 <= hits <= 100


def test_a_system_beside_itself_differs_by_luck_alone() -> None:
    same = compare([right(), wrong()] * 5, [right(), wrong()] * 5, swaps=200, resamples=50)
    assert (same.difference, same.interval, same.p_value) == (0, (0, 0), 1)
    assert (same.both, same.only_first, same.only_second, same.neither) == (5, 0, 0, 5)
    assert (same.wrong_only_first, same.wrong_only_second) == (0, 0)


def test_a_clearly_better_system_is_told_from_luck() -> None:
    first, second = [right()] * 10 + [wrong()] * 20, [right()] * 28 + [wrong()] * 2
    comparison = compare(first, second, swaps=2000, resamples=500)
    assert comparison.difference == pytest.approx(18 / 30)
    assert comparison.interval is not None
    assert 0.3 < comparison.interval[0] < comparison.difference < comparison.interval[1] < 0.9
    assert comparison.p_value < 0.005
    assert (comparison.both, comparison.only_first, comparison.only_second, comparison.neither) == (
        10,
        0,
        18,
        2,
    )
    assert (comparison.wrong_only_first, comparison.wrong_only_second) == (18, 0)
    assert comparison.as_dict()["unit"] == "document"
    mirrored = compare(second, first, swaps=2000, resamples=500)
    assert mirrored.difference == -comparison.difference
    assert mirrored.p_value == pytest.approx(comparison.p_value, abs=0.003)


def test_the_p_value_of_few_units_is_that_of_all_swaps() -> None:
    # Three documents that only the second finds: of the 8 ways to swap them, 2 differ as much (all or none).
    counts = np.array([[[1, 1, 0]] * 3, [[1, 1, 1]] * 3])
    p = randomisation_p(counts[0], counts[1], swaps=20_000, seed=1)
    assert p == pytest.approx(2 / 8, abs=0.015)


def test_equal_systems_are_called_different_once_in_twenty() -> None:
    random, alarms, trials = np.random.default_rng(11), 0, 400
    for trial in range(trials):
        gold = random.integers(1, 6, size=40)
        sides = []
        for _ in range(2):
            correct = random.binomial(gold, 0.8)
            sides.append(np.stack([gold, correct + random.binomial(gold, 0.2), correct], axis=1))
        alarms += randomisation_p(sides[0], sides[1], swaps=400, seed=trial) <= 0.05
    assert 8 <= alarms <= 34  # 20 expected; three standard deviations


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="1 and 2 documents"):
        compare([right()], [right(), right()])
    with pytest.raises(ValueError, match="texts of document 2 differ"):
        compare([right(), right()], [right(), ScoredDocument("Ann Tom", [ANN], [])])
    with pytest.raises(ValueError, match="gold entities of document 1 differ"):
        compare([right()], [ScoredDocument(TEXT, [BOB], [BOB])])

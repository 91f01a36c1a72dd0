import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator

from training.assessment import assess
from training.confusion import confuse
from training.matching import match_spans
from training.pairing import pair_entities
from training.scoring import ScoredDocument
from worker.annotations import Span
from worker.recognition import Entity

TEXT = "Ann Lee of Berlin-based BMW met the Bank of England in New York."


def span(text: str, label: str) -> Span:
    start = TEXT.index(text)
    return Span(start, start + len(text), label)


def entity(text: str, label: str, score: float) -> Entity:
    start = TEXT.index(text)
    return Entity(start, start + len(text), label, text, score)


GOLD = [
    span("Ann Lee", "PER"),
    span("Berlin", "LOC"),
    span("BMW", "ORG"),
    span("Bank of England", "ORG"),
    span("New York", "LOC"),
]
PREDICTED = [
    entity("Ann Lee", "PER", 0.95),  # right
    entity("Berlin-based", "LOC", 0.55),  # wrong end
    entity("met", "ORG", 0.65),  # nothing there
    entity("England", "LOC", 0.85),  # wrong start and label
    entity("New York", "ORG", 0.75),  # wrong label
]  # and BMW is missed
DOCUMENT = ScoredDocument(TEXT, GOLD, PREDICTED)


def test_the_four_readings_of_a_hand_worked_case() -> None:
    matching = match_spans([DOCUMENT])
    assert list(matching) == ["strict", "exact", "partial", "type"]
    found = {name: (m.correct, m.incorrect, m.partial, m.missed, m.spurious) for name, m in matching.items()}
    assert found == {
        "strict": (1, 3, 0, 1, 1),
        "exact": (2, 2, 0, 1, 1),  # New York has the right span
        "partial": (2, 0, 2, 1, 1),  # Berlin and England overlap
        "type": (2, 2, 0, 1, 1),  # Berlin has the right label
    }
    assert {(m.possible, m.actual) for m in matching.values()} == {(5, 5)}
    assert matching["partial"].precision == matching["partial"].recall == (2 + 0.5 * 2) / 5


def test_neighbours_without_a_gap_do_not_overlap() -> None:
    document = ScoredDocument("Paris2024", [Span(0, 5, "LOC")], [Span(5, 9, "LOC")])
    for match in match_spans([document]).values():
        assert (match.correct, match.incorrect, match.partial) == (0, 0, 0)
        assert (match.missed, match.spurious, match.f1) == (1, 1, 0.0)
    assert pair_entities(document) == [(Span(0, 5, "LOC"), None), (None, Span(5, 9, "LOC"))]


def test_one_shared_character_is_an_overlap() -> None:
    matching = match_spans([ScoredDocument("Paris2024", [Span(0, 5, "LOC")], [Span(4, 9, "LOC")])])
    assert (matching["type"].correct, matching["partial"].partial, matching["strict"].incorrect) == (1, 1, 1)


@st.composite
def documents(draw: st.DrawFn) -> ScoredDocument:
    length = draw(st.integers(1, 60))

    def spans() -> list[Span]:
        cuts = sorted(draw(st.sets(st.integers(0, length), max_size=30)))
        found = [Span(start, end, draw(st.sampled_from("XYZ"))) for start, end in pairwise(cuts)]
        kept = draw(st.lists(st.booleans(), min_size=len(found), max_size=len(found)))
        return [one for one, keep in zip(found, kept, strict=True) if keep]

    return ScoredDocument("a" * length, spans(), spans())


@settings(deadline=None, max_examples=50)
@given(st.lists(documents(), min_size=1, max_size=3))
def test_the_readings_are_those_of_nervaluate_over_whole_documents(scored: list[ScoredDocument]) -> None:
    sides = [
        [
            [{"label": s.label, "start": s.start, "end": s.end - 1} for s in side]
            for side in (d.gold, d.predicted)
        ]
        for d in scored
    ]
    whole = Evaluator([g for g, _ in sides], [p for _, p in sides], tags=list("XYZ"), loader="dict")
    expected = whole.evaluate()["overall"]
    for name, match in match_spans(scored).items():
        other = expected["ent_type" if name == "type" else name]
        counts = (other.correct, other.incorrect, other.partial, other.missed, other.spurious, other.f1)
        assert (
            match.correct,
            match.incorrect,
            match.partial,
            match.missed,
            match.spurious,
            match.f1,
        ) == counts


def test_pairs_take_the_same_span_first_and_then_the_largest_overlap() -> None:
    gold = [Span(0, 10, "A"), Span(12, 20, "B"), Span(22, 24, "C")]
    predicted = [Span(0, 4, "A"), Span(4, 11, "B"), Span(12, 20, "C"), Span(21, 30, "C")]
    assert pair_entities(ScoredDocument("a" * 30, gold, predicted)) == [
        (gold[0], predicted[1]),  # they share 6 characters, with the one before only 4
        (None, predicted[0]),
        (gold[1], predicted[2]),
        (gold[2], predicted[3]),
    ]


def test_of_equal_overlaps_the_first_in_the_text_is_taken() -> None:
    gold, predicted = [Span(0, 4, "A")], [Span(2, 4, "B"), Span(0, 2, "C")]
    assert pair_entities(ScoredDocument("abcd", gold, predicted))[0] == (gold[0], predicted[1])


@settings(deadline=None, max_examples=50)
@given(documents())
def test_every_entity_is_in_one_pair_and_none_that_overlap_stay_alone(document: ScoredDocument) -> None:
    pairs = pair_entities(document)
    assert Counter(g for g, _ in pairs if g is not None) == Counter(document.gold)
    assert Counter(p for _, p in pairs if p is not None) == Counter(document.predicted)
    missed = [g for g, p in pairs if g is not None and p is None]
    spurious = [p for g, p in pairs if p is not None and g is None]
    assert not [1 for g in missed for p in spurious if g.start < p.end and p.start < g.end]
    right = set(document.gold) & set(document.predicted)
    assert {g for g, p in pairs if g == p} == right


def test_confusion_of_a_hand_worked_case() -> None:
    confusion = confuse(pair_entities(DOCUMENT))
    assert confusion.labels == ("LOC", "ORG", "PER")
    assert confusion.rows == {"LOC": {"LOC": 1, "ORG": 1}, "ORG": {"LOC": 1, "missed": 1}, "PER": {"PER": 1}}
    assert confusion.spurious == {"ORG": 1}


def test_an_assessment_as_json() -> None:
    assessed = assess([DOCUMENT, ScoredDocument("Ann", [], [])], names=["a.txt", "b.txt"], context=4)
    answer = json.loads(json.dumps(assessed.as_dict()))
    assert list(answer) == [
        *["strict", "conlleval", "matching", "confusion", "interval", "reliability", "threshold"],
        *["errors", "n_errors", "n_errors_by_kind"],
    ]
    assert answer["strict"] == answer["conlleval"]
    assert answer["strict"]["f1"] == pytest.approx(2 * 1 / (5 + 5))
    assert answer["confusion"]["rows"]["ORG"] == {"LOC": 1, "missed": 1}
    assert answer["interval"]["n_units"] == 2
    assert answer["interval"]["unit"] == "document"
    assert list(answer["interval"]["per_label"]) == ["LOC", "ORG", "PER"]
    assert answer["n_errors"] == 5
    assert answer["n_errors_by_kind"] == {
        "boundary": 1,
        "label and boundary": 1,
        "label": 1,
        "spurious": 1,
        "missed": 1,
    }
    assert [(e["kind"], e["document"]) for e in answer["errors"]] == [
        ("label and boundary", "a.txt"),
        ("label", "a.txt"),
        ("spurious", "a.txt"),
        ("boundary", "a.txt"),
        ("missed", "a.txt"),
    ]
    assert answer["errors"][0] == {
        "kind": "label and boundary",
        "document": "a.txt",
        "gold": {"start": 36, "end": 51, "label": "ORG", "text": "Bank of England"},
        "predicted": {"start": 44, "end": 51, "label": "LOC", "text": "England", "score": 0.85},
        "before": "the ",
        "after": " in ",
    }
    assert answer["errors"][4]["predicted"] is None
    assert answer["errors"][2]["gold"] is None


def test_a_short_list_of_errors_keeps_a_share_for_what_was_missed() -> None:
    text = "aa bb cc dd ee ff gg hh"
    places = [(i, i + 2) for i in range(0, len(text), 3)]
    gold = [Span(*place, "X") for place in places[:4]]
    found = [Entity(s, e, "X", text[s:e], (i + 1) / 10) for i, (s, e) in enumerate(places[4:])]
    assessed = assess([ScoredDocument(text, gold, found)], n_errors=4)
    shown = [(e.gold or e.predicted).text for e in assessed.errors]  # type: ignore[union-attr]
    assert shown == ["hh", "gg", "aa", "bb"]
    assert assessed.n_errors == 8
    assert assessed.n_errors_by_kind == {"spurious": 4, "missed": 4}
    assert assess([ScoredDocument(text, gold, found)], n_errors=0).errors == ()


def test_predictions_without_scores_have_no_reliability_but_all_else() -> None:
    bare = [Span(e.start, e.end, e.label) for e in PREDICTED]
    assessed = assess([ScoredDocument(TEXT, GOLD, bare)])
    assert (assessed.reliability, assessed.threshold) == (None, None)
    assert assessed.interval is None  # one sentence cannot say how much others would differ
    assert [e.kind for e in assessed.errors] == [
        "boundary",
        "spurious",
        "label and boundary",
        "label",
        "missed",
    ]
    assert all(e.predicted.score is None for e in assessed.errors if e.predicted)


def test_nothing_at_all_is_assessed_too() -> None:
    for scored in ([], [ScoredDocument("", [], [])], [ScoredDocument("a b", [], [])] * 2):
        answer = json.loads(json.dumps(assess(scored).as_dict()))
        assert answer["strict"]["f1"] == answer["matching"]["partial"]["f1"] == 0
        assert (answer["n_errors"], answer["confusion"]["labels"]) == (0, [])


def test_as_many_names_as_documents_are_asked_for() -> None:
    with pytest.raises(ValueError, match="1 names for 2 documents"):
        assess([DOCUMENT, DOCUMENT], names=["a"])

"""What could go wrong quietly in the benchmarks: their texts, their sums, who is compared with whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from benchmarks.chart import draw_chart
from benchmarks.contenders import Pipeline
from benchmarks.corpus import KINDS, make_corpora, make_text
from benchmarks.figures import Account, Sample, agreement, rates, ratio, share_of_roof
from benchmarks.roof import Cost
from benchmarks.rows import REFERENCE, ROWS, choose_rows
from benchmarks.speed import _figures, _Running
from benchmarks.stages import Stopwatch
from worker.annotations import Span

ACCOUNT = Account(n_documents=10, n_words=300, n_pieces=400, operations=1e9)


def test_the_same_seed_gives_the_same_texts_and_another_one_others() -> None:
    first, again, other = (make_corpora(list(KINDS), 2000, seed) for seed in (1, 1, 2))
    assert first == again
    assert all(a.texts != b.texts for a, b in zip(first, other, strict=True))
    digest = hashlib.sha256("".join(make_corpora(["notes"], 500)[0].texts).encode()).hexdigest()
    assert digest[:16] == "770c7c0a671a282c"  # figures of different versions compare only while this stays


def test_kinds_are_as_long_as_they_are_said_to_be() -> None:
    corpora = {corpus.name: corpus for corpus in make_corpora(list(KINDS), 45_000)}
    lengths = {name: [len(text.split()) for text in corpus.texts] for name, corpus in corpora.items()}
    assert max(lengths["notes"]) < 500
    assert min(lengths["mixed"]) < 150 < 2000 < max(lengths["mixed"])
    assert all(20_000 <= n < 20_500 for n in lengths["long"])
    assert all(corpus.n_words >= 45_000 for corpus in corpora.values())
    assert 1000 <= len(make_text(1000, seed=3).split()) < 1300
    assert not any("{" in text for corpus in corpora.values() for text in corpus.texts)


def test_rates_and_ratios_are_medians_of_rounds() -> None:
    samples = [Sample(seconds, 1.0, 500) for seconds in (2.0, 4.0, 100.0)]
    assert rates(samples, ACCOUNT) == {
        "seconds": 4.0,
        "pieces_per_s": 100.0,
        "words_per_s": 75.0,
        "documents_per_s": 2.5,
    }
    # The third round was disturbed for both: only the ratios within a round say something.
    peers = [Sample(seconds, 1.0, 900) for seconds in (6.0, 12.0, 500.0)]
    assert ratio(peers, samples) == 3.0
    assert share_of_roof(samples, ACCOUNT, [2e9, 4e9, 5e9]) == 0.25


def test_agreement_is_of_whole_entities_and_of_their_words() -> None:
    words = [[(0, 3), (4, 8), (9, 12), (13, 17), (18, 20)]]
    reference = [[Span(0, 8, "PER"), Span(13, 17, "LOC")]]
    assert agreement(reference, reference, words).entities == 1.0
    assert agreement(reference, reference, words).words == 1.0
    shorter = agreement(reference, [[Span(0, 3, "PER"), Span(13, 17, "LOC"), Span(18, 20, "ORG")]], words)
    assert shorter.entities == pytest.approx(2 / 5)
    assert shorter.words == pytest.approx(2 / 3)
    split = agreement(reference, [[Span(0, 3, "PER"), Span(4, 8, "PER"), Span(13, 17, "ORG")]], words)
    assert split.words == pytest.approx(1 / 3)
    assert agreement([[]], [[]], [[(0, 3)]]).words == 1.0


def test_stages_inside_stages_are_counted_once() -> None:
    now = [0.0]
    watch = Stopwatch(lambda: now[0])

    def steps():  # type: ignore[no-untyped-def]
        for _ in range(2):
            now[0] += 3
            yield 1

    inner = watch.timing("inner", steps)
    with watch.timed("outer"):
        now[0] += 1
        for _ in inner():
            now[0] += 10
    assert watch.seconds == {"outer": 21.0, "inner": 6.0}
    assert sum(watch.seconds.values()) == now[0]


def test_operations_are_those_of_matrices_and_of_attention() -> None:
    cost = Cost(((30, 10), (10, 30)), width=10, n_layers=2)
    assert cost.operations(5, [2, 3]) == 5 * 2 * 600 + 4 * 10 * 2 * (4 + 9)


def test_whatever_rows_are_asked_for_the_reference_is_among_them() -> None:
    assert [row.key for row in choose_rows(["pipeline-bf16"])] == [REFERENCE, "pipeline-bf16"]
    assert len({row.key for row in ROWS}) == len(ROWS)


def test_the_chart_is_a_picture_with_a_bar_for_every_row() -> None:
    rows = [{"key": row.key, "name": row.name, "pieces_per_s": 1000.0 + i} for i, row in enumerate(ROWS)]
    report = json.loads(
        json.dumps(
            {
                "machine": {"cpu": "A & B <CPU>", "threads": 2, "nerq": "1"},
                "corpora": [{"name": "notes", "n_documents": 3, "rows": rows}],
            }
        )
    )
    picture = ElementTree.fromstring(draw_chart(report))  # noqa: S314 its own
    bars = [e for e in picture.iter("{http://www.w3.org/2000/svg}rect") if e.get("class") != "paper"]
    assert len(bars) == len(ROWS)
    assert max(float(bar.get("width", 0)) for bar in bars) <= 760
    (style,) = picture.iter("{http://www.w3.org/2000/svg}style")
    assert "\n.ours { fill" in str(style.text), (
        "a style with signs for its line breaks is none: all would be black"
    )


def test_a_cold_start_does_not_choose_the_size_of_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("benchmarks.contenders.time.perf_counter", lambda: clock[0])

    class ColdAtFirst(Pipeline):
        def __init__(self) -> None:
            self._seconds_extra = 100.0

        def read(self, texts: Sequence[str]) -> list[list[Span]]:
            clock[0] += self._seconds_extra + self._batch_size
            self._seconds_extra = 0.0
            return [[] for _ in texts]

    assert ColdAtFirst().tune(["a text"]) == "batch 1"


def test_what_the_reference_cannot_read_is_measured_all_the_same() -> None:
    row = next(row for row in ROWS if row.key == "pipeline-fp32")
    samples = {"notes": [Sample(2.0, 1.0, 500)]}
    one = _Running(row, None, {"notes": "batch 1"}, {"notes": [[]]}, samples, {"notes": 1})  # type: ignore[arg-type]
    figures = _figures(one, [one], "notes", ACCOUNT, [{"fp32": 1e10}], [[]])
    assert figures["computed_per_real"] == 1.25
    assert "agreement" not in figures

"""The scores when less is asked of an entity."""

from __future__ import annotations

from training.report.ratios import Values, ratios
from worker.html.bars import Bar, draw_bars
from worker.html.section import Section, Table, drawn
from worker.html.wording import percent, whole

_READINGS = {
    "strict": "begin, end and label",
    "exact": "begin and end, any label",
    "partial": "any overlap, half a point where the ends differ",
    "type": "any overlap with the right label",
}
_PARTS = ("correct", "partial", "incorrect", "missed", "spurious")


def make_matching(evaluation: Values) -> Section | None:
    """None if it was not scored so."""
    matching = evaluation.get("matching")
    if not matching:
        return None
    bars = [
        Bar(name, {part: one[part] for part in _PARTS}, f"F1 {percent(one['f1'])}")
        for name, one in matching.items()
    ]
    rows = [
        [
            name,
            _READINGS.get(name, ""),
            *ratios(one),
            *(whole(one[part]) for part in (*_PARTS, "possible", "actual")),
        ]
        for name, one in matching.items()
    ]
    lenient = evaluation.get("conlleval")
    sentence = (
        "What became of the entities when less is asked of them: from strict (all must be right) to the label "
        "or the place alone."
    )
    return Section(
        "matching",
        "How strict is strict",
        sentence,
        drawn("matching", "Entities by reading", sentence, lambda frame: draw_bars(frame, bars, _PARTS)),
        Table(
            ("reading", "what must be right", "precision", "recall", "F1", *_PARTS, "in gold", "found"), rows
        ),
        note=f"As the conlleval script counts, F1 is {percent(lenient['f1'])}." if lenient else "",
    )

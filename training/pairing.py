"""Gold and predicted entities of a document, paired by what they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from training.scoring import LabelledStretch, ScoredDocument

#: A gold entity and what was predicted in its place; one of them is None for a missed or a spurious one.
Pair = tuple[LabelledStretch | None, LabelledStretch | None]


def pair_entities(document: ScoredDocument) -> list[Pair]:
    """Every entity of both sides in exactly one pair, in order of the text.

    Those with the very same span go together first, whatever their labels; then the two that share most
    characters, of equals the first in the text, until no two that are left overlap.
    """
    gold, predicted = _in_order(document.gold), _in_order(document.predicted)
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, g, p in sorted(_overlaps(gold, predicted)):
        if g not in partners and p not in taken:
            partners[g] = p
            taken.add(p)
    pairs: list[Pair] = [
        (one, predicted[partners[g]] if g in partners else None) for g, one in enumerate(gold)
    ]
    pairs += [(None, one) for p, one in enumerate(predicted) if p not in taken]
    return sorted(pairs, key=_place)


def _overlaps(
    gold: Sequence[LabelledStretch], predicted: Sequence[LabelledStretch]
) -> Iterator[tuple[bool, int, int, int]]:
    """(spans differ, minus the shared characters, number in gold, number in predicted) of all that overlap."""
    first = 0
    for g, one in enumerate(gold):
        while first < len(predicted) and predicted[first].end <= one.start:
            first += 1
        for p in range(first, len(predicted)):
            other = predicted[p]
            if other.start >= one.end:
                break
            shared = min(one.end, other.end) - max(one.start, other.start)
            yield (one.start, one.end) != (other.start, other.end), -shared, g, p


def _in_order(entities: Sequence[LabelledStretch]) -> list[LabelledStretch]:
    return sorted(entities, key=lambda one: one.start)


def _place(pair: Pair) -> int:
    return min(one.start for one in pair if one is not None)

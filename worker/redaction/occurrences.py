"""The further places at which a name stands that was found somewhere else in the job."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from worker.recognition.words import WordRule, split_words
from worker.store import NewEntity


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that is to be replaced as a whole."""

    start: int
    end: int
    label: str
    is_found: bool  #: by the model at this place; False: for a name that it found elsewhere


def found_stretches(entities: Iterable[NewEntity]) -> list[Stretch]:
    """The entities in order; those that overlap are one stretch, so that nothing of them is left."""
    stretches: list[Stretch] = []
    for e in sorted(entities, key=lambda e: (e.start, -e.end)):
        last = stretches[-1] if stretches else None
        if last and e.start < last.end:
            stretches[-1] = Stretch(last.start, max(last.end, e.end), last.label, is_found=True)
        else:
            stretches.append(Stretch(e.start, e.end, e.label, is_found=True))
    return stretches


class KnownNames:
    """The names of a job, word by word. A place is theirs if it reads the same but for white space, and no word of it
    goes on before or behind.
    """

    def __init__(self) -> None:
        self._labels: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        self._lengths: defaultdict[str, set[int]] = defaultdict(set)  #: first word -> numbers of words

    def add(self, entity: NewEntity) -> None:
        """Note a name that was found."""
        words = tuple(_words(entity.text))
        self._labels[words][entity.label] += 1
        self._lengths[words[0]].add(len(words))

    def find(self, text: str, taken: Sequence[Stretch]) -> Iterator[Stretch]:
        """The places of known names outside of what is taken, from left to right, the longest name first."""
        offsets = split_words(text, WordRule.PUNCTUATION).tolist()
        words = [text[start:end] for start, end in offsets]
        next_taken = 0
        i = 0
        while i < len(words):
            start = offsets[i][0]
            while next_taken < len(taken) and taken[next_taken].end <= start:
                next_taken += 1
            limit = taken[next_taken].start if next_taken < len(taken) else len(text)
            for n in sorted(self._lengths.get(words[i], ()), reverse=True):
                labels = self._labels.get(tuple(words[i : i + n]))
                if labels and i + n <= len(words) and offsets[i + n - 1][1] <= limit:
                    yield Stretch(start, offsets[i + n - 1][1], _most_frequent(labels), is_found=False)
                    i += n
                    break
            else:
                i += 1


def _words(name: str) -> list[str]:
    return [name[start:end] for start, end in split_words(name, WordRule.PUNCTUATION).tolist()]


def _most_frequent(labels: Counter[str]) -> str:
    return min(labels, key=lambda label: (-labels[label], label))

"""Documents to measure speed on, written by a seeded generator: the same on every machine, of three kinds."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.phrases import FILLERS, HEADINGS, SENTENCES
from worker.documents import ReadOptions, read_sources

SEED: Final = 20240229
_GAP = re.compile(r"\{(\w+)\}")
_WRAP_COLUMNS: Final = 90


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts that are read together, and what they are called in the tables."""

    name: str
    texts: tuple[str, ...]

    @property
    def n_words(self) -> int:
        """White-space words of all texts."""
        return sum(len(text.split()) for text in self.texts)


def make_corpora(kinds: Sequence[str], words: int, seed: int = SEED) -> list[Corpus]:
    """A corpus of each kind, with about so many words; of the long kind at least one document of 20,000."""
    return [Corpus(kind, tuple(_documents(random.Random(f"{seed} {kind}"), kind, words))) for kind in kinds]


def read_folder(folder: Path) -> Corpus:
    """The texts of the documents that nerq would read in a folder."""
    sources = read_sources([folder], ReadOptions())
    texts = tuple(source.document.text for source in sources if source.document is not None)
    return Corpus(folder.resolve().name, texts)


def make_text(n_words: int, seed: int) -> str:
    """A single document of about so many words."""
    return _document(random.Random(seed), n_words)


def _short(rng: random.Random, _left: int) -> int:
    return rng.randint(60, 340)


def _mixed(rng: random.Random, _left: int) -> int:
    """Mostly short, a few long: lengths spread evenly on a logarithmic scale."""
    return int(20 * 300 ** rng.random())


def _long(_rng: random.Random, left: int) -> int:
    return 20_000 if left >= 0 else 0


#: How long the next document of a kind is, in words, given the words that are still to be written.
KINDS: Final[dict[str, Callable[[random.Random, int], int]]] = {
    "notes": _short,
    "mixed": _mixed,
    "long": _long,
}


def _documents(rng: random.Random, kind: str, words: int) -> Iterator[str]:
    left = words
    while left > 0:
        n_words = KINDS[kind](rng, left)
        yield _document(rng, n_words, "note" if kind == "notes" else None)
        left -= n_words


def _document(rng: random.Random, n_words: int, genre: str | None = None) -> str:
    """One text of a genre: paragraphs of sentences under headings; some have their lines broken, as files often do."""
    genre = genre or rng.choice(sorted(SENTENCES))
    is_wrapped = rng.random() < 0.4
    paragraphs: list[str] = []
    left = n_words
    while left > 0:
        if rng.random() < 0.25:
            paragraphs.append(_filled(rng, rng.choice(HEADINGS[genre])))
        sentences = [_filled(rng, rng.choice(SENTENCES[genre])) for _ in range(rng.randint(2, 7))]
        paragraph = " ".join(sentences)
        left -= len(paragraph.split())
        paragraphs.append(textwrap.fill(paragraph, _WRAP_COLUMNS) if is_wrapped else paragraph)
    return "\n\n".join(paragraphs) + "\n"


def _filled(rng: random.Random, sentence: str) -> str:
    return _GAP.sub(lambda gap: _filler(rng, gap[1]), sentence)


def _filler(rng: random.Random, name: str) -> str:
    if name == "n":
        return str(rng.randint(2, 98))
    if name == "amount":
        return f"{rng.randint(1, 980)},{rng.randint(0, 999):03}"
    if name == "date":
        return f"{rng.choice(FILLERS['month'])} {rng.randint(1, 28)}, {rng.randint(1994, 2024)}"
    if name == "org":
        return _filled(
            rng, rng.choice(("{last} {kind} {suffix}", "{place} {kind}", "{last} & {last} {suffix}"))
        )
    return rng.choice(FILLERS[name])

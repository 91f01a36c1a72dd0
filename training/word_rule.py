"""Find the word rule that cuts text the way the training data was cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.annotations import AnnotatedDocument
from worker.recognition.words import WordRule, split_words


@dataclass(frozen=True, slots=True)
class FittedRule:
    """The rule that agrees best, and how well."""

    rule: WordRule
    #: Share of the data's words (of the spans' edges, where the data has no words) that the rule finds exactly, in
    #: [0, 1]; None where nothing could be compared.
    agreement: float | None


def fit_word_rule(documents: Sequence[AnnotatedDocument]) -> FittedRule:
    """The rule under which most of the data's words are found exactly.

    Data that comes as text with spans says nothing of words that hold no entity; there the edges of the spans are
    compared with the edges of words. The finer a rule cuts, the more edges it has, so that such data favours the
    finest: there the first rule in WordRule's order wins that is within half a point of the best.
    """
    scores = {rule: _agreement(documents, rule) for rule in WordRule}
    slack = 0.0 if any(document.sentences is not None for document in documents) else 0.005
    limit = max(score or 0.0 for score in scores.values()) - slack
    best = next(rule for rule, score in scores.items() if (score or 0.0) >= limit)
    return FittedRule(best, scores[best])


def _agreement(documents: Sequence[AnnotatedDocument], rule: WordRule) -> float | None:
    n_found = n_wanted = 0
    for document in documents:
        words = {(start, end) for start, end in split_words(document.text, rule).tolist()}
        if document.sentences is not None:
            wanted = {tuple(word) for sentence in document.sentences for word in sentence}
            n_found += len(wanted & words)
        else:
            starts, ends = {start for start, _ in words}, {end for _, end in words}
            wanted = {(span.start, span.end) for span in document.spans}
            n_found += sum(start in starts and end in ends for start, end in wanted)
        n_wanted += len(wanted)
    return n_found / n_wanted if n_wanted else None

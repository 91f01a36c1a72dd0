"""spaCy's DocBin: the documents in nerq's words, entities in `doc.ents`. Needs the extra `spacy`.

The same spans are in `doc.spans["sc"]` with their scores, where spaCy's own span categorizer puts them; where a
document comes from is in `doc.user_data["nerq"]`. All of it is in memory before it is written: that is the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from worker.export.packages import import_package
from worker.export.selection import Tally
from worker.export.streams import Source, annotate, record
from worker.export.words import Offsets, cut_words
from worker.store import JobDocument

_SPANS_KEY = "sc"
_ATTRIBUTES = ("ORTH", "SENT_START", "ENT_IOB", "ENT_TYPE")


class SpacyFile:
    """Writes documents into one `.spacy` file.

    Raises:
        SettingsError: spaCy is not installed.
    """

    def __init__(self, source: Source) -> None:
        self._tokens = import_package("spacy.tokens", "spacy", "spacy")
        self._vocab = import_package("spacy.vocab", "spacy", "spacy").Vocab()
        self._source = source

    def write(self, documents: Iterable[JobDocument], tally: Tally, file: BinaryIO) -> None:
        """Write all of them; what went out is counted in `tally`."""
        docs = self._tokens.DocBin(attrs=_ATTRIBUTES, store_user_data=True)
        for doc in tally.converted(documents, lambda document: self._doc(document, tally)):
            docs.add(doc)
        file.write(docs.to_bytes())

    def _doc(self, document: JobDocument, tally: Tally) -> Any:
        words = cut_words(document.text, document.entities, self._source.word_rule)
        annotated = annotate(document, self._source, words)  # refuses what `ents` cannot hold
        offsets = [word for sentence in words.sentences for word in sentence]
        tokens = list(_tokens(document.text, offsets))
        doc = self._tokens.Doc(
            self._vocab,
            words=[document.text[start:end] for start, end, _ in tokens],
            spaces=[has_space for _, _, has_space in tokens],
            sent_starts=_sentence_starts(tokens, words.sentences),
        )
        firsts = {start: number for number, (start, _, _) in enumerate(tokens)}
        lasts = {end: number for number, (_, end, _) in enumerate(tokens)}
        doc.ents = [
            self._tokens.Span(doc, firsts[s.start], lasts[s.end] + 1, label=s.label) for s in annotated.spans
        ]
        scores = [entity.score for entity in document.entities]
        doc.spans[_SPANS_KEY] = self._tokens.SpanGroup(
            doc, name=_SPANS_KEY, spans=doc.ents, attrs={"scores": scores}
        )
        known = record(document, self._source, "codepoints")
        doc.user_data["nerq"] = {
            key: known[key] for key in ("id", "document_id", "path", "record", "model_id")
        }
        tally.n_cut_words += words.n_cut
        return doc


def _tokens(text: str, words: Sequence[Offsets]) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each token, and whether a space follows: a space is part of it, other white space a token.

    Together they are the text, character by character.
    """
    position = 0
    for (start, end), following in zip([(0, 0), *words], [*words, (len(text), len(text))], strict=True):
        has_space = start < end and text[end : end + 1] == " "
        if start < end:
            yield start, end, has_space
        position = end + has_space
        if position < following[0]:
            yield position, following[0], False


def _sentence_starts(
    tokens: Sequence[tuple[int, int, bool]], sentences: Sequence[Sequence[Offsets]]
) -> list[bool]:
    """Whether each token begins a sentence; white space belongs to the sentence before."""
    starts = {sentence[0][0] for sentence in sentences}
    return [number == 0 or start in starts for number, (start, _, _) in enumerate(tokens)]

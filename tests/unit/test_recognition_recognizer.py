"""The whole flow on a tiny real model: nothing lost, nothing dependent on how packs are made up."""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from worker.errors import NerqError
from worker.recognition import Checkpoint, Entity, Recognition, Recognizer, open_recognizer
from worker.recognition.engine_torch import open_torch_engine
from worker.recognition.packing import Pack
from worker.recognition.reading import Reading
from worker.recognition.sentences import split_sentences
from worker.recognition.windows import WindowPolicy
from worker.recognition.words import split_words

SENTENCES = [
    "John Smith of Acme Inc. flew to New York on 1996-08-22.",
    "Frau Müller’s office (in Köln) paid $3.5 million!",
    "THE END",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z and so on and so on",
]


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> Checkpoint:
    return Checkpoint.open(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def recognizer(checkpoint: Checkpoint) -> Recognizer:
    return open_recognizer(checkpoint, "fp32", threads=1)


def spans(recognition: Recognition) -> list[tuple[int, int, str]]:
    return [(entity.start, entity.end, entity.label) for entity in recognition.entities]


@settings(max_examples=50, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("aAbB .,\n")))
def test_offsets_are_exact_and_every_word_is_read(recognizer: Recognizer, text: str) -> None:
    (found,) = recognizer.recognize([text])
    assert found.n_words == found.n_words_read == len(split_words(text))
    position = 0
    for entity in found.entities:
        assert text[entity.start : entity.end] == entity.text
        assert position <= entity.start
        assert 0 < entity.score <= 1
        position = entity.end


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from(SENTENCES), max_size=8).map(" ".join), max_size=6),
    pack_pieces=st.sampled_from([1, 50, 200, 5000]),
    data=st.data(),
)
def test_entities_do_not_depend_on_how_packs_are_made_up(
    recognizer: Recognizer, checkpoint: Checkpoint, texts: list[str], pack_pieces: int, data: st.DataObject
) -> None:
    alone = [recognizer.recognize([text])[0] for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    other = Recognizer(checkpoint, recognizer._engine, pack_pieces)
    together = other.recognize([texts[i] for i in order])
    for i, found in zip(order, together, strict=True):
        assert spans(found) == spans(alone[i])
        before = [entity.score for entity in alone[i].entities]
        assert [entity.score for entity in found.entities] == pytest.approx(before, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from(SENTENCES), max_size=40).map("\n".join), max_size=4),
    max_words=st.sampled_from([1, 7, 30, 200]),
)
def test_a_long_text_has_the_entities_that_it_has_in_parts(
    recognizer: Recognizer, texts: list[str], max_words: int
) -> None:
    whole = recognizer.recognize(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker.recognition.recognizer._WORDS_AT_ONCE", max_words)
        patch.setattr("worker.recognition.reading._WORDS_AT_ONCE", max_words)
        in_parts = recognizer.recognize(texts)
    for one, other in zip(whole, in_parts, strict=True):
        assert spans(one) == spans(other)
        assert replace(one, entities=()) == replace(other, entities=())
        scores = [entity.score for entity in one.entities]
        assert [entity.score for entity in other.entities] == pytest.approx(scores, abs=1e-5)


def test_parts_are_no_longer_than_asked_for_unless_a_sentence_is(checkpoint: Checkpoint) -> None:
    reading = Reading.of_text("\n".join(SENTENCES * 9), checkpoint)
    parts = list(reading.parts(50))
    assert sum(len(part.words) for part in parts) == len(reading.words)
    assert max(len(part.words) for part in parts) <= 50
    assert max(len(part.words) for part in reading.parts(3)) == max(np.diff(reading.sentences))


def with_policy(folder: Path, copy: Path, **window: int) -> Recognizer:
    shutil.copytree(folder, copy)
    (copy / "nerq.json").write_text(json.dumps({"word_rule": "news", "window": window}))
    return open_recognizer(Checkpoint.open(str(copy)), "fp32", threads=1)


def test_a_long_sentence_in_several_windows_equals_one_window_where_it_fits(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    wide = with_policy(tiny_checkpoint, tmp_path / "wide", max_words=0, max_pieces=60)
    same = with_policy(tiny_checkpoint, tmp_path / "same", max_words=40, max_pieces=50)
    narrow = with_policy(tiny_checkpoint, tmp_path / "narrow", max_words=0, max_pieces=20)
    text = SENTENCES[3]
    one, also_one, several = (r.recognize([text])[0] for r in (wide, same, narrow))
    assert (one.n_windows, also_one.n_windows) == (1, 1)
    assert spans(also_one) == spans(one)
    assert several.n_windows > 1
    assert several.n_words_read == one.n_words_read


class PieceTable:
    """An engine without context: the label of a word follows from its first piece alone."""

    name, precision = "table", "fp32"

    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        first_pieces = pack.piece_ids[pack.word_rows, pack.word_columns]
        rows = np.random.default_rng(3).normal(size=(1000, 9)).astype(np.float32)
        return rows[first_pieces] - 10


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.text("abcdefgh", min_size=1, max_size=9), max_size=60), max_pieces=st.integers(9, 30)
)
def test_window_cuts_alone_change_no_label(checkpoint: Checkpoint, words: list[str], max_pieces: int) -> None:
    text = " ".join(words)
    wide = replace(checkpoint, window=WindowPolicy(0, 10_000))
    narrow = replace(checkpoint, window=WindowPolicy(0, max_pieces))
    one, several = (Recognizer(c, PieceTable(), 64).recognize([text])[0] for c in (wide, narrow))
    assert spans(several) == spans(one)
    assert one.n_windows == min(1, len(words))


def test_texts_of_nothing_are_done_with_nothing(recognizer: Recognizer) -> None:
    assert recognizer.recognize([]) == []
    for found in recognizer.recognize(["", "  \n", "\u200b"]):
        assert found.n_words == found.n_words_read
    assert recognizer.recognize([""])[0] == Recognition((), 0, 0, 0, 0)


def test_progress_is_told_before_the_first_pack_and_after_every_one(
    checkpoint: Checkpoint, recognizer: Recognizer
) -> None:
    calls: list[int] = []
    Recognizer(checkpoint, recognizer._engine, 1).recognize(SENTENCES, lambda: calls.append(1))
    n_packs = sum(found.n_windows for found in recognizer.recognize(SENTENCES))
    assert len(calls) >= n_packs + len(SENTENCES)


class ForgetfulPacks(Recognizer):
    """Loses the last pack, as a faulty engine or packer would."""

    def _run(self, pack: Pack):  # type: ignore[no-untyped-def]
        parts = list(super()._run(pack))
        return parts[:-1]


def test_a_word_that_was_not_read_is_an_error_not_an_entity_less(
    checkpoint: Checkpoint, recognizer: Recognizer
) -> None:
    with pytest.raises(NerqError, match="were not read"):
        ForgetfulPacks(checkpoint, recognizer._engine).recognize(SENTENCES)


class NoNumbers(PieceTable):
    """What a network whose arithmetic overflowed answers."""

    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        return super().predict(pack) * np.float32(np.nan)


def test_a_network_without_numbers_is_an_error_not_a_text_without_entities(checkpoint: Checkpoint) -> None:
    with pytest.raises(NerqError, match="gave no numbers"):
        Recognizer(checkpoint, NoNumbers()).recognize(SENTENCES)


def test_other_decodings_find_other_entities_of_the_same_rows(
    checkpoint: Checkpoint, recognizer: Recognizer, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "crf"))
    names = checkpoint.labels.names
    moves = np.zeros((len(names), len(names)), np.float32)
    moves[:, names.index("O")] = -100  # whatever comes before, the next word is an entity's
    zeros = np.zeros(len(names), np.float32)
    save_file({"starts": zeros, "moves": moves, "ends": zeros}, folder / "crf.safetensors")
    (folder / "nerq.json").write_text(json.dumps({**checkpoint.facts, "decoding": "crf"}))
    crf = open_recognizer(Checkpoint.open(str(folder)), "fp32", threads=1)
    constrained = Recognizer(replace(checkpoint, decoding="constrained"), recognizer._engine)
    assert len({r.checkpoint.id for r in (recognizer, crf, constrained)}) == 3

    texts = [" ".join(SENTENCES * 3), "", SENTENCES[1]]
    freely, learned, legally = (r.recognize(texts) for r in (recognizer, crf, constrained))
    assert spans(freely[0]) != spans(legally[0])
    for text, found in zip(texts, learned, strict=True):
        words = split_words(text)
        starts = set(split_sentences(text, words).tolist())
        outside = {i for i, w in enumerate(words) if not any(e.start <= w[0] < e.end for e in found.entities)}
        assert outside <= starts
    for found in (*learned, *legally):
        assert all(0 < entity.score <= 1 for entity in found.entities)
    for text, together in zip(texts, legally, strict=True):
        (alone,) = constrained.recognize([text])
        assert spans(alone) == spans(together)


class SmallMemory:
    """A real engine on a machine that holds few windows at a time."""

    def __init__(self, checkpoint: Checkpoint, max_windows: int) -> None:
        self._engine = open_torch_engine(checkpoint, "fp32", 1)
        self._max_windows = max_windows
        self.name, self.precision = self._engine.name, self._engine.precision

    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        if len(pack.lengths) > self._max_windows:
            raise MemoryError
        return self._engine.predict(pack)


def test_packs_that_do_not_fit_into_memory_are_halved(checkpoint: Checkpoint, recognizer: Recognizer) -> None:
    expected = [spans(found) for found in recognizer.recognize(SENTENCES * 3)]
    small = Recognizer(checkpoint, SmallMemory(checkpoint, 1))
    assert [spans(found) for found in small.recognize(SENTENCES * 3)] == expected
    with pytest.raises(MemoryError):
        Recognizer(checkpoint, SmallMemory(checkpoint, 0)).recognize(SENTENCES)


def test_bf16_gives_nearly_the_same_labels(checkpoint: Checkpoint, recognizer: Recognizer) -> None:
    coarse = open_recognizer(checkpoint, "bf16", threads=1)
    assert coarse.precision == "bf16"
    exact, rounded = (set(spans(r.recognize([SENTENCES[0]])[0])) for r in (recognizer, coarse))
    assert (
        len(exact & rounded) >= len(exact) / 2
    )  # random weights have small margins; trained ones agree far better


@pytest.mark.parametrize(
    "sentence", ["john smith went to new york", "the end", "one two three four five six"]
)
def test_equal_to_the_transformers_pipeline_where_word_boundaries_agree(
    recognizer: Recognizer, tiny_checkpoint: Path, sentence: str
) -> None:
    from transformers import AutoModelForTokenClassification, PreTrainedTokenizerFast, pipeline

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(tiny_checkpoint / "tokenizer.json"), unk_token="[UNK]", pad_token="[PAD]"
        )
        model = AutoModelForTokenClassification.from_pretrained(tiny_checkpoint)
        peer = pipeline("token-classification", model, tokenizer=tokenizer, aggregation_strategy="first")
        expected = [
            Entity(
                p["start"], p["end"], p["entity_group"], sentence[p["start"] : p["end"]], float(p["score"])
            )
            for p in peer(sentence)
        ]
    words = split_words(sentence)
    assert len(split_sentences(sentence, words)) == 1
    (found,) = recognizer.recognize([sentence])
    assert spans(found) == [(e.start, e.end, e.label) for e in expected]
    assert [e.score for e in found.entities] == pytest.approx([e.score for e in expected], abs=1e-4)

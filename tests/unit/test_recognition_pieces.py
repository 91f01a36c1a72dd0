"""Words -> pieces for the three families of tokenizers: no word lost, none glued to its neighbour."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from worker.recognition.pieces import WordPieces

CORPUS = ["John Smith went to New York in the U.S. on Friday", "the end of the new year in York"] * 5


def wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=80, special_tokens=special))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def unigram() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    trainer = trainers.UnigramTrainer(
        vocab_size=60, special_tokens=["<s>", "</s>", "<unk>"], unk_token="<unk>"
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return tokenizer


FAMILIES = pytest.mark.parametrize("family", [wordpiece, byte_level, unigram])


@FAMILIES
def test_every_word_has_pieces_whatever_it_is(family: Callable[[], Tokenizer]) -> None:
    words = ["John", "York", "\u200b", "\u00ad", "👨‍👩‍👧", "日", "x" * 500, "’", "U.S."]
    pieces = WordPieces(family().to_str(), max_pieces=20).cut(words)
    assert len(pieces.n_of_words) == len(words)
    assert pieces.n_of_words.min() >= 1
    assert pieces.n_of_words.max() <= 20
    assert pieces.starts[-1] == len(pieces.ids)


@FAMILIES
def test_a_word_has_the_pieces_that_it_has_after_a_space(family: Callable[[], Tokenizer]) -> None:
    tokenizer = family()
    expected = tokenizer.encode("the York", add_special_tokens=False)
    york = [i for i, word in zip(expected.ids, expected.word_ids, strict=True) if word == 1]
    pieces = WordPieces(tokenizer.to_str(), 50).cut(["York", "the", "York"])
    first, last = pieces.starts[0], pieces.starts[1]
    assert pieces.ids[first:last].tolist() == york
    assert pieces.ids[pieces.starts[2] :].tolist() == york


@FAMILIES
def test_remembered_words_have_the_same_pieces(family: Callable[[], Tokenizer]) -> None:
    cutter = WordPieces(family().to_str(), 50)
    words = ["John", "Smith", "John", "unseen-word"]
    assert cutter.cut(words).ids.tolist() == cutter.cut(words).ids.tolist()
    assert cutter.cut([]).ids.tolist() == []


@pytest.mark.parametrize(
    ("family", "before", "after"),
    [(wordpiece, (2,), (3,)), (byte_level, (0,), (2,)), (unigram, (0,), (1,))],
)
def test_special_pieces_are_those_of_the_tokenizer(
    family: Callable[[], Tokenizer], before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    cutter = WordPieces(family().to_str(), 50)
    assert (cutter.before, cutter.after) == (before, after)


@FAMILIES
def test_a_text_that_spells_a_special_piece_does_not_get_it(family: Callable[[], Tokenizer]) -> None:
    cutter = WordPieces(family().to_str(), 50)
    words = ["[SEP]", "[CLS]", "[PAD]", "<s>", "</s>", "<pad>"]
    assert not {*cutter.before, *cutter.after} & set(cutter.cut(words).ids.tolist())


def test_a_byte_level_word_has_one_space_however_its_parts_are_split_before() -> None:
    tokenizer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"'\w+| ?\w+| ?[^\s\w]+"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    expected = tokenizer.encode(" John's", add_special_tokens=False)
    assert WordPieces(tokenizer.to_str(), 50).cut(["John's"]).ids.tolist() == expected.ids
    assert sum(piece.startswith("Ġ") for piece in expected.tokens) == 1


def test_a_metaspace_that_marks_no_first_word_marks_it_here() -> None:
    tokenizer = unigram()
    marked = WordPieces(tokenizer.to_str(), 50).cut(["York"]).ids.tolist()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    assert WordPieces(tokenizer.to_str(), 50).cut(["York"]).ids.tolist() == marked


@pytest.mark.parametrize(("family", "space"), [(byte_level, "Ġ"), (unigram, "▁")])
def test_the_first_piece_of_a_rare_word_is_its_lone_space(
    family: Callable[[], Tokenizer], space: str
) -> None:
    tokenizer = family()
    pieces = WordPieces(tokenizer.to_str(), 50).cut(["the", "日"])
    assert tokenizer.id_to_token(int(pieces.ids[pieces.starts[1]])) == space
    assert pieces.n_of_words[1] > 1


def test_dropped_merges_are_for_training_alone() -> None:
    tokenizer = byte_level()
    whole = WordPieces(tokenizer.to_str(), 50).cut(["Friday"] * 3).ids.tolist()
    tokenizer.model.dropout = 0.9
    assert WordPieces(tokenizer.to_str(), 50).cut(["Friday"] * 3).ids.tolist() == whole


def test_the_truncation_of_a_tokenizer_file_is_not_ours() -> None:
    tokenizer = wordpiece()
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=128)
    pieces = WordPieces(tokenizer.to_str(), 50).cut(["fridayyorkthenewend", "John"])
    assert pieces.n_of_words[0] > 4
    assert 0 not in pieces.ids

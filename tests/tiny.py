"""Tiny checkpoints with random weights: real architectures, real tokenizers, milliseconds to run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
#: What the tokenizers of the families are trained on.
CORPUS = (
    "John Smith of Acme Inc. flew to New York on 1996-08-22 with the team.",
    "Frau Müller and Zoë O'Brien met in Köln, Paris and São Paulo.",
    "The U.S. office paid $3.5 million; the other offices did not.",
    "Jane Doe of Acme Inc. visited Paris, and the mayor of New York visited Jane.",
    "an end of the news, in the name of the people (and others)",
)


def make_tiny_checkpoint(
    folder: Path, *, max_words: int = 24, max_pieces: int = 40, spread: float = 1.0, seed: int = 7
) -> Path:
    """Write a random DistilBERT (2 layers of 32) with a WordPiece vocabulary of letters into `folder`.

    `spread` is of the random weights: wide ones label at random and find many entities, narrow ones can be trained.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import DistilBertConfig, DistilBertForTokenClassification

    characters = [chr(c) for c in range(33, 127) if not chr(c).isupper()] + list("éüñßø’“”€")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters, *(f"##{c}" for c in characters)]
    vocabulary += ["the", "of", "in", "and", "##ing", "##er", "##on"]
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    config = DistilBertConfig(
        vocab_size=len(vocabulary),
        dim=32,
        hidden_dim=64,
        n_layers=2,
        n_heads=2,
        max_position_embeddings=64,
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
        initializer_range=spread,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = DistilBertForTokenClassification(config)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    facts = {"word_rule": "news", "window": {"max_words": max_words, "max_pieces": max_pieces}}
    (folder / "nerq.json").write_text(json.dumps(facts))
    return folder


@dataclass(frozen=True)
class Family:
    """How the checkpoints of one architecture are published: its tokenizer, its special pieces, its configuration."""

    model_type: str
    tokenizer_class: str  #: of transformers
    train: Callable[[Family, bool], dict[str, Any]]  #: (family, cased) -> arguments of the tokenizer's class
    special: tuple[str, ...]  #: the first pieces of the vocabulary
    padding: str
    config: dict[str, Any]


def make_tiny_family(
    folder: Path, name: str, *, is_cased: bool = True, spread: float = 0.3, seed: int = 7
) -> Path:
    """Write a random network of a family (2 layers of 32) with a tokenizer trained on CORPUS into `folder`.

    It is a foreign checkpoint: it has no nerq.json. `spread` is as of `make_tiny_checkpoint`.
    """
    import torch
    import transformers

    family = FAMILIES[name]
    arguments = family.train(family, is_cased)
    tokenizer = getattr(transformers, family.tokenizer_class)(**arguments, model_max_length=120)
    config = transformers.AutoConfig.for_model(
        family.model_type,
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        pad_token_id=tokenizer.convert_tokens_to_ids(family.padding),
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
        initializer_range=spread,
        **family.config,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModelForTokenClassification.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _wordpiece(family: Family, is_cased: bool) -> dict[str, Any]:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=not is_cased)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=160, special_tokens=list(family.special), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return {"vocab": tokenizer.get_vocab(), "do_lower_case": not is_cased}


def _byte_level(family: Family, is_cased: bool) -> dict[str, Any]:
    model = json.loads(_trained_byte_level(family, is_cased).to_str())["model"]
    return {"vocab": model["vocab"], "merges": [tuple(merge) for merge in model["merges"]]}


def _byte_level_object(family: Family, is_cased: bool) -> dict[str, Any]:
    from tokenizers import normalizers, processors

    tokenizer = _trained_byte_level(family, is_cased)
    tokenizer.normalizer = normalizers.NFC()
    ids = [(piece, tokenizer.token_to_id(piece)) for piece in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ids
    )
    names = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    return {"tokenizer_object": tokenizer, "mask_token": "[MASK]", **names}


def _trained_byte_level(family: Family, is_cased: bool) -> Tokenizer:
    assert is_cased
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(family.special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _unigram(family: Family, is_cased: bool) -> dict[str, Any]:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.Unigram())
    if not is_cased:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    unknown = next(piece for piece in family.special if "unk" in piece.lower())
    trainer = trainers.UnigramTrainer(
        vocab_size=160, special_tokens=list(family.special), unk_token=unknown, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    return {"vocab": [tuple(item) for item in vocabulary], **({} if is_cased else {"do_lower_case": True})}


_BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_ROBERTA = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_DEBERTA = {
    "relative_attention": True,
    "pos_att_type": ["c2p", "p2c"],
    "position_biased_input": False,
    "type_vocab_size": 0,
}
#: Special pieces stand where the published vocabularies have them.
FAMILIES = {
    "bert": Family("bert", "BertTokenizer", _wordpiece, _BERT, "[PAD]", {}),
    "distilbert": Family(
        "distilbert",
        "DistilBertTokenizer",
        _wordpiece,
        _BERT,
        "[PAD]",
        {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 2},
    ),
    "electra": Family("electra", "ElectraTokenizer", _wordpiece, _BERT, "[PAD]", {"embedding_size": 16}),
    "mpnet": Family(
        "mpnet",
        "MPNetTokenizer",
        _wordpiece,
        ("<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"),
        "<pad>",
        {},
    ),
    "roberta": Family("roberta", "RobertaTokenizer", _byte_level, _ROBERTA, "<pad>", {"type_vocab_size": 1}),
    "deberta": Family(
        "deberta",
        "DebertaTokenizer",
        _byte_level,
        ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"),
        "[PAD]",
        _DEBERTA,
    ),
    "modernbert": Family(
        "modernbert",
        "PreTrainedTokenizerFast",
        _byte_level_object,
        ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"),
        "[PAD]",
        {},
    ),
    "deberta-v2": Family(
        "deberta-v2",
        "DebertaV2Tokenizer",
        _unigram,
        ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"),
        "[PAD]",
        {**_DEBERTA, "position_buckets": 16, "share_att_key": True, "norm_rel_ebd": "layer_norm"},
    ),
    "xlm-roberta": Family(
        "xlm-roberta", "XLMRobertaTokenizer", _unigram, _ROBERTA, "<pad>", {"type_vocab_size": 1}
    ),
}

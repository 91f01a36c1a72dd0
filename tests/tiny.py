"""A tiny checkpoint with random weights: real architecture, real tokenizer, milliseconds to run."""

from __future__ import annotations

import json
from pathlib import Path

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")


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

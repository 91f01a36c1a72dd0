"""all-MiniLM-L6-v2 (BERT, 6 layers of 384, Apache-2.0) as a DistilBERT: the start of the bundled models.

The two architectures differ in names and in BERT's token types. Every text of nerq has token type 0, whose embedding
is a constant: added to each position embedding, the outputs are the same (see the test).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, DistilBertConfig, DistilBertModel

if TYPE_CHECKING:
    import torch

_NAMES = (
    (r"^embeddings\.LayerNorm\.", "embeddings.LayerNorm."),
    (r"^encoder\.layer\.(\d+)\.attention\.self\.query\.", r"transformer.layer.\1.attention.q_lin."),
    (r"^encoder\.layer\.(\d+)\.attention\.self\.key\.", r"transformer.layer.\1.attention.k_lin."),
    (r"^encoder\.layer\.(\d+)\.attention\.self\.value\.", r"transformer.layer.\1.attention.v_lin."),
    (r"^encoder\.layer\.(\d+)\.attention\.output\.dense\.", r"transformer.layer.\1.attention.out_lin."),
    (r"^encoder\.layer\.(\d+)\.attention\.output\.LayerNorm\.", r"transformer.layer.\1.sa_layer_norm."),
    (r"^encoder\.layer\.(\d+)\.intermediate\.dense\.", r"transformer.layer.\1.ffn.lin1."),
    (r"^encoder\.layer\.(\d+)\.output\.dense\.", r"transformer.layer.\1.ffn.lin2."),
    (r"^encoder\.layer\.(\d+)\.output\.LayerNorm\.", r"transformer.layer.\1.output_layer_norm."),
)


def bert_to_distilbert(folder: Path) -> DistilBertModel:
    """A DistilBERT with the weights of the BERT in `folder`; equal outputs for texts of token type 0."""
    config = BertConfig.from_pretrained(folder)
    model = DistilBertModel(
        DistilBertConfig(
            vocab_size=config.vocab_size,
            dim=config.hidden_size,
            hidden_dim=config.intermediate_size,
            n_layers=config.num_hidden_layers,
            n_heads=config.num_attention_heads,
            max_position_embeddings=config.max_position_embeddings,
            pad_token_id=config.pad_token_id,
            attention_dropout=0.0,  # with it, torch's attention on a CPU takes a quarter more time to train
        )
    )
    model.load_state_dict(_rename(load_file(folder / "model.safetensors")), strict=True)
    return model.eval()


def _rename(bert: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    embeddings = "embeddings."
    weights = {
        f"{embeddings}word_embeddings.weight": bert[f"{embeddings}word_embeddings.weight"],
        f"{embeddings}position_embeddings.weight": bert[f"{embeddings}position_embeddings.weight"]
        + bert[f"{embeddings}token_type_embeddings.weight"][0],
    }
    for name, tensor in bert.items():
        for pattern, replacement in _NAMES:
            if re.match(pattern, name):
                weights[re.sub(pattern, replacement, name)] = tensor
    return weights


def convert(source: Path, output: Path) -> None:
    """Write the DistilBERT and its tokenizer to `output`."""
    bert_to_distilbert(source).save_pretrained(output)
    for name in ("tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copyfile(source / name, output / name)
    write_tokenizer(source / "tokenizer.json", output / "tokenizer.json")


def write_tokenizer(source: Path, output: Path) -> None:
    """Copy a sentence encoder's tokenizer without its cutting and padding of texts at 128 pieces."""
    tokenizer = Tokenizer.from_file(str(source))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(output))

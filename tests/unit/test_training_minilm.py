"""A BERT under DistilBERT's names computes the same."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertModel

from training.minilm import bert_to_distilbert


def test_outputs_are_equal(tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    bert = BertModel(config).eval()
    bert.save_pretrained(tmp_path)
    ids = torch.tensor([[2, 7, 8, 9, 3], [2, 11, 3, 0, 0]])
    mask = (ids != 0).long()
    with torch.no_grad():
        expected = bert(input_ids=ids, attention_mask=mask).last_hidden_state
        found = bert_to_distilbert(tmp_path)(input_ids=ids, attention_mask=mask).last_hidden_state
    real = mask.bool()
    assert torch.allclose(found[real], expected[real], atol=1e-5)

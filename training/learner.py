"""What the Trainer trains: a network together with what its loss knows."""

from __future__ import annotations

from typing import Any

import torch

from training.batches import Batch
from training.objective import Objective


class Learner(torch.nn.Module):
    """A token-classification network of transformers and its objective; a call gives the loss of a batch.

    Both in one module, so that what the objective learns (a CRF) is optimised, stored and averaged over processes as
    the network is.
    """

    def __init__(self, network: Any, objective: Objective) -> None:
        super().__init__()
        self.network = network
        self.objective = objective

    @property
    def base_model_prefix(self) -> str:
        """Where the encoder's parameters are, as networks of transformers call it."""
        return f"network.{self.network.base_model_prefix}"

    def forward(self, batch: Batch) -> torch.Tensor:
        """The loss; in 32 bits, whatever the network computes in."""
        logits = self.network(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        with torch.autocast(logits.device.type, enabled=False):
            loss: torch.Tensor = self.objective(logits, batch)
        return loss

    def has_idle_parameters(self, piece_ids: torch.Tensor) -> bool:
        """Whether a few pieces, shape (1, n_pieces), leave some parameters without a gradient, as a spare layer's."""
        word = torch.tensor([0])
        batch = {"word_rows": word, "word_columns": word, "word_labels": word, "chain_lengths": word + 1}
        is_training = self.training
        self.eval()  # draws no random numbers
        self({**batch, "input_ids": piece_ids, "attention_mask": torch.ones_like(piece_ids)}).backward()
        has_idle = any(p.grad is None for p in self.parameters() if p.requires_grad)
        self.zero_grad()
        self.train(is_training)
        return has_idle

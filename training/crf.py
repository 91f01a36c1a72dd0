"""A linear-chain CRF (Lafferty, McCallum, Pereira 2001): what is learned of a label's neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.utils.rnn import pad_sequence

from training.data import IGNORED
from worker.recognition.labels import LabelSet
from worker.recognition.transitions import CRF_FILE, ILLEGAL, Transitions


class LinearChainCrf(torch.nn.Module):
    """Weights of each label at the start, before each other label, and at the end of a sentence.

    They begin at 0, which changes nothing, and are learned. What the scheme of the labels forbids stays forbidden. A
    checkpoint decodes with what `save` writes.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        n = len(labels)
        self.starts = torch.nn.Parameter(torch.zeros(n))
        self.moves = torch.nn.Parameter(torch.zeros(n, n))  # from the row's label to the column's
        self.ends = torch.nn.Parameter(torch.zeros(n))
        legal = Transitions.legal(LabelSet(labels))
        for name, weights in (("starts", legal.starts), ("moves", legal.moves), ("ends", legal.ends)):
            # Made from the labels each time: no part of what is stored and loaded.
            self.register_buffer(f"no_{name}", torch.from_numpy(weights == ILLEGAL), persistent=False)

    def loss(self, rows: torch.Tensor, label_ids: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        """Mean negative log-likelihood of a labelled word, a scalar; 0 where no word is labelled.

        A word of unknown label counts with all that it could have: what is learned is the likelihood of the labels
        that are known. So does a word whose label the scheme forbids after the one before it, as at the beginning of
        a window that cuts an entity in two.

        Args:
            rows: log-probabilities or logits, shape (n_words, n_labels).
            label_ids: shape (n_words,), IGNORED where unknown.
            lengths: words of each chain; the chains follow one another in `rows`.
        """
        lengths = [length for length in lengths if length]
        if sum(lengths) != len(rows):
            raise ValueError(f"chains of {sum(lengths)} words for {len(rows)} rows")
        n_labelled = (label_ids != IGNORED).sum().clamp(min=1)
        with torch.autocast(rows.device.type, enabled=False):  # sums of whole sentences want all their digits
            starts, moves, ends = self._weights()
            # Words of the same place in their chains side by side, shape (n_steps, n_chains, ...).
            steps = pad_sequence([*torch.split(rows.float(), lengths)])
            known = pad_sequence([*torch.split(label_ids, lengths)], padding_value=IGNORED)
            known = torch.where(self._is_possible(known), known, IGNORED)
            choice = torch.arange(rows.shape[1], device=rows.device)
            excluded = (known[..., None] != IGNORED) & (known[..., None] != choice)
            # The sequences that have the known labels, and all sequences: two sums of the same kind.
            both = torch.cat([steps.masked_fill(excluded, ILLEGAL), steps], dim=1)
            n_words = torch.tensor(lengths * 2, device=rows.device)
            labelled, every = _log_sums(both, n_words, starts, moves, ends).chunk(2)
            return (every - labelled).sum() / n_labelled

    def save(self, folder: Path) -> None:
        """Write the weights beside those of the network."""
        weights = dict(zip(("starts", "moves", "ends"), self._weights(), strict=True))
        save_file(
            {name: tensor.detach().float().cpu().contiguous() for name, tensor in weights.items()},
            folder / CRF_FILE,
        )

    def _weights(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return (
            self.starts.float().masked_fill(self.get_buffer("no_starts"), ILLEGAL),
            self.moves.float().masked_fill(self.get_buffer("no_moves"), ILLEGAL),
            self.ends.float().masked_fill(self.get_buffer("no_ends"), ILLEGAL),
        )

    def _is_possible(self, known: torch.Tensor) -> torch.Tensor:
        """Whether the known label of each word may follow that of the word before, shape as `known`."""
        labels = known.clamp(min=0)
        possible = torch.ones_like(known, dtype=torch.bool)
        possible[0] = ~self.get_buffer("no_starts")[labels[0]]
        possible[1:] = ~self.get_buffer("no_moves")[labels[:-1], labels[1:]] | (known[:-1] == IGNORED)
        return possible


def _log_sums(
    steps: torch.Tensor, n_words: torch.Tensor, starts: torch.Tensor, moves: torch.Tensor, ends: torch.Tensor
) -> torch.Tensor:
    """The logarithm of the sum over all sequences of each chain, shape (n_chains,), by the forward algorithm.

    Args:
        steps: shape (n_steps, n_chains, n_labels).
        n_words: shape (n_chains,).
        starts: shape (n_labels,); `ends` alike.
        moves: shape (n_labels, n_labels).
    """
    totals = starts + steps[0]  # (n_chains, n_labels)
    for i in range(1, len(steps)):
        grown = torch.logsumexp(totals[:, :, None] + moves, dim=1) + steps[i]
        totals = torch.where((i < n_words)[:, None], grown, totals)
    return torch.logsumexp(totals + ends, dim=1)

"""A linear-chain conditional random field over BIO labels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .labels import transition_mask


class LinearChainCRF(nn.Module):
    """Learned transitions on top of per-word emissions; illegal transitions stay forbidden."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        super().__init__()
        self.labels = labels
        self.transitions = nn.Parameter(torch.zeros(len(labels) + 1, len(labels)))  # last: start

    def scores(self) -> Tensor:
        """(labels + 1, labels) transition scores; the last row scores the first label."""
        mask = torch.from_numpy(transition_mask(self.labels)).to(self.transitions)
        return self.transitions + mask

    def nll(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """Negative log-likelihood, summed over the batch.

        emissions (B, W, L) float, labels (B, W) long, mask (B, W) bool, True from word 0 on.
        """
        scores = self.scores()
        step, start = scores[:-1], scores[-1]
        emissions = emissions.float()
        alpha = emissions[:, 0] + start
        for t in range(1, emissions.shape[1]):
            new = torch.logsumexp(alpha.unsqueeze(2) + step, dim=1) + emissions[:, t]
            alpha = torch.where(mask[:, t, None], new, alpha)
        weights = mask.float()
        gold = emissions.gather(2, labels.unsqueeze(2)).squeeze(2)
        moves = step[labels[:, :-1], labels[:, 1:]]
        path = start[labels[:, 0]] + (gold * weights).sum(1) + (moves * weights[:, 1:]).sum(1)
        return (torch.logsumexp(alpha, dim=1) - path).sum()

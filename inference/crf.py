"""A linear-chain conditional random field over BIO labels."""

from __future__ import annotations

import numpy as np
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


def viterbi(emissions: np.ndarray, transitions: np.ndarray) -> list[int]:
    """Best label path for emissions (W, L) under transitions (L + 1, L)."""
    step, best = transitions[:-1], emissions[0] + transitions[-1]
    back = np.empty(emissions.shape, dtype=np.int64)
    for t in range(1, len(emissions)):
        table = best[:, None] + step
        back[t] = table.argmax(0)
        best = table.max(0) + emissions[t]
    path = [int(best.argmax())]
    for t in range(len(emissions) - 1, 0, -1):
        path.append(int(back[t, path[-1]]))
    return path[::-1]


def log_messages(emissions: np.ndarray, transitions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forward and backward log messages, each (W, L); their sum less log Z is the log marginal."""
    step = transitions[:-1]
    forward, backward = np.empty_like(emissions), np.zeros_like(emissions)
    forward[0] = emissions[0] + transitions[-1]
    for t in range(1, len(emissions)):
        forward[t] = _logsumexp(forward[t - 1][:, None] + step, 0) + emissions[t]
    for t in range(len(emissions) - 2, -1, -1):
        backward[t] = _logsumexp(step + (emissions[t + 1] + backward[t + 1]), 1)
    return forward, backward


def span_probability(
    emissions: np.ndarray,
    transitions: np.ndarray,
    messages: tuple[np.ndarray, np.ndarray],
    span: tuple[int, int, int],
) -> float:
    """Posterior that exactly the words ``[first, end)`` form a span of this kind."""
    first, end, kind = span
    begin, inside = 2 * kind + 1, 2 * kind + 2
    step, (forward, backward) = transitions[:-1], messages
    log_z = _logsumexp(forward[-1], 0)
    if first:
        score = _logsumexp(forward[first - 1] + step[:, begin], 0)
    else:
        score = transitions[-1, begin]
    score += emissions[first, begin]
    if end - first > 1:
        score += step[begin, inside] + emissions[first + 1 : end, inside].sum()
        score += step[inside, inside] * (end - first - 2)
    if end < len(emissions):
        last = inside if end - first > 1 else begin
        leave = step[last] + emissions[end] + backward[end]
        score += _logsumexp(np.delete(leave, inside), 0)
    return float(min(1.0, np.exp(score - log_z)))


def _logsumexp(x: np.ndarray, axis: int) -> np.ndarray:
    top = x.max(axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(x - top).sum(axis))

"""Heads that work on decoded quotes: which words they point at, and the stance they take.

Shapes: B documents (or windows), W words, Q quotes, H hidden size, D head size. Quotes are word
spans ``[first, end)`` in a long tensor (B, Q, 2).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

DISTANCE_BUCKETS = 8  # a side, by powers of two


def quote_vectors(words: Tensor, quotes: Tensor, mask: Tensor) -> Tensor:
    """(B, Q, 5H): mean of the span, its first and last word, and the words just outside.

    mask (B, W) bool: the words that are there, which stand first.
    """
    last = mask.sum(1, keepdim=True) - 1
    first, end = quotes[..., 0], quotes[..., 1]
    edges = [first, end - 1, first - 1, end]
    picked = [_pick(words, torch.minimum(edge.clamp(min=0), last)) for edge in edges]
    return torch.cat([_mean(words, first, end, mask), *picked], dim=-1)


def _pick(words: Tensor, index: Tensor) -> Tensor:
    return words.gather(1, index.unsqueeze(-1).expand(-1, -1, words.shape[-1]))


def _inside(words: Tensor, first: Tensor, end: Tensor) -> Tensor:
    """(B, Q, W) bool: the words of each span."""
    position = torch.arange(words.shape[1], device=words.device)
    return (position >= first.unsqueeze(-1)) & (position < end.unsqueeze(-1))


def _mean(words: Tensor, first: Tensor, end: Tensor, mask: Tensor) -> Tensor:
    weights = (_inside(words, first, end) & mask.unsqueeze(1)).to(words.dtype)
    return weights @ words / weights.sum(-1, keepdim=True).clamp(min=1)


def distances(quotes: Tensor, size: int) -> Tensor:
    """(B, Q, W) long: signed words from the span's nearer edge; 0 inside."""
    position = torch.arange(size, device=quotes.device)
    before = position - quotes[..., :1]
    after = position - (quotes[..., 1:] - 1)
    return before.clamp(max=0) + after.clamp(min=0)


class Pointer(nn.Module):
    """For each quote, a score for every word and for « none »: where is its mention (or cue)?"""

    def __init__(self, hidden: int, size: int, tags: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(5 * hidden, size), nn.GELU(), nn.Linear(size, size)
        )
        self.key = nn.Linear(hidden, size)
        self.none = nn.Linear(5 * hidden, 1)
        self.distance = nn.Embedding(2 * DISTANCE_BUCKETS + 1, size)
        self.line = nn.Parameter(torch.zeros(()))
        self.tag = nn.Linear(tags, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(2 * DISTANCE_BUCKETS + 1))
        nn.init.zeros_(self.tag.weight)

    def forward(
        self,
        words: Tensor,
        vectors: Tensor,
        quotes: Tensor,
        tags: Tensor,
        lines: Tensor,
        allowed: Tensor,
    ) -> Tensor:
        """Log-probabilities (B, Q, W + 1), « none » last.

        tags (B, W, T): log-probabilities of the tagger; lines (B, W): index of each word's line;
        allowed (B, Q, W) bool: words that may be pointed at.
        """
        query, key = self.query(vectors), self.key(words)
        distance = distances(quotes, words.shape[1])
        bucket = torch.log2(distance.abs().float() + 1).long().clamp(max=DISTANCE_BUCKETS)
        bucket = distance.sign() * bucket + DISTANCE_BUCKETS
        # What to look for depends on how far it stands: a name just before, a pronoun just after.
        near = (query @ self.distance.weight.T).gather(2, bucket)
        scores = (query @ key.transpose(1, 2) + near) / math.sqrt(key.shape[-1])
        scores = scores + self.bias[bucket]
        home = lines.gather(1, quotes[..., 0].clamp(0, words.shape[1] - 1))
        scores = scores + self.line * (home.unsqueeze(-1) != lines.unsqueeze(1)).to(scores.dtype)
        scores = scores + self.tag(tags).transpose(1, 2)
        scores = scores.masked_fill(~allowed, -1e4)
        return torch.log_softmax(torch.cat([scores, self.none(vectors)], dim=-1).float(), dim=-1)


class SpanPointer(nn.Module):
    """For each quote, the first and the last word of one span, or « none »."""

    def __init__(self, hidden: int, size: int, tags: int, dropout: float) -> None:
        super().__init__()
        self.first = Pointer(hidden, size, tags, dropout)
        self.last = Pointer(hidden, size, tags, dropout)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Log-probabilities (B, Q, 2, W + 1) of the first and the last word; inputs as Pointer's."""
        return torch.stack([self.first(*inputs), self.last(*inputs)], dim=2)


class StanceHead(nn.Module):
    """Stance from the quote, its cue, its speaker's mention and the sentences around."""

    CONTEXT = 32  # words to either side

    def __init__(self, hidden: int, size: int, dropout: float, labels: int) -> None:
        super().__init__()
        self.attention = nn.Linear(hidden, 1)
        self.classify = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(9 * hidden, size),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(size, labels),
        )

    def forward(
        self,
        words: Tensor,
        vectors: Tensor,
        quotes: Tensor,
        mention: Tensor,
        cue: Tensor,
        mask: Tensor,
    ) -> Tensor:
        """Logits (B, Q, labels); mention and cue are the pointers' log-probabilities."""
        first, end = quotes[..., 0], quotes[..., 1]
        weights = self.attention(words).transpose(1, 2).float()
        weights = weights.masked_fill(~_inside(words, first, end), -1e4).softmax(-1)
        pointed = [log.exp()[..., :-1].to(words.dtype) @ words for log in (mention, cue)]
        around = _mean(words, first - self.CONTEXT, end + self.CONTEXT, mask)
        parts = [vectors, weights.to(words.dtype) @ words, *pointed, around]
        return self.classify(torch.cat(parts, dim=-1))

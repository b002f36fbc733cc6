"""The spans that a labelled chain makes likely, and the choice among them that should match best.

The best single labelling (Viterbi) is a poor choice where several edges are nearly as likely: a reader, or a
score by overlap, would rather have the span that most of the probability lies near (minimum Bayes risk).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

FLOOR = 0.01  # less likely spans are passed over
# A span is worth the probability that some span overlaps it by half or more, and its own, less this.
PRICE = 0.8


@dataclass(frozen=True)
class Candidate:
    """Words ``[first, end)`` as a span of a kind, with its probability."""

    first: int
    end: int
    kind: int
    probability: float


@dataclass(frozen=True)
class WordQuote:
    """A decoded quote: words ``[first, end)``, kind (index into QUOTE_TYPES), how likely one is there."""

    first: int
    end: int
    kind: int
    score: float


def viterbi(emissions: np.ndarray, transitions: np.ndarray) -> list[int]:
    """Best label path for emissions (W, L) under transitions (L + 1, L), the last row the start."""
    steps = transitions[:-1].T.tolist()  # plain lists: for a few labels numpy's calls cost more
    first, *rows = emissions.tolist()
    best = [score + start for score, start in zip(first, transitions[-1].tolist())]
    back: list[list[int]] = []
    for row in rows:
        came, reached = [], []
        for score, step in zip(row, steps):
            ways = [b + s for b, s in zip(best, step)]
            way = max(ways)
            came.append(ways.index(way))
            reached.append(way + score)
        back.append(came)
        best = reached
    path = [best.index(max(best))]
    for came in reversed(back):
        path.append(came[path[-1]])
    return path[::-1]


def likely_spans(
    emissions: np.ndarray, start: np.ndarray, steps: np.ndarray, which: np.ndarray
) -> list[Candidate]:
    """Spans whose posterior probability is over FLOOR.

    emissions (W, L); start (L,); steps (S, L, L): kinds of transition scores; which (W,): the kind of the
    move to each word (that to the first counts for nothing). Labels are O, then B and I of each kind.
    """
    odds = np.exp(emissions - emissions.max(1, keepdims=True)).astype(np.float64)
    moves = np.exp(steps.astype(np.float64))
    forward, backward, scale = _messages(odds, np.exp(start.astype(np.float64)), moves, which)
    found = []
    for begin in range(1, emissions.shape[1], 2):
        for first in np.flatnonzero(forward[:, begin] * backward[:, begin] > FLOOR).tolist():
            found += _ends(odds, moves, which, forward, backward, scale, first, begin)
    return found


def _messages(
    odds: np.ndarray, start: np.ndarray, moves: np.ndarray, which: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward and backward messages (W, L), scaled so that their product is the marginal; the scales."""
    forward, backward, scale = np.empty_like(odds), np.ones_like(odds), np.empty(len(odds))
    message = start * odds[0]
    for t in range(len(odds)):
        if t:
            message = (message @ moves[which[t]]) * odds[t]
        scale[t] = message.sum()
        message = message / scale[t]
        forward[t] = message
    for t in range(len(odds) - 1, 0, -1):
        backward[t - 1] = moves[which[t]] @ (odds[t] * backward[t]) / scale[t]
    return forward, backward, scale


def _ends(
    odds: np.ndarray,
    moves: np.ndarray,
    which: np.ndarray,
    forward: np.ndarray,
    backward: np.ndarray,
    scale: np.ndarray,
    first: int,
    begin: int,
) -> list[Candidate]:
    """The likely spans of one kind that begin at word ``first``."""
    found, kind, inside = [], begin // 2, begin + 1
    mass, label = forward[first, begin], begin
    for t in range(first + 1, len(odds)):
        stay = mass * moves[which[t], label, inside] * odds[t, inside] / scale[t]
        goes_on = stay * backward[t, inside]
        ends = mass * backward[t - 1, label] - goes_on
        if ends > FLOOR:
            found.append(Candidate(first, t, kind, min(1.0, float(ends))))
        if goes_on <= FLOOR:
            return found
        mass, label = stay, inside
    return [*found, Candidate(first, len(odds), kind, min(1.0, float(mass)))]


def best_spans(candidates: list[Candidate]) -> list[tuple[Candidate, float]]:
    """The set of disjoint candidates that is worth most, in order, each with its support.

    The support of a span is the probability that a span stands there, give or take half of it.
    """
    ordered = sorted(candidates, key=lambda c: (c.end, c.first))
    support = _support(ordered)
    ends = [c.end for c in ordered]
    best, chosen = (
        [0.0],
        [-1],
    )  # of the first n candidates; the n-th is taken after the first m, or not
    for n, candidate in enumerate(ordered):
        before = bisect_right(ends, candidate.first, 0, n)
        worth = best[before] + support[n] + candidate.probability - PRICE
        taken = worth > best[-1]
        best.append(worth if taken else best[-1])
        chosen.append(before if taken else -1)
    found, n = [], len(ordered)
    while n:
        if chosen[n] < 0:
            n -= 1
        else:
            found.append((ordered[n - 1], min(1.0, support[n - 1])))
            n = chosen[n]
    return found[::-1]


def _support(ordered: list[Candidate]) -> list[float]:
    """Of each candidate (by end): its probability and that of those that share half their union with it."""
    support = [c.probability for c in ordered]
    for n, a in enumerate(ordered):
        for m in range(n - 1, -1, -1):
            b = ordered[m]
            if b.end <= a.first:
                break
            shared = b.end - max(a.first, b.first)
            if 2 * shared >= a.end - min(a.first, b.first):
                support[n] += b.probability
                support[m] += a.probability
    return support

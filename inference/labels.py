"""BIO labels over words, and which may follow which."""

from __future__ import annotations

import numpy as np

from .schema import QUOTE_TYPES

QUOTE_LABELS: tuple[str, ...] = ("O",) + tuple(
    f"{prefix}-{kind}" for kind in QUOTE_TYPES for prefix in "BI"
)
DIRECT, MIXED, INDIRECT = range(len(QUOTE_TYPES))
SPAN_LABELS: tuple[str, ...] = ("O", "B", "I")
FORBIDDEN = -1e4


def transition_mask(labels: tuple[str, ...]) -> np.ndarray:
    """(labels + 1, labels) of 0 or FORBIDDEN: no I without its B; the last row is the start."""
    mask = np.zeros((len(labels) + 1, len(labels)), dtype=np.float32)
    for j, label in enumerate(labels):
        if label.startswith("I"):
            for i, previous in enumerate(labels + ("O",)):
                if previous == "O" or previous[1:] != label[1:]:
                    mask[i, j] = FORBIDDEN
    return mask


def spans_of(path: list[int]) -> list[tuple[int, int, int]]:
    """Spans ``(first, last + 1, kind)`` of a legal label sequence: 2k + 1 is B, 2k + 2 is I."""
    spans: list[tuple[int, int, int]] = []
    for i, label in enumerate(path):
        if label == 0:
            continue
        if label % 2 == 1:
            spans.append((i, i + 1, label // 2))
        else:
            first, _, kind = spans[-1]
            spans[-1] = (first, i + 1, kind)
    return spans

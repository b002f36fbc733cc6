"""What typography and a lexicon say of each word, beside what the encoder reads."""

from __future__ import annotations

import numpy as np

from .text import View
from .word_classes import CLASSES, word_class_bits

TYPOGRAPHY = (
    "inside",  # between the marks of an outer pair
    "nested",  # between the marks of an inner pair
    "opens",
    "closes",
    "after_opening",
    "before_closing",
    "after_break",  # first word of a line
    "capital",
)
# A model reads the first ``config.features`` of them: older ones know typography only.
FEATURES = TYPOGRAPHY + CLASSES


def word_features(view: View) -> np.ndarray:
    """Float32 array of shape (words, len(FEATURES)), zeros and ones."""
    words = view.words
    bits = [word_class_bits(view.shown(i)) for i in range(len(words))]
    classes = np.array(bits, dtype=np.int64)[:, None] >> np.arange(len(CLASSES)) & 1
    return np.concatenate([_typography(view), classes.astype(np.float32)], axis=1)


def _typography(view: View) -> np.ndarray:
    words = view.words
    out = np.zeros((len(words), len(TYPOGRAPHY)), dtype=np.float32)
    for opening, closing in view.pairs:
        nested = int(words[opening].mark > 1)
        out[opening + 1 : closing, nested] = 1
    for i, word in enumerate(words):
        if word.mark is not None:
            opens = word.mark > 0
            out[i, 2 if opens else 3] = 1
            if opens and i + 1 < len(words):
                out[i + 1, 4] = 1
            if not opens and i:
                out[i - 1, 5] = 1
        out[i, 6] = view.breaks[i] or i == 0
        out[i, 7] = view.text[word.view_start].isupper()
    return out

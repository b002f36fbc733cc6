"""Gold documents as training examples: one overlapping window each, with word labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from guillemets.inference.features import FEATURES, word_features
from guillemets.inference.labels import QUOTE_LABELS
from guillemets.inference.model import IGNORED, NONE
from guillemets.inference.schema import STANCES, Document, Quote, Span
from guillemets.inference.text import View
from guillemets.inference.windows import Tokenizer, Window, make_windows

WordSpan = tuple[int, int]
MARK_FEATURES = (FEATURES.index("opens"), FEATURES.index("closes"))


def examples(
    documents: Iterable[Document], tokenizer: Tokenizer, size: int, overlap: int
) -> Iterator[dict[str, Any]]:
    """One example a window; quotes cut by a window's edge are tagged but not attributed."""
    for document in documents:
        view = View.of(document.text)
        features = word_features(view)
        gold = [
            aligned for q in document.quotes if (aligned := _Aligned.of(document.text, view, q))
        ]
        for window in make_windows(view, tokenizer, size, overlap):
            yield _example(window, features, gold)


class _Aligned:
    """A gold quote in words: its span, its mention, cue and target (or None), its label and stance."""

    def __init__(
        self,
        quote: Quote,
        span: WordSpan,
        mention: WordSpan | None,
        cue: WordSpan | None,
        target: WordSpan | None,
    ):
        self.kind = f"-{quote.type}"
        self.span, self.mention, self.cue, self.target = span, mention, cue, target
        self.stance = STANCES.index(quote.stance.label)
        self.sided = quote.stance.label != "neutral"

    @classmethod
    def of(cls, text: str, view: View, quote: Quote) -> _Aligned | None:
        span = word_span(view, quote.start, quote.end)
        if span is None:
            return None
        mention = quote.speaker.mention if quote.speaker else None
        target = nearest(text, quote.stance.target, quote)
        return cls(quote, span, *(_words(view, s) for s in (mention, quote.cue, target)))


def nearest(text: str, words: str | None, quote: Quote) -> Span | None:
    """Where a quote's target stands: its first occurrence inside the quote, else the nearest one."""
    if not words:
        return None
    places = [m.start() for m in re.finditer(re.escape(words), text)]
    if not places:
        return None
    inside = [p for p in places if quote.start <= p and p + len(words) <= quote.end]
    gap = lambda p: max(p - quote.end, quote.start - p - len(words))  # noqa: E731
    start = inside[0] if inside else min(places, key=gap)
    return Span(start, start + len(words), words)


def _words(view: View, span: Span | None) -> WordSpan | None:
    return word_span(view, span.start, span.end) if span else None


def word_span(view: View, start: int, end: int) -> WordSpan | None:
    """The words that ``[start, end)`` of the text touches."""
    words = view.words
    low, high = 0, len(words)
    while low < high:  # first word that ends after start
        middle = (low + high) // 2
        low, high = (middle + 1, high) if words[middle].end <= start else (low, middle)
    last = low
    while last < len(words) and words[last].start < end:
        last += 1
    return (low, last) if last > low else None


def _example(window: Window, features: np.ndarray, gold: list[_Aligned]) -> dict[str, Any]:
    count = window.last - window.first
    tags = {name: [0] * count for name in ("quote", "mention", "cue")}
    quotes, mentions, cues, targets, stances = [], [], [], [], []
    for quote in gold:
        begin = QUOTE_LABELS.index("B" + quote.kind)
        _paint(tags["quote"], _clip(quote.span, window), begin)
        _paint(tags["mention"], _clip(quote.mention, window), 1)
        _paint(tags["cue"], _clip(quote.cue, window), 1)
        if _clip(quote.span, window) == _shift(quote.span, window):
            quotes.append(_shift(quote.span, window))
            mentions.append(_target(quote.mention, window))
            cues.append(_target(quote.cue, window))
            targets.append(_target(quote.target, window) if quote.sided else (IGNORED, IGNORED))
            stances.append(quote.stance)
    return {
        "length": len(window.input_ids),
        "input_ids": window.input_ids,
        "heads": window.heads,
        "features": features[window.first : window.last].tolist(),
        "quote_labels": tags["quote"],
        "mention_labels": tags["mention"],
        "cue_labels": tags["cue"],
        "quotes": quotes,
        "mention_targets": mentions,
        "cue_targets": cues,
        "target_targets": targets,
        "stance_labels": stances,
    }


def _shift(span: WordSpan, window: Window) -> WordSpan:
    return span[0] - window.first, span[1] - window.first


def _clip(span: WordSpan | None, window: Window) -> WordSpan | None:
    if span is None or span[1] <= window.first or span[0] >= window.last:
        return None
    return _shift((max(span[0], window.first), min(span[1], window.last)), window)


def _paint(tags: list[int], span: WordSpan | None, begin: int) -> None:
    if span:
        tags[span[0] : span[1]] = [begin] + [begin + 1] * (span[1] - span[0] - 1)


def _target(span: WordSpan | None, window: Window) -> WordSpan:
    if span is None:
        return NONE, NONE
    clipped = _clip(span, window)
    return clipped if clipped else (IGNORED, IGNORED)


class Collator:
    """Pads a batch of examples: tokens, words and quotes each to the longest.

    Each time a window is seen, ``masked`` of its words are hidden from the encoder and ``shrunk`` of its
    quotes are a few words shorter for attribution, so that no passage can be learned by heart. Their
    randomness is torch's own, which `Order` seeds for each batch.
    """

    SLACK = 2  # words by which a quote is shortened at either end

    def __init__(self, tokenizer: Tokenizer, masked: float = 0.0, shrunk: float = 0.0) -> None:
        self.pad, self.mask = tokenizer.pad_token_id, tokenizer.mask_token_id
        self.masked, self.shrunk = masked, shrunk

    def __call__(self, batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        ids = _stack([self._hide(e) for e in batch], self.pad)
        return {
            "input_ids": ids,
            "attention_mask": _stack([[1] * len(e["input_ids"]) for e in batch], 0),
            "heads": _stack([e["heads"] for e in batch], 0),
            "features": _stack([e["features"] for e in batch], 0.0),
            "word_mask": _stack([[True] * len(e["heads"]) for e in batch], False),
            **{
                name: _stack([e[name] for e in batch], 0)
                for name in ("quote_labels", "mention_labels", "cue_labels")
            },
            "quotes": _stack([self._shrink(e["quotes"]) or [[0, 1]] for e in batch], [0, 1]),
            "stance_labels": _stack([e["stance_labels"] or [-100] for e in batch], -100),
            **{
                name: _stack([e[name] or [[IGNORED] * 2] for e in batch], [IGNORED] * 2)
                for name in ("mention_targets", "cue_targets", "target_targets")
            },
        }

    def _hide(self, example: dict[str, Any]) -> list[int]:
        """The tokens, those of words drawn by lot masked; words with a mark are left alone."""
        ids, heads = list(example["input_ids"]), example["heads"]
        if not self.masked:
            return ids
        ends = [*heads[1:], len(ids) - 1]
        for word in (torch.rand(len(heads)) < self.masked).nonzero().flatten().tolist():
            if not any(example["features"][word][i] for i in MARK_FEATURES):
                for token in range(heads[word], ends[word]):
                    ids[token] = self.mask
        return ids

    def _shrink(self, quotes: list[WordSpan]) -> list[WordSpan]:
        """Shorter only: a longer one might swallow its own mention."""
        if not quotes or not self.shrunk:
            return quotes
        chosen = (torch.rand(len(quotes)) < self.shrunk).tolist()
        cuts = torch.randint(0, self.SLACK + 1, (len(quotes), 2)).tolist()
        return [
            (first + a, end - b) if pick and end - first > 3 * self.SLACK else (first, end)
            for (first, end), pick, (a, b) in zip(quotes, chosen, cuts)
        ]


def _stack(rows: list[list[Any]], fill: Any) -> torch.Tensor:
    """Rows padded with ``fill`` to one tensor; rows may hold lists of one length."""
    size = max(map(len, rows))
    if not isinstance(fill, list) and rows[0] and isinstance(rows[0][0], list):
        fill = [fill] * len(rows[0][0])
    return torch.tensor([list(row) + [fill] * (size - len(row)) for row in rows])

"""From scores to quote spans: the likeliest ones, then edges that agree with the marks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .clauses import is_complement_only, is_gloss, is_term_or_charge, is_title, marked_phrases
from .edges import pieces, sentence_ends, settle
from .introducers import favour
from .labels import (
    DIRECT,
    FORBIDDEN,
    INDIRECT,
    MIXED,
    QUOTE_LABELS,
    SPAN_LABELS,
    spans_of,
    transition_mask,
)
from .spans import WordQuote, best_spans, likely_spans, viterbi
from .text import View

_CLAUSE_INSIDE = [QUOTE_LABELS.index("I-mixed"), QUOTE_LABELS.index("I-indirect")]
_LEAVES_CLAUSE = np.array(
    [
        [a.endswith(("mixed", "indirect")) and b != f"I{a[1:]}" for b in QUOTE_LABELS]
        for a in QUOTE_LABELS
    ],
    dtype=np.float32,
)
# Log-odds against a reported clause that ends before a comma: what follows mostly belongs to it still.
COMMA_COST = 1.0
SLACK = 3  # words by which an edge may miss its mark
_TRAILING = {DIRECT: {",", ";", ":", "-", "–", "—"}, MIXED: {",", ";", ":", ".", "!", "?", "…"}}
_TRAILING[INDIRECT] = _TRAILING[MIXED]


def decode_quotes(view: View, emissions: np.ndarray, transitions: np.ndarray) -> list[WordQuote]:
    """Quotes in text order, none overlapping, from emissions (words, labels)."""
    if not len(emissions):
        return []
    emissions = emissions.copy()
    # Reported clauses end with their sentence, and before words quoted after a colon; only marks hold a
    # quote together over several lines.
    after = [False, *sentence_ends(view)[:-1]]
    ends = [
        line or sentence or _after_colon(view, i)
        for i, (line, sentence) in enumerate(zip(view.breaks, after))
    ]
    emissions[np.ix_(np.array(ends), _CLAUSE_INSIDE)] += FORBIDDEN
    favour(view, emissions)
    commas = np.array([view.text[word.view_start] == "," for word in view.words], dtype=int)
    step = transitions[:-1]
    candidates = likely_spans(
        emissions, transitions[-1], np.stack([step, step - COMMA_COST * _LEAVES_CLAUSE]), commas
    )
    quotes: list[WordQuote] = []
    for i, (span, score) in enumerate(chosen := best_spans(candidates)):
        first, end = snap(view, span.first, span.end, span.kind)
        if span.kind == DIRECT:
            others = (s.first for s, _ in chosen[i + 1 :] if s.kind == DIRECT)
            end = _whole_utterance(view, first, end, next(others, len(view.words)))
        if quotes:
            first = max(first, quotes[-1].end)
        if first < end:
            parts = _parts(view, first, end, span.kind)
            quotes += [WordQuote(*part, span.kind, score) for part in parts]
    return [q for quote in settle(view, quotes) if (q := _by_the_guide(view, quote))]


def _parts(view: View, first: int, end: int, kind: int) -> list[tuple[int, int]]:
    """The quotes that a span holds: one, but for mixed ones that run over another."""
    if kind != MIXED:
        return [(first, end)]
    return [part for piece in pieces(view, first, end) for part in marked_phrases(view, *piece)]


def _by_the_guide(view: View, quote: WordQuote) -> WordQuote | None:
    """The quote, as the kind that it is; None for what is none by the guide, and for spans without a letter."""
    first, end = quote.first, quote.end
    words = view.words[first:end]
    if not any(view.text[word.view_start].isalnum() for word in words):
        return None
    if quote.kind == DIRECT and (is_gloss(view, first) or first and is_title(view, first - 1)):
        return None
    if quote.kind == MIXED and words[0].mark == 1 and is_term_or_charge(view, first):
        return None
    if quote.kind == MIXED and not any(word.mark for word in words):
        quote = replace(quote, kind=INDIRECT)
    if quote.kind == INDIRECT and is_complement_only(view, first, end):
        return None
    return quote


def _after_colon(view: View, i: int) -> bool:
    """Whether word ``i`` is an outer mark that opens after a colon: « il a été clair : « Jamais » »."""
    return i > 0 and view.words[i].mark == 1 and view.shown(i - 1) == ":"


def decode_tags(emissions: np.ndarray) -> list[tuple[int, int]]:
    """Word spans of the mention or cue tagger, from emissions (words, 3)."""
    if not len(emissions):
        return []
    path = viterbi(emissions, transition_mask(SPAN_LABELS))
    return [(first, end) for first, end, _ in spans_of(path)]


def snap(view: View, first: int, end: int, kind: int) -> tuple[int, int]:
    """Moves the edges of a span to the marks that they just miss, after the guide.

    Direct quotes stand inside their marks, the others hold whole pairs.
    """
    first, end = _whole_inner_pairs(view, first, end)
    if kind == DIRECT:
        first, end = _snap_direct(view, first, end)
    elif kind == MIXED:
        first, end = _snap_mixed(view, first, end)
    while end - 1 > first and view.text[view.words[end - 1].view_start] in _TRAILING[kind]:
        end -= 1
    return first, end


def _whole_inner_pairs(view: View, first: int, end: int) -> tuple[int, int]:
    """Takes in the rest of a pair inside other marks that the span holds one mark of."""
    for opening, closing in view.pairs:
        if view.words[opening].mark > 1:
            if first < opening < end <= closing:
                end = closing + 1
            elif opening < first <= closing < end - 1:
                first = opening
    return first, end


def _snap_direct(view: View, first: int, end: int) -> tuple[int, int]:
    for opening, closing in view.pairs:
        if opening >= end or closing < first:
            continue
        shared = max(0, min(end, closing) - max(first, opening + 1))
        inner = view.words[opening].mark > 1
        if not shared or inner and 2 * shared < max(end - first, closing - opening - 1):
            continue  # a nested pair is the quote's own only where it holds most of it
        if abs(first - (opening + 1)) <= SLACK:
            first = opening + 1
        if abs(end - closing) <= SLACK:
            end = closing
    while first < end and _opens(view, first) and view.mates.get(first) not in range(first, end):
        first += 1
    while (
        first < end and _closes(view, end - 1) and view.mates.get(end - 1) not in range(first, end)
    ):
        end -= 1
    if first < end and _opens(view, first) and view.mates.get(first) == end - 1:
        first, end = first + 1, end - 1
    return first, end


def _whole_utterance(view: View, first: int, end: int, limit: int) -> int:
    """The end of a direct quote that stops after a sentence while its marks go on: theirs.

    ``limit`` is where the next direct quote begins: that one follows an incise. What this one reports
    in its turn is no quote of the text's.
    """
    opening, closing = first - 1, view.mates.get(first - 1, -1)
    if view.words[opening].mark != 1 or not end < closing <= limit:
        return end
    stops = (view.text[word.view_start] for word in view.words[end - 1 : end + 1])
    return closing if any(stop in ".!?…" for stop in stops) else end


def _snap_mixed(view: View, first: int, end: int) -> tuple[int, int]:
    for opening, closing in view.pairs:
        if opening < first <= closing < end + SLACK and first - opening <= SLACK:
            first = opening
        if first - SLACK < opening < end <= closing and closing - end < SLACK:
            end = closing + 1
    return first, end


def _opens(view: View, i: int) -> bool:
    return (view.words[i].mark or 0) > 0


def _closes(view: View, i: int) -> bool:
    return (view.words[i].mark or 0) < 0


def pick(
    log_probabilities: np.ndarray, candidates: list[tuple[int, int]], tags: np.ndarray
) -> tuple[int, int] | None:
    """The candidate span that a pointer's log-probabilities (words + 1) favour, or None.

    ``tags`` (words, 3) are the tagger's probabilities: where the pointer insists on a word that no
    candidate covers, the span grows around it over words that the tagger finds possible.
    """
    probabilities = np.exp(log_probabilities)
    none, words = probabilities[-1], probabilities[:-1]
    best, mass = None, 0.0
    for first, end in candidates:
        total = float(words[first:end].sum())
        if total > mass:
            best, mass = (first, end), total
    free = words.copy()
    for first, end in candidates:
        free[first:end] = 0
    word = int(free.argmax())
    if free[word] > mass:
        grown = _grow(word, 1 - tags[:, 0])
        total = float(words[grown[0] : grown[1]].sum())
        if total > mass:
            best, mass = grown, total
    return best if best is not None and mass >= none else None


def pick_span(log_probabilities: np.ndarray, limit: int = 12) -> tuple[int, int] | None:
    """The likeliest span of at most ``limit`` words, from log-probabilities (2, words + 1), or None."""
    first, last = log_probabilities[:, :-1]
    best, score = None, float(log_probabilities[:, -1].sum())
    for length in range(min(limit, len(first))):
        together = first[: len(first) - length] + last[length:]
        word = int(together.argmax())
        if together[word] > score:
            best, score = (word, word + length + 1), float(together[word])
    return best


def _grow(word: int, possible: np.ndarray, threshold: float = 0.2) -> tuple[int, int]:
    first, end = word, word + 1
    while first > 0 and possible[first - 1] > threshold:
        first -= 1
    while end < len(possible) and possible[end] > threshold:
        end += 1
    return first, end

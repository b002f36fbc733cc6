"""What introduces words that are hardly ever anything but a quote, whatever a network makes of them.

Counted in the training gold, real and authored: of what follows a pattern here 97 of 100 or more are quotes, and of
the kind told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import numpy as np

from .clauses import LISTED, is_said_here
from .labels import QUOTE_LABELS
from .text import View
from .word_classes import says

_B_DIRECT, _I_DIRECT = (QUOTE_LABELS.index(f"{label}-direct") for label in "BI")
_B_MIXED, _B_INDIRECT = (QUOTE_LABELS.index(f"B-{kind}") for kind in ("mixed", "indirect"))
# Log-odds for a few words between marks that open a sentence, before « , a répondu … »: all such pairs in the
# real training articles (94) are direct quotes, but hardly one is so short that it might be a title as well.
SHORT, SHORT_BONUS = 3, 2.0
ADVERBS = 4  # words between a verb of saying and its infinitive
SLOGAN = 8  # words of a slogan, at most
INTRODUCED_BONUS, INFINITIVE_BONUS = 2.0, 3.0
_GOVERNING = frozenset("de à pour d après sans par afin que qui cela devait devrait".split())
_CLITICS = frozenset("en y ne n l le la les lui leur se s m me nous vous pas jamais rien '".split())
_NEAR = 80  # characters before a mark that tell
_ARTICLE = r"(?:l'|les? |la |une? |des |d'une? |de la |de l'|du |de |d'|ces? |cet |cette |ses |son |sa |leurs? )?"
_ADVERB = r"(?:aussi |également |ainsi |notamment )?"
_FEW = r"[^.;:«»\n]"  # characters that keep what they join in one clause
_SLOGAN = re.compile(
    rf"(?:\b(?:scand|cri[eaéè]|hurl|vocifér|tagué)\w*(?:[, :]*{_FEW}{{0,25}})?"
    r"|\b(?:est|était|a|ont|avait|été) (?:écrit|inscrit|tagué)\w* ?:? ?"
    r"|\b(?:pancarte|banderole|graffiti|calicot|drapeau|écriteau|slogan)s? ?:? ?)(?<!\bà )$",
    re.IGNORECASE,
)
_PHRASES = (
    rf"qualifi\w+(?: {_FEW}{{0,60}})? (?:de |d')",
    r"jug\w+ (?:(?:cette|ce|cet|ces|la|le|les) \w+ )?",
    r"parl\w+ (?:d'une? |de |du |des |d'|de la |de l')",
    r"(?:dénonc|fustig|déplor|condamn|regrett|raill|récus|réfut|redout|stigmatis"
    r"|évoqu|salu|invoqu|réclam|exig|prôn|recommand|préconis|vant|promet|revendiqu)\w+ "
    + _ADVERB
    + _ARTICLE,
    rf"(?:décri|qualifi|désign|dépei)\w+(?: {_FEW}{{0,40}})? comme (?:étant )?" + _ARTICLE,
    r"(?:se (?:dit|disent|disait|disant)|s'est (?:dite?|déclarée?|montrée?)|se sont (?:dits?|déclarés?)|s'affirm\w+)"
    r" (?:\w+ment )?",
    r"ce qu'\w+ appell\w+ " + _ARTICLE,
    r"qu'(?:il|elle|ils|elles) (?:qualifi|jug|présent|considèr|décri)\w+ (?:de |d'|comme )?"
    + _ARTICLE,
)
# « jugement », « parlement », « qualificatif », « exigences » are no verbs.
_PHRASE = re.compile(
    rf"\b(?!\w*(?:tion|tif|ence|gement|lement)s?\b)(?:{'|'.join(_PHRASES)})$", re.IGNORECASE
)


def favour(view: View, emissions: np.ndarray) -> None:
    """Adds to the emissions (words, labels) what is known of words from what introduces them."""
    for first, end in _short_utterances(view):
        _favour_direct(emissions, first, end)
    for i in _reported_infinitives(view):
        emissions[i, [_B_MIXED, _B_INDIRECT]] += INFINITIVE_BONUS
    last, announced = -1, None  # the mark that closed last, and what its words were
    for opening, closing in view.outer_pairs(0, len(view.words)):
        if closing == opening + 1 or not opening:
            continue
        listed = {view.shown(i).lower() for i in range(last + 1, opening)} <= LISTED
        if last < 0 or not listed:
            announced = _announced(view, opening)
        if announced == "phrase":
            emissions[opening, _B_MIXED] += INTRODUCED_BONUS
        elif announced == "slogan" and closing - opening <= SLOGAN + 1:
            _favour_direct(emissions, opening + 1, closing)
        last = closing


def _reported_infinitives(view: View) -> Iterator[int]:
    """« avoir », « être » and « vouloir » after a verb of saying: « a confirmé vendredi soir avoir reçu »."""
    for i in range(1, len(view.words)):
        if view.shown(i).lower() not in ("avoir", "être", "vouloir"):
            continue
        first = i
        while first and view.shown(first - 1).lower() in _CLITICS and not view.breaks[first]:
            first -= 1
        for j in range(first - 1, max(-1, first - 2 - ADVERBS), -1):
            word = view.shown(j).lower()
            if view.breaks[j + 1] or not word.isalpha() or word in _GOVERNING:
                break
            if says(word):
                yield first
                break


def _announced(view: View, opening: int) -> Literal["phrase", "slogan"] | None:
    before = view.before(opening, _NEAR)
    if _PHRASE.search(before):
        return "phrase"
    return "slogan" if _SLOGAN.search(before) else None


def _favour_direct(emissions: np.ndarray, first: int, end: int) -> None:
    emissions[first, _B_DIRECT] += SHORT_BONUS
    emissions[first + 1 : end, _I_DIRECT] += SHORT_BONUS
    emissions[[first - 1, end], 0] += SHORT_BONUS


def _short_utterances(view: View) -> Iterator[tuple[int, int]]:
    """Word spans of a few words between outer marks at the head of a sentence, a verb of saying behind."""
    for opening, closing in view.outer_pairs(0, len(view.words)):
        if not 1 < closing - opening <= SHORT + 1:
            continue
        if opening and not view.breaks[opening] and view.shown(opening - 1) not in ".!?…":
            continue
        after = closing + 1
        if after >= len(view.words) or view.shown(after) != ",":
            continue
        if is_said_here(view, after + 1):
            yield opening + 1, closing

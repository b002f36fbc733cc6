"""Where decoded spans end, begin, part and join: rules of the guide on what is one quote and what are two.

Each was counted on the gold that is trained on, real and authored: it holds there but for a few quotes in 13,000.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter

from .clauses import is_infinitive
from .schema import QUOTE_TYPES
from .text import View
from .word_classes import class_mask, word_class_bits

DIRECT, MIXED, INDIRECT = range(len(QUOTE_TYPES))
#: Words ``[first, end)`` and a kind (index into QUOTE_TYPES).
Span = tuple[int, int, int]

_SAYS = class_mask("says", "says_for", "says_against")
_THINKS = class_mask("thinks")
_TITLES = frozenset("M MM Mme Mmes Mlle Dr Me Mgr St Ste Pr av env etc cf art no".split())
_DASHES = frozenset("-–—")
_ACRONYM = re.compile(r"[A-ZÀ-Ý]{2,8}[a-z]?$")
_DETERMINERS = frozenset("le la les l ' un une des ce cet cette ces son sa ses leur leurs".split())
_LINKS = _DETERMINERS | frozenset("et ou mais ni , au aux du de d entre pour par dans".split())
_SUBJECTS = _DETERMINERS | frozenset(
    "je j tu il elle on nous vous ils elles ça ce c cela qui que qu si y oui non".split()
)
_BEFORE_PREDICATE = frozenset("mais puis que qu car si ou or donc comme selon et : ; ,".split())
_AUXILIARIES = frozenset(
    "a ont avait avaient s est sont se lui leur m nous t il elle ils elles on - ' également aussi ainsi".split()
)
_ADVERBIAL = re.compile(
    r"(?:dans|à|au|aux|depuis|après|avant|pendant|lors|durant|dès|ces|cette|ce|en (?:\d{4}|janvier|février"
    r"|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre))\b",
    re.IGNORECASE,
)
_NO_ADVERBIAL = re.compile(
    r"(?:à l'inverse|à (?:ses|leurs|mes) yeux|à l'en croire|à cet égard|au contraire|après tout|ce n'|c'est|avant tout)",
    re.IGNORECASE,
)
LINKED = 6  # words that may stand between a reported clause and marked words that belong to it
SAID = 6  # words before « que » among which its verb is
IN_A_PAIR = 20  # spans in one pair of marks, at most
SENTENCE = 80  # words back to the beginning of a sentence, at most
SUBJECT = 25  # words of a subject before marked words, at most


def sentence_ends(view: View) -> list[bool]:
    """For each word whether it closes a sentence outside quotation marks."""
    inside = [False] * len(view.words)
    for opening, closing in view.pairs:
        inside[opening : closing + 1] = [True] * (closing + 1 - opening)
    return [not inside[i] and _closes_sentence(view, i) for i in range(len(view.words))]


def _closes_sentence(view: View, i: int) -> bool:
    mark, after = view.shown(i), i + 1
    if mark not in (".", "!", "?", "…"):
        return False
    if after == len(view.words) or view.breaks[after]:
        return True
    if not (view.shown(after)[0].isupper() or view.words[after].mark == 1):
        return False
    before = view.shown(i - 1) if i else ""
    initial = len(before) == 1 and before.isalpha()
    return mark != "." or not (initial or before in _TITLES)


def pieces(view: View, first: int, end: int) -> list[tuple[int, int]]:
    """A mixed quote that runs over a second one, cut: between marked phrases in a row, before « ajoutant que ».

    « Scandaleuse », « honteuse » are two quotes; words in between that have no marks make one of them.
    """
    parts, start = [], first
    inner = view.outer_pairs(first, end)
    for (_, closing), (opening, _) in zip(inner, inner[1:]):
        between = range(closing + 1, opening)
        row = [view.shown(i) for i in between] in ([], [","])
        if row and view.words[start].mark == 1:
            parts.append((start, closing + 1))
            start = opening
        elif (clause := _says_that(view, between)) is not None:
            parts.append((start, closing + 1))
            start = clause
    return [*parts, (start, end)]


def _says_that(view: View, between: range) -> int | None:
    """The first word after « ajoutant que », « estimant qu' »."""
    for i in between:
        word = view.shown(i).lower()
        if word.endswith("ant") and word_class_bits(word) & (_SAYS | _THINKS):
            if view.shown(i + 1).lower() == "que":
                return i + 2
            if view.shown(i + 1).lower() == "qu":
                return i + 3
    return None


def settle(view: View, spans: Sequence[Span]) -> list[Span]:
    """Spans in text order, none overlapping, with the edges and kinds that the rules here give them."""
    settled: list[Span] = []
    for span in _whole_pairs(view, spans):
        floor = settled[-1][1] if settled else 0
        first, end, kind = _widened(view, *span, floor)
        if first < end:
            settled.append((first, end, kind))
    return _joined(view, settled)


def _whole_pairs(view: View, spans: Sequence[Span]) -> list[Span]:
    """One quote where spans fill a pair of outer marks but in part and nobody speaks up in between."""
    found = list(spans)
    for opening, closing in view.pairs:
        if view.words[opening].mark != 1:
            continue
        at = bisect_left(found, opening + 1, key=itemgetter(0))
        inside = [span for span in found[at : at + IN_A_PAIR] if span[1] <= closing]
        if not inside or all(kind == INDIRECT for *_, kind in inside):
            continue
        edges = [opening + 1, *(edge for first, end, _ in inside for edge in (first, end)), closing]
        gaps = [range(a, b) for a, b in zip(edges[::2], edges[1::2])]
        if any(_speaks_up(view, gap) for gap in gaps) or not any(map(len, gaps)):
            continue
        found[at : at + len(inside)] = [(opening + 1, closing, DIRECT)]
    return found


def _speaks_up(view: View, gap: range) -> bool:
    """Whether anything but whole sentences of the one who speaks stands there: an incise, another voice."""
    words = [view.shown(i) for i in gap]
    if _DASHES.intersection(words):
        return True
    if not any(word.isalnum() for word in words):
        return False
    start = next(i for i, word in zip(gap, words) if word.isalnum())
    whole = view.shown(start)[0].isupper() and any(word in ".!?…" for word in words[-3:])
    return not whole or any(view.breaks[i] or word_class_bits(view.shown(i)) & _SAYS for i in gap)


def _widened(view: View, first: int, end: int, kind: int, floor: int) -> Span:
    """A span with the words at its edges that belong to its clause, and without those that don't.

    It begins at word ``floor`` or later.
    """
    if kind == DIRECT:
        return _reported(view, max(first, floor), end, floor)
    if (
        kind == INDIRECT
        and view.shown(first).lower() == "a"
        and is_infinitive(view, first + 1, end)
    ):
        first += 1  # « appelle a venir »
    if kind == MIXED and view.words[first].mark == 1:
        first = _after_que(view, first)
    first = max(_adverbial(view, first, end), floor)
    acronym = end + 2 < len(view.words) and [view.shown(end), view.shown(end + 2)] == ["(", ")"]
    if acronym and not view.breaks[end] and _ACRONYM.match(view.shown(end + 1)):
        end += 3
    return first, end, kind


def _reported(view: View, first: int, end: int, floor: int) -> Span:
    """A direct quote, or the mixed one that it is after « que » or as the predicate of an unmarked subject."""
    opening, closing = first - 1, view.mates.get(first - 1, -1)
    if opening <= floor or closing not in (end, end + 1):
        return first, end, DIRECT
    start = _subject(view, first, closing, floor)
    if start is not None:
        return start, closing + 1, MIXED
    before = opening - 1 - (view.shown(opening - 1) == "'")
    if before >= 0 and view.shown(before).lower() in ("que", "qu"):
        return opening, closing + 1, MIXED
    return first, end, DIRECT


def _after_que(view: View, first: int) -> int:
    """The word after the « que » of a verb of saying where only a determiner stands before the mark ``first``."""
    i = first
    while i and first - i < 2 and view.shown(i - 1).lower() in _DETERMINERS - {"'"}:
        i -= 1
    que = i - 1 - (i > 0 and view.shown(i - 1) == "'")
    if i == first or que < 0 or view.shown(que).lower() not in ("que", "qu"):
        return first
    said = (word_class_bits(view.shown(j)) for j in range(max(0, que - SAID), que))
    return i if any(bits & (_SAYS | _THINKS) for bits in said) else first


def _subject(view: View, first: int, closing: int, floor: int) -> int | None:
    """Where the sentence begins whose predicate alone is marked: Ce gel « prend le contre-pied … », selon X."""
    head = view.shown(first)
    if first < 2 or not head[0].islower() or head in _SUBJECTS or not _attributed(view, closing):
        return None
    last = first - 2
    if (
        not view.shown(last)[0].isalpha()
        and view.shown(last) != "'"
        or view.shown(last).lower() in _BEFORE_PREDICATE - {"et"}
    ):
        return None
    start = _sentence_start(view, last)
    words = range(start, first - 1)
    if (
        start < floor
        or len(words) > SUBJECT
        or any(
            view.words[i].mark or word_class_bits(view.shown(i)) & _SAYS or view.shown(i) == ":"
            for i in words
        )
    ):
        return None
    return start


def _adverbial(view: View, first: int, end: int) -> int:
    """Where « Dans le nord, » begins that opens the sentence of a clause, its source told behind it."""
    if first < 2 or view.shown(first - 1) != "," or not _attributed(view, end):
        return first
    start = _sentence_start(view, first - 1)
    opening = view.text[view.words[start].view_start : view.words[first].view_start]
    if not _ADVERBIAL.match(opening) or _NO_ADVERBIAL.match(opening) or "»" in opening:
        return first
    if any(word_class_bits(view.shown(i)) & _SAYS for i in range(start, first)):
        return first
    return start


def _sentence_start(view: View, word: int) -> int:
    for start in range(word, max(0, word - SENTENCE), -1):
        if view.breaks[start] or _closes_sentence(view, start - 1):
            return start
        if view.words[start - 1].mark == -1 and view.shown(start)[0].isupper():
            return start
    return max(0, word - SENTENCE)


def _attributed(view: View, i: int) -> bool:
    """Whether « , a dit X », « selon X » stands at word ``i``."""
    size = len(view.words)
    if i < size and view.words[i].mark == -1:
        i += 1
    comma = i < size and view.shown(i) == ","
    i += comma
    if i >= size or view.breaks[i]:
        return False
    if view.shown(i).lower() == "selon" or view.text.startswith(
        "d'après", view.words[i].view_start
    ):
        return True
    if not comma:
        return False
    for j in range(i, min(i + 6, size)):
        word = view.shown(j).lower()
        if word not in _AUXILIARIES:
            return bool(word_class_bits(word) & _SAYS)
    return False


def _joined(view: View, spans: Sequence[Span]) -> list[Span]:
    """A reported clause and marked words that a conjunction or preposition ties to it are one quote."""
    found: list[Span] = []
    for first, end, kind in spans:
        if found and kind == MIXED and view.words[first].mark == 1 and found[-1][2] == INDIRECT:
            start, stop, _ = found[-1]
            between = [view.shown(i).lower() for i in range(stop, first)]
            line = not any(view.breaks[stop : first + 1])
            if (
                line
                and 0 < len(between) <= LINKED
                and _LINKS.issuperset(between)
                and between != [","]
            ):
                found[-1] = (start, end, MIXED)
                continue
        found.append((first, end, kind))
    return found

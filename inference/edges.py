"""Where decoded spans end, begin, part and join: rules of the guide on what is one quote and what are two.

Each was counted on the gold that is trained on, real and authored: it holds there but for a few quotes in 13,000.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from .clauses import AUXILIARIES, is_infinitive, is_said_here
from .labels import DIRECT, INDIRECT, MIXED
from .spans import WordQuote
from .text import View
from .word_classes import says, thinks

_TITLES = frozenset("M MM Mme Mmes Mlle Dr Me Mgr St Ste Pr av env etc cf art no".split())
_DASHES = frozenset("-–—")
_ACRONYM = re.compile(r"[A-ZÀ-Ý]{2,8}[a-z]?$")
_DETERMINERS = frozenset("le la les l ' un une des ce cet cette ces son sa ses leur leurs".split())
_LINKS = _DETERMINERS | frozenset("et ou mais ni , au aux du de d entre pour par dans".split())
_SUBJECTS = _DETERMINERS | frozenset(
    "je j tu il elle on nous vous ils elles ça ce c cela qui que qu si y oui non".split()
)
_BEFORE_PREDICATE = frozenset("mais puis que qu car si ou or donc comme selon et : ; ,".split())
_PASSED = AUXILIARIES | {"également", "aussi", "ainsi"}
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
        if word.endswith("ant") and (says(word) or thinks(word)):
            if view.shown(i + 1).lower() == "que":
                return i + 2
            if view.shown(i + 1).lower() == "qu":
                return i + 3
    return None


def settle(view: View, quotes: Sequence[WordQuote]) -> list[WordQuote]:
    """Quotes in text order, none overlapping, with the edges and kinds that the rules here give them."""
    settled: list[WordQuote] = []
    for quote in _whole_pairs(view, quotes):
        widened = _widened(view, quote, settled[-1].end if settled else 0)
        if widened.first < widened.end:
            settled.append(widened)
    return _joined(view, settled)


def _whole_pairs(view: View, quotes: Sequence[WordQuote]) -> list[WordQuote]:
    """One quote where several fill a pair of outer marks but in part and nobody speaks up in between."""
    found = list(quotes)
    for opening, closing in view.outer_pairs(0, len(view.words)):
        at = bisect_left(found, opening + 1, key=attrgetter("first"))
        inside = [quote for quote in found[at : at + IN_A_PAIR] if quote.end <= closing]
        if all(quote.kind == INDIRECT for quote in inside):
            continue
        edges = [opening + 1, *(edge for q in inside for edge in (q.first, q.end)), closing]
        gaps = [range(a, b) for a, b in zip(edges[::2], edges[1::2])]
        if any(_speaks_up(view, gap) for gap in gaps) or not any(map(len, gaps)):
            continue
        found[at : at + len(inside)] = [WordQuote(opening + 1, closing, DIRECT, inside[0].score)]
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
    return not whole or any(view.breaks[i] or says(view.shown(i)) for i in gap)


def _widened(view: View, quote: WordQuote, floor: int) -> WordQuote:
    """A quote with the words at its edges that belong to its clause, and without those that don't.

    It begins at word ``floor`` or later.
    """
    first, end, kind = quote.first, quote.end, quote.kind
    if kind == DIRECT:
        return _reported(view, replace(quote, first=max(first, floor)), floor)
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
    return replace(quote, first=first, end=end)


def _reported(view: View, quote: WordQuote, floor: int) -> WordQuote:
    """A direct quote, or the mixed one that it is after « que » or as the predicate of an unmarked subject."""
    opening, closing = quote.first - 1, view.mates.get(quote.first - 1, -1)
    if opening <= floor or closing not in (quote.end, quote.end + 1):
        return quote
    before = opening - 1 - (view.shown(opening - 1) == "'")
    start = _subject(view, quote.first, closing, floor)
    if start is None and before >= 0 and view.shown(before).lower() in ("que", "qu"):
        start = opening
    return quote if start is None else replace(quote, first=start, end=closing + 1, kind=MIXED)


def _after_que(view: View, first: int) -> int:
    """The word after the « que » of a verb of saying where only a determiner stands before the mark ``first``."""
    i = first
    while i and first - i < 2 and view.shown(i - 1).lower() in _DETERMINERS - {"'"}:
        i -= 1
    que = i - 1 - (i > 0 and view.shown(i - 1) == "'")
    if i == first or que < 0 or view.shown(que).lower() not in ("que", "qu"):
        return first
    before = map(view.shown, range(max(0, que - SAID), que))
    return i if any(says(word) or thinks(word) for word in before) else first


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
        or any(view.words[i].mark or says(view.shown(i)) or view.shown(i) == ":" for i in words)
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
    if any(says(view.shown(i)) for i in range(start, first)):
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
    return comma and is_said_here(view, i, _PASSED)


def _joined(view: View, quotes: Sequence[WordQuote]) -> list[WordQuote]:
    """A reported clause and marked words that a conjunction or preposition ties to it are one quote."""
    found: list[WordQuote] = []
    for quote in quotes:
        if found and _tied(view, found[-1], quote):
            found[-1] = replace(found[-1], end=quote.end, kind=MIXED)
        else:
            found.append(quote)
    return found


def _tied(view: View, clause: WordQuote, phrase: WordQuote) -> bool:
    if (clause.kind, phrase.kind) != (INDIRECT, MIXED) or view.words[phrase.first].mark != 1:
        return False
    between = [view.shown(i).lower() for i in range(clause.end, phrase.first)]
    return (
        0 < len(between) <= LINKED
        and _LINKS.issuperset(between)
        and between != [","]
        and not any(view.breaks[clause.end : phrase.first + 1])
    )

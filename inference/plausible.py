"""What the guide says is no quote, however it looks: terms, legal charges, objects that are no clause."""

from __future__ import annotations

import re

from .text import View

_NEAR = 70  # characters before a span that tell
# « les groupes dits « modérés » », « surnommé « le Kaiser » »; but not « qu'il avait dite « folle » ».
_TERM = re.compile(
    r"\b(?:(?<!\ba )(?<!\bse )(?<!ont )(?<!est )(?<!avait )(?<!était )(?<!aient )dit(?:s|e|es)"
    r"|(?:sur|re|pré)?nommée?s?|(?:re)?baptisée?s?|(?:sous-|in)?titulée?s?|(?:sous-)?titrée?s?|alias)"
    r" (?:l[ea]s? |l')?$",
    re.IGNORECASE,
)
# « mis en examen pour « détournement de fonds » », « une enquête pour « viol » ».
_CHARGE = re.compile(
    r"\b(?:(?:enquêtes?|informations? judiciaires?|plaintes?|examen|réquisitoires?|poursui\w+|inculpé\w*"
    r"|condamné\w*|jugé\w*|écroué\w*|arrêté\w*)\b[^.;:«»“”\n]{0,40}? pour|soupçonné\w* d[e'](?: l[ea']s?)?) ?$",
    re.IGNORECASE,
)
_SELON = re.compile(r"\b(?:selon|d'après)\b[^,.;:«»“”]*$", re.IGNORECASE)
_COMPLEMENT = re.compile(r"\b(?:de |d'|à )$", re.IGNORECASE)
_INFINITIVE = re.compile(r"\w+(?:er|ir|re)$", re.IGNORECASE)
_BEFORE_INFINITIVE = frozenset(
    "[ ( ' ne n pas plus point jamais rien guère se s me m te t nous vous le la les l lui leur en y tout tous bien mieux".split()
)


def is_term_or_charge(view: View, first: int) -> bool:
    """Whether marked words that begin with the mark ``first`` are a name given to something, or a charge."""
    before = _before(view, first)
    return bool(_TERM.search(before) or _CHARGE.search(before))


def is_after_selon(view: View, first: int) -> bool:
    """Whether « selon X », without a comma, goes before word ``first``."""
    return bool(_SELON.search(_before(view, first)))


def is_noun_phrase(view: View, first: int, end: int) -> bool:
    """Whether the complement of a verb of saying has no infinitive: « promettent de nouvelles actions »."""
    return bool(_COMPLEMENT.search(_before(view, first))) and not is_infinitive(view, first, end)


def is_infinitive(view: View, first: int, end: int) -> bool:
    """Whether words ``[first, end)`` begin with an infinitive and what may stand before it."""
    for i in range(first, end):
        word = view.shown(i).lower()
        if _INFINITIVE.match(word):
            return True
        if word not in _BEFORE_INFINITIVE and not word.endswith("ment"):
            return False
    return False


def _before(view: View, first: int) -> str:
    start = view.words[first].view_start
    return view.text[max(0, start - _NEAR) : start].rpartition("\n")[2]

"""What a word form says of itself: a verb of saying, praise, blame, a demand, a person, a group.

The lemmas are in ``word_classes.json``; here they are inflected, generously: a form that French
does not have stands in no text. Keys are folded (see ``words.fold``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from .lexicon import GROUPS, PEOPLE
from .words import fold

# In this order, and with these words, a trained model has learned them: add new ones at the end.
CLASSES: tuple[str, ...] = (
    "says",
    "says_for",
    "says_against",
    "thinks",
    "positive",
    "negative",
    "demands",
    "person",
    "group",
)

_DATA = Path(__file__).with_name("word_classes.json")

#: Endings that follow a stem, by the letter that marks it in the verb patterns.
_ENDINGS = {
    "i": "ais ait ions iez aient ant".split(),  # imperfect, with the present participle
    "f": "ai as a ons ez ont ais ait ions iez aient".split(),  # future and conditional
    "s": "e es ent".split(),  # subjunctive, where the imperfect does not tell it
    "p": ["", "e", "s", "es"],  # past participle
}

#: Ending of a masculine -> endings of its feminines, the longest that fits.
_FEMININES = {
    "": ["e"],
    "e": ["e"],
    "f": ["ve"],
    "x": ["se"],
    "eur": ["euse", "eure"],
    "teur": ["teuse", "trice"],
    "geur": ["geuse", "geresse"],
    "el": ["elle"],
    "eil": ["eille"],
    "ul": ["ulle"],
    "en": ["enne"],
    "on": ["onne"],
    "et": ["ete", "ette"],
    "ot": ["ote", "otte"],
    "eau": ["elle"],
    "c": ["que", "che"],
    "gu": ["gue"],
    "s": ["se", "sse"],
}

#: Ending of a singular -> endings of its plurals, the longest that fits.
_PLURALS = {
    "": ["s"],
    "s": ["s"],
    "x": ["x"],
    "z": ["z"],
    "al": ["aux", "als"],
    "ail": ["ails", "aux"],
    "au": ["aux"],
    "eu": ["eux", "eus"],
    "ou": ["ous", "oux"],
}


@lru_cache(maxsize=65536)
def word_class_bits(word: str) -> int:
    """The classes of a word as it stands in a text: bit i is set for ``CLASSES[i]``."""
    key = fold(word)
    forms = _forms()
    found = forms.get(key)
    if found is None and "'" in key:  # « l'élue », where it was not split
        found = forms.get(key.rpartition("'")[2])
    return found or 0


def says(word: str) -> bool:
    """Whether it is a form of a verb of saying, of those too that take a side by it."""
    return bool(word_class_bits(word) & 1 << CLASSES.index("says"))


def thinks(word: str) -> bool:
    """Whether it is a form of a verb of thinking."""
    return bool(word_class_bits(word) & 1 << CLASSES.index("thinks"))


@lru_cache(maxsize=1)
def _forms() -> dict[str, int]:
    """Folded form -> its bits."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    classes: dict[str, dict[str, str]] = data["classes"]
    found = {
        name: _inflected(lemmas, data["verbs"], data["feminines"])
        for name, lemmas in classes.items()
    }
    found["says"] |= found["says_for"] | found["says_against"]
    for name, nouns in (("person", PEOPLE), ("group", GROUPS)):
        folded = {fold(noun) for noun in nouns}
        folded |= {noun.rpartition("-")[2] for noun in folded}  # a View splits « porte-parole »
        forms = {form for noun in folded for form in (noun, *_plurals(noun))}
        found[name] = forms - _dropped(classes[name])
    bits: dict[str, int] = {}
    for i, name in enumerate(CLASSES):
        for form in found[name] - _dropped(data):
            bits[form] = bits.get(form, 0) | 1 << i
    return bits


def _inflected(
    lemmas: dict[str, str], verbs: dict[str, str], feminines: dict[str, str]
) -> set[str]:
    """All forms of a class, from its lemmas by part of speech."""
    words = {part: fold(lemmas.get(part, "")).split() for part in ("verb", "adj", "noun", "form")}
    forms = set(words["form"])
    for verb in words["verb"]:
        forms.update(_conjugated(verb, verbs))
    for noun in words["noun"]:
        forms.update((noun, *_plurals(noun)))
    human = [noun for noun in words["noun"] if noun.endswith(("eur", "ien"))]  # « tricheuse »
    for adjective in words["adj"] + human:
        for form in (adjective, *_feminines(adjective, feminines)):
            forms.update((form, *_plurals(form)))
    return forms - _dropped(lemmas)


def _dropped(lemmas: dict[str, str]) -> set[str]:
    """Forms that are mostly other words: « est », « son », « pas »."""
    return set(fold(lemmas.get("drop", "")).split())


def _conjugated(verb: str, patterns: dict[str, str]) -> Iterator[str]:
    """The simple forms of a verb, by the pattern of the longest ending that fits."""
    ending = next(verb[i:] for i in range(len(verb)) if verb[i:] in patterns)
    root = verb.removesuffix(ending)
    for part in patterns[ending].split():
        stem, _, kind = part.partition(":")
        for last in _ENDINGS[kind] if kind else ("",):
            yield root + stem + last


def _feminines(adjective: str, irregular: dict[str, str]) -> list[str]:
    if adjective in irregular:
        return [irregular[adjective]]
    return _replaced(adjective, _FEMININES)


def _plurals(word: str) -> list[str]:
    return _replaced(word, _PLURALS)


def _replaced(word: str, endings: dict[str, list[str]]) -> list[str]:
    """The word with its longest known ending exchanged."""
    ending = next(word[i:] for i in range(len(word) + 1) if word[i:] in endings)
    return [word.removesuffix(ending) + new for new in endings[ending]]

"""What sort of source a name or a noun phrase is: person, group, place, thing; how its gender agrees."""

from __future__ import annotations

from . import lexicon as lex
from .names import Entity, human
from .words import fold


def kind_of(entity: Entity) -> str:
    """person, maybe, group, place or name for a named entity; people or thing for a noun phrase."""
    if entity.phrase and entity.person > 0:
        return "people" if entity.definite else "someone"
    if entity.phrase:
        return "body" if any(h in lex.GROUPS for h in entity.heads) else "thing"
    if entity.person >= 1:
        return "person"
    if entity.person > 0:
        return "maybe"
    if (
        any(h in lex.GROUPS for h in entity.heads)
        or entity.keys[0] in lex.GROUPS
        or entity.name.isupper()
    ):
        return "group"
    return "place" if entity.place else "name"


def agreement_of(gender: str, entity: Entity) -> str:
    """agree, clash or open."""
    theirs = entity.gender
    if gender == "p" and not theirs and kind_of(entity) in ("person", "maybe"):
        return "clash"
    if not gender or not theirs or (not entity.sure and gender != theirs):
        return "open"
    return "agree" if gender == theirs else "clash"


def noun_class(head: str) -> str:
    """What a head noun is: person (by trade), age, kin, company, authority, paper or other."""
    singular = head[:-1] if head.endswith("s") else head
    if head in lex.DEMONYMS:
        return "person"
    if human(head):
        spheres = lex.PEOPLE.get(head, frozenset())
        return "age" if "age" in spheres else "kin" if "family" in spheres else "person"
    spheres = lex.GROUPS.get(head) or lex.GROUPS.get(singular)
    if spheres:
        return (
            "paper"
            if "document" in spheres
            else "authority"
            if "authority" in spheres
            else "company"
        )
    return "person" if human(singular) or singular.endswith(lex.HUMAN_ENDINGS) else "other"


def lemma_of(head: str) -> str:
    return lex.LEMMAS.get(head, head)


def spheres_of(head: str) -> frozenset[str]:
    return lex.PEOPLE.get(head) or lex.GROUPS.get(head) or frozenset()


def content_key(name: str) -> str:
    """A name's folded words without leading determiners and marks."""
    words = [w.strip("'-.,«»\"“”") for w in fold(name).replace("'", "' ").split()]
    words = [w for w in words if w]
    while len(words) > 1 and (words[0] in lex.DETERMINERS or words[0] in ("l", "d", "du")):
        words = words[1:]
    return " ".join(words)

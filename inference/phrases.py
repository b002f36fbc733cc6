"""The noun phrases of a text that may stand for a source, and mentions mended by them.

Nothing here knows about quotes. ``Reading(text)`` is built once per document in linear time.
"""

from __future__ import annotations

from bisect import bisect_left

from . import lexicon as lex
from .acronyms import Acronyms
from .names import Entity, NameSpan, human, noun_gender
from .words import CLAUSE_WORDS

_SPEAKING = lex.word_set("il elle ils elles on lui eux celui-ci celle-ci ceux-ci celles-ci")
_AUXILIARIES = lex.word_set(
    "a ont est sont avait avaient etait s' se n' ne y en qui que qu' dont ou et dit"
)
_NUMERALS = lex.word_set(
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "vingt trente quarante cinquante soixante cent cents mille"
)


def _numeral(key: str) -> bool:
    """A count in digits or words, as in « Vingt-deux étudiants »."""
    return key.isdigit() or key.split("-")[0] in _NUMERALS


class Reading(Acronyms):
    """A text's names with all that is said of them, and its noun phrases."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._pairs: dict[int, list[Entity]] = {}
        self._phrases: dict[int, list[Entity]] = {}

    def mended(self, i: int, j: int) -> tuple[int, int]:
        """The tokens of a noun phrase or pronoun, given roughly: « raille l'avocate », « Il a », « M. », « jeune femme »."""
        tokens = self.tokens
        j = min(j, len(tokens))
        if i < j and tokens[j - 1].key in ("de", "du", "d'", "des"):
            j = self.phrase_end(j - 1)  # « une révélation de »
        if i < j and tokens[i].cap and not tokens[i].first:
            i = self._whose(i)
        if i >= j or any(t.cap and not t.first and t.key not in lex.TITLES for t in tokens[i:j]):
            return i, j  # a name is found in any surroundings
        pronouns = [
            k
            for k in range(i, j)
            if tokens[k].key in _SPEAKING
            and not (k > i and tokens[k - 1].key in ("d'", "de", "entre"))
        ]
        if pronouns and j - i < 5:
            return pronouns[-1], pronouns[-1] + 1
        while j - 1 > i and (
            tokens[j - 1].key in _AUXILIARIES or tokens[j - 1].key in (",", ".", ":", ";")
        ):
            j -= 1
        for k in range(i + 1, min(i + 4, j - 1)):  # « raille l'avocate »: the verb is too much
            if tokens[k].key in lex.DETERMINERS and not self._nominal(i, k):
                i = k
                break
        if j - i <= 2 and all(
            t.key in lex.TITLES or t.key in lex.DETERMINERS or t.key == "." for t in tokens[i:j]
        ):
            return i, self._grown(i, j)
        opens = tokens[i].key in lex.DETERMINERS or tokens[i].key in lex.PRONOUNS
        if not opens:
            for k in range(
                i - 1, max(i - 4, -1), -1
            ):  # « jeune femme », « de 27 ans »: the article is missing
                if not tokens[k].word or not self._joined(k + 1) or tokens[k].key in CLAUSE_WORDS:
                    break
                if tokens[k].key in lex.DETERMINERS:
                    return k, j
                if k == i - 1 and human(tokens[k].key):
                    continue  # « la star brésilienne »
                if tokens[k].key not in lex.PREMODIFIERS and tokens[i].key not in lex.PREPOSITIONS:
                    break
        return i, j

    def _whose(self, i: int) -> int:
        """The determiner of « l'équipe de François Fillon », of which only the name at token ``i`` was given."""
        tokens, k = self.tokens, i - 1
        while (
            k > 0 and self._joined(k + 1) and (tokens[k].key in lex.TITLES or tokens[k].key == ".")
        ):
            k -= 1
        if k < 2 or not self._joined(k + 1) or tokens[k].key not in ("de", "du", "d'"):
            return i
        for head in (k - 1, k - 2):  # « une collaboratrice », « l'administration sortante »
            before = tokens[head - 1] if head else None
            if before is None or not self._joined(head) or not self._joined(head + 1):
                return i
            if before.key in lex.DETERMINERS:
                known = human(tokens[head].key) or tokens[head].key in lex.GROUPS
                return head - 1 if known else i
        return i

    def _nominal(self, i: int, k: int) -> bool:
        """Whether tokens i to k already belong to a noun phrase: « source proche de l'… »."""
        tokens = self.tokens
        return any(
            t.key in lex.PREPOSITIONS
            or t.key in lex.DETERMINERS
            or t.key in lex.PREMODIFIERS
            or human(t.key)
            or t.key in lex.GROUPS
            for t in tokens[i:k]
        )

    def _grown(self, i: int, j: int) -> int:
        """The end of the noun phrase or name of which only « le » or « M. » was given."""
        tokens, n = self.tokens, len(self.tokens)
        k = j
        while (
            k < n
            and self._joined(k)
            and (tokens[k].key == "." or tokens[k].key in lex.PREMODIFIERS)
        ):
            k += 1
        if (
            k < n
            and self._joined(k)
            and (tokens[k].cap or human(tokens[k].key) or tokens[k].key in lex.GROUPS)
        ):
            return self.phrase_end(k)
        return j

    def phrases(self, sent: int) -> list[Entity]:
        """Noun phrases of a sentence that may be a pronoun's antecedent: its first one, people, groups."""
        if sent not in self._phrases:
            self._phrases[sent] = self._read_phrases(sent)
        return self._phrases[sent]

    def _read_phrases(self, sent: int) -> list[Entity]:
        if not 0 <= sent < len(self.sentences):
            return []
        tokens = self.tokens
        found: list[Entity] = list(self.couples(sent))
        i = self.sentences[sent]
        first = True
        while i < len(tokens) and tokens[i].sent == sent:
            if (
                tokens[i].key in lex.DETERMINERS
                or tokens[i].key in ("au", "du", "aux")
                or _numeral(tokens[i].key)
            ) and (not tokens[i].cap or tokens[i].first):
                phrase, j = self._phrase(i, first)
                if phrase is not None:
                    found.append(phrase)
                    first = False
                i = max(j, i + 1)
            else:
                i += 1
        return found

    def couples(self, sent: int) -> list[Entity]:
        """« Nadège et Éric Marchal »: two people in one breath."""
        if sent in self._pairs:
            return self._pairs[sent]
        found = self._pairs[sent] = []
        k = bisect_left(self.span_starts, self.tokens[self.sentences[sent]].start)
        while k + 1 < len(self.spans) and self.spans[k + 1].sent == sent:
            one, two = self.spans[k], self.spans[k + 1]
            if (
                two.i == one.j + 1
                and self.tokens[one.j].key == "et"
                and self.owner[two.start].person > 0
            ):
                span = NameSpan(
                    one.start,
                    two.end,
                    (*one.keys, "et", *two.keys),
                    one.i,
                    two.j,
                    one.sent,
                    one.para,
                )
                couple = Entity(
                    self.text[one.start : two.end],
                    span.keys,
                    frozenset(span.keys),
                    [span],
                    [span.start],
                    phrase=True,
                )
                couple.person = 2.0
                couple.vote("p", 6)
                found.append(couple)
            k += 1
        return found

    def _phrase(self, i: int, any_noun: bool) -> tuple[Entity | None, int]:
        """The noun phrase whose determiner is token i, if its head is a person or a group (or any noun)."""
        tokens, n = self.tokens, len(self.tokens)
        h = i + 1
        while (
            h < n
            and self._joined(h)
            and tokens[h].key in lex.PREMODIFIERS
            and not (h + 1 < n and not tokens[h + 1].word)
        ):
            h += 1
        if h >= n or not self._joined(h) or not tokens[h].word or tokens[h].cap:
            return None, h
        key = tokens[h].key
        singular = key[:-1] if key.endswith("s") else key
        known = (
            human(key)
            or human(singular)
            or key in lex.GROUPS
            or singular in lex.GROUPS
            or key in lex.QUANTITIES
            or key in ("dernier", "derniere")
        )
        if key in lex.TIMES:
            return None, h
        if not known and (
            not (any_noun and tokens[i].first)
            or _numeral(tokens[i].key)
            or key in lex.DETERMINERS
            or key in lex.PREPOSITIONS
        ):
            return None, h
        j = self.phrase_end(h)
        while j < n and self._joined(j) and (tokens[j].key.isdigit() or tokens[j].key == "ans"):
            j += 1  # « un homme d'environ 30 ans »
        if self._names_person(h, j):
            return None, j
        bare = tokens[i].key not in lex.DETERMINERS  # « au », « du » hide the article
        gender = lex.DETERMINERS.get(tokens[i].key) or noun_gender(key) or ("m" if bare else "")
        if _numeral(tokens[i].key):
            bare = False
        if key in lex.QUANTITIES or _numeral(tokens[i].key):
            gender = "p"
        span = NameSpan(
            tokens[i + bare].start, tokens[j - 1].end, (key,), i, j, tokens[i].sent, tokens[i].para
        )
        entity = Entity(
            self.text[span.start : span.end],
            (key,),
            frozenset((key,)),
            [span],
            [span.start],
            phrase=True,
        )
        entity.definite = tokens[i].key not in lex.INDEFINITE
        entity.person = 2.0 if human(key) or human(singular) or key in lex.QUANTITIES else -1.0
        entity.vote(gender, 3)
        self._note(entity, h, j, h)
        return entity, j

    def _names_person(self, h: int, j: int) -> bool:
        """« le ministre Paul Rey »: the phrase holds its own name, which is an entity already."""
        for k in range(h + 1, j):
            if self.tokens[k].cap:
                return (
                    self.tokens[k - 1].key not in lex.PREPOSITIONS
                    and self.tokens[k - 1].key not in lex.DETERMINERS
                )
        return False

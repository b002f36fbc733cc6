"""Reads what a text says of its names: appositions, functions, ages, trades."""

from __future__ import annotations

from . import lexicon as lex
from .names import RANKS, Entity, Names, NameSpan, first_name_gender, human, noun_gender
from .words import CLAUSE_WORDS, STOPS, stem

_PLURAL_OR_OWN = frozenset(("les", "des", "ces"))


class DescribedNames(Names):
    """A text's names with all that is said of them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        for span in self.spans:
            self._describe(span, self.owner[span.start])

    def _describe(self, span: NameSpan, entity: Entity) -> None:
        i = span.i
        while (
            i
            and self._joined(i)
            and (
                (self.tokens[i - 1].key in lex.TITLES and self.tokens[i - 1].cap)
                or self.tokens[i - 1].key == "."
            )
        ):
            i -= 1
        before = self.tokens[i - 1] if i and self._joined(i) else None
        if before is not None:
            if before.key in ("le", "la", "l'", "les"):
                entity.person -= (
                    1.5 if len(span.keys) == 1 or not first_name_gender(span.keys[0]) else 0
                )
                entity.vote({"le": "m", "la": "f", "les": "p"}.get(before.key, ""), 1)
            elif before.key in ("a", "en", "au", "aux"):
                entity.place += 1
                entity.person -= 0.5
            elif before.key == ",":
                self._before(i - 2, entity, comma=True)
            elif before.key == "par" and i > 1:
                self._noun_of_verb(i - 2, entity)
            elif before.word and before.key not in lex.PREPOSITIONS:
                self._before(i - 1, entity, comma=False)
        # « le maire de Lyon, médecin, »: what follows a governed place is said of the head noun.
        if (
            before is None
            or before.key not in ("de", "du", "d'", "des", "a", "en", "au")
            or first_name_gender(span.keys[0])
        ):
            self._after(span.j, entity)

    def _noun_of_verb(self, k: int, entity: Entity) -> None:
        """« présidée par X », « X, qui dirige »: the trade a verb tells."""
        noun = lex.VERB_NOUNS.get(self.tokens[k].key)
        if noun:
            entity.heads.setdefault(noun, self.tokens[k].start)
            entity.about.setdefault(stem(noun), self.tokens[k].start)
            if k + 2 < len(self.tokens) and self.tokens[k + 1].key in lex.DETERMINERS:
                for token in self.tokens[k + 2 : self.phrase_end(k + 2)]:
                    if len(token.key) > 2:
                        entity.about.setdefault(stem(token.key), token.start)

    def _note(self, entity: Entity, i: int, j: int, head: int) -> None:
        """Takes tokens i to j as said of the entity, with its head noun."""
        position = self.tokens[i].start
        entity.heads.setdefault(self.tokens[head].key, position)
        for token in self.tokens[i:j]:
            if (
                token.word
                and (len(token.key) > 2 or token.key.isdigit())
                and token.key not in lex.PREPOSITIONS
            ):
                entity.about.setdefault(stem(token.key), position)

    def _before(self, k: int, entity: Entity, comma: bool) -> None:
        """« le ministre grec de la Marine[,] X »: the noun phrase that ends at token k."""
        tokens = self.tokens
        head = -1
        i = k
        # A group names no person, and what stands before a comma is said of people only.
        people = comma or bool(first_name_gender(tokens[k + 1].key))
        while i >= 0 and k - i < 14 and self._joined(i + 1):
            key = tokens[i].key
            if not tokens[i].word or (
                key in CLAUSE_WORDS and not self._is_preposition_a(i) and (key != "et" or i == k)
            ):
                break
            if (
                (human(key) or (key in lex.GROUPS and not people))
                and key != "monsieur"
                and self._opens_phrase(i)
            ):
                if head >= 0:  # « l'adjoint du maire, X »: either may be meant
                    self._note(entity, head, k + 1, head)
                head = i
                if not comma or not self._governed(i):
                    break
            i -= 1
        if head < 0 or (comma and self._governed(head) and tokens[head - 1].key in ("un", "une")):
            return
        self._note(entity, head, k + 1, head)
        self._judge(entity, head, 2.0 if not comma else 1.5)

    def _judge(self, entity: Entity, head: int, weight: float) -> None:
        """Lets a noun said of the entity tell its gender and whether it is a person."""
        key = self.tokens[head].key
        if human(key):
            entity.person += weight
            i = head - 1
            while (
                i > 0
                and self.tokens[i].key in lex.PREMODIFIERS
                and self.tokens[i].key not in lex.DETERMINERS
            ):
                i -= 1
            gender = lex.DETERMINERS.get(self.tokens[i].key, "") if i >= 0 else ""
            entity.vote(gender or noun_gender(key), weight)
        else:
            entity.person -= weight
            entity.vote(noun_gender(key), weight / 2)

    def _after(self, k: int, entity: Entity) -> None:
        """« X, ministre de la Santé, », « X (PS) », « X est médecin », « X, 52 ans, pêcheur », « X, elle, »."""
        tokens, n = self.tokens, len(self.tokens)
        if k >= n or not self._joined(k):
            return
        opener = tokens[k].key
        verb = self._verb_after(k)
        if verb and tokens[verb].key in lex.VERB_NOUNS:
            self._noun_of_verb(verb, entity)
        elif opener == "," and k + 2 < n and tokens[k + 1].key == "qui":
            self._noun_of_verb(k + 2, entity)
        if opener == "(":
            self._bracket(k + 1, entity)
            return
        if opener in ("est", "etait", "fut", "devient", "reste"):
            i = k + 1
            while i < n and (tokens[i].key in lex.DETERMINERS or tokens[i].key in lex.PREMODIFIERS):
                i += 1
            if i < n and human(tokens[i].key) and self._joined(i):
                self._apposed(k + 1, entity, closed=False)
            return
        if opener in (",", "–", "—") and k + 1 < n:
            key = tokens[k + 1].key
            if key in ("lui", "elle", "eux", "elles"):
                if k + 2 < n and tokens[k + 2].key in (",", "–", "—"):
                    entity.vote(lex.PRONOUNS[key], 4)
            elif not tokens[k + 1].cap or key in RANKS:
                self._apposed(k + 1, entity)

    def _bracket(self, k: int, entity: Entity) -> None:
        for token in self.tokens[k : k + 6]:
            if token.key == ")":
                return
            if token.word:
                entity.about.setdefault(stem(token.key), token.start)

    def _apposed(self, k: int, entity: Entity, closed: bool = True) -> None:
        """The apposition that opens at token k; it may go on after an age: « , 52 ans, pêcheur à Y »."""
        tokens, n = self.tokens, len(self.tokens)
        i = k
        while (
            i < n
            and i < k + 4
            and (
                tokens[i].key in lex.DETERMINERS
                or tokens[i].key in lex.PREMODIFIERS
                or tokens[i].key.isdigit()
            )
        ):
            i += 1
        if i < n and tokens[i].key == "ans":
            entity.person += 3
            entity.about.setdefault(tokens[i - 1].key, tokens[i].start)
            j = i + 1
            while j < n and j < i + 4 and tokens[j].key in (",", "et"):
                j += 1
            if j < n and j > i + 1 and not tokens[j].cap and self._joined(j):
                self._apposed(j, entity, closed)
            return
        if (
            i >= n
            or not (human(tokens[i].key) or tokens[i].key in lex.GROUPS)
            or (tokens[i].cap and tokens[i].key not in RANKS)
        ):
            return
        if tokens[k].key in lex.DETERMINERS and tokens[k].key in _PLURAL_OR_OWN:
            return
        j = i + 1
        while (
            j < n
            and j < i + 18
            and self._joined(j)
            and tokens[j].key not in STOPS
            and tokens[j].key != ","
        ):
            if (
                tokens[j].key in CLAUSE_WORDS
                and tokens[j].key != "et"
                and not self._is_preposition_a(j)
            ):
                break
            j += 1
        if (
            closed
            and j < n
            and self._joined(j)
            and tokens[j].word
            and tokens[j].key not in ("qui", "dont")
        ):
            return  # « , le technicien a reconnu »: the subject of what follows, no apposition
        if closed and tokens[k].key in lex.DETERMINERS and self._stops_short(i, j):
            return
        if (
            tokens[k].key in lex.DETERMINERS
            and i + 1 < j
            and tokens[i + 1].cap
            and not tokens[i + 1].key.endswith("'")
        ):
            return  # « X, le ministre Paul Rey »: somebody else
        self._note(entity, i, j, i)
        for m in range(i + 1, j):  # « premier adjoint et fidèle lieutenant »
            if human(tokens[m].key) and not self._governed(m):
                entity.heads.setdefault(tokens[m].key, tokens[m].start)
        self._judge(entity, i, 2.0)

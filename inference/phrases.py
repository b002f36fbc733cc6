"""Reads what a text says of its names: appositions, functions, acronyms, noun phrases.

Nothing here knows about quotes. ``Reading(text)`` is built once per document in linear time.
"""

from __future__ import annotations

from bisect import bisect_left

from . import lexicon as lex
from .names import RANKS, Entity, Names, NameSpan, first_name_gender, human, noun_gender
from .words import CLAUSE_WORDS, STOPS, fold, stem

_SPEAKING = lex.word_set("il elle ils elles on lui eux celui-ci celle-ci ceux-ci celles-ci")
_AUXILIARIES = lex.word_set(
    "a ont est sont avait avaient etait s' se n' ne y en qui que qu' dont ou et dit"
)
_BRACKETS = frozenset("(,-–—[")
_PLURAL_OR_OWN = frozenset(("les", "des", "ces"))
_NUMERALS = lex.word_set(
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "vingt trente quarante cinquante soixante cent cents mille"
)


def _numeral(key: str) -> bool:
    """A count in digits or words, as in « Vingt-deux étudiants »."""
    return key.isdigit() or key.split("-")[0] in _NUMERALS


class Reading(Names):
    """A text's names with all that is said of them, and its noun phrases."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        for span in self.spans:
            self._describe(span, self.owner[span.start])
        self._acronyms: dict[str, str | None] = {}
        self._pairs: dict[int, list[Entity]] = {}
        self._phrases: dict[int, list[Entity]] = {}
        self._capitals: dict[str, list[int]] | None = None
        self._by_capital: dict[str, list[int]] | None = None

    # -- what is said of them -------------------------------------------------------------------------

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

    # -- long forms of acronyms -----------------------------------------------------------------------

    def long_form(self, acronym: str) -> str | None:
        """« Forces démocratiques syriennes » for « FDS », where the text spells it out."""
        if acronym not in self._acronyms:
            self._acronyms[acronym] = self._spell_out(acronym)
        return self._acronyms[acronym]

    def _spell_out(self, acronym: str) -> str | None:
        letters = [c for c in fold(acronym) if c.isalpha()]
        if not 2 <= len(letters) <= 10:
            return None
        if self._capitals is None:
            self._capitals = {}
            for k, token in enumerate(self.tokens):
                if token.cap:
                    self._capitals.setdefault(token.key[0], []).append(k)
        best = self._glossed(fold(acronym), letters)
        if best is not None:
            return best
        for k in self._capitals.get(letters[0], ())[:2000]:
            end, bracketed = self._initials(k, letters, fold(acronym))
            if end and (bracketed or best is None):
                best = self.text[self.tokens[k].start : self.tokens[end - 1].end]
                if bracketed:
                    break
        return best

    def _glossed(self, acronym: str, letters: list[str]) -> str | None:
        """« FDS (Forces démocratiques syriennes) », and « l'Autorité des technologies (BTK) » in any language."""
        tokens, n = self.tokens, len(self.tokens)
        for k in self._at_key(acronym):
            if k + 2 < n and tokens[k + 1].key in ("(", "["):
                end = next(
                    (j for j in range(k + 2, min(n, k + 18)) if tokens[j].key in (")", "]")), 0
                )
                words = [t.key for t in tokens[k + 2 : end] if t.word]
                full = [w[0] for w in words if w not in lex.PREPOSITIONS and len(w) > 2]
                if full == letters:  # « PNF [parquet national financier] »
                    return self.text[tokens[k + 2].start : tokens[end - 1].end]
                opens = next(
                    (
                        j
                        for j in range(k + 2, end)
                        if tokens[j].cap and tokens[j].key[0] == letters[0]
                    ),
                    0,
                )
                if opens and end - opens > 1 and (opens == k + 2 or not tokens[opens - 1].cap):
                    return self.text[tokens[opens].start : tokens[end - 1].end]
            if k > 2 and tokens[k - 1].key == "(" and k + 1 < n and tokens[k + 1].key == ")":
                i = k - 2
                while (
                    i > 0
                    and k - i < 14
                    and tokens[i].word
                    and self._joined(i)
                    and not (tokens[i].cap and tokens[i - 1].key in ("le", "la", "l'", "les"))
                ):
                    i -= 1
                if (
                    i > 0
                    and tokens[i].cap
                    and tokens[i - 1].key in ("le", "la", "l'", "les")
                    and k - 1 - i > 1
                ):
                    return self.text[tokens[i].start : tokens[k - 2].end]
        return None

    def _at_key(self, key: str) -> list[int]:
        if self._by_capital is None:
            self._by_capital = {}
            for k, token in enumerate(self.tokens):
                if token.cap:
                    self._by_capital.setdefault(token.key, []).append(k)
        return self._by_capital.get(key, [])[:20]

    def _initials(self, k: int, letters: list[str], acronym: str) -> tuple[int, bool]:
        """The token after the words from k whose initials spell the acronym, and whether it follows in brackets."""
        tokens, n = self.tokens, len(self.tokens)
        if tokens[k].key == acronym:
            return 0, False
        j, used, broken = k, 0, False
        while j < n and j < k + 16 and (j == k or self._joined(j)):
            token = tokens[j]
            if token.key in _BRACKETS and j + 1 < n and tokens[j + 1].key == acronym:
                return (j, True) if used > 1 else (0, False)
            if not token.word:
                break
            small = (
                token.key in lex.PREPOSITIONS or token.key in lex.DETERMINERS or token.key == "et"
            )
            if used < len(letters) and token.key[0] == letters[used]:
                used += 1
            elif not small:
                broken = True  # from here only the acronym in brackets can prove it
            j += 1
            if (
                used == len(letters)
                and not broken
                and not (j + 1 < n and tokens[j].key in _BRACKETS and tokens[j + 1].key == acronym)
            ):
                return j, False
        return 0, False

    # -- mending mentions -----------------------------------------------------------------------------

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

    # -- noun phrases ---------------------------------------------------------------------------------

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

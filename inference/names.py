"""Finds the names in a text and joins those of one person or body into an entity."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

from . import lexicon as lex
from .words import CLAUSE_WORDS, Words, stem

RANKS = frozenset(("premier", "premiere", "vice", "ex", "pdg"))
_DEMONYM_ENDINGS = (
    "ais", "aise", "ois", "oise", "ien", "ienne", "een", "eenne", "ain", "aine", "ene", "ol", "ole", "and", "ande",
    "be", "ite", "que", "lge", "sse", "ard", "arde", "che",
)  # fmt: skip
_PLACE_WORDS = lex.word_set(
    "rue avenue place boulevard quai saint sainte mont lac mer ile iles republique royaume "
    "etats cour palais hotel universite lycee college institut office banque unis unies nord "
    "sud est ouest afrique europe amerique asie conseil ministere centre grand nouvelle gilets "
    "jaunes maison societe union nations nation organisation"
)


class NameSpan(NamedTuple):
    """One occurrence of a name: tokens ``i`` to ``j``."""

    start: int
    end: int
    keys: tuple[str, ...]
    i: int
    j: int
    sent: int
    para: int


@dataclass(eq=False)
class Entity:
    """A source a text names, with everything the text tells of it."""

    name: str
    keys: tuple[str, ...]
    words: frozenset[str] = frozenset()
    spans: list[NameSpan] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    person: float = 0.0  # evidence for (> 0) or against a human being
    place: int = 0  # occurrences after « à », « en », « au »
    genders: dict[str, float] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)  # nouns said of it -> where first
    about: dict[str, int] = field(
        default_factory=dict
    )  # stems of all words said of it -> where first
    phrase: bool = False  # a noun phrase, not a name
    definite: bool = False  # … that opens with le, ce, son …
    _gender: str | None = None  # the best of ``genders``, once asked for

    @property
    def sure(self) -> bool:
        """Whether more than a name's ending tells the gender."""
        return max(self.genders.values(), default=0) > 0.5

    @property
    def gender(self) -> str:
        """m, f, p (several) or "" (unknown)."""
        if self._gender is None:
            self._gender = max(self.genders, key=lambda g: self.genders[g], default="")
        return self._gender

    def vote(self, gender: str, weight: float) -> None:
        if gender:
            self.genders[gender] = self.genders.get(gender, 0.0) + weight
            self._gender = None

    def last_before(self, position: int) -> NameSpan | None:
        k = bisect_left(self.starts, position)
        return self.spans[k - 1] if k else None


def first_name_gender(key: str) -> str:
    """Gender a folded first name tells, hyphenated ones by their parts."""
    for part in (key, *key.split("-")[:1]):
        if part in lex.FEMALE:
            return "f"
        if part in lex.MALE:
            return "m"
    return ""


def guess_gender(key: str) -> str:
    """Weak guess from an unknown first name's ending."""
    return "f" if key.endswith(("a", "ette", "elle", "ine", "ienne", "ee", "ane", "ia")) else ""


def noun_gender(key: str) -> str:
    """Gender of a noun for people or groups, or "" where it does not tell."""
    if key in lex.PEOPLE_GENDER:
        return lex.PEOPLE_GENDER[key]
    if key in lex.GROUP_GENDER:
        return lex.GROUP_GENDER[key]
    if key.endswith("s") and noun_gender(key[:-1]):
        return "p"
    return "f" if key.endswith(lex.FEMININE_ENDINGS) else ""


def human(key: str) -> bool:
    return key in lex.PEOPLE or ("-" in key and key.rsplit("-", 1)[1] in lex.PEOPLE)


def name_words(keys: tuple[str, ...]) -> list[str]:
    """A name's words with hyphenated ones cut, the last word last."""
    return [part for key in keys for part in key.split("-") if part] or ["".join(keys)]


def _initialled(keys: tuple[str, ...]) -> bool:
    return len(keys) > 1 and len(keys[0]) == 1


class Names(Words):
    """A text's names and the entities they belong to."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._lower = {t.key for t in self.tokens if t.word and not t.cap}
        self.spans = self._find_names()
        self.entities: list[Entity] = []
        self.by_word: dict[str, list[Entity]] = {}
        self.owner: dict[int, Entity] = {}  # span start -> entity
        self._cluster()
        self.span_starts = [s.start for s in self.spans]

    # -- finding names --------------------------------------------------------------------------------

    def _opens_name(self, k: int) -> bool:
        token = self.tokens[k]
        if not token.cap or (token.key in lex.TITLES and self._title_here(k)):
            return False
        if (
            k
            and (token.key in RANKS or (human(token.key) and token.key not in lex.MALE))
            and (
                self.tokens[k - 1].key in lex.DETERMINERS
                or self.tokens[k - 1].key in ("du", "au", ",", "vice")
            )
        ):
            return False  # « le Premier ministre », « la Préfète de … »
        if (
            token.key in RANKS
            and k + 1 < len(self.tokens)
            and human(self.tokens[k + 1].key)
            and not self.tokens[k + 1].cap
        ):
            return False  # « le défunt Premier ministre »
        if self._stands_for_a_name(k):
            return False
        if not token.first:
            return not (token.key.endswith("'") and token.key != "o'")
        if token.key in lex.STARTERS or token.key.endswith("'"):
            return False
        follows = k + 1 < len(self.tokens) and self._joined(k + 1) and self.tokens[k + 1].cap
        return follows or token.key not in self._lower

    def _stands_for_a_name(self, k: int) -> bool:
        """« le Sénégalais », « l'Allemande »: who comes from there, unless a name follows or a paper is meant."""
        if k == 0 or self.tokens[k].key not in lex.DEMONYMS:
            return False
        before = self.tokens[k - 1]
        paper = before.cap and not before.first  # « dans Le Parisien »
        named = k + 1 < len(self.tokens) and self._joined(k + 1) and self.tokens[k + 1].cap
        return before.key in lex.DETERMINERS and not paper and not named

    def _title_here(self, k: int) -> bool:
        """Whether a title word opens a name: « M. X », « le Président X »."""
        j = k + 1
        if j < len(self.tokens) and self.tokens[j].key == ".":
            j += 1
        return j < len(self.tokens) and self.tokens[j].cap

    def _name_end(self, k: int) -> int:
        """The token after the name that opens at token k."""
        tokens, n = self.tokens, len(self.tokens)
        j = k + 1
        if tokens[k].key in lex.GROUPS and not (j < n and tokens[j].cap):
            return self.phrase_end(k)  # « Fédération française de triathlon »
        while j < n and self._joined(j):
            token = tokens[j]
            if token.cap or (
                token.key == "."
                and tokens[j - 1].cap
                and tokens[j - 1].end - tokens[j - 1].start == 1
                and tokens[j - 1].end == token.start
                and j + 1 < n
                and tokens[j + 1].cap
                and self._joined(j + 1)
            ):
                j += 1
            elif token.key == "&" and j + 1 < n and tokens[j + 1].cap and self._joined(j + 1):
                j += 2
            elif token.word and (end := self._particle_end(k, j)):
                j = end
            else:
                break
        return j

    def _particle_end(self, k: int, j: int) -> int:
        """The token after particles and the capital that follows them, or 0 where no name goes on."""
        tokens, n = self.tokens, len(self.tokens)
        i = j
        while (
            i < n
            and i < j + 3
            and tokens[i].key in lex.PARTICLES
            and not tokens[i].cap
            and self._joined(i)
        ):
            i += 1
        if i == j or i >= n or not tokens[i].cap or not self._joined(i):
            return 0
        # « de » goes on with a person's first name only: not « Juba de Paris », « Conseil de Lyon ».
        if tokens[j].key in ("de", "du", "d'", "des", "la") and not (
            j == k + 1 and first_name_gender(tokens[k].key)
        ):
            return 0
        if tokens[j].key in ("e", "y", "a", "la") and i > j + 1:
            return 0
        return i + 1

    def _find_names(self) -> list[NameSpan]:
        spans: list[NameSpan] = []
        n, k = len(self.tokens), 0
        while k < n:
            if not self._opens_name(k):
                k += 1
                continue
            end = self._name_end(k)
            for i, j in self._split(k, end):
                spans.append(self._span(i, j))
            k = end
        return spans

    def _split(self, i: int, j: int) -> list[tuple[int, int]]:
        """Cuts « Lyon Paul Rey » and titles inside: a known first name after a capital opens a person."""
        tokens = self.tokens
        cuts = [i]
        for k in range(i + 1, j):
            if tokens[k].key in lex.TITLES and tokens[k].cap and k + 1 < j:
                cuts.append(k + 1)
            elif len(cuts) == 1 and k + 1 < j and self._person_opens(i, k, j):
                cuts.append(k)
        pieces = []
        for a, b in zip(cuts, [*cuts[1:], j]):
            while b - 1 > a and (tokens[b - 1].key in lex.TITLES or not tokens[b - 1].word):
                b -= 1
            while a < b and not tokens[a].word:
                a += 1
            if a < b:
                pieces.append((a, b))
        return pieces

    def _person_opens(self, i: int, k: int, j: int) -> bool:
        """« à Lyon Paul Rey », « l'ONU Ban Ki-moon », « le Premier Paul Rey »: at token k a person's name opens."""
        tokens = self.tokens
        if first_name_gender(tokens[i].key):
            return False
        first, second = (self.text[t.start : t.end] for t in (tokens[k - 1], tokens[k]))
        if (
            (1 < len(first) < 7 and first.isupper() and not second.isupper() and k == i + 1)
            or tokens[k - 1].key in RANKS
            or tokens[k - 1].key == "ong"
        ):
            return True
        governed = i > 0 and (
            tokens[i - 1].key in lex.PREPOSITIONS or tokens[i - 1].key in lex.DETERMINERS
        )
        if governed and (first_name_gender(tokens[k].key) or tokens[k].key in lex.EPICENE):
            return True
        return k == i + 1 and i > 0 and self._demonym(i, k, j)

    def _demonym(self, i: int, k: int, j: int) -> bool:
        """« le Français Paul Rey », « l'Érythréenne Lul Abay »: what stands before the name is no part of it."""
        tokens = self.tokens
        if tokens[i - 1].key not in ("le", "la", "l'", "un", "une", "du", "au"):
            return False
        return j - k >= 2 and tokens[k].cap and tokens[i].key.endswith(_DEMONYM_ENDINGS)

    def _span(self, i: int, j: int) -> NameSpan:
        tokens = self.tokens
        keys = tuple(t.key for t in tokens[i:j] if t.word)
        return NameSpan(
            tokens[i].start, tokens[j - 1].end, keys, i, j, tokens[i].sent, tokens[i].para
        )

    # -- joining them to entities ---------------------------------------------------------------------

    def _cluster(self) -> None:
        """One entity for each longest name; shorter forms join it."""
        forms: dict[tuple[str, ...], list[NameSpan]] = {}
        for span in self.spans:
            forms.setdefault(span.keys, []).append(span)
        pending: list[NameSpan] = []
        # Fuller forms first: a name written with an initial joins the one written out.
        for keys in sorted(forms, key=lambda k: (_initialled(k) - len(k), forms[k][0].start)):
            if self.owners(keys):
                pending.extend(forms[keys])
                continue
            self._new_entity(keys, forms[keys])
        latest: dict[int, int] = {}  # id(entity) -> where it was last named for short
        for span in sorted(pending):
            owner = self._choose(span, latest)
            self._attach(owner, span)
            latest[id(owner)] = span.start
        self._join_aliases()
        for entity in self.entities:
            entity.spans.sort()
            entity.starts = [s.start for s in entity.spans]

    def _join_aliases(self) -> None:
        """« Alexandra Maquet, dite Alma » is one person, by her full name; « …, dit Rey » is Rey who speaks."""
        for one, two in zip(self.spans, self.spans[1:]):
            entity, alias = self.owner[one.start], self.owner[two.start]
            if entity is alias or entity.person <= 0 or len(entity.keys) < 2 or len(alias.keys) > 1:
                continue
            match [t.key for t in self.tokens[one.j : two.i]]:
                case ["dit" | "dite" | "alias" | "surnomme" | "surnommee"] | [
                    ",",
                    "dite" | "alias" | "surnomme" | "surnommee",
                ]:
                    pass
                case _:
                    continue
            entity.spans += alias.spans
            self.owner |= {span.start: entity for span in alias.spans}
            self.entities.remove(alias)
            for word in alias.words:
                self.by_word[word].remove(alias)
                self.by_word[word].append(entity)

    def _new_entity(self, keys: tuple[str, ...], spans: list[NameSpan]) -> None:
        shown = next((s for s in spans if not self.text[s.start : s.end].isupper()), spans[0])
        entity = Entity(self.text[shown.start : shown.end], keys, frozenset(name_words(keys)))
        gender = first_name_gender(keys[0])
        if gender:
            entity.person += 3 if len(keys) > 1 else 1.5
            entity.vote(gender, 3)
        elif len(keys) > 1 and keys[0] in lex.EPICENE:
            entity.person += 3
        elif len(keys) > 1:
            entity.vote(guess_gender(keys[0]), 0.5)
        if 2 <= len(keys) <= 4:
            entity.person += 0.5
        if any(key in lex.GROUPS or key in _PLACE_WORDS for key in keys):
            entity.person -= 3
        self.entities.append(entity)
        for word in entity.words:
            self.by_word.setdefault(word, []).append(entity)
        for span in spans:
            self._attach(entity, span)
        entity.starts = [s.start for s in entity.spans]

    def _attach(self, entity: Entity, span: NameSpan) -> None:
        entity.spans.append(span)
        self.owner[span.start] = entity
        gender = self.title_gender(span.i)
        if gender is not None:
            entity.person += 2
            entity.vote(gender, 6)
            noun = lex.TITLE_NOUNS.get(self.title(span.i))
            if noun:
                entity.heads.setdefault(noun, span.start)
                entity.about.setdefault(stem(noun), span.start)

    def owners(self, keys: tuple[str, ...]) -> list[Entity]:
        """Entities whose name holds these words as a surname, a first name or their beginning and end."""
        if _initialled(keys):  # « N. Belloubet »
            return [e for e in self.owners(keys[1:]) if e.keys[0][0] == keys[0]]
        words = name_words(keys)
        found = [e for e in self.by_word.get(words[-1], ()) if e.words.issuperset(words)]
        if len(keys) > 1:
            return found
        return [e for e in found if self._shortens(keys[0], e)]

    def _shortens(self, key: str, entity: Entity) -> bool:
        """Whether one word may stand for this entity."""
        if len(entity.keys) == 1:
            return True
        if any(k in lex.GROUPS or k in _PLACE_WORDS for k in entity.keys):
            return False
        surname = entity.keys[-1]
        return (
            key == surname
            or key in surname.split("-")
            or (key == entity.keys[0] and bool(first_name_gender(key)))
            or (key in entity.keys[1:] and key not in lex.PARTICLES)
        )

    def _choose(self, span: NameSpan, latest: dict[int, int]) -> Entity:
        """The entity a short name stands for here: by title, then the one named last."""
        found = self.owners(span.keys)
        gender = self.title_gender(span.i)
        if len(found) > 1 and gender:
            found = [e for e in found if e.gender in ("", gender)] or found
        if len(found) > 1:
            # A surname is rather shared than a first name taken for one.
            found = [e for e in found if e.keys[-len(span.keys) :] == span.keys] or found

        def recency(entity: Entity) -> tuple[int, int]:
            k = bisect_left(entity.starts, span.start)
            full = entity.starts[k - 1] if k else -1
            return (max(full, latest.get(id(entity), -1)), -entity.starts[0])

        return max(found, key=recency)

    # -- how they stand -------------------------------------------------------------------------------

    def title(self, i: int) -> str:
        """The title before token i, or ""."""
        k = i - 1
        if k >= 0 and self.tokens[k].key == ".":
            k -= 1
        if (
            k >= 0
            and self._joined(k + 1)
            and (
                (self.tokens[k].key in lex.TITLES and self.tokens[k].cap)
                or self.tokens[k].key in ("monsieur", "madame", "mademoiselle")
            )
        ):
            return self.tokens[k].key
        return ""

    def title_gender(self, i: int) -> str | None:
        """Gender told by a title before token i; None where there is no title."""
        return lex.TITLES.get(self.title(i))

    def role(self, span: NameSpan) -> str:
        """How a name stands in its sentence: top (opening subject), subject, prep, comma or in."""
        tokens = self.tokens
        i = self._phrase_start(span.i)
        opens = tokens[i].first or (
            i and tokens[i - 1].key == "," and span.i - self.sentences[span.sent] < 12
        )
        if (i and tokens[i - 1].key in lex.PREPOSITIONS and not tokens[i].first) or tokens[
            i
        ].key in ("du", "au", "aux", "des"):
            return "prep"
        if self._verb_follows(span.j):
            return "top" if opens else "subject"
        return "comma" if i and tokens[i - 1].key == "," else "in"

    def _phrase_start(self, i: int) -> int:
        """First token of the noun phrase in whose end a name stands: « le ministre grec X »."""
        tokens = self.tokens
        while i and (tokens[i - 1].key in lex.TITLES or tokens[i - 1].key == "."):
            i -= 1
        k = i - 1
        while (
            k >= 0
            and i - k < 8
            and tokens[k].word
            and self._joined(k + 1)
            and tokens[k].key not in CLAUSE_WORDS
        ):
            if tokens[k].key in lex.DETERMINERS or tokens[k].key in ("du", "au"):
                if (
                    k
                    and tokens[k - 1].key in ("de", "a")
                    and any(human(t.key) for t in tokens[max(0, k - 6) : k])
                ):
                    k -= 1
                    continue
                return k
            k -= 1
        return i

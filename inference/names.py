"""Reads a text for names: tokens, name spans, the entities they belong to, and what is said of each.

Nothing here knows about quotes. ``Reading(text)`` is built once per document in linear time.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from . import lexicon as lex

# Marks a web page may leave inside a word: soft hyphen, zero-width characters, byte-order mark.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_APOSTROPHES = "'’ʼ`´"
_HYPHENS = "-‐‑"
# An elided word, unless a capital N', M', O' … opens a name (N'Diaye).
_TOKEN = re.compile(
    rf"(?:[lLdD]|[qQ]u|[jJ]usqu|[lL]orsqu|[pP]uisqu|[cjmnst]|[CJMNST](?=[{_APOSTROPHES}][^\WA-ZÀ-Ý]))[{_APOSTROPHES}](?!\s*\d)"
    rf"|[^\W_][{_INVISIBLE}]*(?:[^\W_][{_INVISIBLE}]*|[{_APOSTROPHES}‐‑-](?=[^\W_]))*"
    r"|[^\w\s]"
)
_INVERTED = re.compile(r"^(.+?)-(?:t-)?(?:ils?|elles?|on|je|nous|vous)$", re.I)
_ENDS = frozenset(".!?…")
_OPENERS = frozenset("«\"“”:»–—-•")
_STOPS = frozenset(".!?…;:«»\"“”()[]")
_FOLD_TABLE = str.maketrans(
    {c: None for c in _INVISIBLE} | {c: "'" for c in _APOSTROPHES} | {c: "-" for c in _HYPHENS} | {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"}
)


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Lower case, no accents, straight apostrophes and hyphens, no invisible marks."""
    word = word.casefold().translate(_FOLD_TABLE)
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def stem(key: str) -> str:
    """A folded word without plural and silent -e, so that forms of one word meet."""
    return key.rstrip("sx").rstrip("e")


class Token(NamedTuple):
    """A word or a mark."""

    start: int
    end: int
    key: str
    cap: bool
    word: bool
    sent: int
    para: int
    first: bool  # opens a sentence, a line or a quotation


def _capitalised(word: str) -> bool:
    return word[0].isupper()


def _shouting_lines(text: str) -> list[tuple[int, int]]:
    """Lines in capitals, where a capital tells nothing."""
    lines = []
    for match in re.finditer(r"[^\n]+", text):
        line = match.group()
        letters = [c for c in line if c.isalpha()]
        if len(letters) > 12 and sum(c.isupper() for c in letters) > 0.8 * len(letters) and " " in line.strip():
            lines.append(match.span())
    return lines


def tokenise(text: str) -> list[Token]:
    """Words (elided and inverted ones split off) and marks, with their sentences and paragraphs."""
    tokens: list[Token] = []
    shouting = _shouting_lines(text)
    sent = para = last = 0
    ended = False  # a full stop was read: a capital now opens a sentence
    opened = True
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        raw = match.group()
        word = raw[0].isalnum()
        gap = text[last:start]
        if "\n" in gap:
            sent, para, ended, opened = sent + 1, para + 1, False, True
        while shouting and shouting[0][1] <= start:
            shouting.pop(0)
        if not word:
            if raw in _ENDS and not _abbreviated(raw, tokens, last, start):
                ended = True
            opened = opened or raw in _OPENERS
            tokens.append(Token(start, end, raw, False, False, sent, para, False))
            last = end
            continue
        cap = _capitalised(raw)
        if ended and (cap or raw[0].isdigit()) and (gap or not tokens[-1].key == "."):
            sent, opened = sent + 1, True
        ended = False
        if cap and shouting and shouting[0][0] <= start:
            cap = False
        cut = _INVERTED.match(raw) if "-" in raw and not cap else None
        if cut:
            tokens.append(Token(start, start + cut.end(1), fold(cut.group(1)), False, True, sent, para, opened))
            start = end - len(raw) + raw.rindex("-") + 1
            raw, opened = text[start:end], False
        tokens.append(Token(start, end, fold(raw), cap, True, sent, para, opened))
        opened, last = False, end
    return tokens


def _abbreviated(mark: str, tokens: list[Token], last: int, start: int) -> bool:
    """Whether this full stop only ends « M. », « St. » or an initial."""
    if mark != "." or not tokens or last != start or not tokens[-1].word:
        return False
    before = tokens[-1]
    return before.cap and (before.end - before.start == 1 or before.key in ("mm", "mgr", "dr", "pr", "st", "ste", "mme", "mlle", "me"))


class NameSpan(NamedTuple):
    """One occurrence of a name: tokens ``i`` to ``j``."""

    start: int
    end: int
    keys: tuple[str, ...]
    i: int
    j: int
    sent: int
    para: int


@dataclass
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
    about: dict[str, int] = field(default_factory=dict)  # stems of all words said of it -> where first
    phrase: bool = False  # a noun phrase, not a name

    @property
    def sure(self) -> bool:
        """Whether more than a name's ending tells the gender."""
        return max(self.genders.values(), default=0) > 0.5

    @property
    def gender(self) -> str:
        """m, f, p (several) or "" (unknown)."""
        best = max(self.genders, key=lambda g: self.genders[g], default="")
        return best if self.genders.get(best, 0) > 0 else ""

    def vote(self, gender: str, weight: float) -> None:
        if gender:
            self.genders[gender] = self.genders.get(gender, 0.0) + weight

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
    return key in lex.PEOPLE or "-" in key and key.rsplit("-", 1)[1] in lex.PEOPLE


class Reading:
    """A text's tokens, names and entities."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenise(text)
        self.token_starts = [t.start for t in self.tokens]
        self._lower = {t.key for t in self.tokens if t.word and not t.cap}
        self.sentences: list[int] = []  # first token of each sentence
        for k, token in enumerate(self.tokens):
            while len(self.sentences) <= token.sent:
                self.sentences.append(k)
        self.spans = self._find_names()
        self.entities: list[Entity] = []
        self.by_word: dict[str, list[Entity]] = {}
        self.owner: dict[int, Entity] = {}  # span start -> entity
        self._cluster()
        self.span_starts = [s.start for s in self.spans]
        for span in self.spans:
            self._describe(span, self.owner[span.start])
        self._acronyms: dict[str, str | None] = {}
        self._phrases: dict[int, list[Entity]] = {}
        self._capitals: dict[str, list[int]] | None = None
        self._by_capital: dict[str, list[int]] | None = None

    # -- finding names ---------------------------------------------------------------------------

    def at(self, position: int) -> int:
        """Index of the first token that ends after ``position``."""
        k = bisect_right(self.token_starts, position)
        if k and self.tokens[k - 1].end > position:
            return k - 1
        return k

    def _joined(self, k: int) -> bool:
        """Whether token k stands in one line after token k-1, with nothing but spaces between."""
        before, here = self.tokens[k - 1], self.tokens[k]
        return here.para == before.para and here.sent == before.sent

    def _opens_name(self, k: int) -> bool:
        token = self.tokens[k]
        if not token.cap or token.key in lex.TITLES and self._title_here(k):
            return False
        if k and (token.key in _RANKS or human(token.key) and token.key not in lex.MALE) and \
                (self.tokens[k - 1].key in lex.DETERMINERS or self.tokens[k - 1].key in ("du", "au", ",", "vice")):
            return False  # « le Premier ministre », « la Préfète de … »
        if not token.first:
            return not (token.key.endswith("'") and token.key != "o'")
        if token.key in lex.STARTERS or token.key.endswith("'"):
            return False
        follows = k + 1 < len(self.tokens) and self._joined(k + 1) and self.tokens[k + 1].cap
        return follows or token.key not in self._lower

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
        while j < n and self._joined(j):
            token = tokens[j]
            if token.cap:
                j += 1
            elif token.key == "." and tokens[j - 1].cap and tokens[j - 1].end - tokens[j - 1].start == 1 \
                    and tokens[j - 1].end == token.start and j + 1 < n and tokens[j + 1].cap and self._joined(j + 1):
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
        while i < n and i < j + 3 and tokens[i].key in lex.PARTICLES and not tokens[i].cap and self._joined(i):
            i += 1
        if i == j or i >= n or not tokens[i].cap or not self._joined(i):
            return 0
        # « de » goes on with a person's first name only: not « Juba de Paris », « Conseil de Lyon ».
        if tokens[j].key in ("de", "du", "d'", "des", "la") and not (j == k + 1 and first_name_gender(tokens[k].key)):
            return 0
        if tokens[j].key in ("e", "y", "a", "la") and i > j + 1:
            return 0
        return i + 1

    def _find_names(self) -> list[NameSpan]:
        spans: list[NameSpan] = []
        tokens, n = self.tokens, len(self.tokens)
        k = 0
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
            elif k == i + 1 and k + 1 < j and tokens[i - 1].key in ("de", "du", "d'", "des", "a", "en") and i \
                    and first_name_gender(tokens[k].key) and not first_name_gender(tokens[i].key):
                cuts.append(k)
            elif k == i + 1 and i and self._demonym(i, k, j):
                cuts.append(k)
        pieces = []
        for a, b in zip(cuts, [*cuts[1:], j]):
            while b - 1 > a and (tokens[b - 1].key in lex.TITLES or not tokens[b - 1].word):
                b -= 1
            pieces.append((a, b))
        return pieces

    def _demonym(self, i: int, k: int, j: int) -> bool:
        """« le Français Paul Rey », « l'Érythréenne Lul Abay »: what stands before the name is no part of it."""
        tokens = self.tokens
        if tokens[i - 1].key not in ("le", "la", "l'", "un", "une", "du", "au") or first_name_gender(tokens[i].key):
            return False
        return bool(first_name_gender(tokens[k].key)) or j - k >= 2 and tokens[i].key.endswith(_DEMONYM_ENDINGS)

    def _span(self, i: int, j: int) -> NameSpan:
        tokens = self.tokens
        keys = tuple(t.key for t in tokens[i:j] if t.word)
        return NameSpan(tokens[i].start, tokens[j - 1].end, keys, i, j, tokens[i].sent, tokens[i].para)

    # -- joining them to entities ----------------------------------------------------------------

    def _cluster(self) -> None:
        """One entity for each longest name; shorter forms join it."""
        forms: dict[tuple[str, ...], list[NameSpan]] = {}
        for span in self.spans:
            forms.setdefault(span.keys, []).append(span)
        single: dict[tuple[str, ...], Entity] = {}
        pending: list[NameSpan] = []
        for keys in sorted(forms, key=lambda k: (-len(k), forms[k][0].start)):
            if self.owners(keys):
                pending.extend(forms[keys])
                continue
            entity = self._new_entity(keys, forms[keys])
            single[keys] = entity
        for span in sorted(pending):
            owner = self.choose(span.keys, span.start, self.title_gender(span.i))
            assert owner is not None
            self._attach(owner, span)
        for entity in self.entities:
            entity.spans.sort()
            entity.starts = [s.start for s in entity.spans]

    def _new_entity(self, keys: tuple[str, ...], spans: list[NameSpan]) -> Entity:
        shown = next((s for s in spans if not self.text[s.start : s.end].isupper()), spans[0])
        entity = Entity(self.text[shown.start : shown.end], keys, frozenset(name_words(keys)))
        gender = first_name_gender(keys[0])
        if gender:
            entity.person += 3 if len(keys) > 1 else 1.5
            entity.vote(gender, 3)
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
        return entity

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
        return key == surname or key in surname.split("-") or key == entity.keys[0] and bool(first_name_gender(key)) or \
            key in entity.keys[1:] and key not in lex.PARTICLES

    def choose(self, keys: tuple[str, ...], position: int, gender: str | None = None) -> Entity | None:
        """The entity a short name stands for here: by title, then the one named last."""
        found = self.owners(keys)
        if len(found) > 1 and gender:
            found = [e for e in found if e.gender in ("", gender)] or found
        if len(found) > 1:
            # A surname is rather shared than a first name taken for one.
            tail = [e for e in found if e.keys[-len(keys):] == keys]
            found = tail or found
        if len(found) < 2:
            return found[0] if found else None

        def recency(entity: Entity) -> tuple[int, int]:
            last = max((s.start for s in entity.spans if s.start < position), default=-1)
            return (last, -entity.spans[0].start)

        return max(found, key=recency)

    def title(self, i: int) -> str:
        """The title before token i, or ""."""
        k = i - 1
        if k >= 0 and self.tokens[k].key == ".":
            k -= 1
        if k >= 0 and self.tokens[k].cap and self.tokens[k].key in lex.TITLES and self._joined(k + 1):
            return self.tokens[k].key
        return ""

    def title_gender(self, i: int) -> str | None:
        """Gender told by a title before token i; None where there is no title."""
        return lex.TITLES.get(self.title(i))

    def role(self, span: NameSpan) -> str:
        """How a name stands in its sentence: top (opening subject), subject, prep, comma or in."""
        tokens = self.tokens
        i = self._phrase_start(span.i)
        opens = tokens[i].first or i and tokens[i - 1].key == "," and span.i - self.sentences[span.sent] < 12
        if i and tokens[i - 1].key in lex.PREPOSITIONS and not tokens[i].first or tokens[i].key in ("du", "au", "aux", "des"):
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
        while k >= 0 and i - k < 8 and tokens[k].word and self._joined(k + 1) and not tokens[k].key in _CLAUSE_WORDS:
            if tokens[k].key in lex.DETERMINERS or tokens[k].key in ("du", "au"):
                if k and tokens[k - 1].key in ("de", "a") and any(human(t.key) for t in tokens[max(0, k - 6) : k]):
                    k -= 1
                    continue
                return k
            k -= 1
        return i

    def _verb_follows(self, j: int) -> bool:
        """Whether a verb seems to follow token j-1, perhaps after an apposition between commas."""
        tokens, n = self.tokens, len(self.tokens)
        if j < n and tokens[j].key in (",", "(") and self._joined(j):
            closer = ")" if tokens[j].key == "(" else ","
            j += 1
            end = min(n, j + 20)
            while j < end and self._joined(j) and tokens[j].key != closer:
                if tokens[j].key in _STOPS and tokens[j].key not in "«»\"":
                    return False
                j += 1
            j += 1
        if j >= n or not self._joined(j) or not tokens[j].word or tokens[j].cap:
            return False
        key = tokens[j].key
        return key not in _NO_VERBS and (key not in lex.PREPOSITIONS or key == "a" and not self._is_preposition_a(j))

    # -- what is said of them --------------------------------------------------------------------

    def _describe(self, span: NameSpan, entity: Entity) -> None:
        before = self.tokens[span.i - 1] if span.i and self._joined(span.i) else None
        if before is not None:
            if before.key in ("le", "la", "l'", "les"):
                entity.person -= 1.5 if len(span.keys) == 1 or not first_name_gender(span.keys[0]) else 0
                entity.vote({"le": "m", "la": "f", "les": "p"}.get(before.key, ""), 1)
            elif before.key in ("a", "en", "au", "aux"):
                entity.place += 1
                entity.person -= 0.5
            elif before.key == ",":
                self._before(span.i - 2, entity, comma=True)
            elif before.key == "par" and span.i > 1:
                self._noun_of_verb(span.i - 2, entity)
            elif before.word and before.key not in lex.PREPOSITIONS:
                self._before(span.i - 1, entity, comma=False)
        # « le maire de Lyon, médecin, »: what follows a governed place is said of the head noun.
        if before is None or before.key not in ("de", "du", "d'", "des", "a", "en", "au") or first_name_gender(span.keys[0]):
            self._after(span.j, entity)

    def _noun_of_verb(self, k: int, entity: Entity) -> None:
        """« présidée par X », « X, qui dirige »: the trade a verb tells."""
        noun = lex.VERB_NOUNS.get(self.tokens[k].key)
        if noun:
            entity.heads.setdefault(noun, self.tokens[k].start)
            entity.about.setdefault(stem(noun), self.tokens[k].start)

    def _note(self, entity: Entity, i: int, j: int, head: int) -> None:
        """Takes tokens i to j as said of the entity, with its head noun."""
        position = self.tokens[i].start
        entity.heads.setdefault(self.tokens[head].key, position)
        for token in self.tokens[i:j]:
            if token.word and (len(token.key) > 2 or token.key.isdigit()) and token.key not in lex.PREPOSITIONS:
                entity.about.setdefault(stem(token.key), position)

    def _before(self, k: int, entity: Entity, comma: bool) -> None:
        """« le ministre grec de la Marine[,] X »: the noun phrase that ends at token k."""
        tokens = self.tokens
        head = -1
        i = k
        while i >= 0 and k - i < 14 and self._joined(i + 1):
            key = tokens[i].key
            if not tokens[i].word or key in _CLAUSE_WORDS and not self._is_preposition_a(i):
                break
            if (human(key) or key in lex.GROUPS) and i and (
                tokens[i - 1].key in lex.DETERMINERS or tokens[i - 1].key in lex.PREMODIFIERS or tokens[i - 1].key == ","
                or tokens[i].first
            ):
                head = i
                if not self._governed(i):
                    break
            i -= 1
        if head < 0 or (comma and self._governed(head) and tokens[head - 1].key in ("un", "une")):
            return
        self._note(entity, head, k + 1, head)
        self._judge(entity, head, 2.0 if not comma else 1.5)

    def _governed(self, head: int) -> bool:
        """Whether the noun phrase around this head hangs on another noun: « le cabinet de la ministre »."""
        tokens = self.tokens
        i = head - 1
        while i >= 0 and tokens[i].key in lex.PREMODIFIERS:
            i -= 1
        if i >= 0 and tokens[i].key in lex.DETERMINERS and tokens[i].key not in ("des",):
            i -= 1
        elif i >= 0 and tokens[i].key in ("du", "des"):
            return True
        return i >= 0 and tokens[i].key in ("de", "du", "des", "d'") and self._joined(i + 1)

    def _judge(self, entity: Entity, head: int, weight: float) -> None:
        """Lets a noun said of the entity tell its gender and whether it is a person."""
        key = self.tokens[head].key
        if human(key):
            entity.person += weight
            gender = noun_gender(key)
            if not gender:
                i = head - 1
                while i > 0 and self.tokens[i].key in lex.PREMODIFIERS:
                    gender = gender or lex.DETERMINERS.get(self.tokens[i].key, "")
                    i -= 1
                gender = lex.DETERMINERS.get(self.tokens[i].key, "") if i >= 0 else ""
            entity.vote(gender, weight)
        else:
            entity.person -= weight
            entity.vote(noun_gender(key), weight / 2)

    def _after(self, k: int, entity: Entity) -> None:
        """« X, ministre de la Santé, », « X (PS) », « X est médecin », « X, 52 ans, pêcheur », « X, elle, »."""
        tokens, n = self.tokens, len(self.tokens)
        if k >= n or not self._joined(k):
            return
        opener = tokens[k].key
        if opener in lex.VERB_NOUNS:
            self._noun_of_verb(k, entity)
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
            if key in ("lui", "elle"):
                entity.vote(lex.PRONOUNS[key], 4)
            elif key in ("eux", "elles"):
                entity.vote("p", 4)
            elif not tokens[k + 1].cap:
                self._apposed(k + 1, entity)

    def _bracket(self, k: int, entity: Entity) -> None:
        for token in self.tokens[k : k + 6]:
            if token.key == ")":
                return
            if token.word:
                entity.about.setdefault(stem(token.key), token.start)

    def _is_preposition_a(self, k: int) -> bool:
        """« à », which folds to the same « a » as the verb."""
        return self.tokens[k].key == "a" and self.text[self.tokens[k].start] in "àÀ"

    def _apposed(self, k: int, entity: Entity, closed: bool = True) -> None:
        """The apposition that opens at token k; it may go on after an age: « , 52 ans, pêcheur à Y »."""
        tokens, n = self.tokens, len(self.tokens)
        i = k
        while i < n and i < k + 4 and (tokens[i].key in lex.DETERMINERS or tokens[i].key in lex.PREMODIFIERS or tokens[i].key.isdigit()):
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
        if i >= n or not (human(tokens[i].key) or tokens[i].key in lex.GROUPS) or tokens[i].cap:
            return
        if tokens[k].key in lex.DETERMINERS and tokens[k].key in _PLURAL_OR_OWN:
            return
        j = i + 1
        while j < n and j < i + 18 and self._joined(j) and tokens[j].key not in _STOPS and tokens[j].key != ",":
            if tokens[j].key in _CLAUSE_WORDS and tokens[j].key != "et" and not self._is_preposition_a(j):
                break
            j += 1
        if closed and j < n and self._joined(j) and tokens[j].word and tokens[j].key not in ("qui", "dont"):
            return  # « , le technicien a reconnu »: the subject of what follows, no apposition
        if any(tokens[m].cap and not tokens[m].key.endswith("'") and tokens[m - 1].key not in lex.PREPOSITIONS
               and tokens[m - 1].key not in lex.DETERMINERS and not tokens[m - 1].cap for m in range(i + 1, min(j, i + 4))):
            return  # « X, le ministre Paul Rey »: somebody else
        self._note(entity, i, j, i)
        for m in range(i + 1, j):  # « premier adjoint et fidèle lieutenant »
            if human(tokens[m].key) and not self._governed(m):
                entity.heads.setdefault(tokens[m].key, tokens[m].start)
        self._judge(entity, i, 2.0)

    # -- long forms of acronyms ------------------------------------------------------------------

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
        for k in self._capitals.get(letters[0], ()):
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
            if k + 2 < n and tokens[k + 1].key == "(":
                end = next((j for j in range(k + 2, min(n, k + 18)) if tokens[j].key == ")"), 0)
                opens = next((j for j in range(k + 2, end) if tokens[j].cap and tokens[j].key[0] == letters[0]), 0)
                if opens and end - opens > 1 and (opens == k + 2 or not tokens[opens - 1].cap):
                    return self.text[tokens[opens].start : tokens[end - 1].end]
            if k > 2 and tokens[k - 1].key == "(" and k + 1 < n and tokens[k + 1].key == ")":
                i = k - 2
                while i > 0 and k - i < 14 and tokens[i].word and self._joined(i) and not (tokens[i].cap and tokens[i - 1].key in ("le", "la", "l'", "les")):
                    i -= 1
                if i > 0 and tokens[i].cap and tokens[i - 1].key in ("le", "la", "l'", "les") and k - 1 - i > 1:
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
            small = token.key in lex.PREPOSITIONS or token.key in lex.DETERMINERS or token.key == "et"
            if used < len(letters) and token.key[0] == letters[used]:
                used += 1
            elif not small:
                broken = True  # from here only the acronym in brackets can prove it
            j += 1
            if used == len(letters) and not broken and not (j + 1 < n and tokens[j].key in _BRACKETS and tokens[j + 1].key == acronym):
                return j, False
        return 0, False

    # -- noun phrases ----------------------------------------------------------------------------

    def phrases(self, sent: int) -> list[Entity]:
        """Noun phrases of a sentence that may be a pronoun's antecedent: its first one, people, groups."""
        if sent not in self._phrases:
            self._phrases[sent] = self._read_phrases(sent)
        return self._phrases[sent]

    def _read_phrases(self, sent: int) -> list[Entity]:
        if not 0 <= sent < len(self.sentences):
            return []
        tokens = self.tokens
        found: list[Entity] = []
        i = self.sentences[sent]
        first = True
        while i < len(tokens) and tokens[i].sent == sent:
            if (tokens[i].key in lex.DETERMINERS or tokens[i].key in ("au", "du", "aux")) and (not tokens[i].cap or tokens[i].first):
                phrase, j = self._phrase(i, first)
                if phrase is not None:
                    found.append(phrase)
                    first = False
                i = max(j, i + 1)
            else:
                i += 1
        return found

    def _phrase(self, i: int, any_noun: bool) -> tuple[Entity | None, int]:
        """The noun phrase whose determiner is token i, if its head is a person or a group (or any noun)."""
        tokens, n = self.tokens, len(self.tokens)
        h = i + 1
        while h < n and self._joined(h) and tokens[h].key in lex.PREMODIFIERS and not (h + 1 < n and not tokens[h + 1].word):
            h += 1
        if h >= n or not self._joined(h) or not tokens[h].word or tokens[h].cap:
            return None, h
        key = tokens[h].key
        singular = key[:-1] if key.endswith("s") else key
        known = human(key) or human(singular) or key in lex.GROUPS or singular in lex.GROUPS or key in lex.QUANTITIES
        if not known and not (any_noun and tokens[i].first):
            return None, h
        j = self.phrase_end(h)
        if self._names_person(h, j):
            return None, j
        bare = tokens[i].key not in lex.DETERMINERS  # « au », « du » hide the article
        gender = lex.DETERMINERS.get(tokens[i].key) or noun_gender(key) or ("m" if bare else "")
        if key in lex.QUANTITIES:
            gender = "p"
        span = NameSpan(tokens[i + bare].start, tokens[j - 1].end, (key,), i, j, tokens[i].sent, tokens[i].para)
        entity = Entity(self.text[span.start : span.end], (key,), frozenset((key,)), [span], [span.start], phrase=True)
        entity.person = 2.0 if human(key) or human(singular) or key in lex.QUANTITIES else -1.0
        entity.vote(gender, 3)
        self._note(entity, h, j, h)
        return entity, j

    def _names_person(self, h: int, j: int) -> bool:
        """« le ministre Paul Rey »: the phrase holds its own name, which is an entity already."""
        for k in range(h + 1, j):
            if self.tokens[k].cap:
                return self.tokens[k - 1].key not in lex.PREPOSITIONS and self.tokens[k - 1].key not in lex.DETERMINERS
        return False

    def phrase_end(self, h: int) -> int:
        """The token after a noun phrase with head h: complements with de/du/des/d' and names."""
        tokens, n = self.tokens, len(self.tokens)
        j = h + 1
        while j < n and j < h + 10 and self._joined(j):
            key = tokens[j].key
            if tokens[j].cap and not key.endswith("'"):
                j += 1
            elif key in ("de", "du", "des", "d'") and j + 1 < n and tokens[j + 1].word and self._joined(j + 1):
                j += 2
                while j < n and j < h + 10 and tokens[j - 1].key in lex.DETERMINERS and self._joined(j) and tokens[j].word:
                    j += 1
            elif tokens[j].word and key.endswith(_ADJECTIVE_ENDINGS) and not key.endswith(("aient", "ment")) and len(key) > 4:
                j += 1
            else:
                break
        return j


_RANKS = frozenset(("premier", "premiere", "vice", "ex", "pdg"))
_DEMONYM_ENDINGS = ("ais", "aise", "ois", "oise", "ien", "ienne", "een", "eenne", "ain", "aine", "ene", "ol", "ole", "ois", "and", "ande", "be", "ite", "que", "lge", "sse", "ard", "arde", "che")
_NO_VERBS = frozenset("et ou ni que qu' qui dont comme mais car si soit puis ainsi le la les un une l'".split())
_BRACKETS = frozenset("(,-–—[")
_PLURAL_OR_OWN = frozenset(("les", "des", "ces"))
_ADJECTIVE_ENDINGS = ("ien", "ienne", "ais", "aise", "ois", "oise", "ain", "aine", "ique", "al", "ale", "aire", "iste", "ond", "onde", "eenne", "een", "aux", "ales", "iques", "aires")
_CLAUSE_WORDS = frozenset(
    "que qu' qui dont ou si et mais car est sont etait etaient a ont avait avaient sera il elle ils elles on ne n' pas "
    "lui leur se s' y lorsque quand comme dit selon pour".split()
)
_PLACE_WORDS = frozenset(
    "rue avenue place boulevard quai saint sainte mont lac mer ile iles republique royaume etats cour palais hotel "
    "universite lycee college institut office banque unis unies nord sud est ouest afrique europe amerique asie "
    "conseil ministere centre grand nouvelle gilets jaunes maison societe union nations nation organisation".split()
)


def name_words(keys: tuple[str, ...]) -> list[str]:
    """A name's words with hyphenated ones cut, the last word last."""
    return [part for key in keys for part in key.split("-") if part]

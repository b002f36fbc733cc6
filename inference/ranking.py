"""Ranks whom a pronoun, a description or a bare quote may stand for, by a log-linear model.

The features are readable strings (``pronoun:rank=0``); their weights are in ``speakers.json``.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from . import lexicon as lex
from .names import Entity, NameSpan, human
from .phrases import Reading
from .words import fold, stem

_WEIGHTS = Path(__file__).with_name("speakers.json")
TRIM = ' \t\r\n\u00a0\u202f\u2009«»"“”,;:!?…()[]–—-'


@dataclass(frozen=True)
class Attribution:
    """One decoded quote, before its speaker has a name."""

    start: int
    end: int
    mention: tuple[int, int] | None
    type: str


@lru_cache(maxsize=1)
def weights() -> dict[str, float]:
    """The ranker's weights, as ``guillemets.training.fit_speakers`` writes them."""
    return json.loads(_WEIGHTS.read_text(encoding="utf-8"))


@dataclass
class Query:
    """What is asked about one quote."""

    index: int  # in text order
    quote: Attribution
    kind: str  # name | pronoun | phrase | none
    start: int
    end: int
    sent: int
    para: int
    told: int  # sentences of the narrative up to here
    gender: str = ""
    key: str = ""  # folded mention
    head: str = ""  # head noun of a phrase
    words: frozenset[str] = frozenset()  # stems of a phrase
    style: str = ""
    own: Entity | None = None  # the phrase itself as an answer


@dataclass
class Place:
    """Where a candidate was last seen before a query."""

    start: int
    told: int
    para: int
    role: str = ""
    quoted: bool = False


@dataclass
class Candidate:
    """A possible answer and its features."""

    entity: Entity
    features: list[str] = field(default_factory=list)
    score: float = 0.0


class Ranking:
    """The state of one text's resolution, and the features of every candidate in it."""

    def __init__(
        self, text: str, quotes: Sequence[Attribution], model: dict[str, float] | None = None
    ) -> None:
        self.text = text
        self.model = weights() if model is None else model
        self.given = list(quotes)
        self.order = sorted(
            range(len(self.given)), key=lambda k: (self.given[k].start, self.given[k].end, k)
        )
        self.reading = Reading(text)
        self.quotes = [self.given[k] for k in self.order]
        self.quote_starts = [q.start for q in self.quotes]
        self.answers: list[Entity | None] = [None] * len(self.quotes)
        self.direct: list[Entity | None] = [None] * len(self.quotes)
        self.told = self._told()
        self.roles: dict[int, str] = {}
        self.uses: dict[int, Place] = {}  # id(entity) -> where a resolved mention last stood for it
        self.standing: dict[int, Entity] = {}  # start of a noun phrase -> whom it stands for
        self.alias: dict[str, Entity] = {}  # folded noun phrase -> whom it stood for last
        self.overtaken = False  # somebody who agrees was made a subject since the last quote
        self.known: dict[str, Entity] = {}  # phrases that spoke, by folded words
        people = [e for e in self.reading.entities if _kind(e) == "person"]
        self.hero = min(people, key=lambda e: e.starts[0], default=None)  # the first person named
        self._folded: list[str] | None = None
        self._index: dict[str, list[tuple[int, Entity]]] | None = None

    def _choose(self, candidates: list[Candidate]) -> Entity | None:
        """The best candidate."""
        for candidate in candidates:
            candidate.score = sum(self.model.get(f, 0.0) for f in candidate.features)
        return max(candidates, key=lambda c: c.score).entity if candidates else None

    def _describe(
        self, query: Query, pool: dict[int, Entity], recent: list[Entity]
    ) -> list[Candidate]:
        """Candidates with their features."""
        describe = {
            "phrase": self._phrase_features,
            "pronoun": self._pronoun_features,
            "none": self._bare_features,
            "name": self._pronoun_features,
        }
        places = {key: self._place(e, query) for key, e in pool.items()}
        self.overtaken = query.index > 0 and any(
            place is not None
            and place.start > self.quotes[query.index - 1].end
            and place.role in ("top", "subject", "comma")
            and not place.quoted
            and _kind(pool[key]) in ("person", "maybe", "people", "someone")
            and (query.kind == "none" or _agreement(query.gender, pool[key]) == "agree")
            for key, place in places.items()
        )
        ranks = self._ranks(query, pool, places)
        found = []
        for key, entity in pool.items():
            candidate = Candidate(entity)
            describe[query.kind](
                query, entity, places[key], ranks.get(key, 9), recent, candidate.features
            )
            candidate.features = [f"{query.kind}:{f}" for f in candidate.features]
            found.append(candidate)
        return found

    def _agreement(self, query: Query, entity: Entity) -> str:
        """Agreement of query and entity; « le groupe » may stand for a feminine name."""
        if (
            query.kind == "phrase"
            and query.gender != "p"
            and entity.person <= 0
            and noun_class(query.head) in ("company", "authority")
        ):
            return "free"
        return _agreement(query.gender, entity)

    # -- history and places ---------------------------------------------------------------------------

    def _recent_speakers(self, index: int) -> list[Entity]:
        """The last four different speakers before a quote, the latest first."""
        found: list[Entity] = []
        for k in range(index - 1, max(-1, index - 12), -1):
            entity = self.answers[k]
            if entity is not None and entity not in found:
                found.append(entity)
        return found[:4]

    def _next_speaker(self, index: int) -> Entity | None:
        for k in range(index + 1, min(len(self.quotes), index + 4)):
            if self.quotes[k].mention is not None:
                return self.answers[k] or self.direct[k]
        return None

    def _repeated(self, index: int) -> Entity | None:
        """The speaker of a longer quote that repeats this one, as headlines do."""
        if self._folded is None:
            self._folded = [content_key(self.text[q.start : q.end]) for q in self.quotes]
        mine = self._folded[index]
        if not mine:
            return None
        for k in range(max(0, index - 40), min(len(self.quotes), index + 40)):
            if k != index and mine in self._folded[k] and self.quotes[k].mention is not None:
                return self.answers[k] or self.direct[k]
        return None

    def _quoted(self, position: int) -> bool:
        """Whether the position stands in words quoted verbatim: an indirect quote is still the journalist's text."""
        k = bisect_right(self.quote_starts, position) - 1
        if k < 0 or position >= self.quotes[k].end or self.quotes[k].type == "indirect":
            return False
        quote = self.quotes[k]
        return quote.type == "direct" or _between_marks(self.text, quote.start, position)

    def _reported(self, position: int) -> bool:
        """Whether the position stands in what somebody is reported to have said, verbatim or not."""
        k = bisect_right(self.quote_starts, position) - 1
        return k >= 0 and position < self.quotes[k].end

    def _place(self, entity: Entity, query: Query) -> Place | None:
        """Where the entity was last named or stood for before the query."""
        used = self.uses.get(id(entity))
        if used is not None and used.start >= query.start:
            used = None
        k = bisect_left(entity.starts, query.start)
        tries = 0
        while k > 1 and tries < 3 and self._quoted(entity.starts[k - 1]):
            k, tries = k - 1, tries + 1
        span = entity.spans[k - 1] if k else None
        if span is None or (used is not None and used.start >= span.start):
            return used
        return Place(
            span.start, self.told[span.sent], span.para, self._role(span), self._quoted(span.start)
        )

    def _role(self, span: NameSpan) -> str:
        if span.start not in self.roles:
            self.roles[span.start] = self.reading.role(span)
        return self.roles[span.start]

    def _told(self) -> list[int]:
        """For each sentence, how many sentences up to it begin outside quotes: quoted ones put nothing further away."""
        told, count = [], 0
        for token in self.reading.sentences:
            count += not self._quoted(self.reading.tokens[token].start)
            told.append(count)
        return told or [0]

    def _ranks(
        self, query: Query, pool: dict[int, Entity], places: dict[int, Place | None]
    ) -> dict[int, int]:
        """How many agreeing people or phrases were seen later than each candidate."""
        groups = query.kind == "phrase" and noun_class(query.head) in ("company", "authority")
        wanted = ("group", "name", "body") if groups else ("person", "people", "someone", "maybe")
        seen = []
        for key, entity in pool.items():
            place = places[key]
            if (
                place is not None
                and not place.quoted
                and _agreement(query.gender, entity) != "clash"
                and _kind(entity) in wanted
            ):
                seen.append((-place.start, key))
        return {key: rank for rank, (_, key) in enumerate(sorted(seen))}

    # -- features -------------------------------------------------------------------------------------

    def _shared(
        self,
        query: Query,
        entity: Entity,
        place: Place | None,
        rank: int,
        recent: list[Entity],
        out: list[str],
    ) -> None:
        """Kind, agreement, distance and history."""
        kind, agreement = _kind(entity), self._agreement(query, entity)
        out.append(f"kind={kind},{agreement}")
        if query.gender == "p":
            out.append(f"p,{kind},{agreement}")
        if place is None:
            out.append("unseen")
        elif place.quoted:
            out.append("quoted")
        else:
            away = query.told - place.told
            out.append(f"sent={_bucket(away)}")
            out.append(f"para={min(2, query.para - place.para)}")
            out.append(f"role={place.role}")
            out.append(f"role={place.role},sent={min(2, away)}")
        if rank < 9:
            out.append(f"rank={min(2, rank)}")
        if recent and entity is recent[0]:
            last = self.quotes[query.index - 1]
            out.append("last,overtaken" if self.overtaken else "last")
            out.append(f"last,para={int(chr(10) in self.text[last.end : query.start])}")
            out.append(f"last,{agreement}")
            if rank < 9:
                out.append(f"last,rank={min(2, rank)}")
        elif entity in recent:
            out.append(f"recent={recent.index(entity)}")
        if len(entity.spans) > 1:
            out.append("often")
        if entity.place:
            out.append("place")

    def _pronoun_features(
        self,
        query: Query,
        entity: Entity,
        place: Place | None,
        rank: int,
        recent: list[Entity],
        out: list[str],
    ) -> None:
        self._shared(query, entity, place, rank, recent, out)
        style = query.style
        agreement = _agreement(query.gender, entity)
        out.append(f"{style},{_kind(entity)}")
        if place is not None and not place.quoted:
            out.append(f"{style},sent={min(2, query.told - place.told)}")
            out.append(f"{style},role={place.role}")
            if rank < 9:
                out.append(f"{style},rank={min(2, rank)}")
            if query.para == place.para and agreement != "clash":
                out.append("samepara,agree")
            if self._reported(place.start):
                out.append("reported")
                out.append(f"{style},reported")
            if query.index and place.start > self.quotes[query.index - 1].end:
                out.append(f"fresh,{agreement}")
                out.append(f"fresh,{place.role}")
        if recent and entity is recent[0]:
            out.append(f"{style},last")
            apart = chr(10) in self.text[self.quotes[query.index - 1].end : query.start]
            out.append(f"{style},last,para={int(apart)}")

    def _phrase_features(
        self,
        query: Query,
        entity: Entity,
        place: Place | None,
        rank: int,
        recent: list[Entity],
        out: list[str],
    ) -> None:
        noun = noun_class(query.head)
        if query.own is entity:
            out.append("self")
            out.append(f"self,{query.style},{noun}")
            out.append(f"self,{query.style},long={min(3, len(query.words))}")
            out.append(f"self,{noun},long={min(3, len(query.words))}")
            out.append(f"self,{query.style},{noun},long={min(3, len(query.words))}")
            if self.alias.get(query.key) is not None:
                out.append("self,alias")
            out.append(f"self,plural={query.gender == 'p'}")
            out.append(f"self,head={_lemma(query.head)}")  # « le préfet » mostly stays one
            if any(w in lex.PREPOSITIONS for w in query.key.split()) or " d'" in query.key:
                out.append(f"self,complement,{query.style}")
            return
        self._shared(query, entity, place, rank, recent, out)
        out.append(f"{noun},{_kind(entity)}")
        out.append(f"{query.style},{_kind(entity)}")
        agreement = self._agreement(query, entity)
        last = bool(recent) and entity is recent[0]
        if _lemma(query.head) in map(_lemma, entity.heads):
            out.append("head")
            out.append(f"head,{agreement}")
        elif mine := _spheres(query.head):
            theirs = frozenset().union(*(_spheres(h) for h in entity.heads))
            fit = "same" if mine & theirs else "other" if theirs else "none"
            out.append(f"sphere={fit},{_kind(entity)}")
            out.append(f"sphere={fit},{agreement}")
            out.append(f"sphere={fit},{noun}")
            if last:
                out.append(f"sphere={fit},last")
        if self.alias.get(query.key) is entity:
            out.append("alias")
        shared = len(query.words & entity.about.keys())
        out.append(f"words={min(3, shared)}")
        if query.words and shared == len(query.words):
            out.append("words=all")
        after = bisect_left(entity.starts, query.end)
        if place is None and after < len(entity.starts):
            ahead = entity.spans[after].sent - query.sent
            out.append(f"ahead={_bucket(ahead)},{query.style}")
            out.append(f"ahead={_bucket(ahead)},{self._role(entity.spans[after])}")
        if entity is self.hero:
            out.append(f"hero,{noun},{_agreement(query.gender, entity)}")
        if query.words & {stem(w) for w in entity.words}:
            out.append(f"namewords,{_kind(entity)}")
        if last:
            out.append(f"last,{noun},{_kind(entity)}")
            out.append(f"last,{query.style}")
            out.append(f"last,told={bool(entity.heads)},{noun}")

    def _bare_features(
        self,
        query: Query,
        entity: Entity,
        place: Place | None,
        rank: int,
        recent: list[Entity],
        out: list[str],
    ) -> None:
        quote = query.quote
        out.append(f"kind={_kind(entity)}")
        line_start = self.text.rfind("\n", 0, quote.start) + 1
        line_end = self.text.find("\n", quote.end)
        line = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        alone = len(line.strip(TRIM)) <= quote.end - quote.start + 2
        dashed = line.lstrip()[:1] in ("-", "–", "—") and line.rstrip()[-1:] in ("-", "–", "—")
        where = (
            "head"
            if line_start == 0
            else "sub"
            if alone and dashed
            else "alone"
            if alone
            else "mid"
        )
        if query.index == 0:
            where += ",first"
        before = self.quotes[query.index - 1] if query.index else None
        gap = self.text[before.end : quote.start] if before is not None else ""
        touching = before is not None and not gap.strip(TRIM + ".")
        if recent and entity is recent[0]:
            out.append(f"last,{where}")
            out.append(f"last,touch={touching},para={min(2, gap.count(chr(10)))}")
            out.append(f"last,overtaken={self.overtaken},para={min(1, gap.count(chr(10)))}")
            out.append(f"last,type={quote.type}")
        elif entity in recent:
            out.append(f"recent={recent.index(entity)}")
        if self._next_speaker(query.index) is entity:
            out.append(f"next,{where}")
            follower = self.quotes[query.index + 1] if query.index + 1 < len(self.quotes) else None
            out.append(
                f"next,line={follower is not None and chr(10) not in self.text[quote.end : follower.start]}"
            )
        if self._repeated(query.index) is entity:
            out.append("repeated")
            out.append(f"repeated,{where}")
        if place is not None:
            out.append(f"sent={_bucket(query.told - place.told)}")
            if place.para == query.para:
                out.append(f"line,{_kind(entity)}")
                out.append(f"line,{place.role},quoted={place.quoted}")
                if before is None or place.start > before.end:
                    out.append(f"fresh,{place.role},{_kind(entity)}")
            out.append(f"role={place.role},sent={min(1, query.told - place.told)}")
        after = bisect_left(entity.starts, quote.end)
        if after < len(entity.starts):
            later = entity.spans[after]
            out.append(f"after={_bucket(later.sent - query.sent)}")
            out.append(f"after,para={min(2, later.para - query.para)},{_kind(entity)}")
            if later.para == query.para and not self.text[quote.end : later.start].strip(
                TRIM + "."
            ):
                out.append("signature")


# -- small judgements ----------------------------------------------------------------------------


def pronoun_style(key: str, first: bool, inverted: bool = False) -> str:
    if key in ("il", "elle", "ils", "elles"):
        return "opens" if first else "inverted" if inverted else "subject"
    if key in lex.NEAR_PRONOUNS or key.startswith(("ce", "dernier")):
        return "near"
    if key in ("lui", "eux", "l'"):
        return "object"
    if "interess" in key:
        return "concerned"
    return key if key in ("on", "qui") else "other"


def _between_marks(text: str, start: int, position: int) -> bool:
    """Whether a mark of a mixed quote that begins at ``start`` is open at the position."""
    before = text[start:position]
    opened = sum(before.count(mark) for mark in "«“") - sum(before.count(mark) for mark in "»”")
    return opened > 0 or before.count('"') % 2 == 1


def _kind(entity: Entity) -> str:
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


def _agreement(gender: str, entity: Entity) -> str:
    """agree, clash or open."""
    theirs = entity.gender
    if gender == "p" and not theirs and _kind(entity) in ("person", "maybe"):
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


def _lemma(head: str) -> str:
    return lex.LEMMAS.get(head, head)


def _spheres(head: str) -> frozenset[str]:
    return lex.PEOPLE.get(head) or lex.GROUPS.get(head) or frozenset()


def _bucket(distance: int) -> str:
    return str(distance) if distance < 3 else "3-5" if distance < 6 else "6+"


def content_key(name: str) -> str:
    """A name's folded words without leading determiners and marks."""
    words = [w.strip("'-.,«»\"“”") for w in fold(name).replace("'", "' ").split()]
    words = [w for w in words if w]
    while len(words) > 1 and (words[0] in lex.DETERMINERS or words[0] in ("l", "d", "du")):
        words = words[1:]
    return " ".join(words)

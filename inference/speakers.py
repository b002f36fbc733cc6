"""Who speaks: turns the mention linked to each quote into the fullest name the text gives its source.

A mention that holds a name is looked up among the text's names. For a pronoun, a description
(« la ministre ») or no mention at all, candidates are ranked by a log-linear model over readable
features; its weights are in ``speakers.json``, fitted by ``guillemets.training.fit_speakers``.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from . import lexicon as lex
from .names import Entity, NameSpan, Reading, fold, human, noun_gender, stem

_WEIGHTS = Path(__file__).with_name("speakers.json")
_TRIM = " \t\r\n\u00a0\u202f\u2009«»\"“”,;:!?…()[]–—-"
#: How many name occurrences back a pronoun or description looks.
_REACH = 30


@dataclass(frozen=True)
class Attribution:
    """One decoded quote, before its speaker has a name."""

    start: int
    end: int
    mention: tuple[int, int] | None
    type: str


def resolve(text: str, quotes: Sequence[Attribution]) -> list[str | None]:
    """Name of every quote's speaker, in the order given; None where nobody can tell."""
    return Resolver(text, quotes).run()


@lru_cache(maxsize=1)
def weights() -> dict[str, float]:
    """The ranker's weights; empty where none are installed."""
    try:
        return json.loads(_WEIGHTS.read_text(encoding="utf8"))
    except FileNotFoundError:
        return {}


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


class Resolver:
    """Names the speakers of one text's quotes, in text order."""

    def __init__(self, text: str, quotes: Sequence[Attribution], model: dict[str, float] | None = None) -> None:
        self.text = text
        self.model = weights() if model is None else model
        self.given = list(quotes)
        self.order = sorted(range(len(self.given)), key=lambda k: (self.given[k].start, self.given[k].end, k))
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
        self.rivals = 0  # people that agree with the query at hand
        self.known: dict[str, Entity] = {}  # phrases that spoke, by folded words
        people = [e for e in self.reading.entities if _kind(e) == "person"]
        self.hero = min(people, key=lambda e: e.starts[0], default=None)  # the first person named
        groups = [e for e in self.reading.entities if e.person <= 0 and not e.place]
        self.topic = max(groups, key=lambda e: len(e.starts), default=None)
        self._folded: list[str] | None = None
        self._index: dict[str, list[Entity]] | None = None

    # -- the passes ------------------------------------------------------------------------------

    def run(self) -> list[str | None]:
        queries = [self._query(k, quote) for k, quote in enumerate(self.quotes)]
        for query in queries:
            if query.kind == "name":
                self.direct[query.index] = self._by_name(query)
        for query in queries:
            self._answer(query)
        for query in queries:  # now both neighbours of a bare quote are known
            if query.kind == "none":
                self._answer(query, final=True)
        names: list[str | None] = [None] * len(self.given)
        for k, entity in zip(self.order, self.answers):
            names[k] = self._spelt_out(entity) if entity is not None else None
        return names

    def _spelt_out(self, entity: Entity) -> str:
        """The entity's name, an acronym's long form where the text gives it."""
        if not entity.phrase and len(entity.keys) == 1 and len(entity.name) < 11 and entity.person <= 0:
            return self.reading.long_form(entity.name) or entity.name
        return entity.name

    def _answer(self, query: Query, final: bool = False) -> None:
        entity = self.direct[query.index]
        if entity is None:
            entity = self._pick(query, self._candidates(query, final), final)
        self.answers[query.index] = entity
        if entity is not None and query.kind != "none" and not final:
            if query.kind == "phrase":
                self.alias[query.key] = entity
            self.uses[id(entity)] = Place(query.start, query.told, query.para, "spoke")

    def _pick(self, query: Query, candidates: list[Candidate], final: bool) -> Entity | None:
        return self._choose(candidates)

    def _choose(self, candidates: list[Candidate]) -> Entity | None:
        """The best candidate."""
        for candidate in candidates:
            candidate.score = sum(self.model.get(f, 0.0) for f in candidate.features)
        return max(candidates, key=lambda c: c.score).entity if candidates else None

    def agreeing_words(self, entity: Entity) -> frozenset[str]:
        """Numbers said of an entity: its age."""
        return frozenset(w for w in entity.about if w.isdigit())

    # -- reading a mention -----------------------------------------------------------------------

    def _query(self, index: int, quote: Attribution) -> Query:
        start, end = self._trimmed(quote.mention)
        anchor = start if end > start else quote.start
        k = min(self.reading.at(anchor), len(self.reading.tokens) - 1)
        sent, para = (self.reading.tokens[k].sent, self.reading.tokens[k].para) if k >= 0 else (0, 0)
        query = Query(index, quote, "none", anchor, max(end, anchor), sent, para, self.told[sent])
        if end <= start:
            return query
        query.key = " ".join(fold(self.text[start:end]).replace("' ", "'").split())
        if query.key.startswith("-t-"):
            query.key = query.key[3:]
        if query.key in lex.PRONOUNS:
            query.kind, query.gender = "pronoun", lex.PRONOUNS[query.key]
            query.style = _pronoun_style(query.key, self.reading.tokens[k].first)
            return query
        query.kind = "name" if self._head_span(query) is not None else "phrase"
        if query.kind == "phrase":
            self._read_phrase(query)
        return query

    def _trimmed(self, mention: tuple[int, int] | None) -> tuple[int, int]:
        if mention is None:
            return (0, 0)
        start, end = max(0, mention[0]), min(len(self.text), mention[1])
        while start < end and self.text[start] in _TRIM:
            start += 1
        while end > start and self.text[end - 1] in _TRIM:
            end -= 1
        return (start, end)

    def _head_span(self, query: Query) -> NameSpan | None:
        """The name in a mention that is not governed by a preposition: not « le cabinet de Paul Rey »."""
        reading = self.reading
        k = bisect_left(reading.span_starts, query.start)
        if k and reading.spans[k - 1].end > query.start:
            k -= 1
        found = None
        while k < len(reading.spans) and reading.spans[k].start < query.end:
            span = reading.spans[k]
            before = reading.tokens[span.i - 1] if span.i else None
            if before is None or before.start < query.start or not self._governed(span, query):
                if found is None or reading.owner[found.start].person <= 0 < reading.owner[span.start].person:
                    found = span
            k += 1
        return found

    def _governed(self, span: NameSpan, query: Query) -> bool:
        i = span.i - 1
        tokens = self.reading.tokens
        if tokens[i].key == "." and i:
            i -= 1
        while i >= 0 and tokens[i].start >= query.start and (tokens[i].key in ("le", "la", "l'", "les") or tokens[i].key in lex.TITLES):
            i -= 1
        return i >= 0 and tokens[i].start >= query.start and tokens[i].key in lex.PREPOSITIONS

    def _by_name(self, query: Query) -> Entity | None:
        """The entity a mention names outright."""
        reading = self.reading
        span = self._head_span(query)
        if span is None:
            return None
        entity = reading.owner[span.start]
        others = [s for s in self._spans_in(query) if s is not span]
        if others and self._coordinated(query):
            return self._itself(query)
        if entity.person > 0 and len(entity.keys) > 1:
            return entity
        if entity.person > 0 and reading.title_gender(span.i) is not None:
            return entity
        return self._organisation(query, span, entity)

    def _spans_in(self, query: Query) -> list[NameSpan]:
        starts = self.reading.span_starts
        return self.reading.spans[bisect_left(starts, query.start) : bisect_left(starts, query.end)]

    def _coordinated(self, query: Query) -> bool:
        i, j = self.reading.at(query.start), self.reading.at(query.end - 1) + 1
        return any(t.key == "et" for t in self.reading.tokens[i:j])

    def _organisation(self, query: Query, span: NameSpan, entity: Entity) -> Entity:
        """An organisation's name runs on in lower case: « Union des ouvriers papetiers »; an acronym may be spelt out."""
        raw = self.text[span.start : span.end]
        if len(span.keys) == 1 and len(raw) < 11:
            spelt = self.reading.long_form(raw)
            if spelt:
                return self._phrase_entity(spelt, entity)
        tokens = self.reading.tokens
        first = self.reading.at(query.start)
        head = tokens[first].key if first < len(tokens) else ""
        tail = self.text[span.start : max(query.end, span.end)]
        if head in lex.INDEFINITE or len(entity.name) > len(tail):
            return entity if head not in lex.INDEFINITE else self._itself(query)
        if len(tail) > len(raw):
            return self._phrase_entity(tail, entity)
        return entity

    def _phrase_entity(self, name: str, like: Entity | None = None) -> Entity:
        """The one entity for an unnamed source or a long form, by its words."""
        key = _content_key(name)
        if key not in self.known:
            entity = Entity(name, tuple(key.split()), frozenset(key.split()), phrase=True)
            if like is not None:
                entity.spans, entity.starts = like.spans, like.starts
                entity.genders, entity.person = dict(like.genders), like.person
                entity.heads, entity.about = like.heads, like.about
            self.known[key] = entity
        return self.known[key]

    def _itself(self, query: Query) -> Entity:
        """The mention's own words as the source."""
        entity = self._phrase_entity(self.text[query.start : query.end])
        if not entity.genders:
            entity.vote(query.gender or ("p" if query.key.startswith(("les ", "des ", "plusieurs ")) else ""), 2)
            entity.person = 2.0 if _class(query.head) == "person" else -1.0
        if not entity.spans:
            token = self.reading.at(query.start)
            entity.spans.append(NameSpan(query.start, query.end, tuple(query.key.split()), token, token + 1, query.sent, query.para))
            entity.starts.append(query.start)
        return entity

    def _read_phrase(self, query: Query) -> None:
        i, j = self.reading.at(query.start), self.reading.at(query.end - 1) + 1
        tokens = self.reading.tokens[i:j]
        det = tokens[0].key if tokens else ""
        body = [t for t in tokens if t.word]
        k = 1 if det in lex.DETERMINERS or det in ("du", "des") else 0
        while k + 1 < len(body) and body[k].key in lex.PREMODIFIERS:
            k += 1
        query.head = body[k].key if k < len(body) else ""
        query.gender = lex.DETERMINERS.get(det, "") or noun_gender(query.head)
        query.words = frozenset(stem(t.key) for t in body if (len(t.key) > 2 or t.key.isdigit()) and t.key not in lex.PREPOSITIONS and t.key not in lex.DETERMINERS)
        query.style = (
            "indef" if det in lex.INDEFINITE else "demo" if det in lex.DEMONSTRATIVE else "poss" if det in lex.POSSESSIVE
            else "def" if det in lex.DETERMINERS else "bare"
        )

    # -- candidates ------------------------------------------------------------------------------

    def _candidates(self, query: Query, final: bool) -> list[Candidate]:
        pool: dict[int, Entity] = {}

        def add(entities: Iterable[Entity | None]) -> None:
            for entity in entities:
                if entity is not None:
                    pool.setdefault(id(entity), entity)

        reading = self.reading
        if query.kind == "phrase":
            own = self._itself(query)
            add([own])
            add(self._said_of(query))
        recent = self._recent_speakers(query.index)
        add(recent)
        k = bisect_left(reading.span_starts, query.start)
        add(reading.owner[s.start] for s in reading.spans[max(0, k - (_REACH if query.kind != "none" else 6)) : k])
        if query.kind == "none":
            add(reading.owner[s.start] for s in reading.spans[k : k + 6])
            add([self._next_speaker(query.index), self._repeated(query.index)])
        elif query.kind == "pronoun":
            for sent in range(query.sent - 2, query.sent + 1):
                add(self._stands_for(e) for e in reading.phrases(sent) if e.starts[0] < query.start and not self._quoted(e.starts[0]))
        else:
            add(reading.owner[s.start] for s in reading.spans[k : k + 4])
        return self._describe(query, pool, recent)

    def _describe(self, query: Query, pool: dict[int, Entity], recent: list[Entity]) -> list[Candidate]:
        """Candidates with their features."""
        describe = {"phrase": self._phrase_features, "pronoun": self._pronoun_features, "none": self._bare_features, "name": self._pronoun_features}
        places = {key: self._place(e, query) for key, e in pool.items()}
        self.rivals = sum(_kind(e) == "person" and _agreement(query.gender, e) != "clash" for e in pool.values())
        ranks = self._ranks(query, pool, places)
        found = []
        for key, entity in pool.items():
            candidate = Candidate(entity)
            describe[query.kind](query, entity, places[key], ranks.get(key, 9), recent, candidate.features)
            candidate.features = [f"{query.kind}:{f}" for f in candidate.features]
            found.append(candidate)
        return found

    def _same_phrase(self, phrase: Entity) -> Entity:
        """The speaker that has these words already, so that they are one candidate."""
        return self.known.get(_content_key(phrase.name), phrase)

    def _stands_for(self, phrase: Entity) -> Entity:
        """Whom a noun phrase in the running text stands for: « La diplomate réplique. Elle … »."""
        span = phrase.spans[0]
        if span.start not in self.standing:
            entity = self._same_phrase(phrase)
            tokens = self.reading.tokens
            det = tokens[span.i].key
            governed = span.i > 0 and tokens[span.i - 1].key in lex.PREPOSITIONS and not tokens[span.i].first
            if entity is phrase and det in lex.DETERMINERS and det not in lex.INDEFINITE and not governed and not self._quoted(span.start):
                query = Query(self._quotes_before(span.start), Attribution(span.start, span.end, (span.start, span.end), ""), "phrase",
                              span.start, span.end, span.sent, span.para, self.told[span.sent])  # fmt: skip
                query.key = " ".join(fold(phrase.name).replace("' ", "'").split())
                self._read_phrase(query)
                entity = self._choose(self._candidates(query, False)) or phrase
                self.alias[query.key] = entity
                self.uses[id(entity)] = Place(span.start, query.told, span.para, self._role(span))
            self.standing[span.start] = entity
        return self.standing[span.start]

    def _quotes_before(self, position: int) -> int:
        return bisect_left(self.quote_starts, position)

    def _said_of(self, query: Query) -> list[Entity]:
        """Entities described by the phrase's words anywhere in the text."""
        if self._index is None:
            self._index = {}
            for entity in self.reading.entities:
                for word in entity.about:
                    self._index.setdefault(word, []).append(entity)
        found: list[Entity] = []
        for word in query.words:
            owners = self._index.get(word, [])
            if len(owners) > 20:
                owners = sorted(owners, key=lambda e: abs(e.about[word] - query.start))[:20]
            found.extend(owners)
        return found

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
            self._folded = [_content_key(self.text[q.start : q.end]) for q in self.quotes]
        mine = self._folded[index]
        if not mine:
            return None
        for k in range(max(0, index - 40), min(len(self.quotes), index + 40)):
            if k != index and mine in self._folded[k] and self.quotes[k].mention is not None:
                return self.answers[k] or self.direct[k]
        return None

    def _quoted(self, position: int) -> bool:
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
        if span is None or used is not None and used.start >= span.start:
            return used
        return Place(span.start, self.told[span.sent], span.para, self._role(span), self._quoted(span.start))

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

    def _ranks(self, query: Query, pool: dict[int, Entity], places: dict[int, Place | None]) -> dict[int, int]:
        """How many agreeing people or phrases were seen later than each candidate."""
        groups = query.kind == "phrase" and _class(query.head) == "group"
        wanted = ("group", "name", "thing") if groups else ("person", "people", "maybe")
        seen = []
        for key, entity in pool.items():
            place = places[key]
            if place is not None and not place.quoted and _agreement(query.gender, entity) != "clash" and _kind(entity) in wanted:
                seen.append((-place.start, key))
        return {key: rank for rank, (_, key) in enumerate(sorted(seen))}

    # -- features --------------------------------------------------------------------------------

    def _shared(self, query: Query, entity: Entity, place: Place | None, rank: int, recent: list[Entity], out: list[str]) -> None:
        """Kind, agreement, distance and history."""
        kind, agreement = _kind(entity), _agreement(query.gender, entity)
        out.append(f"kind={kind},{agreement}")
        if query.gender == "p":
            out.append(f"p,{kind},{agreement}")
        if place is None:
            out.append("unseen")
        else:
            away = query.told - place.told
            out.append(f"sent={_bucket(away)}")
            out.append(f"para={min(2, query.para - place.para)}")
            out.append(f"role={place.role}")
            out.append(f"role={place.role},sent={min(2, away)}")
            if place.quoted:
                out.append("quoted")
        if rank < 9:
            out.append(f"rank={min(2, rank)}")
        if recent and entity is recent[0]:
            last = self.quotes[query.index - 1]
            out.append("last")
            out.append(f"last,para={int(chr(10) in self.text[last.end : query.start])}")
            out.append(f"last,{agreement}")
            out.append(f"last,rank={min(2, rank)}")
        elif entity in recent:
            out.append(f"recent={recent.index(entity)}")
        if len(entity.spans) > 1:
            out.append("often")
        if entity.place:
            out.append("place")

    def _pronoun_features(self, query: Query, entity: Entity, place: Place | None, rank: int, recent: list[Entity], out: list[str]) -> None:
        self._shared(query, entity, place, rank, recent, out)
        style = query.style
        agreement = _agreement(query.gender, entity)
        out.append(f"{style},{_kind(entity)}")
        if place is not None:
            out.append(f"{style},sent={min(2, query.told - place.told)}")
            out.append(f"{style},role={place.role}")
            out.append(f"{style},rank={min(2, rank)}")
            if query.para == place.para and agreement != "clash":
                out.append("samepara,agree")
            if query.index and place.start > self.quotes[query.index - 1].end:
                out.append(f"fresh,{agreement}")
                out.append(f"fresh,{place.role}")
        if recent and entity is recent[0]:
            out.append(f"{style},last")

    def _phrase_features(self, query: Query, entity: Entity, place: Place | None, rank: int, recent: list[Entity], out: list[str]) -> None:
        noun = _class(query.head)
        if self.known.get(_content_key(self.text[query.start : query.end])) is entity:
            out.append("self")
            out.append(f"self,{query.style},{noun}")
            out.append(f"self,{query.style},long={min(3, len(query.words))}")
            out.append(f"self,{noun},long={min(3, len(query.words))}")
            out.append(f"self,{query.style},{noun},long={min(3, len(query.words))}")
            if self.alias.get(query.key) is not None:
                out.append("self,alias")
            out.append(f"self,plural={query.gender == 'p'}")
            if any(w in lex.PREPOSITIONS for w in query.key.split()) or " d'" in query.key:
                out.append(f"self,complement,{query.style}")
            return
        self._shared(query, entity, place, rank, recent, out)
        out.append(f"{noun},{_kind(entity)}")
        out.append(f"{query.style},{_kind(entity)}")
        agreement = _agreement(query.gender, entity)
        if _lemma(query.head) in map(_lemma, entity.heads):
            out.append("head")
            out.append(f"head,{agreement}")
        elif mine := _spheres(query.head):
            theirs = frozenset().union(*(_spheres(h) for h in entity.heads))
            fit = "same" if mine & theirs else "other" if theirs else "none"
            out.append(f"sphere={fit},{_kind(entity)}")
            out.append(f"sphere={fit},{agreement}")
            out.extend(f"sphere={fit},{sphere}" for sphere in mine)
        if self.alias.get(query.key) is entity:
            out.append("alias")
        if rank == 0 and self.rivals == 1:
            out.append("only")
        shared = len(query.words & entity.about.keys())
        out.append(f"words={min(3, shared)}")
        if query.words and shared == len(query.words):
            out.append("words=all")
        if place is None and shared == 0:
            out.append("stranger")
        after = bisect_left(entity.starts, query.end)
        if place is None and after < len(entity.starts):
            ahead = entity.spans[after].sent - query.sent
            out.append(f"ahead={_bucket(ahead)},{query.style}")
            out.append(f"ahead={_bucket(ahead)},{self._role(entity.spans[after])}")
        if entity is self.topic:
            out.append(f"topic,{noun}")
        if entity is self.hero:
            out.append(f"hero,{noun},{_agreement(query.gender, entity)}")
        if query.words & self.agreeing_words(entity):
            out.append("age")
        if query.words & {stem(w) for w in entity.words}:
            out.append("namewords")
        if recent and entity is recent[0]:
            out.append(f"last,{query.style},{noun}")

    def _bare_features(self, query: Query, entity: Entity, place: Place | None, rank: int, recent: list[Entity], out: list[str]) -> None:
        quote = query.quote
        out.append(f"kind={_kind(entity)}")
        line_start = self.text.rfind("\n", 0, quote.start) + 1
        line_end = self.text.find("\n", quote.end)
        line = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        alone = len(line.strip(_TRIM)) <= quote.end - quote.start + 2
        where = ("first" if query.index == 0 else "mid") + (",alone" if alone else "") + (",head" if line_start == 0 else "")
        before = self.quotes[query.index - 1] if query.index else None
        gap = self.text[before.end : quote.start] if before is not None else ""
        touching = before is not None and not gap.strip(_TRIM + ".")
        if recent and entity is recent[0]:
            out.append(f"last,{where}")
            out.append(f"last,touch={touching},para={min(2, gap.count(chr(10)))}")
            out.append(f"last,type={quote.type}")
        elif entity in recent:
            out.append(f"recent={recent.index(entity)}")
        if self._next_speaker(query.index) is entity:
            out.append(f"next,{where}")
            follower = self.quotes[query.index + 1] if query.index + 1 < len(self.quotes) else None
            out.append(f"next,line={follower is not None and chr(10) not in self.text[quote.end : follower.start]}")
        if self._repeated(query.index) is entity:
            out.append("repeated")
        if place is not None:
            out.append(f"sent={_bucket(query.told - place.told)}")
            if place.para == query.para:
                out.append(f"line,{_kind(entity)}")
            out.append(f"role={place.role},sent={min(1, query.told - place.told)}")
        after = bisect_left(entity.starts, quote.end)
        if after < len(entity.starts):
            later = entity.spans[after]
            out.append(f"after={_bucket(later.sent - query.sent)}")
            out.append(f"after,para={min(2, later.para - query.para)},{_kind(entity)}")
            if later.para == query.para and not self.text[quote.end : later.start].strip(_TRIM + "."):
                out.append("signature")


# -- small judgements ----------------------------------------------------------------------------


def _pronoun_style(key: str, first: bool) -> str:
    if key in ("il", "elle", "ils", "elles"):
        return "opens" if first else "subject"
    if key in lex.NEAR_PRONOUNS or key.startswith(("ce", "dernier")):
        return "near"
    if key in ("lui", "eux", "l'"):
        return "object"
    if "interess" in key:
        return "concerned"
    return key if key in ("on", "qui") else "other"


def _kind(entity: Entity) -> str:
    """person, maybe, group, place or name for a named entity; people or thing for a noun phrase."""
    if entity.phrase and entity.person > 0:
        return "people"
    if entity.phrase:
        return "thing"
    if entity.person >= 1:
        return "person"
    if entity.person > 0:
        return "maybe"
    if any(h in lex.GROUPS for h in entity.heads) or entity.keys[0] in lex.GROUPS or entity.name.isupper():
        return "group"
    return "place" if entity.place else "name"


def _agreement(gender: str, entity: Entity) -> str:
    """agree, clash or open."""
    theirs = entity.gender
    if not gender or not theirs or not entity.sure and gender != theirs:
        return "open"
    return "agree" if gender == theirs else "clash"


def _class(head: str) -> str:
    """What a head noun is: person, group, paper or other."""
    singular = head[:-1] if head.endswith("s") else head
    if human(head):
        return "person"
    spheres = lex.GROUPS.get(head) or lex.GROUPS.get(singular)
    if spheres:
        return "paper" if "document" in spheres else "group"
    return "person" if human(singular) else "other"


def _lemma(head: str) -> str:
    return lex.LEMMAS.get(head, head)


def _spheres(head: str) -> frozenset[str]:
    return lex.PEOPLE.get(head) or lex.GROUPS.get(head) or frozenset()


def _bucket(distance: int) -> str:
    return str(distance) if distance < 3 else "3-5" if distance < 6 else "6+"


def _content_key(name: str) -> str:
    """A name's folded words without leading determiners and marks."""
    words = [w.strip("'-.,«»\"“”") for w in fold(name).replace("'", "' ").split()]
    words = [w for w in words if w]
    while len(words) > 1 and (words[0] in lex.DETERMINERS or words[0] in ("l", "d", "du")):
        words = words[1:]
    return " ".join(words)

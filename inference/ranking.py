"""Ranks whom a pronoun, a description or a bare quote may stand for, by a log-linear model.

The features are readable strings (``pronoun:rank=0``); their weights are in ``speakers.json``.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from . import lexicon as lex
from .history import TRIM, Attribution, History, Place, Query
from .kinds import agreement_of, kind_of, lemma_of, noun_class, spheres_of
from .names import Entity
from .words import stem

_WEIGHTS = Path(__file__).with_name("speakers.json")


@lru_cache(maxsize=1)
def weights() -> dict[str, float]:
    """The ranker's weights, as ``guillemets.training.fit_speakers`` writes them."""
    return json.loads(_WEIGHTS.read_text(encoding="utf-8"))


@dataclass
class Candidate:
    """A possible answer and its features."""

    entity: Entity
    features: list[str] = field(default_factory=list)
    score: float = 0.0


class Ranking(History):
    """The features of every candidate, and the choice among them."""

    def __init__(
        self, text: str, quotes: Sequence[Attribution], model: dict[str, float] | None = None
    ) -> None:
        super().__init__(text, quotes)
        self.model = weights() if model is None else model
        self.overtaken = False  # somebody who agrees was made a subject since the last quote

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
            and kind_of(pool[key]) in ("person", "maybe", "people", "someone")
            and (query.kind == "none" or agreement_of(query.gender, pool[key]) == "agree")
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
        return agreement_of(query.gender, entity)

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
        kind, agreement = kind_of(entity), self._agreement(query, entity)
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
        agreement = agreement_of(query.gender, entity)
        out.append(f"{style},{kind_of(entity)}")
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
            out.append(f"self,head={lemma_of(query.head)}")  # « le préfet » mostly stays one
            if any(w in lex.PREPOSITIONS for w in query.key.split()) or " d'" in query.key:
                out.append(f"self,complement,{query.style}")
            return
        self._shared(query, entity, place, rank, recent, out)
        out.append(f"{noun},{kind_of(entity)}")
        out.append(f"{query.style},{kind_of(entity)}")
        agreement = self._agreement(query, entity)
        last = bool(recent) and entity is recent[0]
        if lemma_of(query.head) in map(lemma_of, entity.heads):
            out.append("head")
            out.append(f"head,{agreement}")
        elif mine := spheres_of(query.head):
            theirs = frozenset().union(*(spheres_of(h) for h in entity.heads))
            fit = "same" if mine & theirs else "other" if theirs else "none"
            out.append(f"sphere={fit},{kind_of(entity)}")
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
            out.append(f"hero,{noun},{agreement_of(query.gender, entity)}")
        if query.words & {stem(w) for w in entity.words}:
            out.append(f"namewords,{kind_of(entity)}")
        if last:
            out.append(f"last,{noun},{kind_of(entity)}")
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
        out.append(f"kind={kind_of(entity)}")
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
                out.append(f"line,{kind_of(entity)}")
                out.append(f"line,{place.role},quoted={place.quoted}")
                if before is None or place.start > before.end:
                    out.append(f"fresh,{place.role},{kind_of(entity)}")
            out.append(f"role={place.role},sent={min(1, query.told - place.told)}")
        after = bisect_left(entity.starts, quote.end)
        if after < len(entity.starts):
            later = entity.spans[after]
            out.append(f"after={_bucket(later.sent - query.sent)}")
            out.append(f"after,para={min(2, later.para - query.para)},{kind_of(entity)}")
            if later.para == query.para and not self.text[quote.end : later.start].strip(
                TRIM + "."
            ):
                out.append("signature")


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


def _bucket(distance: int) -> str:
    return str(distance) if distance < 3 else "3-5" if distance < 6 else "6+"

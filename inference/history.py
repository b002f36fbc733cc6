"""Who spoke and who was named before a quote: the state of one text's resolution."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from .kinds import agreement_of, content_key, kind_of, noun_class
from .names import Entity, NameSpan
from .phrases import Reading

TRIM = ' \t\r\n\u00a0\u202f\u2009«»"“”,;:!?…()[]–—-'


@dataclass(frozen=True)
class Attribution:
    """One decoded quote, before its speaker has a name."""

    start: int
    end: int
    mention: tuple[int, int] | None
    type: str


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


class History:
    """Quotes of one text in order, the answers so far, and where everybody was last seen."""

    def __init__(self, text: str, quotes: Sequence[Attribution]) -> None:
        self.text = text
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
        self.known: dict[str, Entity] = {}  # phrases that spoke, by folded words
        people = [e for e in self.reading.entities if kind_of(e) == "person"]
        self.hero = min(people, key=lambda e: e.starts[0], default=None)  # the first person named
        self._folded: list[str] | None = None
        self._index: dict[str, list[tuple[int, Entity]]] | None = None

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
        for order, (key, entity) in enumerate(pool.items()):  # so that ties end alike in every run
            place = places[key]
            if (
                place is not None
                and not place.quoted
                and agreement_of(query.gender, entity) != "clash"
                and kind_of(entity) in wanted
            ):
                seen.append((-place.start, order, key))
        return {key: rank for rank, (*_, key) in enumerate(sorted(seen))}


def _between_marks(text: str, start: int, position: int) -> bool:
    """Whether a mark of a mixed quote that begins at ``start`` is open at the position."""
    before = text[start:position]
    opened = sum(before.count(mark) for mark in "«“") - sum(before.count(mark) for mark in "»”")
    return opened > 0 or before.count('"') % 2 == 1

"""Who speaks: turns the mention linked to each quote into the fullest name the text gives its source.

A mention that holds a name is looked up among the text's names. For a pronoun, a description
(« la ministre ») or no mention at all, candidates are ranked by a log-linear model over readable
features (``ranking.py``), fitted by ``guillemets.training.fit_speakers``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from . import lexicon as lex
from .history import TRIM, Attribution, Place, Query
from .kinds import content_key, noun_class
from .names import Entity, NameSpan, noun_gender
from .ranking import Candidate, Ranking, pronoun_style
from .words import fold, stem

__all__ = ["Attribution", "Resolver", "resolve"]

#: How many name occurrences back a pronoun or description looks.
_REACH = 30


def resolve(text: str, quotes: Sequence[Attribution]) -> list[str | None]:
    """Name of every quote's speaker, in the order given; None where nobody can tell."""
    return Resolver(text, quotes).run()


class Resolver(Ranking):
    """Names the speakers of one text's quotes, in text order."""

    # -- the passes -----------------------------------------------------------------------------------

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
        if (
            not entity.phrase
            and len(entity.keys) == 1
            and len(entity.name) < 11
            and entity.person <= 0
        ):
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
            # at the end of its mention: « pour le ministre Paul Rey » names him last
            last = max(query.start, query.end - 1)
            self.uses[id(entity)] = Place(last, query.told, query.para, "spoke")

    def _pick(self, query: Query, candidates: list[Candidate], final: bool) -> Entity | None:
        return self._choose(candidates)

    # -- reading a mention ----------------------------------------------------------------------------

    def _query(self, index: int, quote: Attribution) -> Query:
        start, end = self._trimmed(quote.mention)
        anchor = start if end > start else quote.start
        k = min(self.reading.at(anchor), len(self.reading.tokens) - 1)
        sent, para = (
            (self.reading.tokens[k].sent, self.reading.tokens[k].para) if k >= 0 else (0, 0)
        )
        query = Query(index, quote, "none", anchor, max(end, anchor), sent, para, self.told[sent])
        if end <= start:
            return query
        query.key = " ".join(fold(self.text[start:end]).replace("' ", "'").split())
        if query.key.startswith("-t-"):
            query.key = query.key[3:]
        if query.key in lex.PRONOUNS:
            query.kind, query.gender = "pronoun", lex.PRONOUNS[query.key]
            inverted = self.text[max(0, start - 1) : start + 1].startswith("-")
            query.style = pronoun_style(query.key, self.reading.tokens[k].first, inverted)
            return query
        self._read_phrase(query)
        head = self._head_span(query)
        if (
            head is not None
            and query.style == "demo"
            and self.reading.owner[head.start].person <= 0
        ):
            head = None  # « ce Gilet jaune »
        named = head is not None or (query.head in lex.ISSUED and self._issuer(query) is not None)
        query.kind = "name" if named else "phrase"
        return query

    def _trimmed(self, mention: tuple[int, int] | None) -> tuple[int, int]:
        """The mention in whole words, mended where a model cut it short or took too much."""
        if mention is None:
            return (0, 0)
        start, end = max(0, mention[0]), min(len(self.text), mention[1])
        while start < end and self.text[start] in TRIM:
            start += 1
        while end > start and self.text[end - 1] in TRIM:
            end -= 1
        if end <= start:
            return (0, 0)
        if (
            self.text.count("«", start, end) > self.text.count("»", start, end)
            and "»" in self.text[end : end + 3]
        ):
            end = self.text.index("»", end) + 1  # « le quotidien « La Vigie » »
        tokens = self.reading.tokens
        i, j = self.reading.mended(self.reading.at(start), self.reading.at(end - 1) + 1)
        return (tokens[i].start, tokens[j - 1].end) if i < j else (start, end)

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
                if (
                    found is None
                    or reading.owner[found.start].person <= 0 < reading.owner[span.start].person
                ):
                    found = span
            k += 1
        return found

    def _issuer(self, query: Query) -> NameSpan | None:
        """Whose paper it is: « un sondage de l'institut Vox », « un communiqué de la CGT »."""
        spans = self._spans_in(query)
        if not spans:
            return None
        first, head = self.reading.at(query.start), spans[0]
        words = [t.key for t in self.reading.tokens[first : head.i]]
        near = len(words) < 7 and not any(
            w in ("sur", "contre", "pour", "avec", "par", "a", "dans") for w in words
        )
        return (
            head
            if near
            and not self.reading.owner[head.start].place
            and any(w in ("de", "du", "d'", "des") for w in words)
            else None
        )

    def _governed(self, span: NameSpan, query: Query) -> bool:
        i = span.i - 1
        tokens = self.reading.tokens
        if tokens[i].key == "." and i:
            i -= 1
        while (
            i >= 0
            and tokens[i].start >= query.start
            and (tokens[i].key in ("le", "la", "l'", "les") or tokens[i].key in lex.TITLES)
        ):
            i -= 1
        return i >= 0 and tokens[i].start >= query.start and tokens[i].key in lex.PREPOSITIONS

    def _by_name(self, query: Query) -> Entity | None:
        """The entity a mention names outright."""
        reading = self.reading
        span = self._head_span(query) or self._issuer(query)
        if query.head in lex.ISSUED:
            span = self._issuer(query) or span
        if span is None:
            return None
        entity = reading.owner[span.start]
        if self._of_a_group(query, span) and entity.person > 0:
            return self._itself(query)
        others = [s for s in self._spans_in(query) if s is not span]
        if others and self._coordinated(query):
            return self._itself(query)
        if entity.person > 0 and len(entity.keys) > 1:
            tail = self.text[span.end : query.end].split()
            if (
                len(tail) > 1
                and fold(tail[0]) in lex.PARTICLES
                and tail[-1][0].isupper()
                and len(tail) < 4
            ):
                return self._phrase_entity(
                    self.text[span.start : query.end], entity
                )  # « Marc Rey de Lourmel »
            return entity
        if entity.person > 0 and reading.title_gender(span.i) is not None:
            return entity
        return self._organisation(query, span, entity)

    def _of_a_group(self, query: Query, span: NameSpan) -> bool:
        """« le comité Nobel », « le cabinet Trump »: a group called after somebody."""
        before = self.reading.tokens[span.i - 1] if span.i else None
        return (
            before is not None
            and before.start >= query.start
            and before.key == query.head
            and query.head in lex.GROUPS
        )

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
        # « un sondage BVA réalisé mardi »: the institute
        if len(entity.name) > len(tail) or query.head in lex.ISSUED:
            return entity
        if head in lex.INDEFINITE:
            return self._itself(query)
        if len(tail) > len(raw):
            return self._phrase_entity(tail, entity)
        return entity

    def _phrase_entity(self, name: str, like: Entity | None = None) -> Entity:
        """The one entity for an unnamed source or a long form, by its words."""
        key = content_key(name)
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
            entity.vote(
                query.gender
                or ("p" if query.key.startswith(("les ", "des ", "plusieurs ")) else ""),
                2,
            )
            entity.person = 2.0 if noun_class(query.head) in ("person", "age", "kin") else -1.0
            entity.definite = query.style != "indef"
        if not entity.spans:
            token = self.reading.at(query.start)
            after = self.reading.at(query.end - 1) + 1
            entity.spans.append(
                NameSpan(
                    query.start,
                    query.end,
                    tuple(query.key.split()),
                    token,
                    after,
                    query.sent,
                    query.para,
                )
            )
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
        if query.head in ("couple", "duo", "binome", "trio") or "et" in [
            t.key for t in body[k + 1 : k + 4]
        ]:
            query.gender = "p"  # « le frère et la sœur »
        query.words = frozenset(
            stem(t.key)
            for t in body
            if (len(t.key) > 2 or t.key.isdigit())
            and t.key not in lex.PREPOSITIONS
            and t.key not in lex.DETERMINERS
        )
        query.style = (
            "indef"
            if det in lex.INDEFINITE
            else "aged"
            if any(t.key == "ans" for t in body)
            else "former"
            if len(body) > 1 and body[1].key in ("ancien", "ancienne")
            else "demo"
            if det in lex.DEMONSTRATIVE
            else "poss"
            if det in lex.POSSESSIVE
            else "def"
            if det in lex.DETERMINERS
            else "bare"
        )

    # -- candidates -----------------------------------------------------------------------------------

    def _candidates(self, query: Query, final: bool) -> list[Candidate]:
        pool: dict[int, Entity] = {}

        def add(entities: Iterable[Entity | None]) -> None:
            for entity in entities:
                if entity is not None and not self._only_quoted(entity):
                    pool.setdefault(id(entity), entity)

        reading = self.reading
        if query.kind == "phrase":
            query.own = self._itself(query)
            add([query.own])
            add(self._said_of(query))
        recent = self._recent_speakers(query.index)
        add(recent)
        k = bisect_left(reading.span_starts, query.start)
        add(
            reading.owner[s.start]
            for s in reading.spans[max(0, k - (_REACH if query.kind != "none" else 6)) : k]
        )
        if query.kind == "none":
            add(reading.owner[s.start] for s in reading.spans[k : k + 6])
            add([self._next_speaker(query.index), self._repeated(query.index)])
        elif query.kind == "pronoun":
            for sent in range(query.sent - 2, query.sent + 1):
                add(
                    self._stands_for(e)
                    for e in reading.phrases(sent)
                    if e.starts[0] < query.start and not self._quoted(e.starts[0])
                )
        else:
            add(reading.owner[s.start] for s in reading.spans[k : k + 4])
        if query.gender == "p":
            add(
                self._same_phrase(e)
                for sent in range(max(0, query.sent - 12), query.sent + 1)
                for e in reading.couples(sent)
                if e.starts[0] < query.start
            )
        return self._describe(query, pool, recent)

    def _only_quoted(self, entity: Entity) -> bool:
        """Whether the text names it nowhere but in words quoted verbatim: « Honteux », a-t-elle réagi."""
        return bool(entity.starts) and all(map(self._quoted, entity.starts))

    def _same_phrase(self, phrase: Entity) -> Entity:
        """The speaker that has these words already, so that they are one candidate."""
        return self.known.get(content_key(phrase.name), phrase)

    def _stands_for(self, phrase: Entity) -> Entity:
        """Whom a noun phrase in the running text stands for: « La diplomate réplique. Elle … »."""
        span = phrase.spans[0]
        if span.start not in self.standing:
            entity = self._same_phrase(phrase)
            tokens = self.reading.tokens
            det = tokens[span.i].key
            governed = (
                span.i > 0
                and tokens[span.i - 1].key in lex.PREPOSITIONS
                and not tokens[span.i].first
            )
            if (
                entity is phrase
                and det in lex.DETERMINERS
                and det not in lex.INDEFINITE
                and not governed
                and not self._quoted(span.start)
            ):
                query = Query(self._quotes_before(span.start), Attribution(span.start, span.end, (span.start, span.end), ""), "phrase",
                              span.start, span.end, span.sent, span.para, self.told[span.sent])  # fmt: skip
                query.key = " ".join(fold(phrase.name).replace("' ", "'").split())
                if query.key in lex.PRONOUNS:
                    query.kind, query.gender = "pronoun", lex.PRONOUNS[query.key]
                    query.style = pronoun_style(query.key, tokens[span.i].first)
                else:
                    self._read_phrase(query)
                self.standing[span.start] = (
                    phrase  # no phrase stands for itself while it is looked up
                )
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
                for word, position in entity.about.items():
                    self._index.setdefault(word, []).append((position, entity))
            for owners in self._index.values():
                owners.sort(key=lambda owner: owner[0])
        found: list[Entity] = []
        for word in sorted(query.words):
            owners = self._index.get(word, [])
            k = bisect_left(owners, query.start, key=lambda owner: owner[0])
            found.extend(entity for _, entity in owners[max(0, k - 10) : k + 10])
        return found

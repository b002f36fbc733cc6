"""Labelled stretches and the relations between them, as annotation tools have them.

``Graph`` makes a document of them; ``marks_of`` goes the other way.

- A quotation in pieces becomes one quote a piece, with the same speaker, cue and stance; a cue or
  source in pieces is its longest piece. White space alone does not part two pieces.
- Of quotes that overlap the longest stays. Of several speakers or cues of a quote the nearest stays.
- The speaker's name is the one given for the quote or its mention, else the longest text of a source
  that the mention refers to, directly or through others, else the mention's own text.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import Document, Quote, Span, Speaker, Stance, StanceLabel

from .names import QUOTES, SOURCES
from .notes import Notes

Range = tuple[int, int]


class Mark(msgspec.Struct):
    """A labelled stretch, in one piece or more; the last three fields are for quotes.

    ``name`` is the speaker's, where it is not that of the mention: on a quote or on a mention.
    """

    key: str
    kind: str
    spans: list[Range]
    line: int | None = None
    stance: StanceLabel | None = None
    target: str | None = None
    name: str | None = None

    @property
    def longest(self) -> Range:
        return max(self.spans, key=lambda span: span[1] - span[0])


class Link(msgspec.Struct):
    """A relation; without a kind, what it ties together tells it."""

    kind: str | None
    source: str
    target: str
    line: int | None = None


class Graph:
    """The marks and links of one document; ``label`` goes before the reason of an error."""

    def __init__(self, source: str, id: str, text: str, notes: Notes, label: str = "") -> None:
        self.source, self.id, self.text, self.notes, self.label = source, id, text, notes, label
        self.marks: dict[str, Mark] = {}
        self.links: list[Link] = []

    def error(self, line: int | None, reason: str) -> InputError:
        return InputError(located(self.source, line, self.label + reason))

    def note(self, reason: str, line: int | None = None, count: int = 1) -> None:
        where = self.source if line is None else f"{self.source}:{line}"
        self.notes.add(reason, where, count)

    def add(self, mark: Mark) -> None:
        """Raises InputError for a key that is taken and for offsets outside the text."""
        if mark.key in self.marks:
            raise self.error(mark.line, f"{mark.key} stands here twice")
        for start, end in mark.spans:
            if not 0 <= start < end <= len(self.text):
                reason = f"offsets {start} {end} of {mark.key} are not in the text"
                raise self.error(mark.line, f"{reason} ({len(self.text)} characters)")
        mark.spans = self._joined(mark.spans)
        self.marks[mark.key] = mark

    def quote(self, key: str, line: int | None, what: str) -> Mark:
        """The mark of a quote, which alone can have a ``what``."""
        mark = self.marks.get(key)
        if mark is None:
            raise self.error(line, f"no entity {key} for this {what}")
        if mark.kind not in QUOTES:
            raise self.error(line, f"{key} has a {what} but is no quotation")
        return mark

    def _joined(self, spans: list[Range]) -> list[Range]:
        joined: list[Range] = []
        for start, end in sorted(spans):
            if joined and not self.text[joined[-1][1] : start].strip():
                start, last = joined.pop()
                end = max(end, last)
            joined.append((start, end))
        return joined

    # ------------------------------------------------------------ the document

    def document(self, nearest: bool = False) -> Document:
        """The document; with ``nearest`` cues and sources go to the nearest quotes."""
        quotes = self._quotes()
        if nearest:
            self._link_to_nearest(quotes)
        ties: dict[str, dict[str, list[Mark]]] = {k: defaultdict(list) for k in ("speaker", "cue")}
        refers: dict[str, list[str]] = defaultdict(list)
        tied: set[str] = set()
        for link in self.links:
            kind, one, other = self._resolved(link)
            if kind == "refers":
                refers[one.key].append(other.key)
            elif one.key not in (m.key for m in ties[kind][other.key]):
                ties[kind][other.key].append(one)
                tied.add(one.key)
        self._note_untied(tied, refers)
        done = [self._quote(quote, span, ties, refers) for span, quote in quotes]
        return Document(self.id, self.text, done)

    def _quotes(self) -> list[tuple[Range, Mark]]:
        """The pieces of the quotations in text order, without those that overlap a longer one."""
        pieces = [(span, m) for m in self.marks.values() if m.kind in QUOTES for span in m.spans]
        extra = sum(len(m.spans) - 1 for m in self.marks.values() if m.kind in QUOTES)
        self.note("quotations in pieces, read as one quote a piece: further pieces", count=extra)
        kept: list[tuple[int, int, int]] = []  # start, end, place in pieces
        order = sorted(range(len(pieces)), key=lambda i: pieces[i][0][0] - pieces[i][0][1])
        for i in order:  # the longest first; sorting is stable
            (start, end), mark = pieces[i]
            at = bisect_right(kept, (start,))
            if (at and kept[at - 1][1] > start) or (at < len(kept) and kept[at][0] < end):
                self.note("quotations that overlap a longer one, left out", mark.line)
            else:
                insort(kept, (start, end, i))
        return [pieces[i] for _, _, i in kept]

    def _link_to_nearest(self, quotes: list[tuple[Range, Mark]]) -> None:
        """Pairs each cue and source with the quote before or after it, the closest pairs first."""
        starts = [start for (start, _), _ in quotes]
        pairs: list[tuple[int, str, Mark, Mark]] = []
        for mark in self.marks.values():
            if mark.kind not in QUOTES:
                kind = "cue" if mark.kind == "cue" else "speaker"
                at = bisect_right(starts, mark.longest[0])
                for span, quote in quotes[max(at - 1, 0) : at + 1]:
                    pairs.append((distance(span, mark.longest), kind, mark, quote))
        taken: set[tuple[str, str]] = set()
        for _, kind, mark, quote in sorted(pairs, key=lambda pair: pair[0]):
            ends = {("mark", mark.key), (kind, quote.key)}
            if not taken & ends:
                taken |= ends
                self.links.append(Link(kind, mark.key, quote.key, mark.line))

    def _resolved(self, link: Link) -> tuple[str, Mark, Mark]:
        """Kind and ends of a link: the quote last, whichever way round it was drawn."""
        ends = []
        for key in (link.source, link.target):
            if key not in self.marks:
                raise self.error(link.line, f"no entity {key} for this relation")
            ends.append(self.marks[key])
        one, other = ends
        if one.kind in QUOTES:
            one, other = other, one
        if other.kind in QUOTES:
            kind = {"cue": "cue", "source": "speaker", "pronoun": "speaker"}.get(one.kind)
        else:
            kind = "refers" if {one.kind, other.kind} <= SOURCES else None
        if kind is None or link.kind not in (None, kind):
            what = f"relation ({link.kind})" if link.kind else "relation"
            ends_are = f"{ends[0].key} ({ends[0].kind}) and {ends[1].key} ({ends[1].kind})"
            raise self.error(link.line, f"this {what} cannot tie {ends_are}")
        return kind, one, other

    def _note_untied(self, tied: set[str], refers: dict[str, list[str]]) -> None:
        reached = set(tied)
        for key in tied:
            reached.update(_closure(key, refers))
        for mark in self.marks.values():
            if mark.kind not in QUOTES and mark.key not in reached:
                kind = "cues" if mark.kind == "cue" else "sources"
                self.note(f"{kind} that nothing ties to a quote, left out", mark.line)

    def _quote(
        self,
        quote: Mark,
        span: Range,
        ties: dict[str, dict[str, list[Mark]]],
        refers: dict[str, list[str]],
    ) -> Quote:
        mention = self._nearest(quote, ties["speaker"].get(quote.key, ()), "speakers")
        cue = self._nearest(quote, ties["cue"].get(quote.key, ()), "cues")
        name = quote.name
        if name is None and mention is not None:
            name = self._name(mention, refers)
        if quote.stance is None:
            self.note("quotes without a stance, read as neutral")
        return Quote(
            *span,
            self.text[slice(*span)],
            quote.kind,
            None if name is None else Speaker(name, self._span(mention)),
            self._span(cue),
            Stance(quote.stance or "neutral", quote.target),
        )

    def _nearest(self, quote: Mark, marks: Sequence[Mark], what: str) -> Mark | None:
        if not marks:
            return None
        reason = f"further {what} of a quote, left out (the nearest stays)"
        self.note(reason, quote.line, len(marks) - 1)
        return min(marks, key=lambda m: min(distance(span, m.longest) for span in quote.spans))

    def _name(self, mention: Mark, refers: dict[str, list[str]]) -> str:
        own = self.text[slice(*mention.longest)] if mention.name is None else mention.name
        if mention.name is not None:
            return own
        reached = (self.marks[key] for key in _closure(mention.key, refers))
        names = [self.text[slice(*m.longest)] for m in reached if m.kind == "source"]
        return max(names, key=len, default=own)

    def _span(self, mark: Mark | None) -> Span | None:
        return None if mark is None else Span.of(self.text, *mark.longest)


def distance(quote: Range, other: Range) -> int:
    """Characters between two ranges, 0 if they touch or overlap."""
    return max(other[0] - quote[1], quote[0] - other[1], 0)


def _closure(key: str, refers: dict[str, list[str]]) -> list[str]:
    """What can be reached from ``key``, itself left out; a circle is no harm."""
    reached, waiting = {key: None}, [key]
    while waiting:
        for other in refers.get(waiting.pop(), ()):
            if other not in reached:
                reached[other] = None
                waiting.append(other)
    return list(reached)[1:]


# ---------------------------------------------------------------- from a document


def marks_of(document: Document) -> tuple[list[Mark], list[Link]]:
    """Quotes ``q1`` …, mentions ``m1`` … and cues ``c1`` … of a document and what ties them.

    Quotes that share a cue, or a mention and the name behind it, share the mark. A name stands on the
    mention if it differs from its words, on the quote if there is no mention.
    """
    marks: list[Mark] = []
    links: list[Link] = []
    shared: dict[tuple[str, int, int, str | None], Mark] = {}
    counts = {"m": 0, "c": 0}

    def tie(kind: str, letter: str, span: Span, name: str | None, quote: Mark) -> None:
        at = (letter, span.start, span.end, name)
        if at not in shared:
            counts[letter] += 1
            made = "cue" if kind == "cue" else "source"
            spans = [(span.start, span.end)]
            shared[at] = Mark(f"{letter}{counts[letter]}", made, spans, name=name)
        links.append(Link(kind, shared[at].key, quote.key))

    for number, q in enumerate(document.quotes, start=1):
        mark = Mark(f"q{number}", q.type, [(q.start, q.end)])
        mark.stance, mark.target = q.stance.label, q.stance.target
        marks.append(mark)
        if q.speaker and q.speaker.mention:
            mention, name = q.speaker.mention, q.speaker.name
            tie("speaker", "m", mention, None if name == mention.text else name, mark)
        elif q.speaker:
            mark.name = q.speaker.name
        if q.cue:
            tie("cue", "c", q.cue, None, mark)
    return [*marks, *shared.values()], links


def note_scores(document: Document, notes: Notes) -> None:
    """Tell that the scores of a document's quotes stay behind."""
    scored = sum(q.score is not UNSET or q.stance.scores is not UNSET for q in document.quotes)
    notes.add("quotes whose scores the format does not hold", count=scored)

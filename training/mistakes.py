"""Every error of a system, named by kind and shown in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from guillemets.inference.schema import Document, Quote

from .metrics import Judged, judge_all, name_of, same_name

CONTEXT = 140  # characters to either side
#: Kind -> what it means, in the order of a report; {gold} and {found} are the names of the two sides.
KINDS = {
    "missed": "a quote of {gold} that none of {found} overlaps",
    "spurious": "a quote of {found} that none of {gold} overlaps",
    "edges": "both, with other edges",
    "type": "both, as another type",
    "mention": "both, linked to other words",
    "speaker": "both, with another speaker",
    "stance": "both, with another stance",
    "target": "both, same side, another target",
}


class Piece(msgspec.Struct, frozen=True):
    """A stretch of the context, in the gold quote, in the predicted one, both or neither."""

    text: str
    gold: bool
    found: bool


class Mistake(msgspec.Struct, frozen=True):
    """A quote with at least one error, in a stretch of its document that may be cut at either end."""

    document: str
    kinds: list[str]
    pieces: list[Piece]
    cut_before: bool
    cut_after: bool
    gold: Quote | None
    found: Quote | None


def mistakes(gold: Sequence[Document], predicted: Iterable[Document]) -> Iterator[Mistake]:
    """All quotes with an error, by document and place."""
    for document, judged in zip(gold, judge_all(gold, predicted)):
        for j in sorted(judged, key=lambda j: (j.gold or j.predicted).start):
            kinds = list(_kinds(j))
            if kinds:
                start, end = _context(document.text, j.gold, j.predicted)
                pieces = list(_pieces(document.text, start, end, j.gold, j.predicted))
                cuts = start > 0, end < len(document.text)
                yield Mistake(document.id, kinds, pieces, *cuts, j.gold, j.predicted)


def _kinds(j: Judged) -> Iterator[str]:
    if j.gold is None or j.predicted is None:
        yield "missed" if j.predicted is None else "spurious"
        return
    if not j.exact:
        yield "edges"
    if j.gold.type != j.predicted.type:
        yield "type"
    if j.gold.speaker and j.gold.speaker.mention and not j.mention:
        yield "mention"
    if name_of(j.gold) is not None and not j.speaker:
        yield "speaker"
    if not j.stance:
        yield "stance"
    elif j.gold.stance.target and not same_name(j.gold.stance.target, j.predicted.stance.target):
        yield "target"


def _context(text: str, gold: Quote | None, found: Quote | None) -> tuple[int, int]:
    """The quote with what stands around it, cut between words where there is such a place."""
    quotes = [q for q in (gold, found) if q is not None]
    first, last = min(q.start for q in quotes), max(q.end for q in quotes)
    start, end = max(0, first - CONTEXT), min(len(text), last + CONTEXT)
    if start and (word := re.compile(r"(?<=\s)\S").search(text, start, first)):
        start = word.start()
    if end < len(text):
        end = last + len(re.sub(r"\s+\S*$", "", text[last:end]))
    return start, end


def _pieces(
    text: str, start: int, end: int, gold: Quote | None, found: Quote | None
) -> Iterator[Piece]:
    quotes = [q for q in (gold, found) if q is not None]
    cuts = sorted({start, end, *(e for q in quotes for e in (q.start, q.end))})
    for left, right in zip(cuts, cuts[1:]):
        yield Piece(text[left:right], *(bool(q) and q.start <= left < q.end for q in (gold, found)))

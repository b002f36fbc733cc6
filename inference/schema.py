"""The one document schema, for gold and predictions alike.

Offsets are Unicode code points into ``Document.text``, end exclusive, and
``text[start:end]`` equals the stored ``text`` of every span.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

QuoteType = Literal["direct", "mixed", "indirect"]
StanceLabel = Literal["support", "condemn", "neutral"]

QUOTE_TYPES: tuple[QuoteType, ...] = ("direct", "mixed", "indirect")
STANCES: tuple[StanceLabel, ...] = ("support", "condemn", "neutral")


class Span(msgspec.Struct, frozen=True):
    """A stretch of the document."""

    start: int
    end: int
    text: str

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Span:
        return cls(start, end, text[start:end])


class Speaker(msgspec.Struct, frozen=True):
    """The source of a quote: its fullest name, and the words near the quote that name it."""

    name: str
    mention: Span | None


class Stance(msgspec.Struct, frozen=True):
    """What the speaker does by the quote; ``scores`` (one probability a label) in predictions."""

    label: StanceLabel
    target: str | None = None
    scores: dict[str, float] | UnsetType = UNSET


class Quote(msgspec.Struct, frozen=True):
    """One quote; ``score`` in [0, 1], in predictions only."""

    start: int
    end: int
    text: str
    type: QuoteType
    speaker: Speaker | None
    cue: Span | None
    stance: Stance
    score: float | UnsetType = UNSET


class Document(msgspec.Struct, frozen=True):
    """An article and its quotes, in text order."""

    id: str
    text: str
    quotes: list[Quote] = []


class Failure(msgspec.Struct, frozen=True):
    """A document that could not be read or tagged: it keeps its place in the output."""

    id: str
    error: str

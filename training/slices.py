"""Ways to divide gold quotes, so that a report shows where a system is good and where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from guillemets.inference import lexicon
from guillemets.inference.marks import find_marks
from guillemets.inference.schema import QUOTE_TYPES, Document, Quote
from guillemets.inference.words import fold

from .metrics import folded_name

_DETERMINED = re.compile(
    r"(?:le|la|les|un|une|des|du|ce|cette|ces|son|sa|ses|leurs?|plusieurs|certaine?s|d['’]autres)\b|l['’]",
    re.IGNORECASE,
)
_STYLES = {
    "«": "« »",
    "»": "« »",
    "<": "« »",
    ">": "« »",
    '"': '" "',
    "“": "“ ”",
    "”": "“ ”",
    "„": "“ ”",
}


def naming(document: Document, quote: Quote) -> str:
    """How the words near the quote name its speaker."""
    if quote.speaker is None:
        return "unknown"
    if quote.speaker.mention is None:
        return "implicit"
    mention = quote.speaker.mention.text
    if fold(mention) in lexicon.PRONOUNS:
        return "pronoun"
    if _DETERMINED.match(mention) or not any(w[:1].isupper() for w in mention.split()):
        return "function"
    return "full name" if folded_name(mention) == folded_name(quote.speaker.name) else "short name"


def marks(document: Document, quote: Quote) -> str:
    """The style of the quote's first quotation mark."""
    if quote.type == "indirect":
        return "none"
    near = document.text[max(quote.start - 2, 0) : quote.end]
    glyph = next((near[m.start] for m in find_marks(near)), "")
    return _STYLES.get(glyph, "other") if glyph else "none"


GAPS = (20, 60, 200)  # characters
LENGTHS = (200, 400, 800)  # words


def distance(document: Document, quote: Quote) -> str:
    """Characters between the quote and the words that name its speaker."""
    mention = quote.speaker.mention if quote.speaker else None
    if mention is None:
        return "no mention"
    return _band(max(mention.start - quote.end, quote.start - mention.end, 0), GAPS)


def length(document: Document, quote: Quote) -> str:
    """Words of the document."""
    return _band(len(document.text.split()), LENGTHS)


def _band(value: int, limits: tuple[int, ...]) -> str:
    return next((f"up to {limit}" for limit in limits if value <= limit), f"over {limits[-1]}")


def _bands(limits: tuple[int, ...]) -> tuple[str, ...]:
    return (*(_band(limit, limits) for limit in limits), _band(limits[-1] + 1, limits))


class Division(NamedTuple):
    """The slice that a gold quote of a document falls in; an empty order is the largest first."""

    of: Callable[[Document, Quote], str]
    order: tuple[str, ...] = ()


SLICES: dict[str, Division] = {
    "type": Division(lambda document, quote: quote.type, QUOTE_TYPES),
    "speaker named by": Division(naming),
    "marks": Division(marks),
    "distance to the mention (characters)": Division(distance, (*_bands(GAPS), "no mention")),
    "document length (words)": Division(length, _bands(LENGTHS)),
}

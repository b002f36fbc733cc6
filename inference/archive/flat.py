"""A row a quote: the columns of CSV and flat Parquet, and the types of carried columns."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from msgspec import UNSET, Raw

from guillemets.inference.archive.entry import Entry, cell
from guillemets.inference.errors import InputError
from guillemets.inference.schema import STANCES, Failure, Quote, Span

#: Columns of a quote and their Arrow types. ``number`` counts the quotes of a document from 1.
QUOTE_COLUMNS = {
    "number": "int64",
    "start": "int64",
    "end": "int64",
    "quote": "string",
    "type": "string",
    "speaker": "string",
    "mention": "string",
    "mention_start": "int64",
    "mention_end": "int64",
    "cue": "string",
    "cue_start": "int64",
    "cue_end": "int64",
    "stance": "string",
    "target": "string",
    **dict.fromkeys(STANCES, "float64"),
    "score": "float64",
    "error": "string",
}
MAX_CARRIED = 1000
_INTEGER = re.compile(r"-?\d{1,19}")
_NUMBER = re.compile(r"[-+\d.eE]+")


def carried_columns(entries: Iterable[Entry]) -> dict[str, str]:
    """The carried fields of all entries, first seen first, with the Arrow type that holds them.

    Values of several kinds are text: strings as they are, others as JSON. Raises InputError where
    so many fields would make no table.
    """
    kinds: dict[str, set[str]] = {}
    for entry in entries:
        for name, value in entry.carried.items():
            kinds.setdefault(name, set()).add(_kind(value))
        if len(kinds) > MAX_CARRIED:
            raise InputError(
                f"more than {MAX_CARRIED:,} fields to carry make no table; --resume with "
                "--format jsonl writes what is tagged"
            )
    return {name: _arrow_type(found - {"null"}) for name, found in kinds.items()}


def _kind(value: object) -> str:
    assert isinstance(value, Raw)
    text = bytes(value)
    if text[:1] == b'"':
        return "string"
    if text in (b"null", b"true", b"false"):
        return "null" if text == b"null" else "bool"
    digits = text.decode()
    if _INTEGER.fullmatch(digits) and -(2**63) <= int(digits) < 2**63:
        return "int64"
    if _NUMBER.fullmatch(digits) and math.isfinite(float(digits)):
        return "float64"
    return "json"


def _arrow_type(kinds: set[str]) -> str:
    if len(kinds) == 1 and kinds <= {"bool", "int64", "float64"}:
        return next(iter(kinds))
    return "float64" if kinds == {"int64", "float64"} else "string"


def unique_names(carried: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Names for carried columns: one that a table has of its own becomes ``input_…``."""
    names: dict[str, str] = {}
    taken = {*taken}
    carried = list(carried)
    for name in carried:
        column = name
        while column in taken or (column != name and column in carried):
            column = f"input_{column}"
        taken.add(column)
        names[name] = column
    return names


def flat_rows(entry: Entry) -> Iterator[dict[str, object]]:
    """The columns of each quote; of a failure one row that has only ``error``."""
    if isinstance(entry.record, Failure):
        yield {"error": entry.record.error}
        return
    for number, quote in enumerate(entry.record.quotes, start=1):
        yield {"number": number, **_columns(quote)}


def _columns(quote: Quote) -> dict[str, object]:
    mention = quote.speaker.mention if quote.speaker else None
    scores = quote.stance.scores
    return {
        "start": quote.start,
        "end": quote.end,
        "quote": quote.text,
        "type": quote.type,
        "speaker": quote.speaker.name if quote.speaker else None,
        **_span("mention", mention),
        **_span("cue", quote.cue),
        "stance": quote.stance.label,
        "target": quote.stance.target,
        **({} if scores is UNSET else {label: scores.get(label) for label in STANCES}),
        "score": None if quote.score is UNSET else quote.score,
    }


def _span(name: str, span: Span | None) -> dict[str, object]:
    if span is None:
        return {}
    return {name: span.text, f"{name}_start": span.start, f"{name}_end": span.end}


def carried_cells(entry: Entry, names: dict[str, str]) -> dict[str, str | None]:
    """The carried values as text, by column name."""
    return {column: _cell(entry.carried.get(name)) for name, column in names.items()}


def _cell(value: object) -> str | None:
    return cell(value) if isinstance(value, Raw) else None

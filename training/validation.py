"""Checks of labelled data: every problem of JSONL files in the schema, with its place.

Reading is lenient: a line or a quote that is beyond reading is one problem, and all the rest is
still checked. Memory holds one line at a time, and of the lines before it ids and digests only.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from guillemets.inference.errors import InputError, located
from guillemets.inference.reading import decode_line, numbered_lines
from guillemets.inference.schema import QUOTE_TYPES, STANCES, Quote, Span, Stance

Severity = Literal["error", "warning"]
Edges = tuple[int, int]
SHOWN = 40  # characters of a text that a reason repeats


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong with labelled data; ``line`` from 1, ``span`` as offsets into the text."""

    severity: Severity
    source: str
    line: int | None
    id: str | None
    span: Edges | None
    reason: str

    def __str__(self) -> str:
        place = "" if self.id is None else self.id
        if self.span is not None:
            place += "[{}:{}]".format(*self.span)
        parts = [self.severity, place, self.reason]
        return located(self.source, self.line, ": ".join(part for part in parts if part))


class Summary(msgspec.Struct):
    """What one file holds. Only what could be read is counted.

    ``speakers`` are distinct names, counted once a document; ``without_mention`` includes the
    quotes without a speaker; words are separated by white space.
    """

    source: str
    unreadable: bool = False
    documents: int = 0
    words: int = 0
    quotes: int = 0
    types: Counter[str] = msgspec.field(default_factory=Counter)
    stances: Counter[str] = msgspec.field(default_factory=Counter)
    speakers: int = 0
    without_speaker: int = 0
    without_mention: int = 0
    without_cue: int = 0
    errors: int = 0
    warnings: int = 0


class _LooseStance(Stance, frozen=True, kw_only=True):
    label: str  # type: ignore[assignment]


class _LooseQuote(Quote, frozen=True, kw_only=True):
    """A quote whose labels may be anything, so that an unknown one hides no other problem."""

    type: str  # type: ignore[assignment]
    stance: _LooseStance


class _LooseDocument(msgspec.Struct):
    id: str
    text: str
    quotes: list[msgspec.Raw]


class _Finding(NamedTuple):
    """A problem that does not know its document yet."""

    severity: Severity
    span: Edges | None
    reason: str


class _Place(NamedTuple):
    source: str
    line: int
    dev: bool

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


_DOCUMENT = msgspec.json.Decoder(_LooseDocument)
_QUOTE = msgspec.json.Decoder(_LooseQuote)


def validate(
    paths: Iterable[str | Path],
    dev: Iterable[str | Path] = (),
    summaries: list[Summary] | None = None,
) -> Iterator[Problem]:
    """Every problem of the files, as it is met; a file that cannot be read is a problem too.

    ``dev`` are files to be kept apart from ``paths``: a text in both is an error. ``summaries``
    gets one Summary a file, which is complete once the problems after it have been taken.
    """
    seen = _Seen()
    for path, is_dev in [*((p, False) for p in paths), *((p, True) for p in dev)]:
        summary = Summary(str(path))
        if summaries is not None:
            summaries.append(summary)
        for problem in _validate_file(Path(path), is_dev, seen, summary):
            if problem.severity == "error":
                summary.errors += 1
            else:
                summary.warnings += 1
            yield problem


def total(summaries: Iterable[Summary]) -> Summary:
    """The sum of several summaries."""
    whole = Summary("all")
    for summary in summaries:
        for name in set(Summary.__struct_fields__) - {"source", "unreadable"}:
            setattr(whole, name, getattr(whole, name) + getattr(summary, name))
        whole.unreadable |= summary.unreadable
    return whole


def check_training(train: Iterable[str | Path], dev: Iterable[str | Path]) -> None:
    """Raises InputError with the first error of the files, and the number of the others."""
    errors = (p for p in validate(train, dev) if p.severity == "error")
    first = next(errors, None)
    if first is not None:
        others = sum(1 for _ in errors)
        more = f" (and {others} more; `guillemets validate` lists them)" if others else ""
        raise InputError(f"{first}{more}")


def _validate_file(path: Path, dev: bool, seen: _Seen, summary: Summary) -> Iterator[Problem]:
    source = str(path)
    empty = True
    try:
        with path.open("rb") as stream:
            for number, line in numbered_lines(stream):
                empty = False
                try:
                    document = decode_line(_DOCUMENT, line)
                except ValueError as error:
                    yield Problem("error", source, number, None, None, str(error))
                    continue
                findings = [*seen.add(document, _Place(source, number, dev))]
                findings += _check(document, summary)
                for finding in findings:
                    severity, span, reason = finding
                    yield Problem(severity, source, number, document.id, span, reason)
    except OSError as error:
        summary.unreadable = True
        yield Problem("error", source, None, None, None, error.strerror or str(error))
    else:
        if empty:
            yield Problem("warning", source, None, None, None, "no documents")


class _Seen:
    """Ids and texts met so far, with the first place of each."""

    def __init__(self) -> None:
        self.ids: dict[str, _Place] = {}
        self.texts: dict[bytes, _Place] = {}

    def add(self, document: _LooseDocument, place: _Place) -> Iterator[_Finding]:
        first = self.ids.setdefault(document.id, place)
        if first is not place:
            yield _Finding("error", None, f"id already used at {first}")
        # A text does not become another one by its spacing.
        text = "".join(document.text.split()).encode()
        first = self.texts.setdefault(hashlib.blake2b(text, digest_size=16).digest(), place)
        if first.dev != place.dev:
            yield _Finding("error", None, f"held-out text is also in the training data: {first}")
        elif first is not place:
            yield _Finding("warning", None, f"same text as at {first}")


# ---------------------------------------------------------------- one document


def _check(document: _LooseDocument, summary: Summary) -> Iterator[_Finding]:
    quotes = []
    for number, raw in enumerate(document.quotes):
        try:
            quotes.append(_QUOTE.decode(raw))
        except (msgspec.DecodeError, RecursionError) as error:
            yield _Finding("error", None, f"quotes[{number}]: {error}")
    _count(document.text, quotes, summary)
    for quote in quotes:
        yield from _check_quote(document.text, quote)
    yield from _check_order(quotes)


def _count(text: str, quotes: list[_LooseQuote], summary: Summary) -> None:
    summary.documents += 1
    summary.words += len(text.split())
    summary.quotes += len(quotes)
    summary.types.update(q.type for q in quotes)
    summary.stances.update(q.stance.label for q in quotes)
    summary.speakers += len({q.speaker.name for q in quotes if q.speaker})
    summary.without_speaker += sum(q.speaker is None for q in quotes)
    summary.without_mention += sum(q.speaker is None or q.speaker.mention is None for q in quotes)
    summary.without_cue += sum(q.cue is None for q in quotes)


def _check_quote(text: str, quote: _LooseQuote) -> Iterator[_Finding]:
    here = (quote.start, quote.end)
    yield from _check_span(text, quote, "quote")
    if quote.text != quote.text.strip():
        yield _Finding("error", here, "white space at the edges of the quote")
    if quote.type not in QUOTE_TYPES:
        yield _Finding("error", here, _unknown("type", quote.type, QUOTE_TYPES))
    if quote.stance.label not in STANCES:
        yield _Finding("error", here, _unknown("stance", quote.stance.label, STANCES))
    if quote.cue is not None:
        yield from _check_span(text, quote.cue, "cue")
    if quote.speaker is not None:
        mention = quote.speaker.mention
        if mention is not None:
            yield from _check_span(text, mention, "mention")
            if mention.start < quote.end and quote.start < mention.end:
                yield _Finding("error", here, f"overlaps its own mention {_shown(mention.text)}")
        yield from _check_string(text, here, "speaker", quote.speaker.name)
    if quote.stance.target is not None:
        yield from _check_string(text, here, "target", quote.stance.target)


def _check_span(text: str, span: _LooseQuote | Span, kind: str) -> Iterator[_Finding]:
    here = (span.start, span.end)
    if not (0 <= span.start <= len(text) and 0 <= span.end <= len(text)):
        yield _Finding("error", here, f"{kind} outside the text, which has {len(text)} characters")
    elif span.start >= span.end:
        yield _Finding("error", here, f"empty {kind}")
    elif text[span.start : span.end] != span.text:
        found = _shown(text[span.start : span.end])
        yield _Finding("error", here, f"{kind} stored as {_shown(span.text)}, the text has {found}")


def _check_string(text: str, here: Edges, kind: str, value: str) -> Iterator[_Finding]:
    if not value.strip():
        yield _Finding("error", here, f"blank {kind}")
    elif value not in text:
        # Names are looked up in the text; a target is only shown.
        severity: Severity = "warning" if kind == "target" else "error"
        yield _Finding(severity, here, f"{kind} {_shown(value)} does not occur in the text")


def _check_order(quotes: list[_LooseQuote]) -> Iterator[_Finding]:
    for before, quote in zip(quotes, quotes[1:]):
        if quote.start < before.start:
            reason = f"out of order: stored after the quote at {before.start}"
            yield _Finding("warning", (quote.start, quote.end), reason)
    reach: _LooseQuote | None = None  # of the quotes so far, the one that ends last
    for quote in sorted(quotes, key=lambda q: (q.start, q.end)):
        if reach is not None and quote.start < reach.end:
            reason = f"overlaps the quote [{reach.start}:{reach.end}]"
            yield _Finding("error", (quote.start, quote.end), reason)
        if reach is None or quote.end > reach.end:
            reach = quote


def _unknown(kind: str, label: str, known: tuple[str, ...]) -> str:
    return f"unknown {kind} {_shown(label)}, not one of {', '.join(known)}"


def _shown(text: str) -> str:
    """The start of a text, with white space visible: a no-break space can be all the difference."""
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")

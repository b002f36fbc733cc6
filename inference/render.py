"""Show tagged documents: a table for the terminal, a page for the browser, JSON Lines for programs.

All three take the documents as they come and hold one at a time; the first two show failures too.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import UNSET

from guillemets.inference.errors import printable
from guillemets.inference.schema import Document, Failure, Quote

if TYPE_CHECKING:
    from jinja2 import Template
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# Blue, vermilion and grey stay apart for every kind of colour vision; sign and word say it again.
SIGNS = {"support": "▲", "condemn": "▼", "neutral": "●"}
TERMINAL_STYLES = {
    "support": "bold bright_blue",
    "condemn": "bold dark_orange",
    "neutral": "default",
}
FRENCH_STANCES = {"support": "Pour", "condemn": "Contre", "neutral": "Neutre"}
FRENCH_TYPES = {
    "direct": "discours direct",
    "mixed": "discours mixte",
    "indirect": "discours indirect",
}

TEMPLATES = Path(__file__).parent / "templates"
NEWLINE = r"(?:\r\n|\r(?!\n)|\n)"
BLANK_LINES = re.compile(rf"{NEWLINE}(?:[^\S\r\n]*{NEWLINE})+")


def jsonl(documents: Iterable[Document]) -> Iterator[str]:
    """One line of JSON a document."""
    for document in documents:
        yield msgspec.json.encode(document).decode() + "\n"


# ---------------------------------------------------------------- terminal


def table(documents: Iterable[Document | Failure], console: Console) -> None:
    """Print a table a document, as wide as the terminal."""
    from rich.text import Text

    for document in documents:
        if isinstance(document, Failure):
            reason = (f"  {printable(document.error)}", "red")
            console.print(Text.assemble((printable(document.id), "bold"), reason), end="\n\n")
            continue
        count = _plural(len(document.quotes), "quote")
        console.print(Text.assemble((printable(document.id), "bold"), (f"  {count}", "dim")))
        if document.quotes:
            console.print(_grid(document.quotes, console.width))
        console.print()


def _grid(quotes: list[Quote], width: int) -> Table:
    """Two lines a quote, so that all of its fields are readable on 80 columns."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), expand=True)
    grid.add_column("speaker\ncue", max_width=width // 4, overflow="fold")
    grid.add_column("stance\ntarget", max_width=width // 5, overflow="fold")
    grid.add_column("quote", ratio=1, overflow="fold")
    grid.add_column("type\nscore")
    for quote in quotes:
        speaker = quote.speaker.name if quote.speaker else "?"
        label, target = quote.stance.label, quote.stance.target
        score = None if quote.score is UNSET else f"{quote.score:.2f}"
        grid.add_row(
            _two_lines(speaker, "bold", quote.cue.text if quote.cue else None),
            _two_lines(f"{SIGNS[label]} {label}", TERMINAL_STYLES[label], target),
            Text(_excerpt(quote.text, max(80, width))),
            _two_lines(quote.type, "", score),
        )
    return grid


def _two_lines(first: str, style: str, second: str | None) -> Text:
    """A table cell; as ``Text``, since a string would be read as rich's markup."""
    from rich.text import Text

    cell = Text(_excerpt(first, 60), style)
    return cell if second is None else Text.assemble(cell, "\n", (_excerpt(second, 60), "dim"))


def _plural(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def _excerpt(text: str, width: int) -> str:
    """The first words of ``text``, on one line."""
    line = shorten(printable(text), width, placeholder=" […]")
    return line.replace("« ", "«\u00a0").replace(" »", "\u00a0»")


# ---------------------------------------------------------------- page


def html(documents: Iterable[Document | Failure]) -> Iterator[str]:
    """A page that needs nothing outside itself, in pieces, a document at a time."""
    css, js = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    yield from _page().generate(
        articles=(_article(document, number) for number, document in enumerate(documents)),
        css=css,
        js=js,
        css_hash=csp_hash(css),
        js_hash=csp_hash(js),
        stances=FRENCH_STANCES,
        types=FRENCH_TYPES,
        signs=SIGNS,
    )


def _page() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        extensions=["jinja2.ext.loopcontrols"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(verbatim=verbatim, excerpt=_excerpt, percent=_percent)
    return environment.get_template("page.html.jinja")


def csp_hash(source: str) -> str:
    """What the page's policy allows: this very text, and no other style or script."""
    return f"sha256-{b64encode(sha256(source.encode()).digest()).decode()}"


def verbatim(text: str) -> str:
    """Text escaped so that a browser reads every character back (but NUL, which HTML lacks)."""
    from markupsafe import Markup, escape

    return Markup(str(escape(text)).replace("\r", "&#13;").replace("\0", "\ufffd"))


def _percent(probability: float) -> str:
    return f"{probability:.0%}".replace("%", "\u00a0%")


@dataclass(frozen=True)
class _Mark:
    """One reason why a piece of text is marked: it lies in a quote, in its mention or its cue."""

    kind: str
    key: str
    stance: str
    start: int
    end: int


@dataclass(frozen=True)
class _Piece:
    """A stretch of text whose characters all bear the same marks, the outermost first."""

    text: str
    start: int
    marks: list[_Mark]

    def first(self, mark: _Mark) -> bool:
        """Whether ``mark`` begins with this piece."""
        return mark.start == self.start


@dataclass(frozen=True)
class _Block:
    """A paragraph, or the blank lines between two."""

    kind: Literal["paragraph", "headline", "gap"]
    pieces: list[_Piece]


@dataclass(frozen=True)
class _Voice:
    """One speaker and what they said."""

    name: str | None
    quotes: list[tuple[str, Quote]]
    counts: Counter[str]


@dataclass(frozen=True)
class _Article:
    """What the template shows of a document."""

    id: str
    quotes: list[tuple[str, Quote]]
    blocks: list[_Block]
    voices: list[_Voice]
    error: str | None = None


def _article(document: Document | Failure, number: int) -> _Article:
    if isinstance(document, Failure):
        return _Article(document.id, [], [], [], document.error)
    keyed = [(f"{number}-{i}", quote) for i, quote in enumerate(document.quotes)]
    return _Article(document.id, keyed, list(_blocks(document.text, keyed)), _voices(keyed))


def _voices(keyed: list[tuple[str, Quote]]) -> list[_Voice]:
    """The speakers in the order in which they first speak; who is unknown comes last."""
    said: dict[str | None, list[tuple[str, Quote]]] = {}
    for key, quote in keyed:
        said.setdefault(quote.speaker.name if quote.speaker else None, []).append((key, quote))
    voices = [
        _Voice(name, quotes, Counter(quote.stance.label for _, quote in quotes))
        for name, quotes in said.items()
    ]
    return sorted(voices, key=lambda voice: voice.name is None)


def _blocks(text: str, keyed: list[tuple[str, Quote]]) -> Iterator[_Block]:
    """Cut the text into blocks and these into pieces; joined, they are the text again.

    Spans may overlap in any way (a mention inside another quote, a quote over two paragraphs), so
    each piece bears all its marks itself and no mark reaches over a piece's edge.
    """
    marks = _marks(keyed)
    start = 0
    gaps = [match.span() for match in BLANK_LINES.finditer(text)]
    for gap_start, gap_end in [*gaps, (len(text), len(text))]:
        if start < gap_start:
            headline = start == 0 and bool(gaps) and _is_headline(text[:gap_start])
            kind: Literal["headline", "paragraph"] = "headline" if headline else "paragraph"
            yield _Block(kind, list(_pieces(text, start, gap_start, marks)))
        if gap_start < gap_end:
            yield _Block("gap", [_Piece(text[gap_start:gap_end], gap_start, [])])
        start = gap_end


def _is_headline(paragraph: str) -> bool:
    return len(paragraph) <= 160 and not paragraph.rstrip().endswith((".", ",", "»", "…"))


def _pieces(text: str, start: int, end: int, marks: list[_Mark]) -> Iterator[_Piece]:
    within = [mark for mark in marks if mark.start < end and mark.end > start]
    inner = {edge for mark in within for edge in (mark.start, mark.end) if start < edge < end}
    for left, right in pairwise([start, *sorted(inner), end]):
        covering = [mark for mark in within if mark.start < right and mark.end > left]
        yield _Piece(text[left:right], left, covering)


def _marks(keyed: list[tuple[str, Quote]]) -> list[_Mark]:
    """Every mark of the document, so sorted that an outer one comes before what it holds."""
    marks = []
    for key, quote in keyed:
        mention = quote.speaker.mention if quote.speaker else None
        for kind, span in (("quote", quote), ("mention", mention), ("cue", quote.cue)):
            if span is not None:
                marks.append(_Mark(kind, key, quote.stance.label, span.start, span.end))
    return sorted(marks, key=lambda mark: (mark.kind != "quote", mark.start, -mark.end))

r"""Labels written into the text, by hand if need be; read and written without loss but for scores.

::

    # id: commune-12
    [[q1 direct support target="la loi": Nous irons.]] « Oui », [[cue q1: a dit]] [[speaker q1
    name="Anne Roy": elle]].
    ====
    # id: commune-13
    …

A mark is ``[[``, a head, a colon, at most one space that does not count, the marked text, ``]]``. Marks
may hold others. The head, words with spaces or line ends between them, is one of

- ``q1 TYPE STANCE``: a quote, numbered as one likes; TYPE is direct, mixed or indirect, STANCE support,
  condemn or neutral, which may be left out. ``target="…"``: what the stance is for or against.
  ``speaker="…"``: the speaker's name where no words in the text stand for the speaker;
- ``cue q1``: the cue of a quote, or of several: ``cue q1 q2``;
- ``speaker q1``: the words that name the speaker of a quote or of several; ``name="…"``: the full name, where
  it differs from these words;
- ``+cue q1``, ``+speaker q1``, ``+q1``: goes on where the piece before it with this head has ended, for
  marks that cross.

Values between ``"`` are JSON strings. In the text ``\[``, ``\]``, ``\\`` and ``\=`` stand for the character
itself, ``\n`` and ``\r`` for a line feed and a carriage return; a backslash before anything else is an
error. ``[`` and ``]`` need none unless two of a kind meet, marks' included.

A line ``====`` parts two documents. ``# id: …`` may be the first line that is not empty of a document; an id
with line ends, outer spaces or a leading ``"`` is a JSON string. Empty lines around the text do not
count, nor does the difference between LF and CRLF.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import QUOTE_TYPES, STANCES, Document

from .graph import Graph, Link, Mark, marks_of, note_scores
from .lines import id_from_a_line, id_on_a_line, text_lines
from .names import QUOTES, Names, suggestion
from .notes import Notes

PARTING = "===="
_ID = re.compile(r"# id:(.*)")
_PIECE = re.compile(r"\\(.?)|\[\[|\]\]", re.DOTALL)
_ITEM = re.compile(r'\s*([^\W\d_]\w*)(?:=("(?:[^"\\]|\\.)*"))?', re.DOTALL)
_QUOTE = re.compile(r"q\d+")
_WHITE = re.compile(r"\s*")
_UNESCAPED = {"[": "[", "]": "]", "\\": "\\", "=": "=", "n": "\n", "r": "\r"}
_ROLES = {"cue": (), "speaker": ("name",), "quote": ("target", "speaker")}  # and their values


# ---------------------------------------------------------------- reading


def read(path: Path, names: Names, notes: Notes) -> Iterator[Document]:
    """The documents of a file, one at a time. Raises InputError with file and line."""
    lines: list[str] = []
    first, done = 1, 0
    for number, line in text_lines(path):
        if line != PARTING:
            lines.append(line)
            continue
        if any(map(str.strip, lines)):
            done += 1
            yield _document(path, done, lines, first, notes)
        lines, first = [], number + 1
    if any(map(str.strip, lines)):
        yield _document(path, done + 1, lines, first, notes)


def _document(path: Path, number: int, lines: list[str], first: int, notes: Notes) -> Document:
    empty = next(i for i, line in enumerate(lines) if line.strip())
    lines, first = lines[empty:], first + empty
    id = f"{path.stem}-{number}"
    if header := _ID.fullmatch(lines[0]):
        id = id_from_a_line(header[1])
        lines, first = lines[1:], first + 1
    body = "\n".join(lines)
    leading = len(body) - len(body.lstrip("\n"))
    return _Parser(str(path), id, body.strip("\n"), first + leading, notes).document()


class _Open:
    """A mark that has been opened: its head, and where in the text and on which line it starts."""

    def __init__(self, head: _Head, start: int, line: int) -> None:
        self.head, self.start, self.line = head, start, line


class _Head:
    """What stands between ``[[`` and the colon."""

    def __init__(self, goes_on: bool, words: list[str], values: dict[str, str]) -> None:
        self.goes_on, self.values = goes_on, values
        self.role = "quote" if words and _QUOTE.fullmatch(words[0]) else (words or [""])[0]
        self.quotes = words[:1] if self.role == "quote" else words[1:]
        self.labels = words[1:] if self.role == "quote" else []
        self.key = " ".join([self.role, *self.quotes])


class _Parser:
    """One document: the body with marks, and the text and graph that come of it."""

    def __init__(self, source: str, id: str, body: str, line: int, notes: Notes) -> None:
        self.source, self.id, self.body, self.line, self.notes = source, id, body, line, notes
        self.pieces: list[str] = []
        self.length = 0
        self.marks: dict[str, list[Mark]] = defaultdict(list)  # by the key of their head
        self.heads: list[tuple[_Head, Mark]] = []

    def document(self) -> Document:
        at, opened = 0, []
        while piece := _PIECE.search(self.body, at):
            self._text(self.body[at : piece.start()])
            if piece[0] == "[[":
                head, at = self._head(piece.end())
                opened.append(_Open(head, self.length, self._line(piece.start())))
                continue
            if piece[0] == "]]":
                if not opened:
                    raise self._error(piece.start(), r"`]]` closes nothing; \]\] are brackets")
                self._close(opened.pop())
            elif piece[1] in _UNESCAPED and piece[1]:
                self._text(_UNESCAPED[piece[1]])
            else:
                reason = rf"unknown escape `\{piece[1]}`; a backslash is written \\"
                raise self._error(piece.start(), reason)
            at = piece.end()
        self._text(self.body[at:])
        if opened:
            reason = f"this `[[{opened[-1].head.key}` is not closed"
            raise InputError(located(self.source, opened[-1].line, reason))
        return self._graph().document()

    def _text(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)

    def _line(self, at: int) -> int:
        return self.line + self.body.count("\n", 0, at)

    def _error(self, at: int, reason: str) -> InputError:
        return InputError(located(self.source, self._line(at), reason))

    def _head(self, start: int) -> tuple[_Head, int]:
        at = _WHITE.match(self.body, start).end()
        goes_on = self.body.startswith("+", at)
        at += goes_on
        words: list[str] = []
        values: dict[str, str] = {}
        while item := _ITEM.match(self.body, at):
            name, value = item.groups()
            if value is None:
                words.append(name)
            elif name in values:
                raise self._error(start, f"`{name}` stands here twice")
            else:
                values[name] = self._value(value, item.start(2))
            at = item.end()
        at = _WHITE.match(self.body, at).end()
        if not words or not self.body.startswith(":", at):
            reason = (
                r"no mark: [[q1 direct: …]], [[cue q1: …]] or [[speaker q1: …]]; \[\[ are brackets"
            )
            raise self._error(start, reason)
        head = _Head(goes_on, words, values)
        self._check(head, start)
        return head, at + 1 + self.body.startswith(" ", at + 1)

    def _value(self, value: str, at: int) -> str:
        try:
            read = json.loads(value)
            read.encode("utf-8")
        except ValueError:
            raise self._error(at, f"{value} is no JSON string") from None
        return read

    def _check(self, head: _Head, at: int) -> None:
        if head.role not in _ROLES:
            reason = f"unknown mark `{head.role}`" + suggestion(head.role, ("cue", "speaker"))
            raise self._error(at, reason)
        if not head.quotes or not all(map(_QUOTE.fullmatch, head.quotes)):
            reason = f"{head.role} wants the quotes it goes with: [[{head.role} q1: …]]"
            raise self._error(at, reason)
        known = () if head.goes_on else _ROLES[head.role]
        for name in head.values:
            if name not in known:
                raise self._error(at, f"unknown value `{name}`" + suggestion(name, known))
        allowed = () if head.goes_on else (*QUOTE_TYPES, *STANCES)
        for label in head.labels:
            if label not in allowed:
                raise self._error(at, f"unknown label `{label}`" + suggestion(label, allowed))
        if head.role == "quote" and not head.goes_on:
            for group, least in ((QUOTE_TYPES, 1), (STANCES, 0)):
                if not least <= sum(label in group for label in head.labels) <= 1:
                    wanted = f"{head.quotes[0]} wants one of {', '.join(group)}"
                    raise self._error(at, wanted)

    def _close(self, mark: _Open) -> None:
        head, end = mark.head, self.length
        if mark.start == end:
            raise InputError(located(self.source, mark.line, f"`{head.key}` marks no text"))
        known = self.marks[head.key]
        if head.goes_on:
            before = next((m for m in known if m.spans[0][1] == mark.start), None)
            if before is None:
                reason = f"`+{head.key}` does not stand where such a mark ends"
                raise InputError(located(self.source, mark.line, reason))
            before.spans = [(before.spans[0][0], end)]
            return
        key = head.quotes[0] if head.role == "quote" else f"{head.key} {len(known) + 1}"
        kind = next((x for x in head.labels if x in QUOTES), head.role)
        made = Mark(key, "source" if kind == "speaker" else kind, [(mark.start, end)], mark.line)
        if head.role == "quote":
            made.stance = next((x for x in head.labels if x in STANCES), "neutral")
        made.target = head.values.get("target")
        made.name = head.values.get("speaker" if head.role == "quote" else "name")
        known.append(made)
        self.heads.append((head, made))

    def _graph(self) -> Graph:
        graph = Graph(self.source, self.id, "".join(self.pieces), self.notes)
        for _, mark in self.heads:
            graph.add(mark)
        tied: set[tuple[str, str]] = set()
        for head, mark in self.heads:
            for key in head.quotes if head.role != "quote" else ():
                quote = graph.quote(key, mark.line, head.role)
                if (head.role, key) in tied:
                    raise graph.error(mark.line, f"{key} has a second {head.role} here")
                if head.role == "speaker" and quote.name is not None:
                    reason = f'{key} has speaker="…" of its own: give the name here, as name="…"'
                    raise graph.error(mark.line, reason)
                tied.add((head.role, key))
                graph.links.append(Link(head.role, mark.key, key, mark.line))
        return graph


# ---------------------------------------------------------------- writing


def write(documents: Iterable[Document], out: TextIO, names: Names, notes: Notes) -> None:
    for number, document in enumerate(documents):
        note_scores(document, notes)
        if number:
            out.write(f"{PARTING}\n")
        out.write(f"# id: {id_on_a_line(document.id)}\n{_body(document)}\n")


def _body(document: Document) -> str:
    text = document.text
    marks, links = marks_of(document)
    quotes = defaultdict(list)
    for link in links:
        quotes[link.source].append(link.target)
    heads = {mark.key: _written(mark, quotes[mark.key]) for mark in marks}
    ranges = {mark.key: mark.spans[0] for mark in marks}
    starts, ends = defaultdict(list), defaultdict(set)
    for key, (start, end) in ranges.items():
        starts[start].append(key)
        ends[end].add(key)
    places = sorted({0, len(text), *starts, *ends})
    pieces, opened = [], []
    for place, following in pairwise([*places, len(text)]):
        again = []
        while ends[place] & set(opened):
            key = opened.pop()
            pieces.append("]]")
            if key not in ends[place]:  # it crosses one that ends here
                again.append(key)
        opening = [(key, f"+{heads[key][0]}") for key in again]
        opening += [(key, "".join(heads[key])) for key in starts[place]]
        for key, head in sorted(opening, key=lambda pair: -ranges[pair[0]][1]):
            opened.append(key)
            pieces.append(f"[[{head}: ")
        pieces.append(_escaped(text[place:following]))
    body = "".join(pieces)
    body = re.sub(rf"^(?={PARTING}$)", r"\\", body, flags=re.MULTILINE)
    inner = body.strip("\n")
    leading = len(body) - len(body.lstrip("\n"))
    return r"\n" * leading + inner + r"\n" * (len(body) - leading - len(inner))


def _written(mark: Mark, quotes: list[str]) -> tuple[str, str]:
    """The head of a mark: what names it, and what else is said of it."""
    if mark.kind in QUOTES:
        name, values = mark.key, {"target": mark.target, "speaker": mark.name}
        more = f" {mark.kind} {mark.stance}"
    else:
        name = " ".join(["cue" if mark.kind == "cue" else "speaker", *quotes])
        values, more = {"name": mark.name}, ""
    for key, value in values.items():
        if value is not None:
            more += f" {key}={json.dumps(value, ensure_ascii=False)}"
    return name, more


def _escaped(text: str) -> str:
    """Text between two marks: a bracket before its like, or before a mark, is escaped."""
    text = text.replace("\\", "\\\\").replace("\r", "\\r")
    return re.sub(r"([\[\]])(?=\1|\Z)", r"\\\1", text)

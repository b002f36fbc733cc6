"""CoNLL columns with IOB2 tags, read and written.

A line is a token, a tab and a tag: ``O``, or ``B-`` and ``I-`` with the name of an entity (``direct``,
``mixed``, ``indirect``, ``cue``, ``speaker`` and those of ``names``). Columns in between are passed over.
An empty line ends a sentence; ``-DOCSTART-`` or ``# id = …`` starts a document, other lines with ``#`` and
without a tab are comments.

Reading makes the text of the tokens with single spaces between them: where French wants none, after
« l' » or before a comma, there is one all the same. Cues and speakers go to the nearest quotes, one of
each to a quote.

Writing keeps the quotes, and the cues and speakers that do not overlap them; the links between them,
full names, stances, targets and the spaces are lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import Document

from .graph import Graph, Mark, marks_of, note_scores
from .lines import id_from_a_line, id_on_a_line, text_lines
from .names import IGNORED, QUOTES, Names
from .notes import Notes

START = "-DOCSTART-"
_COMMENT = re.compile(r"#(?!\s+(?:O|[BI]-\S+)\s*$)(?:\s*id\s*=(?P<id>.*)|.*)")
_TOKEN = re.compile(r"\w+['’]?|[^\w\s]")
_LOST = "documents whose links, full names, stances, targets and spaces the format does not hold"


class _Tokens:
    """A document while its lines come in."""

    def __init__(self, line: int, id: str | None = None) -> None:
        self.line, self.id = line, id
        self.words: list[str] = []
        self.length = 0  # of the words with spaces between them
        self.open: tuple[str, Mark] | None = None  # an entity that may go on, and its tag
        self.marks: list[Mark] = []

    def add(self, word: str, tag: str, line: int, names: Names) -> None:
        """Raises ValueError for a tag that is none, or not one of IOB2."""
        start = self.length + (1 if self.words else 0)
        self.words.append(word)
        self.length = start + len(word)
        prefix, _, name = tag.partition("-")
        if tag == "O":
            self.open = None
        elif prefix == "B" and name:
            mark = Mark(f"{line}", names.entity(name), [(start, self.length)], line)
            self.marks.append(mark)
            self.open = (name, mark)
        elif prefix == "I" and name:
            if self.open is None or self.open[0] != name:
                raise ValueError(f"{tag} follows neither B-{name} nor I-{name} (IOB2 is wanted)")
            mark = self.open[1]
            mark.spans = [(mark.spans[0][0], self.length)]
        else:
            raise ValueError(f"`{tag}` is no tag: O, B-… or I-… is wanted")

    def document(self, path: Path, number: int, notes: Notes) -> Document:
        id = f"{path.stem}-{number}" if self.id is None else self.id
        graph = Graph(str(path), id, " ".join(self.words), notes)
        for mark in self.marks:
            if mark.kind == IGNORED:
                graph.note("entities to ignore, left out", mark.line)
            else:
                graph.add(mark)
        if any(m.kind not in QUOTES for m in graph.marks.values()):
            graph.note("documents whose cues and speakers go to the nearest quotes", self.line)
        return graph.document(nearest=True)


def read(path: Path, names: Names, notes: Notes) -> Iterator[Document]:
    """The documents of a file, one at a time. Raises InputError with file and line."""
    current: _Tokens | None = None
    done = 0
    for number, line in text_lines(path):
        comment = None if "\t" in line else _COMMENT.fullmatch(line)
        starts = line.startswith(START)
        if starts or (comment and comment["id"] is not None):
            if current and (current.words or current.id is not None):
                done += 1
                yield current.document(path, done, notes)
                current = None
            current = current or _Tokens(number)
            if comment:
                current.id = id_from_a_line(comment["id"])
        elif not line.strip():
            if current:
                current.open = None
        elif not comment:
            columns = line.split("\t") if "\t" in line else line.split()
            if len(columns) < 2 or not columns[0].strip():
                raise InputError(located(str(path), number, "a token, a tab and a tag are wanted"))
            current = current or _Tokens(number)
            try:
                current.add(columns[0].strip(), columns[-1].strip(), number, names)
            except ValueError as error:
                raise InputError(located(str(path), number, str(error))) from None
    if current and (current.words or current.id is not None):
        yield current.document(path, done + 1, notes)


def write(documents: Iterable[Document], out: TextIO, names: Names, notes: Notes) -> None:
    for document in documents:
        note_scores(document, notes)
        if document.quotes:
            notes.add(_LOST)
        out.write(f"# id = {id_on_a_line(document.id)}\n")
        for line in _lines(document, notes):
            out.write(f"{line}\n")
        out.write("\n")


def _lines(document: Document, notes: Notes) -> Iterator[str]:
    """Tokens with their tags, and an empty line for a line end that stands in no mark."""
    text = document.text
    marks: list[Mark | None] = [None] * len(text)
    cuts = {0, len(text)}
    for mark in marks_of(document)[0]:  # the quotes come first
        start, end = mark.spans[0]
        if any(marks[start:end]) or not text[start:end].strip():
            notes.add("cues, speakers and quotes that overlap another or have no word, left out")
            continue
        marks[start:end] = [mark] * (end - start)
        cuts |= {start, end}
    last, before = None, 0
    for start, end in pairwise(sorted(cuts)):
        for match in _TOKEN.finditer(text, start, end):
            mark = marks[match.start()]
            goes_on = mark is not None and mark is last
            if before and not goes_on and "\n" in text[before : match.start()]:
                yield ""
            yield f"{match.group()}\t{_tag(mark, goes_on)}"
            last, before = mark, match.end()


def _tag(mark: Mark | None, goes_on: bool) -> str:
    if mark is None:
        return "O"
    name = "speaker" if mark.kind == "source" else mark.kind
    return f"{'I' if goes_on else 'B'}-{name}"

"""BRAT standoff: a folder of ``.txt`` and ``.ann`` files, read and written, a document a pair.

The id is the path below the folder, with ``/``, without its ending; characters that a file name
cannot hold are percent-encoded there. Offsets count code points over the text file as it is,
line ends and a byte order mark included. See ``names`` for what labels are called.

- ``T``: quotations, cues and sources. BRAT cuts a stretch at every line end; such pieces are one.
  See ``graph`` for stretches that are really in pieces.
- ``R``: source → quotation, cue → quotation, pronoun → source.
- ``A``: the stance of a quotation, ``A1<TAB>Stance T3 Support``; without it, neutral.
- ``#``: ``#1<TAB>Target T3<TAB>words`` is what the stance is for or against; ``#1<TAB>Speaker
  T3<TAB>name``, on a quotation or source, is the speaker's name where no entity's text gives it. A line
  break is ``\\n`` or ``\\r`` there, a backslash ``\\\\``.

Other lines (events, equivalences, normalisations, other attributes and notes) are counted and left
out. What the project's schema has no place for, as the kind of source, is not kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import unquote

from guillemets.inference import lexicon
from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import QUOTE_TYPES, Document
from guillemets.inference.words import fold

from .graph import Graph, Link, Mark, Range, marks_of, note_scores
from .lines import not_utf8, text_lines
from .names import IGNORED, QUOTES, SOURCES, Names
from .notes import Notes

FOLDER = True

_ENTITY = re.compile(r"(T\S*)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)", re.DOTALL)
_RELATION = re.compile(r"R\S*\t(\S+) (\S+?):(\S+) (\S+?):(\S+)\s*")
_ATTRIBUTE = re.compile(r"[AM]\S*\t(\S+) (\S+)(?: (.*?))?\s*")
_NOTE = re.compile(r"#\S*\t(\S+) (\S+)(?:\t(.*))?", re.DOTALL)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_PLAIN = {escape: c for c, escape in _ESCAPES.items()}

# ---------------------------------------------------------------- reading


def read(path: Path, names: Names, notes: Notes) -> Iterator[Document]:
    """The documents of a folder and its subfolders by id. Raises InputError."""
    if not path.is_dir():
        raise InputError(located(str(path), None, "a folder of .txt and .ann files is wanted"))
    stems = {".txt": set[str](), ".ann": set[str]()}
    for folder, _, files in os.walk(path):
        for file in files:
            stem, extension = os.path.splitext(os.path.join(folder, file))
            if extension in stems:
                stems[extension].add(stem)
    for has, lacks in ((".ann", ".txt"), (".txt", ".ann")):
        if alone := sorted(stems[has] - stems[lacks]):
            others = f" (and {len(alone) - 1} more like it)" if len(alone) > 1 else ""
            raise InputError(located(alone[0] + has, None, f"no {lacks} file beside it{others}"))
    if not stems[".ann"]:
        raise InputError(located(str(path), None, "no .ann files in this folder"))
    for stem in sorted(stems[".ann"]):
        yield _document(path, stem, names, notes)


def _document(root: Path, stem: str, names: Names, notes: Notes) -> Document:
    text_file, path = Path(stem + ".txt"), Path(stem + ".ann")
    data = text_file.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(located(str(text_file), line, not_utf8(error))) from None
    name = os.fsencode(os.path.relpath(stem, root)).decode("utf-8", "replace")
    graph = Graph(str(path), unquote(name.replace(os.sep, "/")), text, notes)
    later: list[tuple[int, str]] = []  # what points to entities, which may come after it
    for number, line in text_lines(path):
        if line.startswith("T"):
            _entity(graph, number, line, names)
        elif line.strip():
            later.append((number, line))
    ignored = {key for key, mark in graph.marks.items() if mark.kind == IGNORED}
    for number, line in later:
        _other(graph, number, line, names, ignored)
    for key in ignored:
        del graph.marks[key]
    return graph.document()


def _entity(graph: Graph, number: int, line: str, names: Names) -> None:
    match = _ENTITY.fullmatch(line)
    if not match:
        reason = "not an entity: id TAB type start end TAB text are wanted"
        raise graph.error(number, reason)
    key, type, offsets, shown = match.groups()
    try:
        kind = names.entity(type)
    except ValueError as error:
        raise graph.error(number, str(error)) from None
    spans = [tuple(map(int, piece.split())) for piece in offsets.split(";")]
    graph.add(Mark(key, kind, list(spans), number))
    words = " ".join(graph.text[a:b] for a, b in spans)
    if words.split() != shown.split():
        raise graph.error(number, f"the text has « {_cut(words)} » there, not « {_cut(shown)} »")
    if kind == IGNORED:
        graph.note("entities to ignore, left out", number)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


def _other(graph: Graph, number: int, line: str, names: Names, ignored: set[str]) -> None:
    if line.startswith("R"):
        _relation(graph, number, line, names, ignored)
    elif line.startswith(("A", "M")):
        _attribute(graph, number, line, names, ignored)
    elif line.startswith("#"):
        _remark(graph, number, line, ignored)
    elif line.startswith(("E", "N", "*")):
        graph.note("events, normalisations and equivalences, left out", number)
    else:
        raise graph.error(number, "not a line of BRAT standoff (T, R, A, #, E, N or *)")


def _relation(graph: Graph, number: int, line: str, names: Names, ignored: set[str]) -> None:
    match = _RELATION.fullmatch(line)
    if not match:
        reason = "not a relation: id TAB type Arg1:id Arg2:id are wanted"
        raise graph.error(number, reason)
    type, *ends = match.groups()
    (_, one), (_, other) = sorted([tuple(ends[:2]), tuple(ends[2:])])
    try:
        kind = names.relation(type)
    except ValueError as error:
        raise graph.error(number, str(error)) from None
    if kind == IGNORED or one in ignored or other in ignored:
        graph.note("relations to ignore, left out", number)
    else:
        graph.links.append(Link(kind, one, other, number))


def _attribute(graph: Graph, number: int, line: str, names: Names, ignored: set[str]) -> None:
    match = _ATTRIBUTE.fullmatch(line)
    if not match:
        raise graph.error(number, "not an attribute: id TAB name id value are wanted")
    name, key, value = match.groups()
    if not names.is_stance(name) or key in ignored:
        graph.note("attributes that are no stance, left out", number)
        return
    mark = graph.quote(key, number, "stance")
    if mark.stance is not None:
        raise graph.error(number, f"{key} has two stances")
    try:
        mark.stance = names.stance(value or "")
    except ValueError as error:
        raise graph.error(number, str(error)) from None


def _remark(graph: Graph, number: int, line: str, ignored: set[str]) -> None:
    match = _NOTE.fullmatch(line)
    type, key, words = match.groups() if match else ("", "", "")
    if type not in ("Target", "Speaker") or key in ignored:
        graph.note("notes of annotators, left out", number)
        return
    words = re.sub(r"\\[\\nr]", lambda m: _PLAIN[m[0]], words or "")
    if type == "Target":
        graph.quote(key, number, "target").target = words
    elif key in graph.marks and graph.marks[key].kind in SOURCES:
        graph.marks[key].name = words
    else:
        graph.quote(key, number, "speaker").name = words


# ---------------------------------------------------------------- writing


def write(documents: Iterable[Document], folder: Path, names: Names, notes: Notes) -> None:
    """Writes the pairs of files, and an ``annotation.conf`` for BRAT itself, into a folder.

    Raises ValueError for ids that are empty or not unique.
    """
    (folder / "annotation.conf").write_text(_configuration(names), encoding="utf-8")
    for document in documents:
        note_scores(document, notes)
        stem = folder / file_name(document.id)
        stem.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{line}\n" for line in _lines(document, names))
        for extension, content in ((".txt", document.text), (".ann", lines)):
            try:
                with open(f"{stem}{extension}", "x", encoding="utf-8", newline="") as out:
                    out.write(content)
            except FileExistsError:
                raise ValueError(f"two documents have the id {document.id}") from None


def file_name(id: str) -> str:
    """A relative path that gives the id back when read; only an empty id has none."""
    if not id:
        raise ValueError("a document without an id cannot be named as a file")
    id = re.sub(r'[%<>:"\\|?*\x00-\x1f\x7f]', lambda m: f"%{ord(m[0]):02X}", id)
    parts = re.sub(r"(?<=/)/|^/|/$", "%2F", id).split("/")
    for i, part in enumerate(parts):
        if part.startswith("."):  # hidden, or a way out of the folder
            part = "%2E" * (len(part) - len(part.lstrip("."))) + part.lstrip(".")
        if i < len(parts) - 1 and part.endswith((".txt", ".ann")):  # a folder, but like a file
            part = f"{part[:-4]}%2E{part[-3:]}"
        parts[i] = part
    return "/".join(parts)


def _lines(document: Document, names: Names) -> Iterator[str]:
    """The lines of a document's ``.ann`` file."""
    text = document.text
    marks, links = marks_of(document)
    ids = {mark.key: f"T{number}" for number, mark in enumerate(marks, start=1)}
    further = count(len(marks) + 1)
    named = {m.spans[0]: ids[m.key] for m in marks if m.kind == "source" and m.name is None}
    relations = [(link.kind, ids[link.source], ids[link.target]) for link in links]
    remarks = [("Target", ids[m.key], m.target) for m in marks if m.target is not None]
    for mark in marks:
        span, name = mark.spans[0], mark.name
        of_source = mark.kind == "source" and name is not None
        pronoun = of_source and fold(text[slice(*span)]) in lexicon.PRONOUNS
        kind = "pronoun" if pronoun else mark.kind
        yield _entity_line(ids[mark.key], names.entities[kind][0], text, *span)
        stands = _find(text, name) if of_source else None
        if stands is not None:  # an entity has the name, which the mention refers to
            if stands not in named:
                named[stands] = f"T{next(further)}"
                yield _entity_line(named[stands], names.entities["source"][0], text, *stands)
            relations.append(("refers", ids[mark.key], named[stands]))
        elif name is not None:
            remarks.append(("Speaker", ids[mark.key], name))
    for number, (kind, one, other) in enumerate(relations, start=1):
        yield f"R{number}\t{_word(names.relations[kind][0])} Arg1:{one} Arg2:{other}\t"
    quotes = [mark for mark in marks if mark.kind in QUOTES]
    for number, mark in enumerate(quotes, start=1):
        stance = _word(names.stance_name(mark.stance))
        yield f"A{number}\t{_word(names.attribute)} {ids[mark.key]} {stance}"
    for number, (type, id, words) in enumerate(remarks, start=1):
        words = re.sub(r"[\\\n\r]", lambda m: _ESCAPES[m[0]], words)
        yield f"#{number}\t{type} {id}\t{words}"


def _entity_line(id: str, type: str, text: str, start: int, end: int) -> str:
    pieces = _pieces(text, start, end)
    offsets = ";".join(f"{a} {b}" for a, b in pieces)
    shown = re.sub(r"[\n\r\t]", " ", " ".join(text[a:b] for a, b in pieces))
    return f"{id}\t{_word(type)} {offsets}\t{shown}"


def _pieces(text: str, start: int, end: int) -> list[Range]:
    """The lines of a stretch: BRAT takes none that holds a line end."""
    if text[start] == "\n" or text[end - 1] == "\n":  # cut, its ends could not be told any more
        return [(start, end)]
    return [m.span() for m in re.compile(r"[^\n]+").finditer(text, start, end)]


def _find(text: str, name: str) -> Range | None:
    """Where a name stands in the text, as a whole word if it can be."""
    if not name:
        return None
    match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    start = match.start() if match else text.find(name)
    return None if start < 0 else (start, start + len(name))


def _configuration(names: Names) -> str:
    entity = {kind: _word(known[0]) for kind, known in names.entities.items() if kind != IGNORED}
    relation = {k: _word(known[0]) for k, known in names.relations.items() if k != IGNORED}
    quotes = "|".join(entity[kind] for kind in QUOTE_TYPES)
    sources = f"{entity['source']}|{entity['pronoun']}"
    stances = "|".join(map(_word, names.stances))
    lines = [
        "[entities]",
        *entity.values(),
        "[relations]",
        f"{relation['speaker']}\tArg1:{sources}, Arg2:{quotes}",
        f"{relation['cue']}\tArg1:{entity['cue']}, Arg2:{quotes}",
        f"{relation['refers']}\tArg1:{sources}, Arg2:{sources}",
        "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>",
        "[events]",
        "[attributes]",
        f"{_word(names.attribute)}\tArg:{quotes}, Value:{stances}",
    ]
    return "\n".join([*lines, ""])


def _word(name: str) -> str:
    """A name as BRAT takes it, without spaces."""
    return re.sub(r"\s+", "_", name)

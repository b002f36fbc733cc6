"""doccano: its JSON Lines export of sequence labelling, read.

A line has ``text`` and ``label``, ``labels`` or ``entities``: lists ``[start, end, name]``, or objects with
``start_offset``, ``end_offset``, ``label`` and ``id``. ``relations`` (``from_id``, ``to_id``, ``type``)
tie them; where a line has none, cues and sources go to the nearest quotes, one of each to a quote. The
id is ``id`` of ``meta``, else doccano's own. Offsets count code points. There are no stances: all are neutral.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import Document

from .graph import Graph, Link, Mark
from .lines import text_lines
from .names import IGNORED, QUOTES, Names
from .notes import Notes


class _Entity(msgspec.Struct):
    start_offset: int
    end_offset: int
    label: str
    id: int | str | None = None


class _Relation(msgspec.Struct):
    from_id: int | str
    to_id: int | str
    type: str


_Entities = list[_Entity | tuple[int, int, str]]


class _Line(msgspec.Struct):
    text: str
    label: _Entities | None = None
    labels: _Entities | None = None
    entities: _Entities | None = None
    relations: list[_Relation] | None = None
    id: int | str | None = None
    meta: Any = None


_LINE = msgspec.json.Decoder(_Line)


def read(path: Path, names: Names, notes: Notes) -> Iterator[Document]:
    """One document a line, streamed. Raises InputError with file and line."""
    for number, text in text_lines(path):
        if not text.strip():
            continue
        try:
            line = _LINE.decode(text)
        except msgspec.ValidationError as error:
            raise InputError(located(str(path), number, str(error))) from None
        except (msgspec.DecodeError, RecursionError) as error:
            reason = str(error).removeprefix("JSON is malformed: ")
            raise InputError(located(str(path), number, f"not JSON: {reason}")) from None
        yield _document(path, number, line, names, notes)


def _document(path: Path, number: int, line: _Line, names: Names, notes: Notes) -> Document:
    inner = line.meta.get("id") if isinstance(line.meta, dict) else None
    ids = (inner, line.id, f"{path.stem}-{number}")
    id = next(str(i) for i in ids if isinstance(i, (str, int)) and not isinstance(i, bool))
    graph = Graph(str(path), id, line.text, notes)
    given = next((e for e in (line.label, line.labels, line.entities) if e is not None), None)
    if given is None:
        raise graph.error(number, "no `label`, `labels` or `entities`")
    ignored = set()
    for place, entity in enumerate(given, start=1):
        if isinstance(entity, tuple):
            entity = _Entity(*entity)
        key = f"entity {place}" if entity.id is None else str(entity.id)
        try:
            kind = names.entity(entity.label)
        except ValueError as error:
            raise graph.error(number, str(error)) from None
        if kind == IGNORED:
            ignored.add(key)
            graph.note("entities to ignore, left out", number)
        else:
            graph.add(Mark(key, kind, [(entity.start_offset, entity.end_offset)], number))
    for relation in line.relations or ():
        ends = (str(relation.from_id), str(relation.to_id))
        try:
            kind = names.relation(relation.type)
        except ValueError as error:
            raise graph.error(number, str(error)) from None
        if kind == IGNORED or ignored.intersection(ends):
            graph.note("relations to ignore, left out", number)
        else:
            graph.links.append(Link(kind, *ends, number))
    nearest = not line.relations and any(m.kind not in QUOTES for m in graph.marks.values())
    if nearest:
        graph.note("documents without relations: cues and sources go to the nearest quotes", number)
    return graph.document(nearest)

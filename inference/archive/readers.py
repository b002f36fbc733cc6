"""The rows of a source, one after the other, whatever its format and however damaged it is."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import msgspec
from msgspec import Raw

from guillemets.inference.archive import streams
from guillemets.inference.archive.entry import Entry
from guillemets.inference.archive.fields import Fields
from guillemets.inference.archive.sources import Source, Unusable
from guillemets.inference.archive.streams import Damaged, lines, opened, read_block, too_long
from guillemets.inference.reading import JSON_OBJECT, decode_line, not_utf8
from guillemets.inference.schema import Document, Failure

_OBJECT = msgspec.json.Decoder(dict[str, Raw])


@dataclass(frozen=True)
class Row:
    """Where a record stands, and how to read it: rows that a run leaves out are not decoded."""

    source: str
    line: int | None
    position: int  # bytes of the source's file read so far
    load: Callable[[], Entry]


def failed(source: str, line: int | None, position: int, name: str, reason: str) -> Row:
    """A row that can only say why it is none."""
    return Row(source, line, position, lambda: Entry(Failure(name, reason)))


def rows(source: Source | Unusable, fields: Fields) -> Iterator[Row]:
    """One row a record. What cannot be read is a row too; so is the rest of a damaged file."""
    if isinstance(source, Unusable):
        yield failed(source.path, None, 0, source.name, source.reason)
        return
    last: Row | None = None
    try:
        for last in _reader(source.extension)(source, fields):
            yield last
    except OSError as error:
        reason = error.strerror or str(error)
    except Damaged as error:
        reason = str(error)
    else:
        return
    if last is None:
        yield failed(source.path, None, 0, source.name, reason)
    else:
        line = (last.line or 0) + 1
        reason += "; the rest of the file is not read"
        yield failed(source.path, line, last.position, f"{source.name}-{line}", reason)


def _reader(extension: str) -> Callable[[Source, Fields], Iterator[Row]]:
    if extension == ".csv":
        from guillemets.inference.archive.csv_rows import csv_rows

        return csv_rows
    if extension == ".parquet":
        from guillemets.inference.archive.parquet_rows import parquet_rows

        return parquet_rows
    return {".txt": _text_rows, ".jsonl": _jsonl_rows, "": _stdin_rows}[extension]


def _text_rows(source: Source, fields: Fields) -> Iterator[Row]:
    yield Row(source.path, None, source.size, partial(_text, source))


def _text(source: Source) -> Entry:
    try:
        with opened(source) as (stream, _):
            data = read_block(stream, streams.LIMIT + 1, line=False)
    except (OSError, Damaged) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Entry(Failure(source.name, reason))
    return _whole(source.name, data)


def _whole(name: str, data: bytes) -> Entry:
    if len(data) > streams.LIMIT:
        return Entry(Failure(name, too_long()))
    try:
        return Entry(Document(name, data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Entry(Failure(name, f"line {line}: {not_utf8(error)}"))


def _jsonl_rows(source: Source, fields: Fields) -> Iterator[Row]:
    with opened(source) as (stream, position):
        yield from _objects(lines(stream), source, position, fields)


def _objects(
    numbered: Iterator[tuple[int, bytes | None]],
    source: Source,
    position: Callable[[], int],
    fields: Fields,
) -> Iterator[Row]:
    for number, line in numbered:
        name = f"{source.name}-{number}"
        if line is None:
            yield failed(source.path, number, position(), name, too_long())
            continue
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
        if line.strip():
            yield Row(source.path, number, position(), partial(_object, line, name, fields))


def _object(line: bytes, name: str, fields: Fields) -> Entry:
    try:
        row = decode_line(_OBJECT, line)
    except ValueError as error:
        return Entry(Failure(_id_of_broken(line, fields) or name, str(error)))
    return fields.entry(row, name, _value)


def _id_of_broken(line: bytes, fields: Fields) -> str | None:
    """The id of an object with half a surrogate pair or bytes that are no text, if it has one."""
    try:
        found = json.loads(line.decode("utf-8", "replace"))
        name = found.get(fields.id or "id") if isinstance(found, dict) else None
        if not isinstance(name, (str, int)) or isinstance(name, bool):
            return None
        return str(name).encode().decode()
    except (ValueError, RecursionError):
        return None


def _value(stored: object) -> object:
    return msgspec.json.decode(stored) if isinstance(stored, Raw) else stored


def _stdin_rows(source: Source, fields: Fields) -> Iterator[Row]:
    """Standard input has no extension to go by: an article does not start like a JSON object."""
    with opened(source) as (stream, position):
        numbered = lines(stream)
        head: list[tuple[int, bytes | None]] = []
        for number, line in numbered:
            head.append((number, line))
            if line is None or line.removeprefix(BOM_UTF8).strip():
                break
        start = head[-1][1] if head else b""
        if start is not None and JSON_OBJECT.match(start.removeprefix(BOM_UTF8)):
            yield from _objects(chain(head, numbered), source, position, fields)
            return
        data = b"".join(line or b"" for _, line in head)
        if start is None:  # a first line of that length is no article
            data += b" " * (streams.LIMIT + 1)
        data += read_block(stream, streams.LIMIT + 1, line=False)
        yield Row(source.path, None, 0, partial(_whole, source.name, data))

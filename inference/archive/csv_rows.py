"""Rows of a CSV file with a header; a row that is broken, too long or not UTF-8 fails alone."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from guillemets.inference.archive import streams
from guillemets.inference.archive.entry import Entry
from guillemets.inference.archive.fields import Fields
from guillemets.inference.archive.readers import Row, failed
from guillemets.inference.archive.sources import Source, listed
from guillemets.inference.archive.streams import BLOCK, Damaged, opened, read_block, too_long
from guillemets.inference.schema import Failure


class _TooLong(Exception):
    """A row is longer than the limit; the stream stands behind it."""


class _Lines:
    """Lines for ``csv.reader``, which asks for more of them while a quoted cell is open.

    Bytes that are not UTF-8 come as surrogates, so that they spoil their own row alone.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.number = 0
        self.begin()

    def begin(self) -> None:
        """A new row starts."""
        self.first = self.number + 1
        self._bytes = self._quotes = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        room = streams.LIMIT - self._bytes
        line = read_block(self.stream, room + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._bytes += len(line)
        self._quotes += line.count(b'"')
        if len(line) > room:
            self._skip(line)
            raise _TooLong
        if self.number == 1:
            line = line.removeprefix(BOM_UTF8)
        return line.decode("utf-8", "surrogateescape")

    def _skip(self, line: bytes) -> None:
        """Reads to the end of the row: the line end at which no quoted cell is open."""
        while not (line.endswith(b"\n") and self._quotes % 2 == 0):
            new_line = line.endswith(b"\n")
            if not (line := read_block(self.stream, BLOCK)):
                return
            self.number += new_line
            self._quotes += line.count(b'"')


def csv_rows(source: Source, fields: Fields) -> Iterator[Row]:
    """The rows below the header. Raises Damaged for a file whose header cannot be used."""
    csv.field_size_limit(streams.LIMIT)
    with opened(source) as (stream, position):
        feed = _Lines(stream)
        header, delimiter = _header(feed)
        if reason := _header_problem(header, fields):
            raise Damaged(reason)
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
        while True:
            feed.begin()
            cells, reason = _next(reader)
            if cells is None and not reason:
                return
            name = f"{source.name}-{feed.first}"
            if cells is None:
                yield failed(source.path, feed.first, position(), name, reason)
            elif cells:  # not a blank line
                load = partial(_entry, header, cells, name, fields)
                yield Row(source.path, feed.first, position(), load)


def _next(reader: Iterator[list[str]]) -> tuple[list[str] | None, str]:
    """The next row, or None and why there is none; no reason at the end of the file."""
    try:
        return next(reader), ""
    except StopIteration:
        return None, ""
    except _TooLong:
        return None, too_long()
    except csv.Error as error:
        return None, f"not CSV: {error}"


def _header(feed: _Lines) -> tuple[list[str], str]:
    """The names of the columns and what stands between them: a comma, semicolon or tab."""
    try:
        text = next(feed, "")
        while text.count('"') % 2 and (line := next(feed, "")):
            text += line
    except _TooLong:
        raise Damaged(f"the header is {too_long()}") from None
    bare = "".join(text.split('"')[::2])  # what no quoted name holds
    delimiter = max(",;\t", key=bare.count)
    cells, reason = _next(csv.reader([text], delimiter=delimiter, strict=True))
    if reason:
        raise Damaged(reason)
    return [name or f"column {i}" for i, name in enumerate(cells or [], 1)], delimiter


def _header_problem(header: list[str], fields: Fields) -> str | None:
    try:
        "".join(header).encode()
    except UnicodeEncodeError:
        return "the header is not UTF-8"
    if twice := [name for name, count in Counter(header).items() if count > 1]:
        return f"columns that stand there twice: {listed(twice)}"
    return fields.missing(header) if header else None


def _entry(header: list[str], cells: list[str], name: str, fields: Fields) -> Entry:
    row = dict(zip(header, cells))
    id_field = fields.id or "id"
    try:
        "".join(cells).encode()
    except UnicodeEncodeError as error:
        byte = ord(error.object[error.start]) - 0xDC00
        return Entry(Failure(name, f"not UTF-8: byte 0x{byte:02x}"))
    if not row.get(id_field):
        row.pop(id_field, None)
        if fields.id:
            row[id_field] = name
    if len(cells) != len(header):
        reason = f"{len(cells)} cells, {len(header)} wanted"
        return Entry(Failure(row.get(id_field, name), reason))
    return fields.entry(row, name)

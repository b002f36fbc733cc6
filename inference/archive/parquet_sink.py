"""Parquet: a row a document with its quotes nested, or a row a quote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from guillemets.inference.archive.entry import Entry
from guillemets.inference.archive.flat import (
    QUOTE_COLUMNS,
    carried_cells,
    carried_columns,
    flat_rows,
    unique_names,
)
from guillemets.inference.archive.parquet_rows import open_parquet
from guillemets.inference.archive.sinks import read_part
from guillemets.inference.columns import QUOTE
from guillemets.inference.schema import Document, Failure

GROUP = 1000  # rows of a row group, or a few more; fewer where documents are long
GROUP_BYTES = 8 << 20

NESTED_COLUMNS = {"text": pa.string(), "quotes": pa.list_(QUOTE), "error": pa.string()}


def write_parquet(part: Path, out: BinaryIO, flat: bool, typed: list[str]) -> None:
    """Writes the entries of ``part``; a column carried from ``typed`` files keeps its type."""
    if flat:
        own = {name: pa.type_for_alias(kind) for name, kind in QUOTE_COLUMNS.items()}
    else:
        own = NESTED_COLUMNS
    kinds = carried_columns(read_part(part))
    names = unique_names(kinds, ("id", *own))
    known = _types_of(typed)
    carried = {names[n]: known.get(n) or pa.type_for_alias(kind) for n, kind in kinds.items()}
    schema = pa.schema([("id", pa.string()), *carried.items(), *own.items()])
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in _groups(part, flat, names):
            columns = []
            for field in schema:
                values = [row.get(field.name) for row in rows]
                if field.name in carried:
                    columns.append(pa.array(values, pa.string()).cast(field.type))
                else:
                    columns.append(pa.array(values, field.type))
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _groups(part: Path, flat: bool, names: dict[str, str]) -> Iterator[list[dict[str, object]]]:
    group: list[dict[str, object]] = []
    size = 0
    with open(part, "rb") as stream:
        for line in stream:
            entry = Entry.decode(line)
            shared = {"id": entry.record.id, **carried_cells(entry, names)}
            group += [shared | row for row in (flat_rows(entry) if flat else [_nested(entry)])]
            size += len(line)
            if len(group) >= GROUP or size > GROUP_BYTES:
                if group:
                    yield group
                group, size = [], 0
    if group:
        yield group


def _nested(entry: Entry) -> dict[str, object]:
    if isinstance(entry.record, Failure):
        return {"error": entry.record.error}
    assert isinstance(entry.record, Document)
    return {"text": entry.record.text, "quotes": msgspec.to_builtins(entry.record.quotes)}


def _types_of(paths: list[str]) -> dict[str, pa.DataType]:
    """The types of columns that are the same in all of these files and can be read from text."""
    types: dict[str, pa.DataType] = {}
    differing = set()
    for path in paths:
        with open_parquet(path) as file:
            for field in file.schema_arrow:
                if types.setdefault(field.name, field.type) != field.type:
                    differing.add(field.name)
    return {n: kind for n, kind in types.items() if n not in differing and _from_text(kind)}


def _from_text(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_date,
        pa.types.is_timestamp,
        pa.types.is_decimal,
    )
    return any(test(kind) for test in tests)

"""Rows of a Parquet file, a few in memory at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guillemets.inference.archive.entry import Entry
from guillemets.inference.archive.fields import Fields
from guillemets.inference.archive.readers import Row
from guillemets.inference.archive.sources import Source, listed
from guillemets.inference.archive.streams import BLOCK, Damaged
from guillemets.inference.errors import first_line
from guillemets.inference.schema import Failure

BATCH = 16  # rows


def parquet_rows(source: Source, fields: Fields) -> Iterator[Row]:
    """One row a row; ``line`` counts them from 1. Raises Damaged for a file that breaks off."""
    file = open_parquet(source.path)
    with file:
        names = file.schema_arrow.names
        if reason := fields.missing(names):
            raise Damaged(reason)
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise Damaged(f"columns that stand there twice: {listed(twice)}")
        rows, number = file.metadata.num_rows, 0
        batches = file.iter_batches(BATCH)
        while batch := _next(batches):
            columns = {name: plain(batch.column(name)) for name in names}
            for i in range(batch.num_rows):
                number += 1
                load = partial(_entry, columns, i, f"{source.name}-{number}", fields)
                yield Row(source.path, number, source.size * number // rows, load)


def open_parquet(path: str) -> pq.ParquetFile:
    """Read page by page, not a whole row group at once. Raises Damaged."""
    try:
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=BLOCK)
    except pa.ArrowException as error:
        raise Damaged(f"not Parquet: {first_line(error)}") from None


def _next(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    try:
        return next(batches, None)
    except (pa.ArrowException, OSError) as error:
        raise Damaged(f"damaged Parquet: {first_line(error)}") from None


def plain(column: pa.Array) -> pa.Array:
    """Days and times as ISO 8601 and decimals as digits, which JSON has no types for."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        text = column.cast(pa.string())
        return pc.replace_substring(text, " ", "T", max_replacements=1)
    if pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.string())
    return column


def _entry(columns: dict[str, pa.Array], i: int, name: str, fields: Fields) -> Entry:
    value: Callable[[pa.Array], object] = lambda column: column[i].as_py()  # noqa: E731
    try:
        row = {column: value(array) for column, array in columns.items()}
    except (ValueError, pa.ArrowException) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else first_line(error)
        return Entry(Failure(name, reason))
    return fields.entry(row, name)

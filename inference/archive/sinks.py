"""Output in every format, from entries in order; one at a time is held."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from guillemets.inference.archive.entry import Entry
from guillemets.inference.archive.flat import (
    QUOTE_COLUMNS,
    carried_cells,
    carried_columns,
    flat_rows,
    unique_names,
)

STREAMED = (
    "jsonl",
    "jsonl.gz",
    "html",
    "table",
)  # the others need all entries to know their columns
_EXTENSIONS = {
    ".jsonl.gz": "jsonl.gz",
    ".csv": "csv",
    ".parquet": "parquet",
    ".html": "html",
    ".htm": "html",
}
# What a spreadsheet would run as a formula, or has an apostrophe that could be taken for ours.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")


def format_of(output: Path) -> str:
    """The format that an output's name asks for: JSON Lines where it asks for none."""
    name = output.name.lower()
    return next((f for extension, f in _EXTENSIONS.items() if name.endswith(extension)), "jsonl")


def read_part(part: Path) -> Iterator[Entry]:
    """The entries of a finished part."""
    with open(part, "rb") as stream:
        for line in stream:
            yield Entry.decode(line)


def convert(part: Path, out: BinaryIO, format: str, flat: bool, typed: list[str]) -> None:
    """Writes the entries of ``part``; ``typed`` are Parquet files whose column types are kept."""
    if format == "csv":
        _csv(part, out)
    elif format == "parquet":
        from guillemets.inference.archive.parquet_sink import write_parquet

        write_parquet(part, out, flat, typed)
    else:
        stream_out(read_part(part), out, format)


def stream_out(entries: Iterable[Entry], out: BinaryIO, format: str) -> None:
    """Writes entries as they come, in one of the STREAMED formats."""
    from guillemets.inference import render

    records = (entry.record for entry in entries)
    if format == "jsonl":
        for entry in entries:
            out.write(entry.encode())
            out.flush()
    elif format == "jsonl.gz":
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=out, mtime=0) as packed:
            for entry in entries:
                packed.write(entry.encode())
    elif format == "html":
        for piece in render.html(records):
            out.write(piece.encode())
    else:
        from rich.console import Console

        with _as_text(out, errors="backslashreplace", newline="\n", write_through=True) as text:
            render.table(records, Console(file=text, highlight=False))


def _csv(part: Path, out: BinaryIO) -> None:
    names = unique_names(carried_columns(read_part(part)), ("id", *QUOTE_COLUMNS))
    with _as_text(out, newline="") as text:
        writer = csv.DictWriter(text, ["id", *names.values(), *QUOTE_COLUMNS])
        writer.writerow({name: harmless(name) for name in writer.fieldnames})
        for entry in read_part(part):
            shared = {"id": entry.record.id, **carried_cells(entry, names)}
            for row in flat_rows(entry):
                writer.writerow({name: harmless(value) for name, value in (shared | row).items()})


@contextmanager
def _as_text(out: BinaryIO, **options: Any) -> Iterator[TextIO]:
    """``out`` as UTF-8 text. It stays open, however the block ends: a wrapper that is let go closes it."""
    text = io.TextIOWrapper(out, "utf-8", **options)
    try:
        yield text
        text.flush()
    finally:
        with suppress(OSError):  # the flush has told it, or the block's own error matters more
            text.detach()


def harmless(value: object) -> object:
    """Text that a spreadsheet would run as a formula starts with an apostrophe, which it hides."""
    if isinstance(value, str) and _FORMULA.match(value) and not _PLAIN_NUMBER.fullmatch(value):
        return "'" + value
    return value

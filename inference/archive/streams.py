"""Bytes of a source, unpacked; lines of bounded length."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from guillemets.inference.archive.sources import Source, zstd_module

#: Bytes of a line, row or file; more than the longest text that is tagged takes.
LIMIT = 16 << 20
BLOCK = 1 << 20


def too_long(limit: int | None = None) -> str:
    """Why a line, row or file is not read."""
    return f"longer than {(limit or LIMIT) >> 20} MiB"


class Damaged(Exception):
    """The rest of a source cannot be read; the message says why."""


@contextmanager
def opened(source: Source) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The unpacked stream of a source, and how many bytes of the file have been read so far."""
    if not source.extension:
        yield sys.stdin.buffer, lambda: 0
        return
    with open(source.path, "rb") as raw:
        if source.compression == ".gz":
            with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                yield stream, raw.tell  # type: ignore[misc]
        elif source.compression == ".zst":
            with zstd_module(source.path).ZstdFile(raw, "rb") as stream:
                yield stream, raw.tell
        else:
            yield raw, raw.tell if raw.seekable() else lambda: 0


def read_block(stream: BinaryIO, size: int, line: bool = True) -> bytes:
    """A line, or the next ``size`` bytes if it is longer; with ``line`` false, just these bytes.

    Raises Damaged where the source breaks off or makes no sense any more.
    """
    try:
        return stream.readline(size) if line else stream.read(size)
    except OSError as error:  # gzip.BadGzipFile is one
        raise Damaged(error.strerror or str(error)) from None
    except (EOFError, zlib.error) as error:
        raise Damaged(f"damaged or cut short ({error})") from None
    except Exception as error:
        if type(error).__name__ != "ZstdError":  # its module may not be installed
            raise
        raise Damaged(f"damaged ({error})") from None


def lines(stream: BinaryIO, limit: int | None = None) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their numbers from 1; None for one longer than ``limit`` bytes, which is not held."""
    limit, number = limit or LIMIT, 0
    while line := read_block(stream, limit + 1):
        number += 1
        if len(line) <= limit:
            yield number, line
        else:
            while line and not line.endswith(b"\n"):
                line = read_block(stream, BLOCK)
            yield number, None

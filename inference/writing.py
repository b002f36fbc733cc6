"""Output that is whole or absent: a file or folder takes its place only when all is written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from .errors import InputError, located


@contextmanager
def writing(output: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that takes its place only when the block has ended well."""
    with _telling(output):
        if output is None:
            yield sys.stdout
            sys.stdout.flush()
        else:
            with replacing_file(output) as out:
                yield out


@contextmanager
def writing_bytes(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a device or pipe, written as the bytes come."""
    with _telling(output):
        if output is None:
            yield sys.stdout.buffer
            sys.stdout.flush()
        else:
            with output.open("wb") as out:
                yield out


@contextmanager
def _telling(output: Path | None) -> Iterator[None]:
    """Turns an OSError of an output into an InputError; that a reader has gone is not one."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if output is None:
            abandon_stdout()
        name = "<stdout>" if output is None else str(output)
        raise InputError(located(name, None, error.strerror or str(error))) from error


@contextmanager
def replacing_file(output: Path) -> Iterator[TextIO]:
    """A file beside ``output``, renamed over it at the end and removed on any failure."""
    if output.is_dir():
        raise InputError(located(str(output), None, "is a directory"))
    if output.exists() and not output.is_file():  # /dev/null, a named pipe
        with output.open("w", encoding="utf-8") as out:
            yield out
        return
    target, part = _beside(output)
    try:
        with part.open("x", encoding="utf-8", newline="\n") as out:
            yield out
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A folder beside ``path``, renamed to it at the end of the block and removed on any failure.

    Raises InputError where a file or a folder with something in it is in the way.
    """
    if path.exists() and not path.is_dir():
        raise InputError(located(str(path), None, "is a file, a folder is wanted"))
    if path.is_dir() and any(path.iterdir()):
        raise InputError(located(str(path), None, "the folder is not empty, nothing is written"))
    target, part = _beside(path)
    part.mkdir()
    try:
        yield part
        if target.is_dir():
            target.rmdir()
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _beside(path: Path) -> tuple[Path, Path]:
    target = path.resolve()  # a link stays a link
    return target, target.with_name(f".{target.name}.{os.getpid()}.part")


def abandon_stdout() -> None:
    """Let what is still buffered go nowhere, or the flush at exit would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

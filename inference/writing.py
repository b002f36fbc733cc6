"""Output that is whole or absent: a file takes its place only when all is written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from .errors import InputError, located


@contextmanager
def writing(output: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that takes its place only when the block has ended well."""
    try:
        if output is None:
            yield sys.stdout
            sys.stdout.flush()
        else:
            with _replacing(output) as out:
                yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        if output is None:
            abandon_stdout()
        name = "<stdout>" if output is None else str(output)
        raise InputError(located(name, None, error.strerror or str(error))) from error


@contextmanager
def _replacing(output: Path) -> Iterator[TextIO]:
    """A file beside ``output``, renamed over it at the end and removed on any failure."""
    if output.is_dir():
        raise InputError(located(str(output), None, "is a directory"))
    if output.exists() and not output.is_file():  # /dev/null, a named pipe
        with output.open("w", encoding="utf-8") as out:
            yield out
        return
    target = output.resolve()  # a link stays a link
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="\n") as out:
            yield out
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def abandon_stdout() -> None:
    """Let what is still buffered go nowhere, or the flush at exit would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

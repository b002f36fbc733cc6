"""Labelled data of annotation tools, read into the project's schema and written from it.

A format is a module with ``read(path, names, notes)``, a generator of documents, and, where it can be
written, ``write(documents, out, names, notes)``; ``out`` is a text stream, or a folder if the module says
``FOLDER = True``. ``names`` tells what labels are called, ``notes`` counts what could not be kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from guillemets.inference.errors import InputError, located

if TYPE_CHECKING:
    from guillemets.inference.schema import Document

    from .names import Names
    from .notes import Notes

#: Format -> the endings of its files; a module of this package has each format's name.
FORMATS: dict[str, tuple[str, ...]] = {
    "jsonl": (".jsonl", ".ndjson"),
    "brat": (),
    "labelstudio": (".json",),
    "doccano": (),
    "conll": (".conll", ".iob", ".iob2", ".bio"),
    "inline": (".txt", ".inline"),
}
READ_ONLY = ("doccano",)
WRITABLE = tuple(name for name in FORMATS if name not in READ_ONLY)

_QUOTES = re.compile(rb'"quotes"\s*:')
_LABELS = re.compile(rb'"(?:labels?|entities)"\s*:')


class Conversion(NamedTuple):
    """What was written, and what could not be kept, a line a reason."""

    documents: int
    quotes: int
    notes: list[str]


def convert(
    source: str | Path,
    target: str | Path,
    source_format: str | None = None,
    target_format: str | None = None,
    mapping: str | Path | None = None,
) -> Conversion:
    """Reads one format and writes another, document by document.

    Formats not given are guessed from the paths. ``mapping`` is a YAML file that tells what labels are
    called, on either side. The target takes its place only when all has gone well. Raises InputError.
    """
    from .names import load_names
    from .notes import Notes

    source, target = Path(source), Path(target)
    written = _module(target_format or guess_output(target))
    if not hasattr(written, "write"):
        raise InputError(f"{target_format} is only read; written are {', '.join(WRITABLE)}")
    names, notes = load_names(mapping), Notes()
    documents = _Counted(read(source, source_format, names, notes))
    _write(documents, target, written, names, notes, source)
    return Conversion(documents.count, documents.quotes, notes.lines())


def read(
    path: str | Path,
    format: str | None = None,
    names: Names | None = None,
    notes: Notes | None = None,
) -> Iterator[Document]:
    """The documents of a file or folder, streamed. Raises InputError with file, line and reason.

    Without ``notes`` of the caller's, what could not be kept is told on stderr at the end.
    """
    from .names import Names
    from .notes import Notes

    path = Path(path)
    module = _module(format or guess_input(path))
    told = Notes() if notes is None else notes
    try:
        yield from module.read(path, names or Names(), told)
    except OSError as error:
        name = str(error.filename or path)
        raise InputError(located(name, None, error.strerror or str(error))) from None
    if notes is None:
        told.tell()


def _write(
    documents: _Counted,
    target: Path,
    module: ModuleType,
    names: Names,
    notes: Notes,
    source: Path,
) -> None:
    from guillemets.inference.writing import replacing_file, replacing_folder

    replacing = replacing_folder if getattr(module, "FOLDER", False) else replacing_file
    try:
        with replacing(target) as out:
            module.write(documents, out, names, notes)
            if not documents.count:  # an output that exists is worth more than nothing
                raise InputError(located(str(source), None, "no labelled documents in it"))
    except (InputError, BrokenPipeError):
        raise
    except OSError as error:
        raise InputError(located(str(target), None, error.strerror or str(error))) from None
    except ValueError as error:  # a document that the format cannot hold
        raise InputError(located(str(target), None, str(error))) from None


class _Counted:
    """Documents on their way, counted."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = documents
        self.count = self.quotes = 0

    def __iter__(self) -> Iterator[Document]:
        for document in self._documents:
            self.count += 1
            self.quotes += len(document.quotes)
            yield document


def _module(name: str) -> ModuleType:
    if name not in FORMATS:
        from .names import suggestion

        raise InputError(f"unknown format `{name}`" + suggestion(name, FORMATS))
    return import_module(f".{name}", __name__)


# ---------------------------------------------------------------- guessing


def guess_input(path: Path) -> str:
    """The format of an existing file or folder. Raises InputError where it cannot be told."""
    if path.is_dir():
        return "brat"
    format = _by_ending(path)
    if format == "jsonl" and _of_doccano(path):
        return "doccano"
    if format is None and not path.exists():
        raise InputError(located(str(path), None, "No such file or directory"))
    return _known(path, format)


def guess_output(path: Path) -> str:
    """The format for an output; a path without an ending is a folder."""
    return _known(path, "brat" if path.is_dir() or not path.suffix else _by_ending(path))


def _known(path: Path, format: str | None) -> str:
    if format is None:
        reason = f"the name does not tell the format, give it: {', '.join(FORMATS)}"
        raise InputError(located(str(path), None, reason))
    return format


def _by_ending(path: Path) -> str | None:
    ending = path.suffix.lower()
    return next((name for name, endings in FORMATS.items() if ending in endings), None)


def _of_doccano(path: Path) -> bool:
    """Whether the first line has labels and no quotes."""
    try:
        with path.open("rb") as stream:
            line = next((line for line in stream if line.strip()), b"")
    except OSError:
        return False  # told when it is read
    return bool(_LABELS.search(line)) and not _QUOTES.search(line)

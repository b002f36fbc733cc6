"""Which files a run reads: files, folders and globs, in an order that is always the same."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path, PurePath

from guillemets.inference.errors import InputError
from guillemets.inference.reading import as_unicode

STDIN = "-"
EXTENSIONS = (".txt", ".jsonl", ".csv", ".parquet")
COMPRESSIONS = (".gz", ".zst")
_KNOWN = ".txt, .jsonl, .csv (plain, .gz or .zst) or .parquet"


@dataclass(frozen=True)
class Source:
    """A file to read. ``name`` is its path below the folder asked for, without extensions."""

    path: str
    name: str
    extension: str  # one of EXTENSIONS; "" for standard input, which is looked into
    compression: str  # one of COMPRESSIONS, or ""

    @property
    def size(self) -> int:
        """Bytes on disk; 0 for what has no size, like a pipe."""
        return os.stat(self.path).st_size if self.extension else 0


@dataclass(frozen=True)
class Unusable:
    """An input that names nothing to read, and why."""

    path: str
    name: str
    reason: str


def expand(inputs: Iterable[str], output: Path | None = None) -> Iterator[Source | Unusable]:
    """The files behind ``inputs``. Folders and globs leave out hidden files and ``output``."""
    for given in inputs:
        if given == STDIN:
            yield Source("<stdin>", "stdin", "", "")
        elif os.path.isdir(given):
            yield from _folder(given, output)
        elif os.path.lexists(given) or not glob.has_magic(given):
            yield _file(given)
        else:
            yield from _glob(given, output)


def _file(path: str) -> Source | Unusable:
    name = as_unicode(PurePath(path).name)
    source = _source(path, name)
    try:
        os.stat(path)
    except OSError as error:
        return Unusable(path, source.name if source else name, error.strerror or str(error))
    return source or Unusable(path, name, f"not a {_KNOWN} file")


def _source(path: str, name: str) -> Source | None:
    """The source of that name by its extensions, or None where they are not known."""
    stem, extension = os.path.splitext(name)
    compression = ""
    if extension.lower() in COMPRESSIONS:
        compression = extension.lower()
        stem, extension = os.path.splitext(stem)
    extension = extension.lower()
    if extension not in EXTENSIONS or (compression and extension == ".parquet"):
        return None
    return Source(path, stem, extension, compression)


def _folder(folder: str, output: Path | None) -> Iterator[Source | Unusable]:
    empty = True
    for found in _walk(folder, folder, output):
        empty = False
        yield found
    if empty:
        yield Unusable(folder, as_unicode(PurePath(folder).name), f"holds no {_KNOWN} file")


def _glob(pattern: str, output: Path | None) -> Iterator[Source | Unusable]:
    parts = PurePath(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    base = os.path.join(*parts[:fixed]) if fixed else ""
    empty = True
    for path in sorted(glob.iglob(pattern, recursive=True)):
        if "**" in parts and _through_link(path, base):
            continue
        if not os.path.isdir(path):
            found: Iterable[Source | Unusable] = _within(path, base, output)
        elif "**" in parts:  # its files match too
            found = ()
        else:
            found = _walk(path, base, output)
        for source in found:
            empty = False
            yield source
    if empty:
        yield Unusable(pattern, as_unicode(pattern), f"no {_KNOWN} file matches")


def _through_link(path: str, base: str) -> bool:
    """Whether a link to a folder stands between ``base`` and a file: it may lead round in a ring."""
    parents = PurePath(os.path.relpath(path, base or ".")).parents
    return any(os.path.islink(os.path.join(base, parent)) for parent in list(parents)[:-1])


def _walk(folder: str, base: str, output: Path | None) -> Iterator[Source | Unusable]:
    """The files below ``folder``, by name; links to folders are not followed."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted((e.name, e.is_dir(follow_symlinks=False)) for e in entries)
    except OSError as error:
        relative = as_unicode(os.path.relpath(folder, base or "."))
        yield Unusable(folder, relative, error.strerror or str(error))
        return
    for name, is_folder in listed:
        path = os.path.join(folder, name)
        if name.startswith("."):
            continue
        if is_folder:
            yield from _walk(path, base, output)
        else:
            yield from _within(path, base, output)


def _within(path: str, base: str, output: Path | None) -> Iterator[Source]:
    relative = PurePath(os.path.relpath(path, base or ".")).as_posix()
    source = _source(path, as_unicode(relative))
    if source is None or not os.path.isfile(path):
        return
    if output is None or not output.exists() or not os.path.samefile(path, output):
        yield source


@dataclass(frozen=True)
class Survey:
    """What a run is going to read, and how to know it again."""

    files: int
    bytes: int
    digest: str  # of names, sizes and times of change
    unusable: int
    has_stdin: bool
    only_parquet: bool


def survey(inputs: Iterable[str], output: Path | None = None) -> Survey:
    """Goes over all inputs once without opening them; needs memory for one folder's names.

    Raises InputError where a package that a file needs is missing.
    """
    digest, files, size, unusable, has_stdin, only_parquet = sha256(), 0, 0, 0, False, True
    for source in expand(inputs, output):
        digest.update(f"{source.path!r} {source.name!r}".encode())
        if isinstance(source, Unusable):
            unusable += 1
            continue
        files += 1
        only_parquet &= source.extension == ".parquet"
        if not source.extension:
            has_stdin = True
            continue
        _require(source)
        try:
            state = os.stat(source.path)
        except OSError:  # gone or shut; the reader tells
            continue
        size += state.st_size
        digest.update(f" {state.st_size} {state.st_mtime_ns}\n".encode())
    return Survey(files, size, digest.hexdigest(), unusable, has_stdin, only_parquet)


def _require(source: Source) -> None:
    if source.extension == ".parquet":
        require_pyarrow(source.path)
    if source.compression == ".zst":
        zstd_module(source.path)


def require_pyarrow(path: str) -> None:
    """Raises InputError where Parquet cannot be read or written."""
    if find_spec("pyarrow") is None:
        raise InputError(f"{path}: Parquet needs pyarrow: pip install 'guillemets[archive]'")


def zstd_module(path: str):  # type: ignore[no-untyped-def]
    """The standard library's ``compression.zstd``, or its backport. Raises InputError without."""
    try:
        from compression import zstd  # Python 3.14
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise InputError(
                f"{path}: Zstandard needs backports.zstd: pip install 'guillemets[archive]'"
            ) from None
    return zstd


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names in a message, however many and long they are."""
    names = list(names)
    shown = [re.sub(r"^(.{40}).+", r"\1…", name, flags=re.DOTALL) for name in names[:most]]
    return (", ".join(shown) or "none") + (" …" if len(names) > most else "")

"""The project's own format: JSON Lines of documents, which hold everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from guillemets.inference.reading import read_documents
from guillemets.inference.schema import Document

from .names import Names
from .notes import Notes


def read(path: Path, names: Names, notes: Notes) -> Iterator[Document]:
    """One document a line, streamed. Raises InputError."""
    return read_documents(path)


def write(documents: Iterable[Document], out: TextIO, names: Names, notes: Notes) -> None:
    for document in documents:
        out.write(msgspec.json.encode(document).decode() + "\n")

"""Reading articles to tag, and gold in the full schema.

The text of a document is the caller's, character for character: line ends are kept as they are.
Only a byte order mark at the very start of a file is taken off, since it belongs to the encoding;
offsets count from the character after it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import Document, Quote, Span

T = TypeVar("T")

STDIN = "-"
JSON_OBJECT = re.compile(rb'\s*\{\s*["}]')


class BadInput(msgspec.Struct, frozen=True):
    """An input, or one line of it, that could not be read; the rest of the run goes on."""

    source: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return located(self.source, self.line, self.reason)


class _Article(msgspec.Struct):
    """What a line must hold to be tagged; other fields are ignored."""

    text: str
    id: str | int | None = None


class _Gold(Document, frozen=True):
    """A labelled document: without ``quotes`` it would pass for an article that has none."""

    quotes: list[Quote]


_ARTICLE = msgspec.json.Decoder(_Article)
_GOLD = msgspec.json.Decoder(_Gold)


def read_inputs(inputs: Iterable[str]) -> Iterator[Document | BadInput]:
    """The documents of ``.txt`` and ``.jsonl`` files and of ``-``, standard input, in order."""
    for name in inputs:
        if name == STDIN:
            yield from _read_stdin(sys.stdin.buffer)
        else:
            yield from _read_file(Path(name))


def read_documents(path: str | Path) -> Iterator[Document]:
    """The documents of a JSONL file in the full schema, every span checked against its text."""
    try:
        with open(path, "rb") as stream:
            for number, line in numbered_lines(stream):
                try:
                    gold = decode_line(_GOLD, line)
                    check_spans(gold)
                except ValueError as error:
                    raise InputError(located(str(path), number, str(error))) from None
                yield Document(gold.id, gold.text, gold.quotes)
    except OSError as error:
        raise InputError(located(str(path), None, error.strerror or str(error))) from None


def _read_file(path: Path) -> Iterator[Document | BadInput]:
    source, stem = str(path), _as_unicode(path.stem)
    try:
        path.stat()
        if path.is_dir():
            yield BadInput(source, None, "is a directory")
        elif path.suffix.lower() == ".txt":
            yield _whole(path.read_bytes(), source, stem)
        elif path.suffix.lower() == ".jsonl":
            with path.open("rb") as stream:
                yield from _articles(stream, source, stem)
        else:
            yield BadInput(source, None, "neither a .txt nor a .jsonl file")
    except OSError as error:
        yield BadInput(source, None, error.strerror or str(error))


def _read_stdin(stream: BinaryIO) -> Iterator[Document | BadInput]:
    """Standard input has no extension to go by: an article does not start like a JSON object."""
    head: list[bytes] = []
    for line in stream:
        head.append(line)
        if line.removeprefix(BOM_UTF8).strip():
            break
    if head and JSON_OBJECT.match(head[-1].removeprefix(BOM_UTF8)):
        yield from _articles(chain(head, stream), "<stdin>", "stdin")
    else:
        yield _whole(b"".join(head) + stream.read(), "<stdin>", "stdin")


def _whole(data: bytes, source: str, stem: str) -> Document | BadInput:
    try:
        return Document(stem, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return BadInput(source, line, _not_utf8(error))


def _articles(lines: Iterable[bytes], source: str, stem: str) -> Iterator[Document | BadInput]:
    for number, line in numbered_lines(lines):
        try:
            article = decode_line(_ARTICLE, line)
            name = f"{stem}-{number}" if article.id is None else str(article.id)
        except ValueError as error:
            yield BadInput(source, number, str(error))
        else:
            yield Document(name, article.text)


def numbered_lines(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, each with its number from 1."""
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
        if line.strip():
            yield number, line


def decode_line(decoder: msgspec.json.Decoder[T], line: bytes) -> T:
    """Decode a line, or raise a ValueError that says in a few words what is wrong with it."""
    try:
        return decoder.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(_not_utf8(error)) from None
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError) as error:
        if _has_lone_surrogate(line):
            raise ValueError("half of a surrogate pair, which is no character") from None
        reason = str(error).removeprefix("JSON is malformed: ")
        raise ValueError(f"not JSON: {reason}") from None


def _has_lone_surrogate(line: bytes) -> bool:
    r"""Whether a line is JSON but for a ``\ud800`` without its other half."""
    try:
        json.dumps(json.loads(line), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        pass
    return False


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"not UTF-8: byte 0x{error.object[error.start]:02x} at offset {error.start}"


def _as_unicode(name: str) -> str:
    """A file name may hold bytes that are no text, which could not be written in an id."""
    return os.fsencode(name).decode("utf-8", "replace")


def check_spans(document: Document) -> None:
    """Raise a ValueError unless every span lies in the text and repeats its words."""
    for number, quote in enumerate(document.quotes):
        spans: dict[str, Quote | Span | None] = {
            "quote": quote,
            "cue": quote.cue,
            "mention": quote.speaker.mention if quote.speaker else None,
        }
        for kind, span in spans.items():
            if span is None:
                continue
            inside = 0 <= span.start < span.end <= len(document.text)
            if not inside or document.text[span.start : span.end] != span.text:
                raise ValueError(
                    f"{kind} of quotes[{number}]: text[{span.start}:{span.end}] is not its `text`"
                )

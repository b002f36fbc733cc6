"""Lines of JSON, and gold in the full schema.

The text of a document is the caller's, character for character: line ends are kept as they are.
Only a byte order mark at the very start of a file is taken off, since it belongs to the encoding;
offsets count from the character after it.
"""

from __future__ import annotations

import json
import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import Document, Quote, Span

T = TypeVar("T")

JSON_OBJECT = re.compile(rb'\s*\{\s*["}]')


class _Gold(Document, frozen=True):
    """A labelled document: without ``quotes`` it would pass for an article that has none."""

    quotes: list[Quote]


_GOLD = msgspec.json.Decoder(_Gold)


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
        raise ValueError(not_utf8(error)) from None
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


def not_utf8(error: UnicodeDecodeError) -> str:
    """The byte at fault, in few words."""
    return f"not UTF-8: byte 0x{error.object[error.start]:02x} at offset {error.start}"


def as_unicode(name: str) -> str:
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

"""Small helpers of the text formats: lines with their numbers, and ids that fit on one line."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

from guillemets.inference.errors import InputError, located


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""The lines of a UTF-8 file, numbered from 1, without ``\n`` or ``\r\n`` and byte order mark.

    No other character ends a line. Raises InputError for bytes that are not UTF-8, and OSError.
    """
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if number == 1:
                line = line.removeprefix(BOM_UTF8)
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise InputError(located(str(path), number, not_utf8(error))) from None
            yield number, text.removesuffix("\n").removesuffix("\r")


def not_utf8(error: UnicodeDecodeError, before: int = 0) -> str:
    """The reason in words; ``before`` is the number of bytes read before those of ``error``."""
    where = before + error.start
    return f"not UTF-8: byte 0x{error.object[error.start]:02x} at offset {where}"


def id_on_a_line(id: str) -> str:
    """``id`` as it is, or as a JSON string where it would not survive on a line of its own."""
    plain = id and id == id.strip() and id[0] != '"' and not set(id) & set("\n\r\t")
    return id if plain else json.dumps(id, ensure_ascii=False)


def id_from_a_line(text: str) -> str:
    """The inverse of ``id_on_a_line``; outer white space does not count."""
    text = text.strip()
    if text.startswith('"'):
        try:
            value = json.loads(text)
            value.encode("utf-8")
            return value
        except (ValueError, AttributeError):
            return text
    return text

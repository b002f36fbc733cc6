"""A JSON array read value by value, with the line each starts on."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from guillemets.inference.errors import InputError, located

from .lines import not_utf8

CHUNK = 1 << 16  # bytes
_SPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_array(path: Path) -> Iterator[tuple[int, Any]]:
    """The values of a UTF-8 JSON array, each with its line; one value is held at a time.

    Raises InputError with file and line, and OSError.
    """
    with path.open("rb") as stream:
        text = _Text(stream, str(path))
        if text.character() != "[":
            raise text.error("a JSON array of tasks is wanted")
        text.drop(1)
        if text.character() == "]":
            text.drop(1)
        else:
            while True:
                text.character()
                yield text.line, text.value()
                mark = text.character()
                if mark not in (",", "]"):
                    raise text.error("not JSON: a comma or the end of the array is wanted")
                text.drop(1)
                if mark == "]":
                    break
        if text.character():
            raise text.error("not JSON: something stands after the array")


class _Text:
    """The part of a file that has been read and not yet used, and the line it starts on."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        self.stream, self.source = stream, source
        self.line = 1
        self.rest = ""
        self._bytes = 0
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(parse_constant=_no_constant)

    def error(self, reason: str, at: int = 0) -> InputError:
        line = self.line + self.rest.count("\n", 0, at)
        return InputError(located(self.source, line, reason))

    def drop(self, length: int) -> None:
        self.line += self.rest.count("\n", 0, length)
        self.rest = self.rest[length:]

    def character(self) -> str:
        """The next character that is no white space, empty at the end of the file."""
        while True:
            self.drop(_SPACE.match(self.rest).end())
            if self.rest or not self._more():
                return self.rest[:1]

    def value(self) -> Any:
        """The next value, more being read as long as it is not whole."""
        while True:
            try:
                value, end = self._json.raw_decode(self.rest)
                break
            except (ValueError, RecursionError) as error:
                if isinstance(error, ValueError) and self._more():
                    continue
                reason = getattr(error, "msg", None) or str(error)
                raise self.error(f"not JSON: {reason}", getattr(error, "pos", 0)) from None
        if _SURROGATE.search(self.rest, 0, end):
            try:
                json.dumps(value, ensure_ascii=False).encode("utf-8")
            except UnicodeEncodeError:
                reason = "half of a surrogate pair, which is no character"
                raise self.error(reason) from None
        self.drop(end)
        return value

    def _more(self) -> bool:
        """Read at least as much again as is held, so that a long value is not tried too often."""
        data = self.stream.read(max(CHUNK, len(self.rest)))
        self._bytes += len(data)
        try:
            self.rest += self._decode.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise self.error(not_utf8(error, self._bytes - len(error.object))) from None
        return bool(data)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")

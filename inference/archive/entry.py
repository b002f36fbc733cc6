"""A record of an archive: a document or a failure, and the columns it came with."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from guillemets.inference.schema import Document, Failure

#: Fields that the output has of its own; an input's field of that name is not carried.
RESERVED = ("id", "text", "quotes", "error")

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_DOCUMENT = msgspec.json.Decoder(Document)
_FAILURE = msgspec.json.Decoder(Failure)
_ENCODER = msgspec.json.Encoder(enc_hook=str)


@dataclass(frozen=True)
class Entry:
    """``carried`` holds the other fields of the input: JSON values, or their JSON text as Raw."""

    record: Document | Failure
    carried: dict[str, object] = field(default_factory=dict)

    def encode(self) -> bytes:
        """One line of JSON: the record's own fields, then the carried ones."""
        line = _ENCODER.encode(self.record)
        if self.carried:
            line = line[:-1] + b"," + _ENCODER.encode(self.carried)[1:]
        return line + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Entry:
        """What ``encode`` has written; carried values stay JSON text."""
        fields = _FIELDS.decode(line)
        record = (_FAILURE if "error" in fields else _DOCUMENT).decode(line)
        return cls(record, {name: v for name, v in fields.items() if name not in RESERVED})


def cell(value: Raw) -> str | None:
    """A carried value as plain text: a string itself, null as None, else its JSON text."""
    text = bytes(value).decode()
    if text.startswith('"'):
        return msgspec.json.decode(text, type=str)
    return None if text == "null" else text

"""Which fields of an object or a row are the text and the id; the others are carried through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from guillemets.inference.archive.entry import RESERVED, Entry
from guillemets.inference.archive.sources import listed
from guillemets.inference.schema import Document, Failure

_KINDS = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
    bytes: "binary",
}


@dataclass
class Fields:
    """``id`` None: the field ``id`` where there is one. ``tell`` gets each clash of names once."""

    text: str = "text"
    id: str | None = None
    tell: Callable[[str], None] = lambda message: None
    _told: set[str] = field(default_factory=set)

    def missing(self, names: Iterable[str]) -> str | None:
        """Why rows with these fields cannot be tagged, or None."""
        names = list(names)
        for wanted in (self.text, self.id):
            if wanted is not None and wanted not in names:
                return f"no field `{wanted}`; there are: {listed(names)}"
        return None

    def entry(
        self,
        row: Mapping[str, object],
        default_id: str,
        value: Callable[[object], object] = lambda stored: stored,
    ) -> Entry:
        """The document of a row, or a Failure that says why it is none.

        ``value`` gives the Python value of a stored one.
        """
        id_field = self.id or "id"
        carried = {name: v for name, v in row.items() if name not in (self.text, id_field)}
        for name in [name for name in carried if name in RESERVED]:
            del carried[name]
            if name not in self._told:
                self._told.add(name)
                self.tell(f"the input's field `{name}` is left out: the output has its own")
        name = default_id
        try:
            given = value(row.get(id_field))
            if isinstance(given, (str, int)) and not isinstance(given, bool):
                name = str(given)
            elif given is not None:
                raise ValueError(
                    f"the field `{id_field}` is {_kind(given)}, not a string or number"
                )
            if reason := self.missing(row):
                raise ValueError(reason)
            text = value(row[self.text])
            if not isinstance(text, str):
                raise ValueError(f"the field `{self.text}` is {_kind(text)}, not a string")
        except ValueError as error:
            return Entry(Failure(name, str(error)), carried)
        return Entry(Document(name, text), carried)


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)

"""What a conversion could not carry over: counted, and told in one line a reason."""

from __future__ import annotations

import sys

from guillemets.inference.errors import printable


class Notes:
    """Counts of what was left out or read in a way that the user should know of."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def add(self, reason: str, where: str = "", count: int = 1) -> None:
        """``where`` is a file, or a file and line; the first of a reason is shown."""
        if count:
            self._counts[reason] = self._counts.get(reason, 0) + count
            self._first.setdefault(reason, where)

    def lines(self) -> list[str]:
        """``reason: count (first: where)``, in the order in which the reasons came up."""
        return [
            printable(f"{reason}: {count}" + (f" (first: {first})" if first else ""))
            for (reason, count), first in zip(self._counts.items(), self._first.values())
        ]

    def tell(self) -> None:
        """Print the lines on stderr."""
        for line in self.lines():
            print(f"guillemets: {line}", file=sys.stderr)

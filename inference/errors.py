"""Errors whose message is made for the user, not for a traceback."""

from __future__ import annotations

import sys


def printable(text: str) -> str:
    """``text`` on one line and safe on a terminal: white space is a space, the invisible goes.

    Control characters could drive the terminal, bidirectional ones reorder what it shows.
    """
    return "".join(" " if c.isspace() else c for c in text if c.isspace() or c.isprintable())


def located(source: str, line: int | None, reason: str) -> str:
    """``source:line: reason``, the line left out where there is none."""
    return printable(f"{source}: {reason}" if line is None else f"{source}:{line}: {reason}")


def first_line(error: Exception) -> str:
    """What a library says in its first line: the reason, where it goes on at length."""
    return str(error).strip().split("\n")[0]


def complain(message: str) -> None:
    """Tells one thing on one line of stderr."""
    print(f"guillemets: {printable(message)}", file=sys.stderr)


class InputError(ValueError):
    """Something the user gave cannot be used; the message names file, line and reason."""

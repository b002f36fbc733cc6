"""What is known of a model: its labels, and the card that stands in its folder."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from guillemets.inference.schema import QUOTE_TYPES, STANCES

#: Between these lines of a model's README.md ``guillemets card`` writes its figures.
_SECTION = re.compile(r"<!-- figures -->(.*?)<!-- /figures -->", re.DOTALL)
_DATA = re.compile(r"^### (.+)$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
_FIGURE = re.compile(r"^\| ([^|]+) \| (\d\.\d+) \[(\d\.\d+), (\d\.\d+)\]", re.MULTILINE)


class Figure(msgspec.Struct, frozen=True):
    """One figure of a model on one set of articles, with its 95 % interval."""

    data: str
    figure: str
    value: float
    low: float
    high: float


class Card(msgspec.Struct, frozen=True):
    """What ``GET /model`` answers; ``card`` is Markdown, null for a model without one."""

    name: str
    version: str
    types: tuple[str, ...]
    stances: tuple[str, ...]
    card: str | None
    figures: list[Figure]


def read_card(source: str | Path, version: str) -> Card:
    """The card of a model folder; that of a hub id stays on the hub.

    Only the name of the folder is told, since the way to it is nobody else's business.
    """
    path = Path(source)
    text = None
    if path.is_dir():
        try:
            text = (path / "README.md").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            text = None  # a model may come without a card
    name = path.resolve().name if path.is_dir() else str(source)
    card = text and _FRONT_MATTER.sub("", text)
    figures = read_figures(text) if text else []
    return Card(name, version, QUOTE_TYPES, STANCES, card, figures)


def read_figures(card: str) -> list[Figure]:
    """The figures of the model itself: the first column of the first table of each set."""
    section = _SECTION.search(card)
    if section is None:
        return []
    _, *parts = _DATA.split(section[1])
    found = []
    for data, part in zip(parts[::2], parts[1::2]):
        table = part.partition("\nRecall by")[0]
        for name, *numbers in _FIGURE.findall(table):
            found.append(Figure(data, name, *map(float, numbers)))
    return found

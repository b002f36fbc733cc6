"""How far a run is, on a terminal, and what it has done at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from guillemets.inference.archive.spool import Totals

if TYPE_CHECKING:
    from rich.progress import Progress


class Meter:
    """Counts what this process does; words a second are over the time since the first record."""

    def __init__(self, total_bytes: int, shown: bool) -> None:
        self.total_bytes = total_bytes
        self.shown = shown
        self._progress: Progress | None = None
        self._start: float | None = None
        self._words_before = 0

    def begin(self, totals: Totals, position: int) -> None:
        """Tagging starts, with ``totals`` done before and ``position`` bytes of the input passed."""
        self._start = monotonic()
        self._words_before = totals.words
        if self._progress is not None:
            total = self.total_bytes or None
            self._task = self._progress.add_task("", total=total, completed=position)
            self.advance(totals, position)

    def advance(self, totals: Totals, position: int) -> None:
        """A chunk is done."""
        if self._progress is not None:
            done = f"{totals.records:,} documents, {self.rate(totals):,.0f} words/s"
            self._progress.update(self._task, completed=position, description=done)

    def rate(self, totals: Totals) -> float:
        """Words a second in this process."""
        if self._start is None:
            return 0.0
        return (totals.words - self._words_before) / max(monotonic() - self._start, 1e-6)

    @contextmanager
    def showing(self) -> Iterator[None]:
        """A bar with the share of the input's bytes and the time left, gone at the end."""
        if not self.shown:
            yield
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            self._progress = progress
            try:
                yield
            finally:
                self._progress = None


def summary(totals: Totals, before: int, rate: float) -> str:
    """``1,203 documents, 8,311 quotes, 2 errors, 4,210 words/s``; ``before``: done by earlier runs."""
    parts = [
        _count(totals.records - totals.errors, "document"),
        _count(totals.quotes, "quote"),
        _count(totals.errors, "error"),
    ]
    if rate:
        parts.append(f"{rate:,.0f} words/s")
    if before:
        parts.append(f"{before:,} of the records by an earlier run")
    return ", ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"

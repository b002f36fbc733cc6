"""``guillemets validate``: problems and a summary on standard output."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .validation import Summary

OK, ERRORS, UNREADABLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives ``parser`` the arguments of the command, and ``run`` as a default."""
    parser.description = "Check labelled data: one line a problem, then what the files hold."
    parser.epilog = "The exit status is 1 on errors, 2 if a file cannot be read, else 0."
    parser.add_argument("data", type=Path, nargs="+", metavar="DATA", help="JSON Lines of gold")
    parser.add_argument(
        "--dev", type=Path, nargs="+", default=[], metavar="FILE",
        help="held-out data, checked as well: no text may be in both",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints problems as they are met, then the summaries; returns the exit status."""
    from guillemets.inference.errors import printable

    from .validation import total, validate

    summaries: list[Summary] = []
    for problem in validate(args.data, args.dev, summaries):
        print(problem)
    read = [summary for summary in summaries if summary.documents or not summary.unreadable]
    for summary in [*read, total(read)] if len(read) > 1 else read:
        for line in _lines(summary):
            print(printable(line))
    if any(summary.unreadable for summary in summaries):
        return UNREADABLE
    return ERRORS if any(summary.errors for summary in summaries) else OK


def _lines(summary: Summary) -> Iterator[str]:
    from guillemets.inference.schema import QUOTE_TYPES, STANCES

    s = summary
    counted = {"documents": s.documents, "words": s.words, "quotes": s.quotes}
    yield f"{s.source}: {_figures(counted | {'speakers': s.speakers})}"
    yield f"  types: {_figures(dict.fromkeys(QUOTE_TYPES, 0) | s.types)}"
    yield f"  stances: {_figures(dict.fromkeys(STANCES, 0) | s.stances)}"
    without = {"speaker": s.without_speaker, "mention": s.without_mention, "cue": s.without_cue}
    yield f"  quotes without: {_figures(without)}"
    yield f"  problems: {_figures({'errors': s.errors, 'warnings': s.warnings})}"


def _figures(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())

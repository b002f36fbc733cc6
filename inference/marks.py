"""Quotation marks: which open, which close, and which belong together.

News text reaches us with every convention (« », “ ”, „ “, " ", ‹ ›, ‘ ’, << >>), with marks
missing, and with marks turned the wrong way by converters (« l' »hégémonie » »). The role of each
mark is therefore decided jointly for the whole text: a Viterbi pass over the nesting depth weighs
the glyph's own direction, the white space around it, and the cost of leaving a pair open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OPENING = "«“„‹‟❝"
CLOSING = "»”›❞"
NEUTRAL = '"″＂'
_MARK = re.compile(f"<<|>>|[{OPENING}{CLOSING}{NEUTRAL}]")
_SINGLE = re.compile(r"(?<!\w)‘(?=\S)[^‘’\n]{1,300}(?:’(?=\w)[^‘’\n]{1,300}){0,20}’(?!\w)")
_PARAGRAPH = re.compile(r"\n\s*\n")
_APOSTROPHES = "'’ʼ"

MAX_DEPTH = 3
# Costs of the joint decision, in the same arbitrary unit; chosen by hand on invented sentences.
TURNED = 2.0  # a directed glyph used against its direction
SPACING = 1.6  # white space on the wrong side (« word» cannot open nothing)
NESTED = 1.2  # a mark that opens inside another pair
STRAY = 3.0  # a closing mark with nothing open
UNCLOSED = 2.6  # a pair that never closes
PARAGRAPH = 0.7  # a pair that runs over a paragraph break


@dataclass(frozen=True)
class Mark:
    """One quotation mark, ``[start, end)`` in the text."""

    start: int
    end: int
    opens: bool
    depth: int  # of the pair: 1 is outermost
    mate: int | None  # index of the other mark in the list, None where it is missing


def count_marks(text: str) -> int:
    """How many quotation marks a text has, single ones left out."""
    return sum(1 for _ in _MARK.finditer(text))


def find_marks(text: str) -> list[Mark]:
    """All quotation marks of ``text`` in order, with their roles and mates."""
    spans = [m.span() for m in _MARK.finditer(text)]
    singles: dict[int, bool] = {}
    for m in _SINGLE.finditer(text):
        singles[m.start()], singles[m.end() - 1] = True, False
    spans = sorted(spans + [(i, i + 1) for i in singles])
    if not spans:
        return []
    breaks = [m.start() for m in _PARAGRAPH.finditer(text)]
    costs = [_role_costs(text, start, end, singles) for start, end in spans]
    return _pair(spans, _decide(spans, costs, breaks))


def _role_costs(text: str, start: int, end: int, singles: dict[int, bool]) -> tuple[float, float]:
    """What it costs to let this mark open, and to let it close."""
    glyph = text[start:end]
    opens = closes = 0.0
    if start in singles:
        return (0.0, 9.0) if singles[start] else (9.0, 0.0)
    if glyph == "<<" or glyph in OPENING:
        closes += 0.6 if glyph in "“‟" else TURNED  # „ … “ is how German and Polish close
    elif glyph == ">>" or glyph in CLOSING:
        opens += TURNED
    before = text[start - 1] if start else "\n"
    after = text[end] if end < len(text) else "\n"
    space_before = before.isspace() or before in "([—–-/" or before in _APOSTROPHES
    space_after = after.isspace() or after in ")].,;:!?…—–-/"
    if before in _APOSTROPHES:
        closes += SPACING / 2  # « l' » elides what follows: a mark there opens
    if before == "\n":
        closes += 2 * SPACING  # a paragraph opens with a mark, even inside an open pair
    elif space_before and not space_after:
        closes += SPACING
    elif space_after and not space_before:
        opens += SPACING
    if text[end : end + 3].lstrip()[:1] in set(".,;)"):
        opens += SPACING
    return opens, closes


def _decide(
    spans: list[tuple[int, int]], costs: list[tuple[float, float]], breaks: list[int]
) -> list[tuple[bool, int, int]]:
    """Cheapest roles: for each mark (opens, depth before it, depth after it)."""
    infinite = float("inf")
    best = [0.0] + [infinite] * MAX_DEPTH
    back: list[list[tuple[int, int, bool]]] = []  # per mark, per depth: (previous, entered, opens)
    at = 0
    for (start, _), (open_cost, close_cost) in zip(spans, costs):
        crossed = 0
        while at < len(breaks) and breaks[at] < start:
            crossed, at = crossed + 1, at + 1
        crossed = min(crossed, 4)
        new = [infinite] * (MAX_DEPTH + 1)
        steps: list[tuple[int, int, bool]] = [(0, 0, True)] * (MAX_DEPTH + 1)
        for depth, base in enumerate(best):
            if base == infinite:
                continue
            for entered in range(depth + 1):  # pairs may be given up before this mark
                cost = base + UNCLOSED * (depth - entered) + PARAGRAPH * crossed * entered
                if entered < MAX_DEPTH:
                    opened = cost + open_cost + NESTED * entered
                    if opened < new[entered + 1]:
                        new[entered + 1], steps[entered + 1] = opened, (depth, entered, True)
                closed = cost + close_cost + (0.0 if entered else STRAY)
                after = max(entered - 1, 0)
                if closed < new[after]:
                    new[after], steps[after] = closed, (depth, entered, False)
        best = new
        back.append(steps)
    depth = min(range(MAX_DEPTH + 1), key=lambda d: best[d] + UNCLOSED * d)
    roles = []
    for steps in reversed(back):
        previous, entered, opens = steps[depth]
        roles.append((opens, entered, depth))
        depth = previous
    return roles[::-1]


def _pair(spans: list[tuple[int, int]], roles: list[tuple[bool, int, int]]) -> list[Mark]:
    mates: list[int | None] = [None] * len(spans)
    depths = [1] * len(spans)
    stack: list[int] = []
    for i, (opens, entered, after) in enumerate(roles):
        del stack[entered:]
        if opens:
            depths[i] = after
            stack.append(i)
        elif stack:
            j = stack.pop()
            mates[i], mates[j], depths[i] = j, i, depths[j]
    return [
        Mark(start, end, role[0], depth, mate)
        for (start, end), role, depth, mate in zip(spans, roles, depths, mates)
    ]

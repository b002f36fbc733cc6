"""The text as the encoder sees it, with the way back to the caller's offsets.

A :class:`View` folds what typography varies and meaning does not: every quotation mark becomes
« or » (“ or ” when nested) with one space on each side, every space a plain one, apostrophes the
straight one; soft hyphens, zero-width characters and direction marks vanish; accents are composed.
The caller's text is never altered: each word of the view knows its ``[start, end)`` in it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

from .marks import find_marks

_WORD = re.compile(r"[^\W_]+|[^\s]")
_APOSTROPHES = "’ʼ‘‛′`´"
_LETTERS = re.compile(r"[0-9A-Za-zÀ-ÖØ-öø-ÿœŒ]+(?![\u0300-\U0010ffff])")  # nothing to fold in them


class Word(NamedTuple):
    """A word, a number, or a single mark: the unit that labels are given to."""

    start: int  # in the caller's text
    end: int
    view_start: int  # in View.text
    view_end: int
    mark: int | None  # +depth opens, -depth closes, None: no mark


@dataclass(frozen=True)
class View:
    """``text`` for the encoder, ``words`` in order, ``pairs`` of outer marks as word indices."""

    text: str
    words: list[Word]
    pairs: list[tuple[int, int]]  # (opening, closing) word indices, all depths, by opening
    breaks: list[bool]  # per word: a line break stands before it
    mates: dict[int, int]  # word index of a mark -> that of the other mark of its pair

    @classmethod
    def of(cls, text: str) -> View:
        builder = _Builder(text)
        marks = find_marks(text)
        position = 0
        for mark in marks:
            builder.plain(position, mark.start)
            nested = mark.depth > 1
            glyph = ("“" if nested else "«") if mark.opens else ("”" if nested else "»")
            builder.mark(glyph, mark.start, mark.end, mark.depth if mark.opens else -mark.depth)
            position = mark.end
        builder.plain(position, len(text))
        view_text, words, word_of_mark = builder.finish()
        pairs = [
            (word_of_mark[i], word_of_mark[m.mate])
            for i, m in enumerate(marks)
            if m.opens and m.mate is not None
        ]
        breaks, position = [], 0
        for word in words:
            breaks.append("\n" in view_text[position : word.view_start])
            position = word.view_end
        mates = dict(pairs) | {closing: opening for opening, closing in pairs}
        return cls(view_text, words, pairs, breaks, mates)

    def outer_pairs(self, first: int, end: int) -> list[tuple[int, int]]:
        """The pairs of outer marks that lie in words ``[first, end)``, marks included."""
        start = bisect_left(self.pairs, first, key=lambda pair: pair[0])
        found = []
        for i in range(start, len(self.pairs)):
            opening, closing = self.pairs[i]
            if opening >= end:
                break
            if closing < end and self.words[opening].mark == 1:
                found.append((opening, closing))
        return found

    def before(self, i: int, characters: int) -> str:
        """What its line has before word ``i``, that many characters at most."""
        start = self.words[i].view_start
        return self.text[max(0, start - characters) : start].rpartition("\n")[2]

    def shown(self, i: int) -> str:
        """Word ``i`` as the encoder sees it."""
        word = self.words[i]
        return self.text[word.view_start : word.view_end]


class _Builder:
    """Collects the view's characters with the source offsets of each."""

    def __init__(self, text: str) -> None:
        self.source = text
        self.chars: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.roles: dict[int, int] = {}  # view offset of a mark -> signed depth
        self.needs_space = False

    def plain(self, start: int, end: int) -> None:
        """Adds a stretch without quotation marks."""
        text, i = self.source, start
        while i < end:
            if run := _LETTERS.match(text, i, end):
                self._add(text[i], i, i + 1)
                i = self._extend(i + 1, run.end())
                continue
            char = text[i]
            stop = i + 1
            if char >= "\u0300" or (stop < end and text[stop] >= "\u0300"):
                while stop < end and unicodedata.combining(text[stop]):
                    stop += 1
                if stop > i + 1:  # accents that no French letter takes are left out
                    char = unicodedata.normalize("NFC", text[i:stop])[0]
            self._add(char, i, stop)
            i = stop

    def mark(self, glyph: str, start: int, end: int, depth: int) -> None:
        self._space(start)
        self.needs_space = False
        self.roles[len(self.chars)] = depth
        self._push(glyph, start, end)
        self.needs_space = True

    def finish(self) -> tuple[str, list[Word], list[int]]:
        view = "".join(self.chars)
        words, word_of_mark = [], []
        for m in _WORD.finditer(view):
            role = self.roles.get(m.start())
            if role is not None:
                word_of_mark.append(len(words))
            words.append(
                Word(self.starts[m.start()], self.ends[m.end() - 1], m.start(), m.end(), role)
            )
        return view, words, word_of_mark

    def _add(self, char: str, start: int, end: int) -> None:
        if char == "\n" or char == "\r":
            if self.chars and self.chars[-1] == " ":
                self._pop()
            if not self.chars[-2:] == ["\n", "\n"]:
                self._push("\n", start, end)
        elif char.isspace():
            self._space(start)
        elif unicodedata.category(char) in ("Cf", "Cc"):
            pass  # soft hyphens, zero-width and direction marks, control characters
        else:
            if char in ".,)]":
                if self.chars and self.chars[-1] == " ":
                    self._pop()
            elif self.needs_space and char not in ";:!?…":
                self._space(start)
            self._push("'" if char in _APOSTROPHES else char, start, end)

    def _extend(self, start: int, end: int) -> int:
        """Adds the rest of a run of letters as it is."""
        self.chars.extend(self.source[start:end])
        self.starts.extend(range(start, end))
        self.ends.extend(range(start + 1, end + 1))
        return end

    def _space(self, position: int) -> None:
        if self.chars and not self.chars[-1].isspace():
            self._push(" ", position, position)

    def _push(self, char: str, start: int, end: int) -> None:
        if not char.isspace():
            self.needs_space = False
        self.chars.append(char)
        self.starts.append(start)
        self.ends.append(end)

    def _pop(self) -> None:
        for column in (self.chars, self.starts, self.ends):
            column.pop()

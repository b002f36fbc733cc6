"""A text's words: tokens with their sentences and paragraphs, and a little French grammar over them."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from . import lexicon as lex

# Marks a web page may leave inside a word: soft hyphen, zero-width characters, byte-order mark.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_APOSTROPHES = "'’ʼ`´"
_HYPHENS = "-‐‑"
# An elided word, unless a capital N', M', O' … opens a name (N'Diaye).
_TOKEN = re.compile(
    rf"(?:[lLdD]|[qQ]u|[jJ]usqu|[lL]orsqu|[pP]uisqu|[cjmnst]|[CJMNST](?=[{_APOSTROPHES}][^\WA-ZÀ-Ý]))[{_APOSTROPHES}](?!\s*\d)"
    rf"|[^\W_][{_INVISIBLE}]*(?:[^\W_][{_INVISIBLE}]*|[{_APOSTROPHES}‐‑-](?=[^\W_]))*"
    rf"|[^\w\s{_INVISIBLE}]"
)
_INVERTED = re.compile(r"^(.+?)-(?:t-)?(?:ils?|elles?|on|je|nous|vous)$", re.I)
_ENDS = frozenset(".!?…")
_OPENERS = frozenset('«"“”:»–—-•')
STOPS = frozenset('.!?…;:«»"“”()[]')
_FOLD_TABLE = str.maketrans(
    dict.fromkeys(_INVISIBLE)
    | dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_HYPHENS, "-")
    | {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"}
)
_NO_VERBS = lex.word_set(
    "et ou ni que qu' qui dont comme mais car si soit puis ainsi le la les un une l'"
)
_HIDDEN_ARTICLES = frozenset((",", "du", "au", "des", "aux"))
_ADJECTIVE_ENDINGS = (
    "ien", "ienne", "iens", "iennes", "ais", "aise", "aises", "ois", "oise", "oises", "ain", "aine", "ique", "iques",
    "al", "ale", "ales", "aux", "aire", "iste", "istes", "ond", "onde", "een", "eenne", "eens", "eennes",
)  # fmt: skip
CLAUSE_WORDS = lex.word_set(
    "que qu' qui dont ou si et mais car est sont etait etaient a ont avait avaient sera il elle "
    "ils elles on ne n' pas lui leur se s' y lorsque quand comme dit selon pour"
)


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Lower case, no accents, straight apostrophes and hyphens, no invisible marks."""
    word = word.casefold().translate(_FOLD_TABLE)
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def stem(key: str) -> str:
    """A folded word without plural and silent -e, so that forms of one word meet."""
    return key.rstrip("sx").rstrip("e")


class Token(NamedTuple):
    """A word or a mark."""

    start: int
    end: int
    key: str
    cap: bool
    word: bool
    sent: int
    para: int
    first: bool  # opens a sentence, a line or a quotation


def _shouting_lines(text: str) -> list[tuple[int, int]]:
    """Lines in capitals, where a capital tells nothing."""
    lines = []
    for match in re.finditer(r"[^\n]+", text):
        line = match.group()
        letters = [c for c in line if c.isalpha()]
        if (
            len(letters) > 12
            and sum(c.isupper() for c in letters) > 0.8 * len(letters)
            and " " in line.strip()
        ):
            lines.append(match.span())
    return lines


def tokenise(text: str) -> list[Token]:
    """Words (elided and inverted ones split off) and marks, with their sentences and paragraphs."""
    tokens: list[Token] = []
    shouting = _shouting_lines(text)
    sent = para = last = 0
    ended = False  # a full stop was read: a capital now opens a sentence
    opened = True
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        raw = match.group()
        word = raw[0].isalnum()
        gap = text[last:start]
        if "\n" in gap:
            sent, para, ended, opened = sent + 1, para + 1, False, True
        while shouting and shouting[0][1] <= start:
            shouting.pop(0)
        if not word:
            if raw in _ENDS and not _abbreviated(raw, tokens, last, start):
                ended = True
            opened = opened or raw in _OPENERS
            tokens.append(Token(start, end, raw, False, False, sent, para, False))
            last = end
            continue
        cap = raw[0].isupper()
        if ended and (cap or raw[0].isdigit()) and (gap or not tokens[-1].key == "."):
            sent, opened = sent + 1, True
        ended = False
        if cap and shouting and shouting[0][0] <= start:
            cap = False
        cut = _INVERTED.match(raw) if "-" in raw and not cap else None
        if cut:
            tokens.append(
                Token(
                    start, start + cut.end(1), fold(cut.group(1)), False, True, sent, para, opened
                )
            )
            start = end - len(raw) + raw.rindex("-") + 1
            raw, opened = text[start:end], False
        tokens.append(Token(start, end, fold(raw), cap, True, sent, para, opened))
        opened, last = False, end
    return tokens


def _abbreviated(mark: str, tokens: list[Token], last: int, start: int) -> bool:
    """Whether this full stop only ends « M. », « St. » or an initial."""
    if mark != "." or not tokens or last != start or not tokens[-1].word:
        return False
    before = tokens[-1]
    return before.cap and (
        before.end - before.start == 1
        or before.key in ("mm", "mgr", "dr", "pr", "st", "ste", "mme", "mlle", "me")
    )


class Words:
    """A text's tokens, and where its phrases begin and end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenise(text)
        self.token_starts = [t.start for t in self.tokens]
        self.sentences: list[int] = []  # first token of each sentence
        for k, token in enumerate(self.tokens):
            while len(self.sentences) <= token.sent:
                self.sentences.append(k)

    def at(self, position: int) -> int:
        """Index of the first token that ends after ``position``."""
        k = bisect_right(self.token_starts, position)
        if k and self.tokens[k - 1].end > position:
            return k - 1
        return k

    def _joined(self, k: int) -> bool:
        """Whether token k stands in one line after token k-1, with nothing but spaces between."""
        before, here = self.tokens[k - 1], self.tokens[k]
        return here.para == before.para and here.sent == before.sent

    def _is_preposition_a(self, k: int) -> bool:
        """« à », which folds to the same « a » as the verb."""
        return self.tokens[k].key == "a" and self.text[self.tokens[k].start] in "àÀ"

    def phrase_end(self, h: int) -> int:
        """The token after a noun phrase with head h: complements with de/du/des/d' and names."""
        tokens, n = self.tokens, len(self.tokens)
        j = h + 1
        while j < n and j < h + 10 and self._joined(j):
            key = tokens[j].key
            if tokens[j].cap and not key.endswith("'"):
                j += 1
            elif (
                key in ("de", "du", "des", "d'")
                and j + 1 < n
                and tokens[j + 1].word
                and self._joined(j + 1)
            ):
                j += 2
                while (
                    j < n
                    and j < h + 10
                    and tokens[j - 1].key in lex.DETERMINERS
                    and self._joined(j)
                    and tokens[j].word
                ):
                    j += 1
            elif (
                tokens[j].word
                and key.endswith(_ADJECTIVE_ENDINGS)
                and not key.endswith(("aient", "ment"))
                and len(key) > 4
            ):
                j += 1
            else:
                break
        return j

    def _verb_follows(self, j: int) -> bool:
        """Whether a verb seems to follow token j-1, perhaps after an apposition between commas."""
        return self._verb_after(j) > 0

    def _verb_after(self, j: int) -> int:
        tokens, n = self.tokens, len(self.tokens)
        if j < n and tokens[j].key in (",", "(") and self._joined(j):
            closer = ")" if tokens[j].key == "(" else ","
            j += 1
            end = min(n, j + 20)
            while j < end and self._joined(j) and tokens[j].key != closer:
                if tokens[j].key in STOPS and tokens[j].key not in '«»"':
                    return 0
                j += 1
            j += 1
        if j >= n or not self._joined(j) or not tokens[j].word or tokens[j].cap:
            return 0
        key = tokens[j].key
        return (
            j
            if key not in _NO_VERBS
            and (key not in lex.PREPOSITIONS or (key == "a" and not self._is_preposition_a(j)))
            else 0
        )

    def _governed(self, head: int) -> bool:
        """Whether the noun phrase around this head hangs on another noun: « le cabinet de la ministre »."""
        tokens = self.tokens
        i = head - 1
        while i >= 0 and tokens[i].key in lex.PREMODIFIERS:
            i -= 1
        if i >= 0 and tokens[i].key in lex.DETERMINERS and tokens[i].key not in ("des",):
            i -= 1
        elif i >= 0 and tokens[i].key in ("du", "des"):
            return True
        return i >= 0 and tokens[i].key in ("de", "du", "des", "d'") and self._joined(i + 1)

    def _opens_phrase(self, i: int) -> bool:
        """Whether token i may be the head of a noun phrase: an article or an adjective stands before it."""
        before = self.tokens[i - 1].key if i else ""
        return (
            self.tokens[i].first
            or before in lex.DETERMINERS
            or before in lex.PREMODIFIERS
            or before in _HIDDEN_ARTICLES
        )

    def _stops_short(self, i: int, j: int) -> bool:
        """Whether the noun phrase with head i ends before j: a verb stands between, « un mécanicien admet … »."""
        m = self.phrase_end(i)
        while m < j and self.tokens[m].key in lex.PREPOSITIONS:
            while m < j and (
                self.tokens[m].key in lex.PREPOSITIONS or self.tokens[m].key in lex.DETERMINERS
            ):
                m += 1
            m = self.phrase_end(m)
        return m < j

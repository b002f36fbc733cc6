"""The long forms of a text's acronyms: « Forces démocratiques syriennes » for « FDS »."""

from __future__ import annotations

from . import lexicon as lex
from .descriptions import DescribedNames
from .words import fold

_BRACKETS = frozenset("(,-–—[")


class Acronyms(DescribedNames):
    """A text's names, with what its acronyms stand for where it tells."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._acronyms: dict[str, str | None] = {}
        self._capitals: dict[str, list[int]] | None = None
        self._by_capital: dict[str, list[int]] | None = None

    def long_form(self, acronym: str) -> str | None:
        """« Forces démocratiques syriennes » for « FDS », where the text spells it out."""
        if acronym not in self._acronyms:
            self._acronyms[acronym] = self._spell_out(acronym)
        return self._acronyms[acronym]

    def _spell_out(self, acronym: str) -> str | None:
        letters = [c for c in fold(acronym) if c.isalpha()]
        if not 2 <= len(letters) <= 10:
            return None
        if self._capitals is None:
            self._capitals = {}
            for k, token in enumerate(self.tokens):
                if token.cap:
                    self._capitals.setdefault(token.key[0], []).append(k)
        best = self._glossed(fold(acronym), letters)
        if best is not None:
            return best
        for k in self._capitals.get(letters[0], ())[:2000]:
            end, bracketed = self._initials(k, letters, fold(acronym))
            if end and (bracketed or best is None):
                best = self.text[self.tokens[k].start : self.tokens[end - 1].end]
                if bracketed:
                    break
        return best

    def _glossed(self, acronym: str, letters: list[str]) -> str | None:
        """« FDS (Forces démocratiques syriennes) », and « l'Autorité des technologies (BTK) » in any language."""
        tokens, n = self.tokens, len(self.tokens)
        for k in self._at_key(acronym):
            if k + 2 < n and tokens[k + 1].key in ("(", "["):
                end = next(
                    (j for j in range(k + 2, min(n, k + 18)) if tokens[j].key in (")", "]")), 0
                )
                words = [t.key for t in tokens[k + 2 : end] if t.word]
                full = [w[0] for w in words if w not in lex.PREPOSITIONS and len(w) > 2]
                if full == letters:  # « PNF [parquet national financier] »
                    return self.text[tokens[k + 2].start : tokens[end - 1].end]
                opens = next(
                    (
                        j
                        for j in range(k + 2, end)
                        if tokens[j].cap and tokens[j].key[0] == letters[0]
                    ),
                    0,
                )
                if opens and end - opens > 1 and (opens == k + 2 or not tokens[opens - 1].cap):
                    return self.text[tokens[opens].start : tokens[end - 1].end]
            if k > 2 and tokens[k - 1].key == "(" and k + 1 < n and tokens[k + 1].key == ")":
                i = k - 2
                while (
                    i > 0
                    and k - i < 14
                    and tokens[i].word
                    and self._joined(i)
                    and not (tokens[i].cap and tokens[i - 1].key in ("le", "la", "l'", "les"))
                ):
                    i -= 1
                if (
                    i > 0
                    and tokens[i].cap
                    and tokens[i - 1].key in ("le", "la", "l'", "les")
                    and k - 1 - i > 1
                ):
                    return self.text[tokens[i].start : tokens[k - 2].end]
        return None

    def _at_key(self, key: str) -> list[int]:
        if self._by_capital is None:
            self._by_capital = {}
            for k, token in enumerate(self.tokens):
                if token.cap:
                    self._by_capital.setdefault(token.key, []).append(k)
        return self._by_capital.get(key, [])[:20]

    def _initials(self, k: int, letters: list[str], acronym: str) -> tuple[int, bool]:
        """The token after the words from k whose initials spell the acronym, and whether it follows in brackets."""
        tokens, n = self.tokens, len(self.tokens)
        if tokens[k].key == acronym:
            return 0, False
        j, used, broken = k, 0, False
        while j < n and j < k + 16 and (j == k or self._joined(j)):
            token = tokens[j]
            if token.key in _BRACKETS and j + 1 < n and tokens[j + 1].key == acronym:
                return (j, True) if used > 1 else (0, False)
            if not token.word:
                break
            small = (
                token.key in lex.PREPOSITIONS or token.key in lex.DETERMINERS or token.key == "et"
            )
            if used < len(letters) and token.key[0] == letters[used]:
                used += 1
            elif not small:
                broken = True  # from here only the acronym in brackets can prove it
            j += 1
            if (
                used == len(letters)
                and not broken
                and not (j + 1 < n and tokens[j].key in _BRACKETS and tokens[j + 1].key == acronym)
            ):
                return j, False
        return 0, False

"""The rule baseline: marks, reporting verbs, clause patterns and the nearest name; nothing is learned.

It reads as the French rule systems do, has the tagger's interface, and shows in every report what learning
adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from guillemets.inference.lexicon import STARTERS
from guillemets.inference.marks import find_marks
from guillemets.inference.schema import Document, Quote, QuoteType, Span, Speaker, Stance
from guillemets.inference.words import fold

_ER = (
    "accus affirm ajout alert analys annonc argument articul assen assur attest avanc certifi clam comment concéd "
    "condamn confess confi confirm conseill considèr consid[ée]r conclu constat critiqu déclar décrét demand démentant dénonc "
    "dépeign déplor détaill dévoil diagnostiqu épingl esp[èe]r estim évoqu exhort expliqu exprim expos félicit fustig "
    "glorifi glos implor indiqu indign inform inqui[èe]t insist interrog invit ironis jubil jug justifi lanc lâch "
    "martel mention menac murmur narr not object observ ordonn plaid pest précis préconis proclam pronostiqu propos "
    "protest raconte? raill rappell? rapport rassur réagiss réaffirm recommand reconnaiss réfut regrett relat "
    "relativis relev remarqu rétorqu répliqu répét rép[èe]t révél rév[èe]l résum salu signal sermonn souffl souhait "
    "soulign souten stipul suggér sugg[èe]r suppli t[ée]moign tempêt temp[èe]r ton tonn tweet twitt vant vocif[ée]r"
).split()
_OTHER = (
    (
        "dit disent disait disaient dira dire disant écrit écrivent écrivait écrivant répond répondent répondait répondu "
        "prévient préviennent prévenait prévenu soutient soutiennent soutenait soutenu maintient maintenu promet promettent "
        "promis reconnaît reconnaissent reconnu admet admettent admis prédit prédisent conclut concluent conclu avertit "
        "avertissent averti réagit réagissent réagi surenchérit renchérit renchéri poursuit poursuivent poursuivi reprend "
        "repris apprend appris dément démenti prétend prétendent prétendu défend défendu enjoint garantit garanti sait "
        "fait savoir|faire savoir|fait valoir"
    )
    .replace(" fait savoir|faire savoir|fait valoir", "")
    .split()
)
_ENDINGS = r"(?:e|ent|ait|aient|a|èrent|é|ée|és|ées|ant|er|era|eront|erait)"
VERB = rf"(?:(?:{'|'.join(_ER)}){_ENDINGS}|{'|'.join(_OTHER)}|(?:fait|faire|font|faisait) (?:savoir|valoir))"
CUE = re.compile(
    rf"\b(?:(?:s['’]est |se sont |(?:a|ont|avait|avaient|aurait)(?:-t-(?:il|elle|on))?(?: \w+ment)? )?{VERB})\b",
    re.IGNORECASE,
)
SOURCE = re.compile(r"\b(?:selon|d['’]après|pour)\b\s+(?=[A-ZÀ-Ýlu«])", re.IGNORECASE)
SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…](?=\S)[^.!?…\n]*)*[.!?…]*")
THAT = re.compile(r"\s*(?:\w+\s+){0,3}?(?:que\s+|qu['’])")
NAME = re.compile(
    r"(?:M\.|Mme|Mmes|MM\.|Me|Mgr)?\s?[A-ZÀ-Ý][\w'’-]+(?:\s(?:(?:de|du|des|van|von|el|al|ben|d['’])\s?)?[A-ZÀ-Ý][\w'’-]+)*"
)
PRONOUN = re.compile(r"\b(?:-t-)?(il|elle|ils|elles|on)\b", re.IGNORECASE)
NOUN = re.compile(
    r"\b(?:le|la|l['’]|les|un|une|des|son|sa|ce|cette)\s?[a-zà-ÿ][\w'’-]+(?:\s(?:de|du|des|d['’])\s?[\w'’-]+)?"
)
CONDEMN = re.compile(
    r"\b(?:condamn|dénonc|critiqu|accus|fustig|déplor|regrett|rejet|refus|oppos|scandal|inaccept|honte|indign|"
    r"menac|crime|barbar|lâche|irrespons|mensong|trahi|illég|injust|catastroph|inadmiss|protest)",
    re.IGNORECASE,
)
SUPPORT = re.compile(
    r"\b(?:salu|félicit|soutien|souten|défend|remerci|merci|hommage|solidar|fier|bravo|appel(?:le|é|lent) à|"
    r"demand|réclam|souhait|plaid|indispens|il faut|devons|encourag|nécessaire|courag|historique|approuv)",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^(?:M\.|Mme|Mmes|MM\.|Me|Mgr)\s")
_CLOSERS = " \t\u00a0\u202f.,;:!?…"


class _Found(NamedTuple):
    start: int
    end: int
    type: QuoteType
    cue: tuple[int, int] | None
    mention: tuple[int, int] | None


class RuleTagger:
    """The tagger's interface over rules alone."""

    def tag(self, text: str, id: str = "") -> Document:
        """The quotes that the rules find in one text."""
        found = sorted(_quotes(text), key=lambda f: (f.start, -f.end))
        quotes, speaker, end = [], None, 0
        for f in found:
            if f.start < end:
                continue
            end = f.end
            if f.mention:
                speaker = _name(text, text[slice(*f.mention)], speaker)
            quotes.append(
                Quote(
                    start=f.start,
                    end=f.end,
                    text=text[f.start : f.end],
                    type=f.type,
                    speaker=Speaker(speaker, f.mention and Span.of(text, *f.mention))
                    if speaker
                    else None,
                    cue=f.cue and Span.of(text, *f.cue),
                    stance=_stance(text, f),
                    score=1.0,
                )
            )
        return Document(id, text, quotes)

    def pipe(self, texts: Iterable[str], batch_size: int = 1) -> Iterator[Document]:
        """Tags texts in order; ids are their positions."""
        return (self.tag(text, str(i)) for i, text in enumerate(texts))

    def pipe_documents(
        self, documents: Iterable[Document], batch_size: int = 1
    ) -> Iterator[Document]:
        """Tags documents in order, keeping their ids."""
        return (self.tag(document.text, document.id) for document in documents)


def _quotes(text: str) -> Iterator[_Found]:
    pairs = [
        (mark.start, mark.end, other.start, other.end)
        for marks in [find_marks(text)]
        for mark in marks
        if mark.opens and mark.depth == 1 and mark.mate is not None
        for other in [marks[mark.mate]]
    ]
    # A quotation may hold full stops: within marks they end no sentence.
    masked = list(text)
    for _, start, end, _ in pairs:
        masked[start:end] = ["x" if c in ".!?…\n" else c for c in text[start:end]]
    for match in SENTENCE.finditer("".join(masked)):
        start, end = match.span()
        inside = [p for p in pairs if start <= p[0] and p[3] <= end]
        yield from _sentence(text, start, end, inside)


def _sentence(
    text: str, start: int, end: int, pairs: list[tuple[int, int, int, int]]
) -> Iterator[_Found]:
    def quoted(position: int) -> bool:
        return any(p[1] <= position < p[2] for p in pairs)

    cues = [m.span() for m in CUE.finditer(text, start, end) if not quoted(m.start())]
    clause = None
    for cue in cues:  # « X affirme que … »
        that = THAT.match(text, cue[1], end)
        if that and not quoted(that.end() - 1):
            clause = (*_trimmed(text, that.end(), end), cue, _source(text, start, cue[0], True))
            break
    source = next((m for m in SOURCE.finditer(text, start, end) if not quoted(m.start())), None)
    if clause is None and source is not None:  # « Selon X, … » or « …, selon X »
        comma = text.find(",", source.end(), end)
        mention = _source(text, source.end(), comma if comma > 0 else end, False)
        rest = (
            (comma + 1, end)
            if not text[start : source.start()].strip()
            else (start, source.start())
        )
        if mention and comma + 1 and rest[1] - rest[0] > 15:
            clause = (
                *_trimmed(text, *rest),
                (source.start(), source.start() + len(source[0].rstrip())),
                mention,
            )
    if clause is None:  # « …, affirme X »
        for cue in cues:
            if text[start : cue[0]].rstrip().endswith(",") and not pairs:
                mention = _source(text, cue[1], end, False)
                clause = (*_trimmed(text, start, cue[0]), cue, mention) if mention else None
                break
    covered = range(0)
    if clause is not None and clause[1] > clause[0]:
        marked = any(clause[0] <= p[0] < clause[1] for p in pairs)
        yield _Found(clause[0], clause[1], "mixed" if marked else "indirect", *clause[2:])
        covered = range(clause[0], clause[1])
    for opening, first, last, closing in pairs:
        if opening in covered:
            continue
        content = text[first:last].strip(" \u00a0\u202f")
        shift = first + text[first:last].find(content)
        near = min(cues, key=lambda c: min(abs(c[0] - closing), abs(opening - c[1])), default=None)
        mention = None
        if near:
            after = near[0] >= closing
            mention = _source(
                text, near[1] - 4 if after else start, end if after else near[0], not after
            )
        words = len(content.split())
        alone = not text[start:opening].strip(" \u00a0\u202f-–—")
        speech = (
            content[:1].isupper()
            and words > 2
            and (alone or text[:opening].rstrip().endswith(":") or content[-1:] in ".!?…")
        )
        if speech:
            stop = shift + len(content.rstrip(","))
            yield _Found(shift, stop, "direct", near, mention)
        elif near and (words > 1 or content[:1].islower()):
            yield _Found(opening, closing, "mixed", near, mention)


def _source(text: str, start: int, end: int, last: bool) -> tuple[int, int] | None:
    """The nearest name of a stretch, else a pronoun, else a noun phrase; ``last``: the rightmost."""
    for find in (
        _names,
        lambda *stretch: [m.span(1) for m in PRONOUN.finditer(*stretch)],
        lambda *stretch: [m.span() for m in NOUN.finditer(*stretch)],
    ):
        found = find(text, max(start, 0), end)
        if found:
            return found[-1 if last else 0]
    return None


def _names(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Capitalised words in a row, without those that only open a sentence (« Selon Paul Sy »)."""
    names = []
    for match in NAME.finditer(text, start, len(text) if end is None else end):
        first, stop = match.span()
        while first < stop:
            word = text[first:stop].split()[0]
            if fold(word) not in STARTERS:
                break
            first += text[first:stop].find(word) + len(word)
        first += len(text[first:stop]) - len(text[first:stop].lstrip())
        if first < stop:
            names.append((first, stop))
    return names


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _CLOSERS:
        start += 1
    while end > start and text[end - 1] in _CLOSERS:
        end -= 1
    return start, end


def _name(text: str, mention: str, before: str | None) -> str:
    """The longest name of the document with the mention's last word; a pronoun is who spoke before."""
    if PRONOUN.fullmatch(mention):
        return before or mention
    bare = _TITLE.sub("", mention)
    last = bare.split()[-1]
    full = [_TITLE.sub("", text[slice(*span)]) for span in _names(text)]
    full = [name for name in full if name.split()[-1] == last]
    return max([*full, bare], key=len) if last[:1].isupper() else bare


def _stance(text: str, found: _Found) -> Stance:
    words = text[found.start : found.end]
    if found.cue:
        words += " " + text[slice(*found.cue)]
    against, favour = len(CONDEMN.findall(words)), len(SUPPORT.findall(words))
    if against == favour:
        return Stance("neutral")
    return Stance("condemn" if against > favour else "support")

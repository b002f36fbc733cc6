"""Gold apart from its texts: offsets, labels and a digest that tells the right text.

The gold of articles that may not be redistributed ships this way. It is JSON Lines, one document
a line, and holds no words of the text:

    {"id": "a1", "sha256": "…", "quotes": [
      {"span": [10, 42], "type": "direct", "speaker": [3, 15], "mention": [50, 52] | null,
       "cue": [45, 49] | null, "stance": "condemn", "target": [60, 70] | null}]}

``sha256`` is of the UTF-8 text. ``speaker`` and ``target`` are where the string first occurs; one
that the text does not hold as it stands is kept literally, which `guillemets validate` would have
told. ``speaker`` is null for an unknown one. Predictions keep their scores.
"""

from __future__ import annotations

import hashlib
import re
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from guillemets.inference.errors import InputError, located
from guillemets.inference.reading import decode_line, numbered_lines
from guillemets.inference.schema import (
    Document,
    Quote,
    QuoteType,
    Span,
    Speaker,
    Stance,
    StanceLabel,
)
from guillemets.inference.writing import writing

Edges = tuple[int, int]
Texts = Callable[[str], str | None]
SHOWN = 5  # ids that an error names


class StandoffQuote(msgspec.Struct, frozen=True):
    span: Edges
    type: QuoteType
    speaker: Edges | str | None
    mention: Edges | None
    cue: Edges | None
    stance: StanceLabel
    target: Edges | str | None
    scores: dict[str, float] | UnsetType = UNSET
    score: float | UnsetType = UNSET


class StandoffDocument(msgspec.Struct, frozen=True):
    id: str
    sha256: str
    quotes: list[StandoffQuote]


class _Article(msgspec.Struct):
    id: str | int
    text: str


_STANDOFF = msgspec.json.Decoder(StandoffDocument)
_ARTICLE = msgspec.json.Decoder(_Article)


# ---------------------------------------------------------------- writing


def write_standoff(documents: Iterable[Document], path: str | Path) -> int:
    """Writes the documents without their texts and returns how many they are.

    ``path`` is replaced once all is written. Raises InputError for a span that is not its text.
    """
    count = 0
    with writing(Path(path)) as out:
        for document in documents:
            out.write(msgspec.json.encode(_standoff(document)).decode() + "\n")
            count += 1
    return count


def _standoff(document: Document) -> StandoffDocument:
    def edges(span: Quote | Span | None) -> Edges | None:
        if span is None:
            return None
        if document.text[span.start : span.end] != span.text:
            reason = f"text[{span.start}:{span.end}] is not its `text`"
            raise InputError(located(document.id, None, reason))
        return span.start, span.end

    def words(string: str) -> Edges | str:
        start = document.text.find(string)
        if start < 0:  # a label typed with another apostrophe
            start = document.text.replace("’", "'").find(string.replace("’", "'"))
        return (start, start + len(string)) if string and start >= 0 else string

    quotes = [
        StandoffQuote(
            span=edges(q),
            type=q.type,
            speaker=None if q.speaker is None else words(q.speaker.name),
            mention=edges(q.speaker.mention) if q.speaker else None,
            cue=edges(q.cue),
            stance=q.stance.label,
            target=None if q.stance.target is None else words(q.stance.target),
            scores=q.stance.scores,
            score=q.score,
        )
        for q in document.quotes
    ]
    return StandoffDocument(document.id, _digest(document.text), quotes)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- joining


def join_standoff(path: str | Path, texts: Texts | str | Path) -> Iterator[Document]:
    """The documents of a standoff file, with the texts that ``texts`` has for their ids.

    ``texts`` is a function, or a folder as FolderTexts reads it. A text is taken as it is or
    re-spaced, whichever has the right digest. Once every document that has its text is given,
    raises InputError if there are others: how many, and the first ids.
    """
    candidates = _one_text(texts) if callable(texts) else FolderTexts(texts)
    missing: list[str] = []
    wrong: list[str] = []
    for number, standoff in _read_standoff(Path(path)):
        found = list(candidates(standoff.id))
        text = next((t for t in _forms(found) if _digest(t) == standoff.sha256.lower()), None)
        if text is None:
            (wrong if found else missing).append(standoff.id)
            continue
        try:
            document = _join(standoff, text)
        except ValueError as error:
            reason = f"{standoff.id}: {error}"
            raise InputError(located(str(path), number, reason)) from None
        yield document
    reasons = [_listed(missing, "without a text")] if missing else []
    reasons += [_listed(wrong, "with another text than the SHA-256 says")] if wrong else []
    if reasons:
        raise InputError(located(str(path), None, "; ".join(reasons)))


def _one_text(texts: Texts) -> Callable[[str], Iterator[str]]:
    def candidates(id: str) -> Iterator[str]:
        text = texts(id)
        if text is not None:
            yield text

    return candidates


def _forms(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield text
        yield respace(text)


def _read_standoff(path: Path) -> Iterator[tuple[int, StandoffDocument]]:
    with _located(path), path.open("rb") as stream:
        for number, line in numbered_lines(stream):
            try:
                standoff = decode_line(_STANDOFF, line)
            except ValueError as error:
                raise InputError(located(str(path), number, str(error))) from None
            yield number, standoff


def _join(standoff: StandoffDocument, text: str) -> Document:
    """Puts the words back; a ValueError says which offsets cannot be right."""

    def span(edges: Edges) -> Span:
        start, end = edges
        if not 0 <= start < end <= len(text):
            raise ValueError(f"[{start}, {end}] is no stretch of its {len(text)} characters")
        return Span.of(text, start, end)

    def words(value: Edges | str) -> str:
        return value if isinstance(value, str) else span(value).text

    quotes = []
    for q in standoff.quotes:
        if q.mention is not None and q.speaker is None:
            raise ValueError(f"the quote at {list(q.span)} has a mention and no speaker")
        quote = span(q.span)
        speaker = None
        if q.speaker is not None:
            speaker = Speaker(words(q.speaker), span(q.mention) if q.mention else None)
        target = None if q.target is None else words(q.target)
        quotes.append(
            Quote(
                start=quote.start,
                end=quote.end,
                text=quote.text,
                type=q.type,
                speaker=speaker,
                cue=span(q.cue) if q.cue else None,
                stance=Stance(q.stance, target, q.scores),
                score=q.score,
            )
        )
    return Document(standoff.id, text, quotes)


def _listed(ids: list[str], what: str) -> str:
    more = ", …" if len(ids) > SHOWN else ""
    noun = "document" if len(ids) == 1 else "documents"
    return f"{len(ids)} {noun} {what}: {', '.join(ids[:SHOWN])}{more}"


# ---------------------------------------------------------------- texts


class FolderTexts:
    """The texts of an id in a folder: ``<id>.txt`` anywhere below it, and JSONL with id and text.

    ``folder`` may be one such file, too. Only the places are kept; lines of a JSONL file that are
    no articles are passed over. Raises InputError for what cannot be read.
    """

    def __init__(self, folder: str | Path) -> None:
        self._places: dict[str, list[tuple[Path, int | None]]] = defaultdict(list)
        folder = Path(folder)
        with _located(folder):
            folder.stat()
            files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        for path in files:
            if path.suffix.lower() == ".txt":
                self._places[path.stem].append((path, None))
            elif path.suffix.lower() == ".jsonl" and path.is_file():
                self._index(path)

    def _index(self, path: Path) -> None:
        with _located(path), path.open("rb") as stream:
            offset = 0
            for number, line in enumerate(stream, start=1):
                content = line.removeprefix(BOM_UTF8) if number == 1 else line
                start, offset = offset + len(line) - len(content), offset + len(line)
                if not content.strip():
                    continue
                try:
                    article = decode_line(_ARTICLE, content)
                except msgspec.ValidationError:
                    continue
                except ValueError as error:
                    raise InputError(located(str(path), number, str(error))) from None
                self._places[str(article.id)].append((path, start))

    def __call__(self, id: str) -> Iterator[str]:
        """Every text that goes by this id."""
        for path, offset in self._places.get(id, ()):
            with _located(path), path.open("rb") as stream:
                if offset is None:
                    data = stream.read()
                else:
                    stream.seek(offset)
                    data = stream.readline()
            if offset is not None:
                yield decode_line(_ARTICLE, data).text
                continue
            try:
                yield data.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                line = data.count(b"\n", 0, error.start) + 1
                raise InputError(located(str(path), line, "not UTF-8")) from None


@contextmanager
def _located(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(located(str(path), None, error.strerror or str(error))) from None


_ELIDED = re.compile(r"\b((?:[cdjlmnst]|aujourd|entr|\w*qu)['’]) (?=\w)", re.IGNORECASE)


def respace(text: str) -> str:
    """A text of WiNER-fr, whose links and marks stand between spaces, with the usual spacing.

    Runs of spaces and tabs become one; there is none at the edges of a line, before ``, . ) ]``,
    after ``( [``, and between an elided word (l', d', qu' …) and the next one; at most one blank
    line; no white space before the text, and one line end after it. No-break spaces stay.
    """
    text = re.sub(r"\r\n?", "\n", text)
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = re.sub(r" (?=[,.)\]])|(?<=[(\[]) ", "", text)
    text = _ELIDED.sub(r"\1", text)
    return text.strip() + "\n"

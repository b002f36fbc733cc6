"""From text to documents: windows, encoder, decoding, attribution, speaker names."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np

from .backend import Backend, BackendName, Device, Pointed, Reading, load_backend
from .cue_stance import told_by_cue
from .decoding import WordQuote, decode_quotes, decode_tags, pick, pick_span
from .errors import InputError
from .features import word_features
from .marks import count_marks
from .schema import QUOTE_TYPES, STANCES, Document, Failure, Quote, Span, Speaker, Stance
from .speakers import Attribution, resolve
from .text import View
from .threads import network_threads
from .windows import Window, make_windows
from .workers import Origin

MAX_CHARACTERS = 2_000_000  # more than any article, or book: somebody's mistake
MAX_MARKS = 50_000
SEGMENT = 30_000  # characters: a longer text is read piece by piece, so memory stays bounded
LOT = 6  # batches of windows that are sorted by length together
AHEAD = 2  # lots that the network may work on while texts are prepared and decoded
_BREAK = re.compile(r"\n\s*\n|\n|(?<=[.!?…»])\s|\s")


@dataclass(frozen=True)
class _Found:
    """A quote of one piece, in offsets of the whole text, before its speaker has a name."""

    quote: tuple[int, int]
    kind: int
    score: float
    mention: tuple[int, int] | None
    cue: tuple[int, int] | None
    stance: list[float]
    target: tuple[int, int] | None


@dataclass
class _Piece:
    """A stretch of a document from ``offset`` on, with its windows; or a failure."""

    record: Document | Failure
    last: bool = True  # of its document
    offset: int = 0
    view: View | None = None
    readings: list[Reading] = field(default_factory=list)
    found: list[_Found] = field(default_factory=list)


@dataclass
class _Lot:
    """Pieces whose windows are encoded together."""

    pieces: list[_Piece] = field(default_factory=list)
    encoded: list[Future[None]] = field(default_factory=list)

    @property
    def readings(self) -> list[Reading]:
        return [reading for piece in self.pieces for reading in piece.readings]


class QuoteTagger:
    """Tags quotes, their speakers, cues and stances in French text.

    Several threads may use one tagger at the same time.

    >>> tagger = QuoteTagger.from_pretrained()
    >>> tagger.tag("« Jamais ! », a dit Mme Rey.").quotes[0].speaker.name
    'Rey'
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.settings = backend.settings
        self._origin: Origin | None = None

    def __reduce__(self) -> tuple:
        """What was loaded is loaded again where it is unpickled; a live model travels whole."""
        if self._origin is None:
            return type(self), (self.backend,)
        return self._origin.load, ()

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path | None = None,
        device: Device = "auto",
        backend: BackendName = "torch",
        threads: int | None = None,
    ) -> QuoteTagger:
        """Loads a folder or hub id (the model that ships when None), from safetensors only.

        ``backend="openvino"`` runs an exported model on CPU, several times faster; a folder that
        `guillemets export` has not made is exported into the user's cache first. ``threads`` on CPU:
        all cores when None.

        Raises InputError for an unknown model, a model of another kind, or a missing device.
        """
        source = str(default_model() if model is None else model)
        tagger = cls(load_backend(source, device, backend, threads))
        tagger._origin = Origin.of(model, device, backend, threads)
        return tagger

    def tag(self, text: str, id: str = "", min_score: float = 0.0) -> Document:
        """The quotes of one text of any length; offsets index ``text`` as it is.

        Quotes under ``min_score`` are left out. Raises InputError when ``text`` is not a string of
        Unicode characters.
        """
        return next(self.pipe_documents([Document(id, text)], min_score=min_score))

    def pipe(
        self, texts: Iterable[str], batch_size: int = 8, min_score: float = 0.0
    ) -> Iterator[Document]:
        """Tags texts as they come, in order; ids are their positions."""
        documents = (Document(str(i), text) for i, text in enumerate(texts))
        return self.pipe_documents(documents, batch_size, min_score)

    def pipe_documents(
        self, documents: Iterable[Document], batch_size: int = 8, min_score: float = 0.0
    ) -> Iterator[Document]:
        """Tags documents as they come, in order, keeping their ids.

        ``batch_size`` full windows at once, or more of shorter ones.
        """
        for tagged in self.pipe_records(documents, batch_size, min_score):
            if isinstance(tagged, Failure):
                raise InputError(tagged.error)
            yield tagged

    def pipe_records(
        self, records: Iterable[Document | Failure], batch_size: int = 8, min_score: float = 0.0
    ) -> Iterator[Document | Failure]:
        """Like ``pipe_documents``, but a document that cannot be tagged becomes a Failure in its place.

        Failures among ``records`` pass through.
        """
        found: list[_Found] = []
        for piece in self._read_ahead(records, batch_size):
            if isinstance(piece.record, Failure):
                yield piece.record
                continue
            found += piece.found
            if piece.last:
                yield _document(piece.record, [f for f in found if f.score >= min_score])
                found = []

    def _read_ahead(
        self, records: Iterable[Document | Failure], batch_size: int
    ) -> Iterator[_Piece]:
        """Pieces with what is found in them; texts are prepared and decoded while the network reads others."""
        ahead: deque[_Lot] = deque()
        with network_threads(self.backend.workers) as encoders, network_threads(1) as pointers:
            try:
                for lot in _lots(self._pieces(records), batch_size):
                    batches = self.backend.batches(lot.readings, batch_size)
                    lot.encoded = [encoders.submit(self.backend.encode, b) for b in batches]
                    ahead.append(lot)
                    if len(ahead) > AHEAD:
                        yield from self._decode(ahead[0], pointers)
                        ahead.popleft()
                while ahead:
                    yield from self._decode(ahead[0], pointers)
                    ahead.popleft()
            finally:  # whoever stops early doesn't wait for what was read ahead
                for lot in ahead:
                    for future in lot.encoded:
                        future.cancel()

    def _pieces(self, records: Iterable[Document | Failure]) -> Iterator[_Piece]:
        for record in map(_checked, records):
            if isinstance(record, Failure):
                yield _Piece(record)
                continue
            for start, end in segments(record.text):
                view = View.of(record.text[start:end])
                readings = list(self._windows(view))
                yield _Piece(record, end == len(record.text), start, view, readings)

    def _windows(self, view: View) -> Iterator[Reading]:
        features = word_features(view)
        size, overlap = self.settings.window_tokens, self.settings.window_overlap
        for window in make_windows(view, self.backend.tokenizer, size, overlap):
            yield Reading(window, features[window.first : window.last])

    def _decode(self, lot: _Lot, pointers: ThreadPoolExecutor) -> list[_Piece]:
        """Quotes over all windows of a piece, then each in the window that it is central in."""
        for future in lot.encoded:
            future.result()
        homes: list[tuple[_Piece, Reading, list[WordQuote]]] = []
        for piece in lot.pieces:
            if piece.readings:
                emissions = _stitch(piece.readings)
                quotes = decode_quotes(piece.view, emissions, self.backend.transitions)
                for reading, inside in _homes(quotes, piece.readings):
                    homes.append((piece, reading, inside))
        jobs = [(r, _spans(r.window, inside)) for _, r, inside in homes]
        pointed = pointers.submit(self.backend.attribute, jobs).result()
        for (piece, reading, inside), scores in zip(homes, pointed):
            piece.found += self._attributed(piece, reading, inside, scores)
        for piece in lot.pieces:
            piece.found.sort(key=lambda f: f.quote)
        return lot.pieces

    def _attributed(
        self, piece: _Piece, reading: Reading, quotes: list[WordQuote], scores: Pointed
    ) -> Iterator[_Found]:
        """Mention, cue and stance of quotes, as the words of one window tell them.

        Word vectors of different windows don't compare: each knows its place in its own window.
        """
        view, offset, first = piece.view, piece.offset, reading.window.first
        pointed = []
        for emission, pointer in ((reading.mention, scores.mention), (reading.cue, scores.cue)):
            candidates, possible = decode_tags(emission), _softmax(emission)
            pointed.append([pick(row, candidates, possible) for row in pointer])
        if scores.target is None:
            targets = [None] * len(quotes)
        else:
            targets = [pick_span(row) for row in scores.target]
        told = [told_by_cue(_words(view, cue, first)) for cue in pointed[1]]
        stances = _softmax(scores.stance / self.settings.stance_temperature + told).tolist()
        for quote, mention, cue, target, stance in zip(quotes, *pointed, targets, stances):
            yield _Found(
                _offsets(view, (quote.first, quote.end), offset),
                quote.kind,
                self._calibrated(quote.score),
                _offsets(view, mention, offset, first),
                _offsets(view, cue, offset, first),
                stance,
                _offsets(view, target, offset, first),
            )

    def _calibrated(self, probability: float) -> float:
        """The chance that a quote stands there, given the tagger's probability of these very edges."""
        p = min(max(probability, 1e-6), 1 - 1e-6)
        logit = self.settings.score_scale * math.log(p / (1 - p)) + self.settings.score_bias
        return 1 / (1 + math.exp(-logit))


def default_model() -> Path:
    """The folder of the model that ships with the package."""
    return Path(str(files("guillemets.models"))) / "compact"


def _lots(pieces: Iterable[_Piece], batch_size: int) -> Iterator[_Lot]:
    """Pieces in order, in lots of growing size: the first results come early."""
    lot, windows, size = _Lot(), 0, batch_size
    for piece in pieces:
        lot.pieces.append(piece)
        windows += len(piece.readings)
        if windows >= size or len(lot.pieces) >= 8 * size:
            yield lot
            lot, windows, size = _Lot(), 0, min(2 * size, LOT * batch_size)
    if lot.pieces:
        yield lot


def _stitch(windows: list[Reading]) -> np.ndarray:
    """Quote emissions (words, labels) of a whole segment, each word's from where it is central."""
    rows, cuts = [], [e.window for e in windows]
    for i, encoded in enumerate(windows):
        first, last = _core(cuts, i)
        start = encoded.window.first
        rows.append(encoded.quote[first - start : last - start])
    return np.concatenate(rows)


def _core(windows: list[Window], i: int) -> tuple[int, int]:
    """The words of window ``i`` that no neighbour holds more centrally."""
    window = windows[i]
    first = (window.first + windows[i - 1].last + 1) // 2 if i else window.first
    last = (windows[i + 1].first + window.last + 1) // 2 if i + 1 < len(windows) else window.last
    return first, last


def _homes(
    quotes: list[WordQuote], windows: list[Reading]
) -> Iterator[tuple[Reading, list[WordQuote]]]:
    """The windows that are home to quotes, in order, with these."""
    homes = [_home(quote, windows) for quote in quotes]
    for i, reading in enumerate(windows):
        if inside := [quote for quote, home in zip(quotes, homes) if home == i]:
            yield reading, inside


def _home(quote: WordQuote, windows: list[Reading]) -> int:
    """The window with the most words on the nearer side of the quote; its edge may cut a long one."""

    def margin(i: int) -> tuple[int, int]:
        window = windows[i].window
        held = min(quote.end, window.last) - max(quote.first, window.first)
        return held, min(quote.first - window.first, window.last - quote.end)

    return max(range(len(windows)), key=margin)


def _spans(window: Window, quotes: list[WordQuote]) -> list[tuple[int, int]]:
    """Quotes as word spans of a window, cut at its edges."""
    size = window.last - window.first
    return [(max(q.first - window.first, 0), min(q.end - window.first, size)) for q in quotes]


def _softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores - scores.max(-1, keepdims=True))
    return odds / odds.sum(-1, keepdims=True)


def segments(text: str, size: int = SEGMENT) -> list[tuple[int, int]]:
    """Cuts a long text at paragraphs, else lines, sentences or spaces; short ones stay whole."""
    cuts, start = [], 0
    while len(text) - start > size:
        breaks = list(_BREAK.finditer(text, start + size // 2, start + size))
        best = max(breaks, key=lambda m: (m[0].count("\n"), m.start()), default=None)
        end = best.end() if best else start + size
        cuts.append((start, end))
        start = end
    return [*cuts, (start, len(text))]


def _offsets(
    view: View, span: tuple[int, int] | None, offset: int, first: int = 0
) -> tuple[int, int] | None:
    """Offsets in the whole text of a word span that counts from word ``first`` of the view."""
    if span is None:
        return None
    words = view.words[first + span[0] : first + span[1]]
    return words[0].start + offset, words[-1].end + offset


def _words(view: View, span: tuple[int, int] | None, first: int) -> str:
    """The words of a word span that counts from word ``first`` of the view, as the network reads them."""
    if span is None:
        return ""
    words = view.words[first + span[0] : first + span[1]]
    return view.text[words[0].view_start : words[-1].view_end]


def _document(document: Document, found: list[_Found]) -> Document:
    text = document.text
    names = resolve(text, [Attribution(*f.quote, f.mention, QUOTE_TYPES[f.kind]) for f in found])
    quotes = []
    for f, name in zip(found, names):
        best = int(np.argmax(f.stance))
        scores = {label: round(p, 4) for label, p in zip(STANCES, f.stance)}
        quotes.append(
            Quote(
                start=f.quote[0],
                end=f.quote[1],
                text=text[slice(*f.quote)],
                type=QUOTE_TYPES[f.kind],
                speaker=Speaker(name, f.mention and Span.of(text, *f.mention)) if name else None,
                cue=f.cue and Span.of(text, *f.cue),
                stance=Stance(STANCES[best], _target(text, f, STANCES[best]), scores),
                score=round(f.score, 4),
            )
        )
    return Document(document.id, text, quotes)


def _target(text: str, found: _Found, label: str) -> str | None:
    """What a side is for or against; who takes none has no target."""
    return text[slice(*found.target)] if found.target and label != "neutral" else None


def _checked(record: Document | Failure) -> Document | Failure:
    """The record, or the reason why it cannot be tagged."""
    if isinstance(record, Failure):
        return record
    text = record.text
    if not isinstance(text, str):
        return Failure(record.id, f"the text is {type(text).__name__}, not a string")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return Failure(record.id, f"the text has a lone surrogate at character {error.start}")
    if len(text) > MAX_CHARACTERS:
        return Failure(record.id, f"a text of {len(text):,} characters, {MAX_CHARACTERS:,} at most")
    marks = count_marks(text)
    if marks > MAX_MARKS:
        return Failure(record.id, f"{marks:,} quotation marks in one text, {MAX_MARKS:,} at most")
    return record

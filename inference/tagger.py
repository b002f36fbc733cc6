"""From text to documents: windows, encoder, decoding, attribution, speaker names."""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedConfig
from transformers.utils import logging as transformers_logging

from .config import QuoteConfig
from .decoding import WordQuote, decode_quotes, decode_tags, pick, pick_span
from .errors import InputError
from .features import word_features
from .marks import count_marks
from .model import QuoteModel, QuoteOutput
from .schema import QUOTE_TYPES, STANCES, Document, Failure, Quote, Span, Speaker, Stance
from .speakers import Attribution, resolve
from .text import View
from .windows import Window, make_windows
from .workers import Origin

Device = Literal["auto", "cpu", "cuda"]
MAX_CHARACTERS = 2_000_000  # more than any article, or book: somebody's mistake
MAX_MARKS = 50_000
SEGMENT = 30_000  # characters: a longer text is read piece by piece, so memory stays bounded
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_BREAK = re.compile(r"\n\s*\n|\n|(?<=[.!?…»])\s|\s")

if hasattr(os, "register_at_fork"):  # the threads of a parent's pool don't come along: no waiting
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


def default_model() -> Path:
    """The folder of the model that ships with the package."""
    return Path(str(files("guillemets.models"))) / "compact"


@dataclass(frozen=True)
class _Found:
    """A quote of one segment, in offsets of the whole text, before its speaker has a name."""

    quote: tuple[int, int]
    kind: int
    score: float
    mention: tuple[int, int] | None
    cue: tuple[int, int] | None
    stance: list[float]
    target: tuple[int, int] | None


@dataclass
class _Encoded:
    """A window with the features of its words (words, F), their vectors (words, H) and emissions."""

    window: Window
    features: torch.Tensor
    words: torch.Tensor | None = None
    tags: QuoteOutput | None = None


class QuoteTagger:
    """Tags quotes, their speakers, cues and stances in French text.

    >>> tagger = QuoteTagger.from_pretrained()
    >>> tagger.tag("« Jamais ! », a dit Mme Rey.").quotes[0].speaker.name
    'Rey'
    """

    def __init__(self, model: QuoteModel, tokenizer: object, device: str = "cpu") -> None:
        self.model = model.to(device).eval()
        self.tokenizer = tokenizer
        self.device = torch.device(device)
        self._origin: Origin | None = None

    def __reduce__(self) -> tuple:
        """What was loaded is loaded again where it is unpickled; a live model travels whole."""
        if self._origin is None:
            return type(self), (self.model, self.tokenizer, str(self.device))
        return self._origin.load, ()

    @classmethod
    def from_pretrained(
        cls, model: str | Path | None = None, device: Device = "auto", backend: str = "torch"
    ) -> QuoteTagger:
        """Loads a folder or hub id (the model that ships when None), from safetensors only.

        Raises InputError for an unknown model, a model of another kind, or a missing device.
        """
        if backend != "torch":
            raise InputError(f"unknown backend {backend!r}: torch")
        origin = Origin.of(model, device, backend)
        device = _device(device)
        source = str(default_model() if model is None else model)
        if not Path(source).is_dir() and not _HUB_ID.fullmatch(source):
            raise InputError(f"{source}: no such model folder")
        transformers_logging.disable_progress_bar()
        with _quiet("huggingface_hub"):  # its retries are no news to the user; the reason is
            network, tokenizer = _load(source)
        tagger = cls(network, tokenizer, device)
        tagger._origin = origin
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
        """Tags documents as they come, in order, keeping their ids; ``batch_size`` windows at once."""
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
        iterator = iter(records)
        while batch := list(islice(iterator, batch_size)):
            checked = [_checked(record) for record in batch]
            good = [record for record in checked if isinstance(record, Document)]
            tagged = self._tag_batch(good, batch_size, min_score)
            for record in checked:
                yield next(tagged) if isinstance(record, Document) else record

    def _tag_batch(
        self, documents: list[Document], batch_size: int, min_score: float
    ) -> Iterator[Document]:
        found: list[list[_Found]] = [[] for _ in documents]
        pieces = [(i, *cut) for i, d in enumerate(documents) for cut in segments(d.text)]
        for start in range(0, len(pieces), batch_size):
            batch = pieces[start : start + batch_size]
            views = [View.of(documents[i].text[offset:end]) for i, offset, end in batch]
            for (i, offset, _), view, windows in zip(batch, views, self._encode(views, batch_size)):
                found[i] += self._read(view, windows, offset)
        for document, quotes in zip(documents, found):
            quotes = [f for f in quotes if f.score >= min_score]
            yield _document(document, sorted(quotes, key=lambda f: f.quote))

    @torch.inference_mode()
    def _encode(self, views: list[View], batch_size: int) -> list[list[_Encoded]]:
        """The windows of each view with their word vectors; short ones share a batch."""
        encoded = [list(self._windows(view)) for view in views]
        jobs = sorted(chain(*encoded), key=lambda e: len(e.window.input_ids))
        for start in range(0, len(jobs), batch_size):
            batch = jobs[start : start + batch_size]
            hidden = self.model.encode(*self._tensors(batch))
            for job, row in zip(batch, hidden):
                job.words = row[: len(job.window.heads)]
        return encoded

    def _windows(self, view: View) -> Iterator[_Encoded]:
        size, overlap = self.model.config.window_tokens, self.model.config.window_overlap
        features = torch.from_numpy(word_features(view))
        for window in make_windows(view, self.tokenizer, size, overlap):
            yield _Encoded(window, features[window.first : window.last].to(self.device))

    def _tensors(self, encoded: list[_Encoded]) -> tuple[torch.Tensor, ...]:
        """input_ids, attention_mask (windows, tokens), heads and features (windows, words, …)."""
        windows = [e.window for e in encoded]
        tokens = max(len(w.input_ids) for w in windows)
        words = max(len(w.heads) for w in windows)
        ids = torch.full((len(windows), tokens), self.tokenizer.pad_token_id)
        mask = torch.zeros(len(windows), tokens, dtype=torch.long)
        heads = torch.zeros(len(windows), words, dtype=torch.long)
        for i, window in enumerate(windows):
            ids[i, : len(window.input_ids)] = torch.tensor(window.input_ids)
            mask[i, : len(window.input_ids)] = 1
            heads[i, : len(window.heads)] = torch.tensor(window.heads)
        features = torch.nn.utils.rnn.pad_sequence([e.features for e in encoded], batch_first=True)
        return *(t.to(self.device) for t in (ids, mask, heads)), features

    @torch.inference_mode()
    def _read(self, view: View, windows: list[_Encoded], offset: int) -> list[_Found]:
        """Decodes one segment: quotes over all windows, then each in the window it is central in."""
        if not windows:
            return []
        for encoded in windows:
            encoded.tags = self.model.tag(encoded.words[None], encoded.features[None])
        transitions = self.model.crf.scores().float().cpu().numpy()
        quotes = decode_quotes(view, _stitch(windows), transitions)
        homes = [_home(quote, windows) for quote in quotes]
        found = []
        for i, encoded in enumerate(windows):
            inside = [quote for quote, home in zip(quotes, homes) if home == i]
            if inside:
                found += self._attribute(view, encoded, inside, offset)
        return found

    def _attribute(
        self, view: View, encoded: _Encoded, quotes: list[WordQuote], offset: int
    ) -> Iterator[_Found]:
        """Mention, cue and stance of quotes, as the words of one window tell them.

        Word vectors of different windows don't compare: each knows its place in its own window.
        """
        window, tags = encoded.window, encoded.tags
        size = window.last - window.first
        spans = [(max(q.first - window.first, 0), min(q.end - window.first, size)) for q in quotes]
        mask = torch.ones(1, size, dtype=torch.bool, device=self.device)
        scores = self.model.attribute(
            tags, encoded.features[None], mask, torch.tensor([spans], device=self.device)
        )
        stances = scores.stance[0].float() / self.model.config.stance_temperature
        pointed = []
        for emission, pointer in ((tags.mention, scores.mention), (tags.cue, scores.cue)):
            emission = emission[0].float().cpu()
            candidates = decode_tags(emission.numpy())
            possible = emission.softmax(-1).numpy()
            pointed.append([pick(row, candidates, possible) for row in pointer[0].cpu().numpy()])
        if scores.target is None:
            targets = [None] * len(quotes)
        else:
            targets = [pick_span(row) for row in scores.target[0].cpu().numpy()]
        for quote, mention, cue, target, stance in zip(
            quotes, *pointed, targets, stances.softmax(-1).tolist()
        ):
            yield _Found(
                _offsets(view, (quote.first, quote.end), offset),
                quote.kind,
                self._calibrated(quote.score),
                _offsets(view, mention, offset, window.first),
                _offsets(view, cue, offset, window.first),
                stance,
                _offsets(view, target, offset, window.first),
            )

    def _calibrated(self, probability: float) -> float:
        """The chance that a quote stands there, given the tagger's probability of these very edges."""
        p = min(max(probability, 1e-6), 1 - 1e-6)
        config = self.model.config
        logit = config.score_scale * math.log(p / (1 - p)) + config.score_bias
        return 1 / (1 + math.exp(-logit))


def _stitch(windows: list[_Encoded]) -> np.ndarray:
    """Quote emissions (words, labels) of a whole segment, each word's from where it is central."""
    rows, cuts = [], [e.window for e in windows]
    for i, encoded in enumerate(windows):
        first, last = _core(cuts, i)
        start = encoded.window.first
        rows.append(encoded.tags.quote[0, first - start : last - start].float().cpu().numpy())
    return np.concatenate(rows)


def _core(windows: list[Window], i: int) -> tuple[int, int]:
    """The words of window ``i`` that no neighbour holds more centrally."""
    window = windows[i]
    first = (window.first + windows[i - 1].last + 1) // 2 if i else window.first
    last = (windows[i + 1].first + window.last + 1) // 2 if i + 1 < len(windows) else window.last
    return first, last


def _home(quote: WordQuote, windows: list[_Encoded]) -> int:
    """The window with the most words on the nearer side of the quote; its edge may cut a long one."""

    def margin(i: int) -> tuple[int, int]:
        window = windows[i].window
        held = min(quote.end, window.last) - max(quote.first, window.first)
        return held, min(quote.first - window.first, window.last - quote.end)

    return max(range(len(windows)), key=margin)


def _load(source: str) -> tuple[QuoteModel, object]:
    try:
        kind = PreTrainedConfig.get_config_dict(source)[0].get("model_type")
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: not a model folder or id ({_line(error)})") from None
    if kind is None:
        raise InputError(f"{source}: no config.json that names a model type")
    if kind != QuoteConfig.model_type:
        raise InputError(f"{source}: a {kind} model, not one that `guillemets train` has made")
    try:
        network = QuoteModel.from_pretrained(source, use_safetensors=True, dtype=torch.float32)
        return network, AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(f"{source}: the model cannot be loaded ({_line(error)})") from None


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


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


def _device(device: str) -> str:
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise InputError(f"unknown device {device!r}: auto, cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device is available; use --device cpu")
    return device


def _line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]

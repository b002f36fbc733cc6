"""From text to documents: windows, encoder, decoding, attribution, speaker names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedConfig
from transformers.utils import logging as transformers_logging

from .config import QuoteConfig
from .decoding import WordQuote, decode_quotes, decode_tags, pick
from .errors import InputError
from .features import word_features
from .model import QuoteModel
from .schema import QUOTE_TYPES, STANCES, Document, Quote, Span, Speaker, Stance
from .speakers import Attribution, resolve
from .text import View
from .windows import Window, make_windows

Device = Literal["auto", "cpu", "cuda"]
SEGMENT = 30_000  # characters: a longer text is read piece by piece, so memory stays bounded
_BREAK = re.compile(r"\n\s*\n|\n|(?<=[.!?…»])\s|\s")


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


class QuoteTagger:
    """Tags quotes, their speakers, cues and stances in French text.

    >>> tagger = QuoteTagger.from_pretrained()
    >>> tagger.tag("« Jamais », a dit Mme Rey.").quotes[0].speaker.name
    'Rey'
    """

    def __init__(self, model: QuoteModel, tokenizer: object, device: str = "cpu") -> None:
        self.model = model.to(device).eval()
        self.tokenizer = tokenizer
        self.device = torch.device(device)

    @classmethod
    def from_pretrained(
        cls, model: str | Path | None = None, device: Device = "auto"
    ) -> QuoteTagger:
        """Loads a folder or hub id (the model that ships when None), from safetensors only.

        Raises InputError for an unknown model, a model of another kind, or a missing device.
        """
        device = _device(device)
        source = str(default_model() if model is None else model)
        transformers_logging.disable_progress_bar()
        try:
            kind = PreTrainedConfig.get_config_dict(source)[0].get("model_type")
        except (OSError, ValueError) as error:
            raise InputError(f"{source}: not a model folder or id ({_line(error)})") from None
        if kind != QuoteConfig.model_type:
            raise InputError(
                f"{source}: a {kind or 'nameless'} model, not one of guillemets; train one with "
                "`guillemets train`"
            )
        try:
            network = QuoteModel.from_pretrained(source, use_safetensors=True, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise InputError(f"{source}: the model cannot be loaded ({_line(error)})") from None
        return cls(network, tokenizer, device)

    def tag(self, text: str, id: str = "") -> Document:
        """The quotes of one text of any length; offsets index ``text`` as it is.

        Raises InputError when ``text`` is not a string of Unicode characters.
        """
        return next(self.pipe_documents([Document(id, text)]))

    def pipe(self, texts: Iterable[str], batch_size: int = 8) -> Iterator[Document]:
        """Tags texts as they come, in order; ids are their positions."""
        documents = (Document(str(i), text) for i, text in enumerate(texts))
        return self.pipe_documents(documents, batch_size)

    def pipe_documents(
        self, documents: Iterable[Document], batch_size: int = 8
    ) -> Iterator[Document]:
        """Tags documents as they come, in order, keeping their ids; ``batch_size`` windows at once."""
        iterator = iter(documents)
        while batch := list(islice(iterator, batch_size)):
            for document in batch:
                _check(document.text)
            yield from self._tag_batch(batch, batch_size)

    def _tag_batch(self, documents: list[Document], batch_size: int) -> Iterator[Document]:
        found: list[list[_Found]] = [[] for _ in documents]
        pieces = [
            (i, offset, View.of(document.text[offset:end]))
            for i, document in enumerate(documents)
            for offset, end in segments(document.text)
        ]
        for start in range(0, len(pieces), batch_size):
            batch = pieces[start : start + batch_size]
            vectors = self._encode([view for _, _, view in batch], batch_size)
            for (i, offset, view), words in zip(batch, vectors):
                found[i] += self._read(view, words, offset)
        for document, quotes in zip(documents, found):
            yield _document(document, quotes)

    @torch.inference_mode()
    def _encode(self, views: list[View], batch_size: int) -> list[torch.Tensor]:
        """Word vectors (words, H) of each view, each word from the window it is most central in."""
        config = self.model.config
        windows = [
            make_windows(v, self.tokenizer, config.window_tokens, config.window_overlap)
            for v in views
        ]
        jobs = [(i, w) for i, ws in enumerate(windows) for w in ws]
        jobs.sort(key=lambda job: len(job[1].input_ids))
        vectors = [torch.empty(len(v.words), config.hidden_size) for v in views]
        for start in range(0, len(jobs), batch_size):
            batch = jobs[start : start + batch_size]
            hidden = self.model.encode(*self._tensors([w for _, w in batch])).float().cpu()
            for (i, window), row in zip(batch, hidden):
                first, last = _core(window, windows[i])
                vectors[i][first:last] = row[first - window.first : last - window.first]
        return vectors

    def _tensors(self, windows: list[Window]) -> tuple[torch.Tensor, ...]:
        """input_ids, attention_mask (windows, tokens) and heads (windows, words)."""
        tokens = max(len(w.input_ids) for w in windows)
        words = max(len(w.heads) for w in windows)
        ids = torch.full((len(windows), tokens), self.tokenizer.pad_token_id)
        mask = torch.zeros(len(windows), tokens, dtype=torch.long)
        heads = torch.zeros(len(windows), words, dtype=torch.long)
        for i, window in enumerate(windows):
            ids[i, : len(window.input_ids)] = torch.tensor(window.input_ids)
            mask[i, : len(window.input_ids)] = 1
            heads[i, : len(window.heads)] = torch.tensor(window.heads)
        return tuple(t.to(self.device) for t in (ids, mask, heads))

    @torch.inference_mode()
    def _read(self, view: View, words: torch.Tensor, offset: int) -> list[_Found]:
        """Decodes one segment from its word vectors (words, H)."""
        if not view.words:
            return []
        features = torch.from_numpy(word_features(view))[None].to(self.device)
        tags = self.model.tag(words[None].to(self.device), features)
        emissions = tags.quote[0].float().cpu().numpy()
        transitions = self.model.crf.scores().float().cpu().numpy()
        quotes = decode_quotes(view, emissions, transitions)
        if not quotes:
            return []
        spans = torch.tensor([[(q.first, q.end) for q in quotes]], device=self.device)
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=self.device)
        attributions = self.model.attribute(tags, features, mask, spans)
        stances = attributions.stance[0].float() / self.model.config.stance_temperature
        pointed = []
        for emission, pointer in ((tags.mention, attributions.mention), (tags.cue, attributions.cue)):
            scores = emission[0].float()
            candidates = decode_tags(scores.cpu().numpy())
            possible = scores.softmax(-1).cpu().numpy()
            pointed.append([pick(row, candidates, possible) for row in pointer[0].cpu().numpy()])
        return [
            _Found(
                _offsets(view, (quote.first, quote.end), offset),
                quote.kind,
                quote.score,
                _offsets(view, mention, offset),
                _offsets(view, cue, offset),
                stance,
            )
            for quote, mention, cue, stance in zip(quotes, *pointed, stances.softmax(-1).tolist())
        ]


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


def _core(window: Window, windows: list[Window]) -> tuple[int, int]:
    """The words of ``window`` that no neighbour holds more centrally."""
    i = windows.index(window)
    first = (window.first + windows[i - 1].last + 1) // 2 if i else window.first
    last = (windows[i + 1].first + window.last + 1) // 2 if i + 1 < len(windows) else window.last
    return first, last


def _offsets(view: View, span: tuple[int, int] | None, offset: int) -> tuple[int, int] | None:
    if span is None:
        return None
    return view.words[span[0]].start + offset, view.words[span[1] - 1].end + offset


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
                stance=Stance(STANCES[best], None, scores),
                score=round(f.score, 4),
            )
        )
    return Document(document.id, text, quotes)


def _check(text: object) -> None:
    if not isinstance(text, str):
        raise InputError(f"the text is {type(text).__name__}, not a string")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"the text has a lone surrogate at character {error.start}") from None


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

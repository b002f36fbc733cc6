"""The network in torch, on CPU or GPU: the reference that other backends are measured against."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoTokenizer, PreTrainedConfig
from transformers.utils import logging as transformers_logging

from .backend import (
    Device,
    Job,
    Pointed,
    Reading,
    Settings,
    by_length,
    check_source,
    own_words,
    padded,
)
from .config import QuoteConfig
from .errors import InputError, first_line
from .model import QuoteModel, QuoteOutput
from .threads import in_forked_children
from .windows import Tokenizer

_one_thread = False  # in a forked child: those of the parent's pool don't come along


def _forked() -> None:
    global _one_thread
    _one_thread = True
    torch.set_num_threads(1)


in_forked_children(_forked)


class TorchBackend:
    """A QuoteModel on a device; half precision on a GPU, where it costs no accuracy and saves time."""

    workers = 1  # torch itself uses all cores

    def __init__(
        self,
        model: QuoteModel,
        tokenizer: Tokenizer,
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        self.threads = threads
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()
        self.tokenizer = tokenizer
        config = model.config
        self.settings = Settings(
            **{name: getattr(config, name) for name in Settings.__struct_fields__}
        )
        self.transitions = model.crf.scores().detach().float().cpu().numpy()

    @classmethod
    def load(cls, source: str, device: Device = "auto", threads: int | None = None) -> TorchBackend:
        """Loads a folder or hub id from safetensors; ``threads`` on CPU (torch's choice when None)."""
        chosen = choose_device(device)
        model, tokenizer = load_model(source)
        return cls(model.half() if chosen == "cuda" else model, tokenizer, chosen, threads)

    def batches(self, readings: Sequence[Reading], batch_size: int) -> list[list[Reading]]:
        return by_length(readings, batch_size * self.settings.window_tokens)

    @torch.inference_mode()
    def encode(self, batch: list[Reading]) -> None:
        self._set_threads()
        ids, mask, heads, features = (
            torch.from_numpy(array).to(self.device)
            for array in padded(batch, self.tokenizer.pad_token_id)
        )
        features = features.to(self.model.dtype)
        words = self.model.encode(ids, mask, heads, features)
        tags = self.model.tag(words, features)
        emissions = [_numpy(e) for e in (tags.quote, tags.mention, tags.cue)]
        for i, reading in enumerate(batch):
            size = len(reading.window.heads)
            reading.vectors = words[i, :size]
            reading.quote, reading.mention, reading.cue = (e[i, :size] for e in emissions)

    @torch.inference_mode()
    def attribute(self, jobs: Sequence[Job]) -> list[Pointed]:
        if not jobs:
            return []
        self._set_threads()
        sizes = [len(reading.features) for reading, _ in jobs]
        words = pad_sequence([reading.vectors for reading, _ in jobs], batch_first=True)
        features, mention, cue = (
            self._padded([getattr(reading, name) for reading, _ in jobs], words.dtype)
            for name in ("features", "mention", "cue")
        )
        mask = torch.arange(max(sizes))[None] < torch.tensor(sizes)[:, None]
        quotes = pad_sequence([torch.tensor(spans) for _, spans in jobs], batch_first=True)
        quotes[..., 1].clamp_(min=1)  # a quote that only fills up is one word long
        tags = QuoteOutput(words=words, mention=mention, cue=cue)
        scores = self.model.attribute(tags, features, mask.to(self.device), quotes.to(self.device))
        mention, cue, stance = map(_numpy, (scores.mention, scores.cue, scores.stance))
        target = None if scores.target is None else _numpy(scores.target)
        return [
            Pointed(
                own_words(mention[i, : len(spans)], size),
                own_words(cue[i, : len(spans)], size),
                stance[i, : len(spans)],
                None if target is None else own_words(target[i, : len(spans)], size),
            )
            for i, ((_, spans), size) in enumerate(zip(jobs, sizes))
        ]

    def _set_threads(self) -> None:
        """For the thread that this runs in: torch keeps a number for each."""
        if self.threads and not _one_thread and torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)

    def _padded(self, arrays: list[np.ndarray], dtype: torch.dtype) -> Tensor:
        rows = pad_sequence([torch.from_numpy(array) for array in arrays], batch_first=True)
        return rows.to(self.device, dtype)


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.float().cpu().numpy()


def load_model(source: str) -> tuple[QuoteModel, Tokenizer]:
    """The model and tokenizer of a folder or hub id, in fp32, from safetensors only.

    Raises InputError for an unknown model or a model of another kind.
    """
    check_source(source)
    transformers_logging.disable_progress_bar()
    with quiet("huggingface_hub"):  # its retries are no news to the user; the reason is
        try:
            kind = PreTrainedConfig.get_config_dict(source)[0].get("model_type")
        except (OSError, ValueError) as error:
            raise InputError(f"{source}: not a model folder or id ({first_line(error)})") from None
        if kind is None:
            raise InputError(f"{source}: no config.json that names a model type")
        if kind != QuoteConfig.model_type:
            raise InputError(f"{source}: a {kind} model, not one that `guillemets train` has made")
        try:
            network = QuoteModel.from_pretrained(source, use_safetensors=True, dtype=torch.float32)
            return network, AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise InputError(
                f"{source}: the model cannot be loaded ({first_line(error)})"
            ) from None


def choose_device(device: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is a GPU if there is one. Raises InputError for a missing one."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise InputError(f"unknown device {device!r}: auto, cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device is available; use --device cpu")
    return device


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Nothing but errors from the logger of that name."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)

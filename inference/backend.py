"""What a tagger asks of whatever runs its network, torch or an exported model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
import numpy as np

from .errors import InputError
from .windows import Tokenizer, Window

Device = Literal["auto", "cpu", "cuda"]
BackendName = Literal["torch", "openvino"]
_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


def check_source(source: str) -> None:
    """Raises InputError unless ``source`` is a folder or may be a hub id."""
    if not Path(source).is_dir() and not _HUB_ID.fullmatch(source):
        raise InputError(f"{source}: no such model folder")


def fingerprint(folder: Path) -> str:
    """The contents of a model's folder as 64 hexadecimal digits; its card may change."""
    files = [p for p in sorted(folder.iterdir()) if p.is_file() and p.suffix != ".md"]
    stats = ((path, path.stat()) for path in files)
    return _digest(tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats))


@cache
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Of the files, read once as long as their sizes and times are these."""
    digest = sha256()
    for path, size, _ in files:
        digest.update(f"{path.name}\0{size}\0".encode())
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


class Settings(msgspec.Struct):
    """What a tagger needs to know of a model; `QuoteConfig` holds the same under the same names."""

    window_tokens: int
    window_overlap: int
    stance_temperature: float = 1.0
    score_scale: float = 1.0
    score_bias: float = 0.0


@dataclass
class Reading:
    """A window and what the network reads in it; arrays are float32, one row a word.

    ``features`` (words, F); ``quote`` (words, 7), ``mention`` and ``cue`` (words, 3) are emissions;
    ``vectors`` belong to the backend, which needs them again to attribute quotes.
    """

    window: Window
    features: np.ndarray
    vectors: Any = None
    quote: np.ndarray | None = None
    mention: np.ndarray | None = None
    cue: np.ndarray | None = None


@dataclass(frozen=True)
class Pointed:
    """For Q quotes of one window: log-probabilities (Q, words + 1), « none » last, and stance logits (Q, 3).

    ``target``: those of its first and its last word (Q, 2, words + 1), where the model has targets.
    """

    mention: np.ndarray
    cue: np.ndarray
    stance: np.ndarray
    target: np.ndarray | None


#: A window and the quotes that are to be attributed in it, as word spans of the window.
Job = tuple[Reading, list[tuple[int, int]]]


class Backend(Protocol):
    """Runs the network. Methods may be called from several threads at once."""

    settings: Settings
    tokenizer: Tokenizer
    transitions: np.ndarray  # of the CRF: (8, 7), the last row scores the first label
    workers: int  # batches that it runs at a time

    def batches(self, readings: Sequence[Reading], batch_size: int) -> list[list[Reading]]:
        """The lots in which windows are best encoded; ``batch_size`` full windows fit in one."""

    def encode(self, batch: list[Reading]) -> None:
        """Reads a batch of windows: fills their vectors and emissions."""

    def attribute(self, jobs: Sequence[Job]) -> list[Pointed]:
        """Where the mention, cue and target of quotes stand, and what stance they take."""


def by_length(readings: Sequence[Reading], tokens: int) -> list[list[Reading]]:
    """Batches of windows of like length that hold at most ``tokens`` each, padding included."""
    batches: list[list[Reading]] = []
    for reading in sorted(readings, key=lambda r: -len(r.window.input_ids)):
        longest = len(batches[-1][0].window.input_ids) if batches else tokens
        if not batches or (len(batches[-1]) + 1) * longest > tokens:
            batches.append([])
        batches[-1].append(reading)
    return batches


def padded(batch: Sequence[Reading], pad: int, multiple: int = 1) -> tuple[np.ndarray, ...]:
    """input_ids and attention_mask (B, T), heads (B, W) int64 and features (B, W, F) of a batch.

    T and W are rounded up to a ``multiple``: a compiled model likes to see few shapes.
    """
    tokens = _up(max(len(r.window.input_ids) for r in batch), multiple)
    words = _up(max(len(r.window.heads) for r in batch), multiple)
    ids = np.full((len(batch), tokens), pad)
    mask = np.zeros((len(batch), tokens), dtype=np.int64)
    heads = np.zeros((len(batch), words), dtype=np.int64)
    features = np.zeros((len(batch), words, batch[0].features.shape[1]), dtype=np.float32)
    for i, reading in enumerate(batch):
        window = reading.window
        ids[i, : len(window.input_ids)] = window.input_ids
        mask[i, : len(window.input_ids)] = 1
        heads[i, : len(window.heads)] = window.heads
        features[i, : len(reading.features)] = reading.features
    return ids, mask, heads, features


def own_words(log_probabilities: np.ndarray, size: int) -> np.ndarray:
    """The columns of a window's own words, and « none », of those of a padded one."""
    return np.concatenate([log_probabilities[..., :size], log_probabilities[..., -1:]], axis=-1)


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def load_backend(source: str, device: Device, name: BackendName, threads: int | None) -> Backend:
    """The backend of that name, with the model of a folder or hub id.

    Raises InputError for an unknown model, a model of another kind, or what is not installed or there.
    """
    from . import exported

    if name == "openvino":
        if device == "cuda":
            raise InputError("OpenVINO runs on a CPU here; --backend torch runs on a GPU")
        return exported.load(source, threads)
    if name != "torch":
        raise InputError(f"unknown backend {name!r}: torch or openvino")
    if exported.is_exported(source):
        raise InputError(f"{source}: an exported model, which --backend openvino runs")
    from .torch_backend import TorchBackend

    return TorchBackend.load(source, device, threads)

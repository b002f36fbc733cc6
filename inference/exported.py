"""Models that `guillemets export` has made: OpenVINO graphs with 8-bit weights, run without torch.

A folder holds ``encoder.xml`` and ``attribution.xml`` with their ``.bin`` weights, ``tokenizer.json``,
and ``export.json`` (an Export). Weights are read as data; nothing in a folder is executed.
"""

from __future__ import annotations

import ctypes
import os
import queue
import sys
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from .backend import (
    Job,
    Pointed,
    Reading,
    Settings,
    check_source,
    fingerprint,
    own_words,
    padded,
)
from .errors import InputError, first_line
from .features import word_features
from .text import View
from .threads import in_forked_children
from .windows import make_windows

if TYPE_CHECKING:
    from openvino import InferRequest
    from tokenizers import Tokenizer as Pieces

FORMAT = 1  # of a folder: one of another format has to be exported again
FILE = "export.json"
SHAPES = 16  # tokens and words are padded to a multiple: each new shape costs a compilation
# OpenVINO's Python side sets itself up in the first inference, and two threads that both are in their
# first one wait for each other for ever: so each graph is run once when it is loaded, by one at a time.
_FIRST = threading.Lock()
_graphs: weakref.WeakSet[_Graph] = weakref.WeakSet()
GROUP = 384  # inputs of a layer that share a scale when they are rounded to 8 bits


class Special(msgspec.Struct, frozen=True):
    """Ids of the special tokens."""

    bos: int
    eos: int
    pad: int


class Export(msgspec.Struct, frozen=True):
    """What is to be known of an exported model besides its graphs."""

    format: int
    settings: Settings
    special: Special
    transitions: list[list[float]]


def is_exported(source: str) -> bool:
    return (Path(source) / FILE).is_file()


def load(source: str, threads: int | None = None) -> OpenVINOBackend:
    """An exported folder, or the export of a model's folder or id, made now if it is not in the cache.

    Raises InputError where OpenVINO is missing, the model is unknown, or the folder is damaged.
    """
    import_openvino()  # missing, it is told before anything is exported
    return OpenVINOBackend(Path(source) if is_exported(source) else _cached(source), threads)


def _cached(source: str) -> Path:
    """The export of a model in the user's cache, by the contents of its files."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    target = root / "guillemets" / f"{fingerprint(_local(source))[:24]}-{FORMAT}"
    if not is_exported(str(target)):
        from .export import export

        print(f"guillemets: exporting {source} to {target}, once", file=sys.stderr)
        try:
            export(source, target)
        except (OSError, InputError) as error:
            if is_exported(str(target)):  # another process was faster
                return target
            if isinstance(error, InputError):
                raise
            reason = error.strerror or str(error)
            raise InputError(
                f"{target}: cannot be written ({reason}); `guillemets export` writes elsewhere"
            ) from error
    return target


def _local(source: str) -> Path:
    if Path(source).is_dir():
        return Path(source)
    check_source(source)
    from transformers.utils import cached_file

    try:
        return Path(cached_file(source, "config.json")).parent
    except (OSError, ValueError) as error:
        raise InputError(f"{source}: not a model folder or id ({first_line(error)})") from None


def import_openvino() -> ModuleType:
    """OpenVINO without its telemetry: nothing here uses a network. Raises InputError if it is missing."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ModuleNotFoundError as error:
        if error.name != "openvino":
            raise
        raise InputError("openvino is not installed: pip install 'guillemets[openvino]'") from None
    return openvino


class OpenVINOBackend:
    """Exported graphs on the CPU: each thread reads a window of its own, so nothing is padded for another."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        """Raises InputError for a folder that is damaged or of another format."""
        export = _description(folder)
        self.settings = export.settings
        self.transitions = np.array(export.transitions, dtype=np.float32)
        self.tokenizer = PieceTokenizer(_pieces(folder / "tokenizer.json"), export.special)
        self.workers = threads or _cores()
        self._folder = folder
        self._encoder = _Graph(folder / "encoder.xml", self.workers)
        self._attribution = _Graph(folder / "attribution.xml", 1)
        try:
            with _FIRST:
                self._read("« Non », a dit Anne Roy.")
        except RuntimeError as error:
            reason = str(error).strip().split("\n")[-1]
            raise InputError(f"{folder}: cannot be run ({reason})") from None

    def __reduce__(self) -> tuple:
        return type(self), (self._folder, self.workers)

    def _read(self, text: str) -> None:
        view = View.of(text)
        (window,) = make_windows(view, self.tokenizer, self.settings.window_tokens, 0)
        reading = Reading(window, word_features(view))
        self.encode([reading])
        self.attribute([(reading, [(0, 1)])])

    def batches(self, readings: Sequence[Reading], batch_size: int) -> list[list[Reading]]:
        return [[reading] for reading in readings]

    def encode(self, batch: list[Reading]) -> None:
        vectors, *emissions = self._encoder.run(*padded(batch, self.tokenizer.pad_token_id, SHAPES))
        for i, reading in enumerate(batch):
            size = len(reading.window.heads)
            reading.vectors = vectors[i, :size]
            reading.quote, reading.mention, reading.cue = (e[i, :size] for e in emissions)

    def attribute(self, jobs: Sequence[Job]) -> list[Pointed]:
        return [self._attribute(reading, spans) for reading, spans in jobs]

    def _attribute(self, reading: Reading, spans: list[tuple[int, int]]) -> Pointed:
        rows = (reading.vectors, reading.mention, reading.cue, reading.features)
        size = len(reading.features)
        mask = np.ones(size, dtype=bool)
        inputs = [_grown(array, SHAPES)[None] for array in (*rows, mask)]
        quotes = np.array(spans + [(0, 1)] * (-len(spans) % 4), dtype=np.int64)
        mention, cue, stance, *target = (
            output[0, : len(spans)] for output in self._attribution.run(*inputs, quotes[None])
        )
        return Pointed(
            own_words(mention, size),
            own_words(cue, size),
            stance,
            own_words(target[0], size) if target else None,
        )


def _grown(array: np.ndarray, multiple: int) -> np.ndarray:
    """Rows of zeros added up to a multiple."""
    return np.pad(array, [(0, -len(array) % multiple)] + [(0, 0)] * (array.ndim - 1))


class _Graph:
    """A compiled graph that several threads may run, in this process and in those that it forks."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._threads = threads
        self._lock = threading.Lock()
        self._requests = self._compile()
        _graphs.add(self)

    def run(self, *inputs: np.ndarray) -> list[np.ndarray]:
        with self._lock:
            if self._requests is None:
                self._requests = self._compile()
        request = self._requests.get()
        try:
            outputs = request.infer(list(inputs))
            return [outputs[port] for port in request.model_outputs]
        finally:
            self._requests.put(request)

    def abandon(self) -> None:
        """In a forked child: the parent's threads are not there, and a destructor would wait for them for ever."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._requests))  # so none ever runs
        self._requests = None
        self._lock = threading.Lock()

    def _compile(self) -> queue.SimpleQueue[InferRequest]:
        """As many requests as threads. Raises InputError."""
        options = {
            "NUM_STREAMS": str(self._threads),
            "INFERENCE_NUM_THREADS": str(self._threads),
            "INFERENCE_PRECISION_HINT": "bf16",  # where the processor has it
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),
        }
        try:
            compiled = import_openvino().Core().compile_model(str(self._path), "CPU", options)
        except RuntimeError as error:
            reason = str(error).strip().split("\n")[-1]
            raise InputError(f"{self._path}: cannot be loaded ({reason})") from None
        requests: queue.SimpleQueue[InferRequest] = queue.SimpleQueue()
        for _ in range(self._threads):
            requests.put(compiled.create_infer_request())
        return requests


def _forked() -> None:
    for graph in _graphs:
        graph.abandon()


in_forked_children(_forked)


class PieceTokenizer:
    """A ``tokenizer.json`` with the interface that windows want, without transformers."""

    def __init__(self, pieces: Pieces, special: Special) -> None:
        self._pieces = pieces
        self.cls_token_id = self.bos_token_id = special.bos
        self.sep_token_id = self.eos_token_id = special.eos
        self.pad_token_id = special.pad

    def __call__(self, text: str, **_: Any) -> dict[str, list]:
        """input_ids and offset_mapping of a text, without special tokens."""
        encoding = self._pieces.encode(text, add_special_tokens=False)
        return {"input_ids": encoding.ids, "offset_mapping": encoding.offsets}


def _description(folder: Path) -> Export:
    path = folder / FILE
    try:
        export = msgspec.json.decode(path.read_bytes(), type=Export)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None
    if export.format != FORMAT:
        raise InputError(f"{path}: of format {export.format}, not {FORMAT}: export it again")
    return export


def _pieces(path: Path) -> Pieces:
    from tokenizers import Tokenizer

    try:
        pieces = Tokenizer.from_file(str(path))
    except Exception as error:  # of no narrower class
        raise InputError(f"{path}: {error}") from None
    pieces.no_truncation()
    pieces.no_padding()
    return pieces


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

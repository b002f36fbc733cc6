"""Taggers of other processes: what a pickled one is made of, and one for each worker."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guillemets.inference.tagger import QuoteTagger

WEIGHTS = ("model.safetensors", "encoder.bin")  # of a model, and of an exported one

_taggers: dict[Origin, QuoteTagger] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Origin:
    """Where a tagger was loaded from; ``device`` is what was asked for, "auto" wherever it runs.

    ``version`` (bytes, nanoseconds of change) of a folder's weights is not checked: whoever caches
    by what a tagger pickles to, as ``datasets`` does, sees that a model was trained anew.
    """

    model: str | None
    device: str = "auto"
    backend: str = "torch"
    threads: int | None = None
    version: tuple[int, int] | None = None

    @classmethod
    def of(
        cls, model: str | Path | None, device: str, backend: str, threads: int | None = None
    ) -> Origin:
        """Folders get absolute paths: a worker may stand in another one."""
        if model is None:
            return cls(None, device, backend, threads)
        folder = Path(model)
        if not folder.is_dir():
            return cls(str(model), device, backend, threads)
        stats = [path.stat() for name in WEIGHTS if (path := folder / name).is_file()]
        version = (stats[0].st_size, stats[0].st_mtime_ns) if stats else None
        return cls(str(folder.resolve()), device, backend, threads, version)

    def load(self) -> QuoteTagger:
        """A tagger like the one this is the origin of."""
        from guillemets.inference.tagger import QuoteTagger

        return QuoteTagger.from_pretrained(self.model, self.device, self.backend, self.threads)

    def shared(self) -> QuoteTagger:
        """The one tagger of this process that is loaded from here, made when first asked for."""
        with _lock:
            if self not in _taggers:
                _taggers[self] = self.load()
            return _taggers[self]

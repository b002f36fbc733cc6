"""Saving that fails in one line, and the checkpoint to go on from after a run was cut off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from guillemets.inference.errors import InputError, located

#: The running mean of the weights, written last: the mark of a checkpoint that is whole.
AVERAGE = "average.safetensors"


@contextmanager
def saving(place: Path) -> Iterator[None]:
    """Tells in one line why nothing could be written: a full disk, a folder not to be written to."""
    try:
        yield
    except InputError:
        raise
    except (OSError, SafetensorError, RuntimeError) as error:  # torch's writer raises the last
        reason = getattr(error, "strerror", None) or str(error).strip().split("\n")[0]
        raise InputError(located(str(place), None, f"cannot be saved ({reason})")) from error


def last_checkpoint(folder: Path) -> Path | None:
    """The whole checkpoint that was saved last, if there is one."""
    marks = list(folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*/{AVERAGE}"))
    return max(marks, key=lambda mark: mark.stat().st_mtime_ns).parent if marks else None

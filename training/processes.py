"""The processes of one run, as `torchrun` and `accelerate launch` start them."""

from __future__ import annotations

import os


def count() -> int:
    """How many processes share the run."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this one speaks for all."""
    return os.environ.get("RANK", "0") == "0"

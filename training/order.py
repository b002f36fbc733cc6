"""What a pass over the data draws by lot, from the seed and the number of the pass alone."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_pt_utils import get_length_grouped_indices

Batch = list[dict[str, Any]]


class Order(TrainerCallback):
    """A collator whose lots do not depend on what else has drawn from torch's generator.

    So a run that goes on from a checkpoint, in the middle of a pass too, sees what it would have seen
    had nothing happened, and the processes of one run agree on the order.
    """

    def __init__(self, seed: int, collate: Callable[[Batch], dict[str, Any]]) -> None:
        self.seed, self.collate, self.number = seed, collate, 0

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.number = int(state.epoch or 0)

    def __call__(self, batch: Batch) -> dict[str, Any]:
        with torch.random.fork_rng(devices=[]):  # a device's generator is left to dropout
            torch.default_generator.manual_seed(self.lot([e["input_ids"] for e in batch]))
            return self.collate(batch)

    def lot(self, what: Any) -> int:
        """A number for the seed, the pass and ``what``."""
        return zlib.crc32(repr((self.seed, self.number, what)).encode())


class LengthGroups(Sampler[int]):
    """Windows of like lengths in one batch, in another order at each pass."""

    def __init__(self, lengths: Sequence[int], batch: int, order: Order) -> None:
        self.lengths, self.batch, self.order = list(lengths), batch, order

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.order.lot("order"))
        return iter(get_length_grouped_indices(self.lengths, self.batch, generator=generator))

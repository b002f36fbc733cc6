"""Means of weights: over the steps of a run, steadier than any one of them, and over several runs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from guillemets.inference.model import QuoteModel

from .checkpoints import AVERAGE, saving
from .widening import widened

NEWEST = "target_pointer."  # the head that older models lack
WARMUP = 10  # steps: the first weights are soon forgotten, also in a short run


class WeightAverage(TrainerCallback):
    """``model`` holds the exponential moving average of the weights that Trainer trains.

    ``decay`` is reached from below, (1 + step) / (WARMUP + step) being its ceiling; 0 keeps no memory.
    Each checkpoint carries the average beside the weights, for a resumed run.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        trained = dict(model.named_parameters())
        self.names = [name for name, p in trained.items() if p.requires_grad]

    def load(self, checkpoint: Path) -> None:
        """Goes on from the average saved in a checkpoint."""
        self.model.load_state_dict(load_file(checkpoint / AVERAGE))

    @torch.no_grad()
    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: nn.Module,
        **_: Any,
    ) -> None:
        current, average = dict(model.named_parameters()), dict(self.model.named_parameters())
        decay = min(self.decay, (1 + state.global_step) / (WARMUP + state.global_step))
        weights = [current[name] for name in self.names]
        torch._foreach_lerp_([average[name] for name in self.names], weights, 1 - decay)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.model.to(args.device)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
            part = folder / f"{AVERAGE}.part"
            with saving(folder):
                save_file(self.model.state_dict(), part)
                part.replace(folder / AVERAGE)


def mean_model(models: Sequence[tuple[QuoteModel, float]]) -> QuoteModel:
    """The weighted mean of models that went on from one; a head that some lack is the others' mean.

    Its scores are to be scaled anew. Raises ValueError where the models differ in shape.
    """
    fullest = max((m for m, _ in models), key=lambda m: (m.config.features, m.config.targets))
    if any(model.config.hidden_size != fullest.config.hidden_size for model, _ in models):
        raise ValueError("the models differ in their hidden size")
    states = [(widened(model, fullest), weight) for model, weight in models]
    mean = copy.deepcopy(fullest)
    mean.config.forget_scaling()
    wanted = fullest.state_dict()
    if any(
        {n for n in state.keys() ^ wanted.keys() if not n.startswith(NEWEST)} for state, _ in states
    ):
        raise ValueError("the models differ in their layers")
    for name, like in wanted.items():
        known = [(state[name], weight) for state, weight in states if name in state]
        if any(value.shape != like.shape for value, _ in known):
            raise ValueError(f"the models differ in the shape of {name}")
        total = sum(weight for _, weight in known)
        wanted[name] = sum(value * (weight / total) for value, weight in known)
    mean.load_state_dict(wanted)
    return mean

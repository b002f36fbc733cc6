"""Weights of an older model in the shape of one that reads more features of a word."""

from __future__ import annotations

import torch
from torch import Tensor

from guillemets.inference.model import QuoteModel

#: Layers whose columns are, or end with, the features of a word.
READERS = ("quote_tags.weight", "mention_tags.weight", "cue_tags.weight", "feature_input.weight")


def widened(model: QuoteModel, like: QuoteModel) -> dict[str, Tensor]:
    """The weights of ``model``, with zeros for the features that only ``like`` reads.

    Heads that ``model`` has not are left out.
    """
    state, wanted = dict(model.state_dict()), like.state_dict()
    for name in READERS:
        if name in wanted:
            wide = torch.zeros_like(wanted[name])
            if name in state:
                wide[:, : state[name].shape[1]] = state[name]
            state[name] = wide
    return state

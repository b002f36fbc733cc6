"""Calibration: a score of 0.8 should be right four times in five.

Fitted on documents that the model has not seen: a scale and a bias for the log-odds of a quote's score
(Platt), a temperature for the stance (Guo et al., « On Calibration of Modern Neural Networks », ICML 2017).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import torch
from torch import Tensor, nn

from guillemets.inference.errors import InputError
from guillemets.inference.schema import STANCES, Document
from guillemets.inference.tagger import QuoteTagger

from .metrics import judge

STEPS = 50  # of L-BFGS, far more than two parameters need


class Scaling(msgspec.Struct, frozen=True):
    """What `QuoteConfig` and a tagger's settings hold under the same names."""

    score_scale: float
    score_bias: float
    stance_temperature: float

    def of(self, tagger: QuoteTagger) -> QuoteTagger:
        """The tagger, its scores scaled so from now on."""
        tagger.settings = msgspec.structs.replace(tagger.settings, **msgspec.structs.asdict(self))
        return tagger


def fit(gold: Sequence[Document], predicted: Iterable[Document]) -> Scaling:
    """The scaling that makes uncalibrated predictions most likely."""
    by_id = {d.id: d for d in predicted}
    judged = [j for g in gold for j in judge(g, by_id[g.id]) if j.predicted]
    matched = [j for j in judged if j.gold]
    if not matched or len(matched) == len(judged):
        raise ValueError("calibration needs quotes that were found and quotes that are wrong")
    score = torch.logit(torch.tensor([j.predicted.score for j in judged]), eps=1e-6)
    hit = torch.tensor([float(j.gold is not None) for j in judged])
    scale, bias = _minimise(
        lambda w: nn.functional.binary_cross_entropy_with_logits(w[0] * score + w[1], hit),
        [1.0, 0.0],
    )
    rows = [[j.predicted.stance.scores[s] for s in STANCES] for j in matched]
    logits = torch.tensor(rows).clamp(min=1e-4).log()
    label = torch.tensor([STANCES.index(j.gold.stance.label) for j in matched])
    (cold,) = _minimise(lambda w: nn.functional.cross_entropy(logits * w[0], label), [1.0])
    return Scaling(round(scale, 4), round(bias, 4), round(1 / cold, 4))


def _minimise(loss, start: list[float]) -> list[float]:  # type: ignore[no-untyped-def]
    weights = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(weights)
        value.backward()
        return value

    optimizer.step(closure)
    return weights.tolist()


def uncalibrated(tagger: QuoteTagger) -> QuoteTagger:
    """The tagger, its scores as its model gives them."""
    return Scaling(score_scale=1.0, score_bias=0.0, stance_temperature=1.0).of(tagger)


def write(scaling: Scaling, model: Path) -> None:
    """Puts the scaling into the configuration of a model folder."""
    file = model / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8")) | msgspec.structs.asdict(scaling)
        file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: {error}") from None

"""Figures of a system with their 95 % intervals, whole and by slice, calibration and confusion.

An interval comes from drawing documents again with replacement (percentile bootstrap).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np

from guillemets.inference.schema import STANCES, Document

from .metrics import FIELDS, Judged, counts, figures, judge_all
from .slices import SLICES

RESAMPLES, SEED = 2000, 7


class Interval(msgspec.Struct, frozen=True):
    """A figure and the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


class Calibration(msgspec.Struct, frozen=True):
    """How far probabilities are from the shares they promise; bins (mean, share right, count)."""

    error: float
    bins: list[tuple[float, float, int]]


class Slice(msgspec.Struct, frozen=True):
    """What a system makes of some of the gold quotes."""

    quotes: int
    recall_exact: Interval
    recall_overlap: Interval
    speaker: Interval
    stance: Interval
    recall_end2end: Interval


class Evaluation(msgspec.Struct, frozen=True):
    """One system on one data set."""

    documents: int
    gold: int
    predicted: int
    figures: dict[str, Interval]
    confusion: dict[str, dict[str, int]]  # gold stance -> predicted -> count
    slices: dict[str, dict[str, Slice]]
    calibration: dict[str, Calibration]


def intervals(
    rows: np.ndarray,
    draws: np.ndarray,
    of: Callable[[np.ndarray], dict[str, np.ndarray]] = figures,
) -> dict[str, Interval]:
    """Figures ``of`` documents' counts (documents, fields) with percentiles over ``draws``."""
    whole, drawn = of(rows.sum(0)), of(draws @ rows)
    return {
        name: Interval(float(whole[name]), *map(float, np.percentile(drawn[name], [2.5, 97.5])))
        for name in whole
    }


def draws(documents: int, resamples: int = RESAMPLES) -> np.ndarray:
    """How often each document is drawn (resamples, documents)."""
    random = np.random.default_rng(SEED)
    return random.multinomial(documents, np.full(documents, 1 / documents), resamples).astype(float)


def evaluate(gold: Sequence[Document], predicted: Iterable[Document]) -> Evaluation:
    """Judges predictions, paired with gold by id; a document without predictions has no quotes."""
    judged = judge_all(gold, predicted)
    rows = np.stack([counts(js) for js in judged])
    weights = draws(len(gold))
    total = dict(zip(FIELDS, rows.sum(0).astype(int).tolist()))
    return Evaluation(
        documents=len(gold),
        gold=total["gold"],
        predicted=total["predicted"],
        figures=intervals(rows, weights),
        confusion={g: {p: total[f"{g}>{p}"] for p in STANCES} for g in STANCES},
        slices={name: _slices(name, gold, judged, weights) for name in SLICES},
        calibration=_calibrations([j for js in judged for j in js]),
    )


class Comparison(msgspec.Struct, frozen=True):
    """What the second system gains on the first; positive is better."""

    gains: dict[str, Interval]
    changed: list[tuple[str, int]]  # document ids, and by how many end-to-end hits, worst first


def compare(
    gold: Sequence[Document], first: Iterable[Document], second: Iterable[Document]
) -> Comparison:
    """Paired bootstrap: both systems are judged on the same draws of documents."""
    a, b = (np.stack([counts(js) for js in judge_all(gold, found)]) for found in (first, second))
    weights = draws(len(gold))
    whole, drawn = (
        [figures(x) for x in pair] for pair in ((a.sum(0), b.sum(0)), (weights @ a, weights @ b))
    )
    gains = {
        name: Interval(
            float(whole[1][name] - whole[0][name]),
            *map(float, np.percentile(drawn[1][name] - drawn[0][name], [2.5, 97.5])),
        )
        for name in whole[0]
    }
    hit = FIELDS.index("end2end")
    difference = (b - a)[:, hit].astype(int).tolist()
    changed = sorted(((d.id, n) for d, n in zip(gold, difference) if n), key=lambda pair: pair[1])
    return Comparison(gains, changed)


def _slices(
    name: str, gold: Sequence[Document], judged: list[list[Judged]], weights: np.ndarray
) -> dict[str, Slice]:
    parts: dict[str, dict[int, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for i, (document, js) in enumerate(zip(gold, judged)):
        for j in js:
            if j.gold is not None:
                parts[SLICES[name].of(document, j.gold)][i].append(j)
    order = SLICES[name].order or sorted(parts, key=lambda k: -_size(parts[k]))
    return {key: _slice(parts[key], weights) for key in order if key in parts}


def _size(part: dict[int, list[Judged]]) -> int:
    return sum(map(len, part.values()))


def _slice(part: dict[int, list[Judged]], weights: np.ndarray) -> Slice:
    rows = np.zeros((weights.shape[1], len(FIELDS)))
    for i, js in part.items():
        rows[i] = counts(js)
    found = intervals(rows, weights)
    return Slice(
        quotes=_size(part),
        recall_exact=found["exact_recall"],
        recall_overlap=found["overlap_recall"],
        speaker=found["speaker_lenient"],
        stance=found["stance_accuracy"],
        recall_end2end=found["end2end_recall"],
    )


def _calibrations(judged: list[Judged]) -> dict[str, Calibration]:
    spans = [(j.predicted.score, j.gold is not None) for j in judged if _scored(j)]
    stances = [
        (j.predicted.stance.scores[j.predicted.stance.label], j.stance)
        for j in judged
        if j.gold and j.predicted and j.predicted.stance.scores
    ]
    return {
        name: calibration(*map(np.array, zip(*pairs)))
        for name, pairs in (("score", spans), ("stance", stances))
        if pairs
    }


def _scored(judged: Judged) -> bool:
    return judged.predicted is not None and isinstance(judged.predicted.score, float)


def calibration(probability: np.ndarray, right: np.ndarray, bins: int = 10) -> Calibration:
    """Expected calibration error over ``bins`` equal-width bins (Guo et al., ICML 2017)."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    table = [
        (float(probability[here].mean()), float(right[here].mean()), int(here.sum()))
        for here in (place == b for b in range(bins))
        if here.any()
    ]
    error = sum(abs(mean - share) * count for mean, share, count in table) / len(probability)
    return Calibration(float(error), table)

"""Figures of a system with their 95 % intervals, whole and by slice, calibration and confusion.

Every figure is a function of counts that add up over documents; an interval comes from drawing documents
again with replacement (percentile bootstrap).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from guillemets.inference.schema import QUOTE_TYPES, STANCES, Document, Quote

from .metrics import iou, matches, name_of, same_name, trimmed
from .slices import SLICES

_FIELDS = (
    "gold", "predicted", "exact", "overlap", "named", "strict", "lenient", "mentioned", "mention",
    "quote_speaker", "end2end",
    *(f"{g}>{p}" for g in STANCES for p in STANCES),
)  # fmt: skip
_INDEX = {name: i for i, name in enumerate(_FIELDS)}
RESAMPLES, SEED = 2000, 7


class Interval(msgspec.Struct, frozen=True):
    """A figure in [0, 1] and the ends of its 95 % interval."""

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


class Judged(msgspec.Struct, frozen=True):
    """A gold quote with the predicted one that overlaps it, either of them None."""

    gold: Quote | None
    predicted: Quote | None
    exact: bool = False

    @property
    def speaker(self) -> bool:
        return same_name(name_of(self.gold), name_of(self.predicted))

    @property
    def stance(self) -> bool:
        return self.gold.stance.label == self.predicted.stance.label

    @property
    def mention(self) -> bool:
        a, b = (q.speaker and q.speaker.mention for q in (self.gold, self.predicted))
        return bool(a and b) and iou((a.start, a.end), (b.start, b.end)) > 0


def judge(gold: Document, predicted: Document) -> list[Judged]:
    """Matched, missed and spurious quotes of one document."""
    text = gold.text
    found = {trimmed(text, q.start, q.end) for q in predicted.quotes}
    pairs = {id(m.gold): m.predicted for m in matches(gold, predicted)}
    used = {id(q) for q in pairs.values()}
    judged = [
        Judged(q, pairs.get(id(q)), trimmed(text, q.start, q.end) in found) for q in gold.quotes
    ]
    return judged + [Judged(None, q) for q in predicted.quotes if id(q) not in used]


def counts(judged: Iterable[Judged]) -> np.ndarray:
    """The additive counts of some quotes, one number a field."""
    row = np.zeros(len(_FIELDS))

    def add(*names: str) -> None:
        for name in names:
            row[_INDEX[name]] += 1

    for j in judged:
        if j.gold is not None:
            add("gold", *(["exact"] if j.exact else []))
        if j.predicted is not None:
            add("predicted")
        if j.gold is None or j.predicted is None:
            continue
        add("overlap", f"{j.gold.stance.label}>{j.predicted.stance.label}")
        if name_of(j.gold) is not None:
            add("named")
            if same_name(name_of(j.gold), name_of(j.predicted), lenient=False):
                add("strict")
            if j.speaker:
                add("lenient")
        if j.gold.speaker and j.gold.speaker.mention:
            add("mentioned", *(["mention"] if j.mention else []))
        if j.speaker:
            add("quote_speaker", *(["end2end"] if j.stance else []))
    return row


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.zeros_like(np.broadcast_to(a, np.shape(b))), where=b != 0)


def figures(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Every figure for counts (…, fields)."""
    c = {name: rows[..., i] for name, i in _INDEX.items()}
    both = c["gold"] + c["predicted"]
    stance = {}
    for s in STANCES:
        gold, found = sum(c[f"{s}>{p}"] for p in STANCES), sum(c[f"{g}>{s}"] for g in STANCES)
        stance[s] = _ratio(2 * c[f"{s}>{s}"], gold + found)
    right = sum(c[f"{s}>{s}"] for s in STANCES)
    return {
        **{
            f"{n}_f1": _ratio(2 * c[n], both)
            for n in ("exact", "overlap", "quote_speaker", "end2end")
        },
        **{f"{n}_precision": _ratio(c[n], c["predicted"]) for n in ("exact", "overlap")},
        **{f"{n}_recall": _ratio(c[n], c["gold"]) for n in ("exact", "overlap", "end2end")},
        "speaker_strict": _ratio(c["strict"], c["named"]),
        "speaker_lenient": _ratio(c["lenient"], c["named"]),
        "mention": _ratio(c["mention"], c["mentioned"]),
        "stance_accuracy": _ratio(right, c["overlap"]),
        "stance_macro_f1": sum(stance.values()) / len(STANCES),
        **{f"stance_{s}": value for s, value in stance.items()},
    }


def _intervals(rows: np.ndarray, draws: np.ndarray) -> dict[str, Interval]:
    """Figures of documents' counts (documents, fields) with percentiles over ``draws``."""
    whole, drawn = figures(rows.sum(0)), figures(draws @ rows)
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
    by_id = {d.id: d for d in predicted}
    judged = [judge(g, by_id.get(g.id, Document(g.id, g.text))) for g in gold]
    rows = np.stack([counts(js) for js in judged])
    weights = draws(len(gold))
    total = dict(zip(_FIELDS, rows.sum(0).astype(int).tolist()))
    return Evaluation(
        documents=len(gold),
        gold=total["gold"],
        predicted=total["predicted"],
        figures=_intervals(rows, weights),
        confusion={g: {p: total[f"{g}>{p}"] for p in STANCES} for g in STANCES},
        slices={name: _slices(name, gold, judged, weights) for name in SLICES},
        calibration=_calibrations([j for js in judged for j in js]),
    )


def _slices(
    name: str, gold: Sequence[Document], judged: list[list[Judged]], weights: np.ndarray
) -> dict[str, Slice]:
    parts: dict[str, dict[int, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for i, (document, js) in enumerate(zip(gold, judged)):
        for j in js:
            if j.gold is not None:
                parts[SLICES[name](document, j.gold)][i].append(j)
    order = list(QUOTE_TYPES) if name == "type" else sorted(parts, key=lambda k: -_size(parts[k]))
    return {key: _slice(parts[key], weights) for key in order if key in parts}


def _size(part: dict[int, list[Judged]]) -> int:
    return sum(map(len, part.values()))


def _slice(part: dict[int, list[Judged]], weights: np.ndarray) -> Slice:
    rows = np.zeros((weights.shape[1], len(_FIELDS)))
    for i, js in part.items():
        rows[i] = counts(js)
    found = _intervals(rows, weights)
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

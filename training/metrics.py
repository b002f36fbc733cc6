"""Scores of predicted against gold quotes, as the project's yardstick defines them.

Every figure is a function of counts that add up over documents. Edges are compared after trimming
white space, marks and punctuation. ``overlap`` matches quotes one to one by intersection over union
>= 0.5; speaker and stance are judged on those matches; ``end2end`` needs overlap, lenient speaker and
stance.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from guillemets.inference.schema import QUOTE_TYPES, STANCES, Document, Quote

EDGE = " \t\r\n\u00a0\u202f«»\"“”„‟'‘’‹›.,;:!?…()[]–—-"
TITLES = frozenset(
    "m mm mme mmes mlle le la les l un une des du de d president presidente ministre".split()
)
Edges = tuple[int, int]
FIELDS = (
    "gold", "predicted", "exact", "overlap", "named", "strict", "lenient", "mentioned", "mention",
    "quote_speaker", "end2end", "sided", "target",
    *(f"{n} {t}" for n in ("gold", "exact", "overlap") for t in QUOTE_TYPES),
    *(f"{g}>{p}" for g in STANCES for p in STANCES),
)  # fmt: skip
_INDEX = {name: i for i, name in enumerate(FIELDS)}


def trimmed(text: str, start: int, end: int) -> Edges:
    """The span without the white space, marks and punctuation at its edges."""
    while start < end and text[start] in EDGE:
        start += 1
    while end > start and text[end - 1] in EDGE:
        end -= 1
    return start, end


def folded_name(name: str) -> tuple[str, ...]:
    """Words of a name without case, accents, titles and determiners."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = tuple(re.findall(r"\w+", plain))
    return tuple(w for w in words if w not in TITLES) or words


def same_name(a: str | None, b: str | None, lenient: bool = True) -> bool:
    """Whether two names are one; lenient: the words of one contain the other's."""
    if a is None or b is None:
        return a is b
    x, y = folded_name(a), folded_name(b)
    if x == y or not lenient:
        return x == y
    return bool(x and y) and (set(x) <= set(y) or set(y) <= set(x))


def iou(a: Edges, b: Edges) -> float:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared / (max(a[1], b[1]) - min(a[0], b[0])) if shared > 0 else 0.0


@dataclass(frozen=True)
class Match:
    """A gold quote and the predicted one that overlaps it."""

    gold: Quote
    predicted: Quote


def matches(gold: Document, predicted: Document) -> list[Match]:
    """Greedy one-to-one matches by intersection over union, best first."""
    edges = [[trimmed(d.text, q.start, q.end) for q in d.quotes] for d in (gold, predicted)]
    pairs = [(iou(a, b), i, j) for i, a in enumerate(edges[0]) for j, b in enumerate(edges[1])]
    pairs = sorted((p for p in pairs if p[0] >= 0.5), key=lambda p: -p[0])
    used: tuple[set[int], set[int]] = set(), set()
    found = []
    for _, i, j in pairs:
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            found.append(Match(gold.quotes[i], predicted.quotes[j]))
    return found


def name_of(quote: Quote) -> str | None:
    return quote.speaker.name if quote.speaker else None


@dataclass(frozen=True)
class Judged:
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


def judge_all(gold: Iterable[Document], predicted: Iterable[Document]) -> list[list[Judged]]:
    """Each gold document's quotes, judged; paired by id, one without predictions has no quotes."""
    by_id = {d.id: d for d in predicted}
    return [judge(g, by_id.get(g.id, Document(g.id, g.text))) for g in gold]


def counts(judged: Iterable[Judged]) -> np.ndarray:
    """The additive counts of some quotes, one number a field."""
    row = np.zeros(len(FIELDS))

    def add(*names: str) -> None:
        for name in names:
            row[_INDEX[name]] += 1

    for j in judged:
        if j.gold is not None:
            add("gold", f"gold {j.gold.type}")
            if j.exact:
                add("exact", f"exact {j.gold.type}")
            if j.predicted is not None:
                add(f"overlap {j.gold.type}")
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
        if j.stance and j.gold.stance.target:
            near = same_name(j.gold.stance.target, j.predicted.stance.target)
            add("sided", *(["target"] if near else []))
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
        **{
            f"{n}_recall_{t}": _ratio(c[f"{n} {t}"], c[f"gold {t}"])
            for n in ("exact", "overlap")
            for t in QUOTE_TYPES
        },
        "speaker_strict": _ratio(c["strict"], c["named"]),
        "speaker_lenient": _ratio(c["lenient"], c["named"]),
        "mention": _ratio(c["mention"], c["mentioned"]),
        "stance_accuracy": _ratio(right, c["overlap"]),
        "target": _ratio(c["target"], c["sided"]),
        "stance_macro_f1": sum(stance.values()) / len(STANCES),
        **{f"stance_{s}": value for s, value in stance.items()},
    }


def score(gold: Iterable[Document], predicted: Iterable[Document]) -> dict[str, float]:
    """Every figure, in [0, 1]; documents are paired as in `judge_all`."""
    rows = [counts(judged) for judged in judge_all(gold, predicted)]
    return {name: float(value) for name, value in figures(np.sum(rows, axis=0)).items()}

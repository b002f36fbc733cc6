"""Scores of predicted against gold quotes, as the project's yardstick defines them.

Edges are compared after trimming white space, marks and punctuation. ``overlap`` matches quotes
one to one by intersection over union >= 0.5; speaker and stance are judged on those matches;
``end2end`` needs overlap, lenient speaker and stance.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from guillemets.inference.schema import QUOTE_TYPES, STANCES, Document, Quote

EDGE = " \t\r\n\u00a0\u202f«»\"“”„‟'‘’‹›.,;:!?…()[]–—-"
TITLES = frozenset(
    "m mm mme mmes mlle le la les l un une des du de d president presidente ministre".split()
)
Edges = tuple[int, int]


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


def f1(hits: float, predicted: int, gold: int) -> float:
    return 2 * hits / (predicted + gold) if predicted + gold and hits else 0.0


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


def score(gold: Iterable[Document], predicted: Iterable[Document]) -> dict[str, float]:
    """Flat dictionary of figures in [0, 1]; documents are paired by id."""
    by_id = {d.id: d for d in predicted}
    pairs: list[Match] = []
    exact = golds = predictions = 0
    by_type = {t: [0, 0] for t in QUOTE_TYPES}
    for g in gold:
        p = by_id.get(g.id, Document(g.id, g.text, []))
        golds, predictions = golds + len(g.quotes), predictions + len(p.quotes)
        found = {trimmed(p.text, q.start, q.end) for q in p.quotes}
        for q in g.quotes:
            hit = trimmed(g.text, q.start, q.end) in found
            exact += hit
            by_type[q.type][0] += hit
            by_type[q.type][1] += 1
        pairs += matches(g, p)
    named = [m for m in pairs if name_of(m.gold) is not None]
    same = [same_name(name_of(m.gold), name_of(m.predicted)) for m in pairs]
    agree = [m.gold.stance.label == m.predicted.stance.label for m in pairs]
    mentioned = [m for m in pairs if m.gold.speaker and m.gold.speaker.mention]
    both = sum(a and b for a, b in zip(same, agree))
    return {
        "exact": f1(exact, predictions, golds),
        "overlap": f1(len(pairs), predictions, golds),
        "precision": len(pairs) / predictions if predictions else 0.0,
        "recall": len(pairs) / golds if golds else 0.0,
        **{f"exact_recall_{t}": h / n for t, (h, n) in by_type.items() if n},
        "mention": sum(map(_same_mention, mentioned)) / max(1, len(mentioned)),
        "speaker": sum(same_name(name_of(m.gold), name_of(m.predicted)) for m in named)
        / max(1, len(named)),
        "quote_speaker": f1(sum(same), predictions, golds),
        "stance": _stance_macro_f1(pairs),
        "end2end": f1(both, predictions, golds),
    }


def _same_mention(match: Match) -> bool:
    gold = match.gold.speaker.mention
    found = match.predicted.speaker and match.predicted.speaker.mention
    return bool(found) and iou((gold.start, gold.end), (found.start, found.end)) > 0


def _stance_macro_f1(pairs: list[Match]) -> float:
    labels = [(m.gold.stance.label, m.predicted.stance.label) for m in pairs]
    return sum(
        f1(labels.count((s, s)), sum(p == s for _, p in labels), sum(g == s for g, _ in labels))
        for s in STANCES
    ) / len(STANCES)

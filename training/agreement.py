"""How far two annotators agree, in the figures that judge a system.

Each is judged against the other and the counts are added up, so no figure depends on who comes first. Spans
have no agreement by chance to speak of, and their F1 is what kappa tends to (Hripcsak and Rothschild, JAMIA
2005); type and stance of the quotes that both have get Cohen's kappa as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from guillemets.inference.errors import InputError
from guillemets.inference.schema import QUOTE_TYPES, STANCES, Document

from .evaluation import Evaluation, draws, evaluate, intervals
from .metrics import Judged, counts, figures, judge_all

#: Figure -> what it is called here, in the order of a table.
FIGURES = {
    "exact_f1": "spans, exact (F1)",
    "overlap_f1": "spans, overlap (F1)",
    "exact_recall_direct": "direct quotes that the other has, exact",
    "exact_recall_mixed": "mixed quotes that the other has, exact",
    "exact_recall_indirect": "indirect quotes that the other has, exact",
    "type": "same type",
    "type_kappa": "type, Cohen's kappa",
    "mention": "same mention",
    "speaker_strict": "same speaker, strict",
    "speaker_lenient": "same speaker, lenient",
    "stance_accuracy": "same stance",
    "stance_macro_f1": "stance, macro-F1",
    "stance_kappa": "stance, Cohen's kappa",
    "target": "same target, where the side is",
    "end2end_f1": "span, speaker and stance (F1)",
}


def shared(
    first: Sequence[Document], second: Sequence[Document]
) -> tuple[list[Document], list[Document]]:
    """The documents that both have, in the order of the first; raises InputError if there are none."""
    others = {d.id: d for d in second}
    pairs = [(d, others[d.id]) for d in first if d.id in others]
    if not pairs:
        raise InputError("no document id is in both files")
    for a, b in pairs:
        if a.text != b.text:
            raise InputError(f"{a.id}: the two files hold different texts")
    a, b = map(list, zip(*pairs))
    return a, b


def agree(first: Sequence[Document], second: Sequence[Document]) -> Evaluation:
    """Agreement on documents that both annotators have (see `shared`), with intervals.

    Slices and confusion have the first in the place of gold. Of the plain figures only those are
    given that say something of two equals.
    """
    one_way, other_way = judge_all(first, second), judge_all(second, first)
    rows = np.stack([counts(a) + counts(b) for a, b in zip(one_way, other_way)])
    tables = np.stack([_tables(js) for js in one_way])
    both = np.concatenate([rows, tables.reshape(len(rows), -1)], axis=1)

    def of(sums: np.ndarray) -> dict[str, np.ndarray]:
        types, stances = (
            sums[..., rows.shape[1] :].reshape(*sums.shape[:-1], 2, 3, 3)[..., i, :, :]
            for i in range(2)
        )
        found = figures(sums[..., : rows.shape[1]])
        found |= {
            "type": _share(np.trace(types, axis1=-2, axis2=-1), types.sum((-2, -1))),
            "type_kappa": kappa(types),
            "stance_kappa": kappa(stances),
        }
        return {name: found[name] for name in FIGURES}

    return msgspec.structs.replace(
        evaluate(first, second), figures=intervals(both, draws(len(first)), of), calibration={}
    )


def _tables(judged: list[Judged]) -> np.ndarray:
    """Types and stances of the quotes that both have: (2, of the first, of the second)."""
    table = np.zeros((2, 3, 3))
    for j in judged:
        if j.gold and j.predicted:
            for i, (labels, a, b) in enumerate(
                (
                    (QUOTE_TYPES, j.gold.type, j.predicted.type),
                    (STANCES, j.gold.stance.label, j.predicted.stance.label),
                )
            ):
                table[i, labels.index(a), labels.index(b)] += 1
    return table


def kappa(table: np.ndarray) -> np.ndarray:
    """Cohen's kappa of counts (…, labels, labels).

    Two who only ever used one label, the same, agree (1); with nothing to compare it is 0.
    """
    total = table.sum((-2, -1))
    same = _share(np.trace(table, axis1=-2, axis2=-1), total)
    chance = _share((table.sum(-1) * table.sum(-2)).sum(-1), total**2)
    return np.where(chance < 1, _share(same - chance, 1 - chance), 1.0) * (total > 0)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    part, whole = np.broadcast_arrays(np.asarray(part, float), np.asarray(whole, float))
    return np.divide(part, whole, out=np.zeros(whole.shape), where=whole != 0)

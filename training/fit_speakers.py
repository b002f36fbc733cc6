"""Fits the weights with which speakers are ranked.

usage: python -m guillemets.training.fit_speakers GOLD.jsonl… [--out speakers.json]

A softmax over each quote's candidates, trained by full-batch gradient ascent (Adam) with an L2
penalty; the history a candidate is judged by is the gold one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from guillemets.inference.history import Query
from guillemets.inference.names import Entity
from guillemets.inference.ranking import Candidate
from guillemets.inference.reading import read_documents
from guillemets.inference.schema import Document, Quote
from guillemets.inference.speakers import Attribution, Resolver

from .metrics import same_name

_SENTENCE_END = re.compile(r"[.!?…](?=\s)")


def gold_mention(quote: Quote) -> tuple[int, int] | None:
    mention = quote.speaker.mention if quote.speaker else None
    return (mention.start, mention.end) if mention else None


def found_mention(text: str, quote: Quote) -> tuple[int, int] | None:
    """The gold mention, but for one that stands sentences before words quoted verbatim: a model often sees none."""
    mention = gold_mention(quote)
    if mention and quote.type == "direct" and _SENTENCE_END.search(text, mention[1], quote.start):
        return None
    return mention


class Teacher(Resolver):
    """A resolver that is told the answers and keeps what it would have had to choose from.

    ``forgetful``: of some quotes it is not told the mention, as a model fails to find it.
    """

    def __init__(
        self, document: Document, model: dict[str, float], forgetful: bool = False
    ) -> None:
        mention = partial(found_mention, document.text) if forgetful else gold_mention
        quotes = [Attribution(q.start, q.end, mention(q), q.type) for q in document.quotes]
        super().__init__(document.text, quotes, model)
        self.gold = [document.quotes[k].speaker for k in self.order]
        self.asked: list[tuple[int, tuple[list[list[str]], list[int]]]] = []  # by quote

    def _pick(self, query: Query, candidates: list[Candidate], final: bool) -> Entity | None:
        speaker = self.gold[query.index]
        if speaker is None:
            return None
        names = [c.entity.name for c in candidates]
        right = [k for k, n in enumerate(names) if same_name(speaker.name, n, lenient=False)]
        right = right or [k for k, n in enumerate(names) if same_name(speaker.name, n)]
        if right and len(right) < len(candidates) and (query.kind != "none" or final):
            self.asked.append((query.index, ([c.features for c in candidates], right)))
        return candidates[right[0]].entity if right else self._phrase_entity(speaker.name)


def fit(
    examples: list[tuple[list[list[str]], list[int]]], l2: float = 1.5, steps: int = 300
) -> dict[str, float]:
    """Weights that make the right candidates likely."""
    counts = Counter(f for rows, _ in examples for f in {f for row in rows for f in row})
    names = sorted(f for f, n in counts.items() if n >= 3)
    index = {f: k for k, f in enumerate(names)}
    row_of, column, group, right = [], [], [], []
    row = 0
    for g, (rows, good) in enumerate(examples):
        for k, features in enumerate(rows):
            group.append(g)
            right.append(k in good)
            for f in features:
                if f in index:
                    row_of.append(row)
                    column.append(index[f])
            row += 1
    rows_, columns = np.array(row_of), np.array(column)
    groups, good_ = np.array(group), np.array(right, dtype=float)
    weights, first, second = np.zeros(len(names)), np.zeros(len(names)), np.zeros(len(names))
    for step in range(1, steps + 1):
        scores = np.bincount(rows_, weights[columns], minlength=row)
        scores -= np.maximum.reduceat(
            scores, np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
        )[groups]
        odds = np.exp(scores)
        model = odds / np.bincount(groups, odds)[groups]
        target = odds * good_
        target = target / np.maximum(np.bincount(groups, target), 1e-12)[groups]
        gradient = (
            np.bincount(columns, (target - model)[rows_], minlength=len(names)) - l2 * weights
        )
        first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
        rate = 0.1 if step < 0.7 * steps else 0.03
        weights += rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return {f: round(float(w), 3) for f, w in zip(names, weights) if abs(w) >= 0.01}


def examples_of(
    document: Document, weights: dict[str, float]
) -> list[tuple[list[list[str]], list[int]]]:
    """The choices that a document holds, and those of a reader who misses mentions."""
    teacher = Teacher(document, weights)
    teacher.run()
    missing = Teacher(document, weights, forgetful=True)
    missing.run()
    bare = {k for k, q in enumerate(missing.quotes) if q.mention != teacher.quotes[k].mention}
    return [e for _, e in teacher.asked] + [e for k, e in missing.asked if k in bare]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Fit the weights with which speakers are ranked.")
    parser.add_argument("gold", nargs="+")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parents[1] / "inference" / "speakers.json"
    )
    parser.add_argument("--l2", type=float, default=1.5)
    options = parser.parse_args(arguments)
    documents = [document for path in options.gold for document in read_documents(path)]
    weights: dict[str, float] = {}
    for _ in range(3):  # noun phrases in the running text are resolved by the round before
        examples = []
        for document in documents:
            examples += examples_of(document, weights)
        weights = fit(examples, options.l2)
    options.out.write_text(
        json.dumps(weights, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8"
    )
    print(f"{len(examples)} choices, {len(weights)} weights -> {options.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

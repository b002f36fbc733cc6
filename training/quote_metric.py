"""The project's figures as a metric of Hugging Face's `evaluate`, alone or in anyone's Trainer.

For example, without a network::

    import evaluate
    from guillemets.training import quote_metric

    metric = evaluate.load(quote_metric.__file__)  # or quote_metric.QuoteMetric()
    metric.compute(predictions=documents, references=gold)["end2end_f1"]

`evaluate.load` runs a copy of this file, so its imports are absolute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets
import evaluate
import msgspec

from guillemets.inference.errors import InputError
from guillemets.inference.reading import check_spans
from guillemets.inference.schema import Document
from guillemets.training.evaluation import evaluate as judge
from guillemets.training.metrics import score

_DESCRIPTION = """\
Quotes, speakers, cues and stances of French news against gold: exact and overlap F1 of the spans, speaker,
mention, stance and target on the quotes that overlap, and all of it end to end.
"""
_INPUTS = """
Args:
    predictions: documents in the schema of guillemets, as `Document`, dict, or a line of JSON.
    references: the gold of the same texts, in the same order.
    intervals: also give the ends of 95 % intervals (bootstrap over documents), `<figure>_low` and
        `<figure>_high`.
Returns:
    a dict of figures in [0, 1]: `exact_f1`, `overlap_f1`, `quote_speaker_f1`, `end2end_f1`,
    `speaker_strict`, `speaker_lenient`, `mention`, `stance_accuracy`, `stance_macro_f1`, `target`, …
"""
_CITATION = "guillemets: quotes, speakers and stance in French news"

Item = Document | dict[str, Any] | str


class QuoteMetric(evaluate.Metric):
    """Documents go through Arrow as lines of JSON, whatever they come as."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def add(self, *, prediction: Item, reference: Item, **kwargs: Any) -> None:
        """Adds one document and its gold."""
        self.add_batch(predictions=[prediction], references=[reference], **kwargs)

    def add_batch(
        self, *, predictions: Sequence[Item], references: Sequence[Item], **kwargs: Any
    ) -> None:
        """Adds documents and their gold; raises InputError with the place of a bad one."""
        found, gold = (
            [_document(item, f"{name}[{i}]") for i, item in enumerate(items)]
            for name, items in (("predictions", predictions), ("references", references))
        )
        if len(found) != len(gold):
            raise InputError(f"{len(found)} predictions for {len(gold)} references")
        for i, (f, g) in enumerate(zip(found, gold)):
            if f.text != g.text:
                raise InputError(f"predictions[{i}]: not the text of references[{i}]")
        lines = ([msgspec.json.encode(d).decode() for d in ds] for ds in (found, gold))
        super().add_batch(**dict(zip(("predictions", "references"), lines)), **kwargs)

    def _compute(
        self, predictions: list[str], references: list[str], intervals: bool = False
    ) -> dict[str, float]:
        found, gold = (
            # Paired by place: ids may be lacking or double.
            [msgspec.structs.replace(_document(d, str(i)), id=str(i)) for i, d in enumerate(ds)]
            for ds in (predictions, references)
        )
        if not intervals:
            return score(gold, found)
        figures = {}
        for name, interval in judge(gold, found).figures.items():
            figures[name] = interval.value
            figures[f"{name}_low"], figures[f"{name}_high"] = interval.low, interval.high
        return figures


def _document(item: Item, place: str) -> Document:
    try:
        if isinstance(item, str):
            document = msgspec.json.decode(item, type=Document)
        elif isinstance(item, Document):
            document = item
        else:
            document = msgspec.convert(_without_empty_scores(item), Document)
        check_spans(document)
    except (ValueError, msgspec.MsgspecError) as error:
        raise InputError(f"{place}: {error}") from None
    return document


def _without_empty_scores(item: Any) -> Any:
    """A row of a `datasets.Dataset` has None where a document has no field."""
    if isinstance(item, dict):
        return {
            k: _without_empty_scores(v)
            for k, v in item.items()
            if not (k in ("score", "scores") and v is None)
        }
    return [_without_empty_scores(v) for v in item] if isinstance(item, list) else item

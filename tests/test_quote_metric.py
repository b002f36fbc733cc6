"""The figures as a metric of `evaluate`: loaded from its file, used as a class, in a Trainer."""

from __future__ import annotations

import json
import random

import evaluate
import msgspec
import pytest
import torch
from transformers import Trainer, TrainingArguments

from guillemets.inference.errors import InputError
from guillemets.inference.schema import Document, Quote, Stance
from guillemets.training import quote_metric
from guillemets.training.evaluation import evaluate as judge
from guillemets.training.metrics import score
from guillemets.training.quote_metric import QuoteMetric


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """No network, and nothing written to the user's cache."""

    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("evaluate.config.HF_METRICS_CACHE", str(tmp_path / "metrics"))
    monkeypatch.setattr("evaluate.config.HF_MODULES_CACHE", str(tmp_path / "modules"))


@pytest.fixture
def found(few):
    """Predictions with some faults."""
    lot = random.Random(1)

    def quote(document: Document, q: Quote) -> Quote:
        end = max(q.start + 1, q.end - lot.choice([0, 0, 2, 30]))
        text = document.text[q.start : end]
        return msgspec.structs.replace(q, end=end, text=text, score=lot.random())

    return [
        Document(d.id, d.text, [quote(d, q) for q in d.quotes if lot.random() < 0.8]) for d in few
    ]


def test_loaded_from_its_file_it_gives_the_projects_figures(few, found):
    metric = evaluate.load(quote_metric.__file__)
    assert metric.compute(predictions=found, references=few) == score(few, found)
    assert "end2end_f1" in metric.inputs_description


def test_documents_come_as_objects_rows_or_json(few, found):
    expected = score(few, found)
    for form in (
        lambda d: d,
        msgspec.to_builtins,
        lambda d: msgspec.json.encode(d).decode(),
        with_empty_fields,
    ):
        metric = QuoteMetric()
        for gold, guess in zip(few, found):
            metric.add(prediction=form(guess), reference=form(gold))
        assert metric.compute() == expected


def with_empty_fields(document: Document) -> dict:
    """As `datasets` gives a row: every field that some row has."""
    row = json.loads(msgspec.json.encode(document))
    for quote in row["quotes"]:
        quote.setdefault("score", None)
        quote["stance"].setdefault("scores", None)
    return row


def test_intervals_are_those_of_evaluate(few, found):
    figures = QuoteMetric().compute(predictions=found, references=few, intervals=True)
    interval = judge(few, found).figures["overlap_f1"]
    names = ("overlap_f1", "overlap_f1_low", "overlap_f1_high")
    assert tuple(figures[n] for n in names) == (interval.value, interval.low, interval.high)


def test_documents_are_paired_by_place(few):
    twins = [Document("same", d.text, d.quotes) for d in few]
    assert QuoteMetric().compute(predictions=twins, references=few)["exact_f1"] == 1
    with pytest.raises(InputError, match=r"predictions\[0\]: not the text of references\[0\]"):
        QuoteMetric().compute(predictions=few[::-1], references=few)
    with pytest.raises(InputError, match="1 predictions for 4"):
        QuoteMetric().compute(predictions=few[:1], references=few)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "truncated"),
        ({"id": "a"}, "missing required field `text`"),
        ('{"id": "a", "text": "Non.", "quotes": 3}', "Expected `array`"),
        (Document("a", "Non.", [Quote(0, 9, "Non", "direct", None, None, Stance("neutral"))]),
         r"text\[0:9\] is not its"),
    ],
)  # fmt: skip
def test_a_bad_document_is_named(bad, reason, few):
    with pytest.raises(InputError, match=rf"^predictions\[1\]: .*{reason}"):
        QuoteMetric().compute(predictions=[few[0], bad], references=few[:2])


class Tagger(torch.nn.Module):
    """Somebody else's model: one label a character, in a quote or not, by the character alone."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = torch.nn.Embedding(256, 2)

    def forward(self, input_ids, labels):
        logits = self.logits(input_ids)
        return torch.nn.functional.cross_entropy(logits.transpose(1, 2), labels), logits


def test_in_a_trainer_that_is_not_ours(tmp_path):
    text = "aaa bbbb aaa."
    said = Quote(4, 8, "bbbb", "direct", None, None, Stance("neutral"))
    gold = Document("a", text, [said])
    labels = [int(4 <= i < 8) for i in range(len(text))]
    rows = [{"input_ids": list(text.encode()), "labels": labels}] * 4

    def figures(prediction) -> dict[str, float]:
        documents = []
        for row in prediction.predictions.argmax(-1).tolist():
            inside = [i for i, label in enumerate(row) if label]
            quotes = []
            if inside:
                start, end = inside[0], inside[-1] + 1
                quotes = [Quote(start, end, text[start:end], "direct", None, None, said.stance)]
            documents.append(Document("a", text, quotes))
        return QuoteMetric().compute(predictions=documents, references=[gold] * len(documents))

    arguments = TrainingArguments(
        str(tmp_path), num_train_epochs=5, learning_rate=1.0, report_to="none", use_cpu=True,
        save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    trainer = Trainer(Tagger(), arguments, train_dataset=rows, eval_dataset=rows,
                      compute_metrics=figures)  # fmt: skip
    trainer.train()
    assert trainer.evaluate()["eval_exact_f1"] == 1

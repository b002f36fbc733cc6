"""Two annotators on the same texts."""

from __future__ import annotations

import json
import random

import msgspec
import numpy as np
import pytest

from guillemets.inference import cli
from guillemets.inference.schema import Document, Quote, Speaker, Stance
from guillemets.training.agreement import FIGURES, agree, kappa
from guillemets.training.metrics import score


def other(document: Document, seed: int = 1) -> Document:
    """The same article, read by somebody else."""
    lot, quotes = random.Random(f"{seed}{document.id}"), []
    for q in document.quotes:
        if lot.random() < 0.1:
            continue
        end = max(q.start + 1, q.end - lot.choice([0, 0, 0, 30]))
        label = lot.choice([q.stance.label] * 3 + ["neutral"])
        kind = lot.choice([q.type] * 4 + ["mixed"])
        speaker = lot.choice([q.speaker] * 4 + [Speaker("Personne", None), None])
        quotes.append(Quote(q.start, end, document.text[q.start : end], kind, speaker, None,
                            Stance(label)))  # fmt: skip
    return Document(document.id, document.text, quotes)


def test_agreement_does_not_depend_on_who_comes_first(heldout):
    second = [other(d) for d in heldout]
    one, two = agree(heldout, second), agree(second, heldout)
    assert list(one.figures) == list(FIGURES)
    for name in FIGURES:
        for end in ("value", "low", "high"):
            assert getattr(one.figures[name], end) == pytest.approx(getattr(two.figures[name], end))
    assert one.confusion["support"]["neutral"] == two.confusion["neutral"]["support"]
    plain = score(heldout, second)
    for name in ("exact_f1", "overlap_f1", "end2end_f1", "stance_accuracy"):
        assert one.figures[name].value == pytest.approx(plain[name])


def test_everyone_agrees_with_themselves(heldout):
    assert all(figure.value == 1 for name, figure in agree(heldout, heldout).figures.items())


def test_kappa():
    # Cohen's own kind of table: 0.7 agree, 0.5 by chance
    assert kappa(np.array([[35, 15], [15, 35]])) == pytest.approx(0.4)
    assert kappa(np.array([[25, 25], [25, 25]])) == pytest.approx(0)
    assert kappa(np.array([[0, 50], [50, 0]])) == pytest.approx(-1)
    assert kappa(np.array([[9, 0], [0, 0]])) == 1 and kappa(np.zeros((2, 2))) == 0
    assert kappa(np.array([[[35, 15], [15, 35]], [[9, 0], [0, 0]]])) == pytest.approx([0.4, 1])


def write(path, documents) -> str:
    path.write_bytes(b"".join(msgspec.json.encode(d) + b"\n" for d in documents))
    return str(path)


def test_agreement_command(tmp_path, heldout, capsys):
    first = write(tmp_path / "anne.jsonl", heldout[:6])
    second = write(tmp_path / "paul.jsonl", [other(d) for d in heldout[2:9]])
    page, numbers = tmp_path / "page.html", tmp_path / "out.json"
    command = ["agreement", first, second, "--report", str(page), "--json", str(numbers)]
    assert cli.main(command) == 0
    shown, written = capsys.readouterr().out, json.loads(numbers.read_text())
    assert "4 documents in both files" in shown and "(3 more documents, not compared)" in shown
    assert f"{written['figures']['stance_kappa']['value']:.3f}" in shown
    html = page.read_text(encoding="utf-8")
    assert "Agreement of anne and paul" in html and "only paul" in html
    assert "Cohen&#39;s kappa" in html and "gold only" not in html and "<h4>gold" not in html


def test_files_that_cannot_be_compared(tmp_path, heldout, capsys):
    first = write(tmp_path / "a.jsonl", heldout[:2])
    changed = [Document(d.id, d.text + " Fin.", d.quotes) for d in heldout[:2]]
    for documents, reason in (
        (heldout[2:4], "in both"),
        (changed, "different texts"),
        ([], "no doc"),
    ):
        assert cli.main(["agreement", first, write(tmp_path / "b.jsonl", documents)]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and reason in err and "b.jsonl" in err

"""Judging: figures with intervals, slices, calibration, the rule baseline, and their commands."""

from __future__ import annotations

import importlib.util
import json
import random
import re

import msgspec
import numpy as np
import pytest
from conftest import ROOT

from guillemets.inference import cli
from guillemets.inference.errors import InputError
from guillemets.inference.schema import Document, Quote, Speaker, Stance
from guillemets.training.baseline import RuleTagger
from guillemets.training.calibrate import fit
from guillemets.training.evaluation import calibration, compare, evaluate
from guillemets.training.metrics import score
from guillemets.training.mistakes import mistakes
from guillemets.training.slices import marks, naming

YARDSTICK = ROOT.parent / "shared" / "tools" / "score.py"


def damaged(document: Document, seed: int) -> Document:
    """Predictions with faults of every kind, and scores."""
    lot, quotes = random.Random(f"{seed}{document.id}"), []
    for q in document.quotes:
        if lot.random() < 0.2:
            continue
        start = q.start + lot.choice([0, 0, 0, 1, 5])
        end = max(start + 1, q.end - lot.choice([0, 0, 0, 2, 30]))
        speaker = lot.choice([q.speaker, q.speaker, None, Speaker("Personne", None)])
        label = lot.choice([q.stance.label, "neutral"])
        scores = dict.fromkeys(("support", "condemn", "neutral"), 0.1) | {label: 0.8}
        stance, score = Stance(label, None, scores), lot.random()
        text = document.text[start:end]
        quotes.append(Quote(start, end, text, q.type, speaker, None, stance, score))
    return Document(document.id, document.text, quotes)


@pytest.mark.skipif(
    not YARDSTICK.exists(), reason="the yardstick's script is not beside the checkout"
)
def test_figures_agree_with_the_yardstick(heldout):
    spec = importlib.util.spec_from_file_location("yardstick", YARDSTICK)
    yardstick = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(yardstick)
    predicted = [damaged(d, 1) for d in heldout][1:]
    plain = [{d.id: msgspec.to_builtins(d) for d in ds} for ds in (heldout, predicted)]
    theirs, ours = yardstick.score(*plain), score(heldout, predicted)
    for name in ("exact", "overlap", "quote+speaker", "end2end"):
        assert ours[f"{name.replace('+', '_')}_f1"] == theirs[name]["f1"]
    for kind, figures in theirs["recall_by_type"].items():
        assert ours[f"exact_recall_{kind}"] == figures["exact"]
        assert ours[f"overlap_recall_{kind}"] == figures["overlap"]
    assert ours["speaker_strict"] == theirs["speaker"]["strict"]
    assert ours["speaker_lenient"] == theirs["speaker"]["lenient"]
    assert ours["mention"] == theirs["mention"]["overlap"]
    assert ours["stance_macro_f1"] == pytest.approx(theirs["stance"]["macro_f1"], abs=1e-15)
    assert ours["stance_accuracy"] == theirs["stance"]["accuracy"]


def test_intervals_hold_the_figure_and_narrow_with_data(heldout):
    predicted = [damaged(d, 2) for d in heldout]
    found = evaluate(heldout, predicted)
    assert {n: f.value for n, f in found.figures.items()} == score(heldout, predicted)
    for figure in found.figures.values():
        assert figure.low <= figure.value <= figure.high
    twins = [[Document(d.id + x, d.text, d.quotes) for d in ds for x in "abcdefgh"]
             for ds in (heldout, predicted)]  # fmt: skip
    wide, narrow = (f.figures["overlap_f1"] for f in (found, evaluate(*twins)))
    assert narrow.value == pytest.approx(wide.value)
    assert narrow.high - narrow.low < 0.6 * (wide.high - wide.low)


def test_slices_divide_the_gold_quotes(heldout):
    found = evaluate(heldout, [damaged(d, 3) for d in heldout])
    for parts in found.slices.values():
        assert sum(part.quotes for part in parts.values()) == found.gold
    hits = sum(p.recall_overlap.value * p.quotes for p in found.slices["type"].values())
    assert hits / found.gold == pytest.approx(found.figures["overlap_recall"].value)


@pytest.mark.parametrize(
    ("mention", "name", "expected"),
    [
        ("Anne Roy", "Anne Roy", "full name"),
        ("Mme Roy", "Anne Roy", "short name"),
        ("elle", "Anne Roy", "pronoun"),
        ("la maire", "Anne Roy", "function"),
        (None, "Anne Roy", "implicit"),
        (None, None, "unknown"),
    ],
)
def test_how_a_speaker_is_named(mention, name, expected):
    from guillemets.inference.schema import Span

    text = f"« Non », dit {mention or 'on'}."
    span = Span.of(text, 13, 13 + len(mention)) if mention else None
    quote = Quote(
        2, 5, "Non", "direct", Speaker(name, span) if name else None, None, Stance("neutral")
    )
    assert naming(Document("a", text, [quote]), quote) == expected
    assert marks(Document("a", text, [quote]), quote) == "« »"


def test_calibration_error():
    promised = np.full(1000, 0.8)
    assert calibration(promised, np.arange(1000) < 800).error == pytest.approx(0)
    assert calibration(promised, np.arange(1000) < 500).error == pytest.approx(0.3)


def test_fitting_mends_scores_that_say_too_much(heldout):
    """Scores and stances that claim 0.99 and are right half the time."""
    predicted = []
    for k, document in enumerate(heldout):
        lot, quotes = random.Random(k), []
        for q in document.quotes:
            start, end = (q.start, q.end) if lot.random() < 0.5 else (q.start, q.start + 1)
            label = q.stance.label if lot.random() < 0.5 else "condemn"
            scores = dict.fromkeys(("support", "condemn", "neutral"), 0.005) | {label: 0.99}
            text, stance = document.text[start:end], Stance(label, None, scores)
            quotes.append(Quote(start, end, text, q.type, None, None, stance, 0.99))
        predicted.append(Document(document.id, document.text, quotes))
    before = evaluate(heldout, predicted).calibration
    assert before["score"].error > 0.3 and before["stance"].error > 0.2
    scaling = fit(heldout, predicted)
    assert scaling.stance_temperature > 2
    odds = scaling.score_scale * np.log(0.99 / 0.01) + scaling.score_bias
    right = np.mean([q.end - q.start > 1 for d in predicted for q in d.quotes])
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(right, abs=0.02)
    with pytest.raises(ValueError, match="wrong"):
        fit(heldout, list(heldout))


ARTICLE = (
    "La maire de Vernay, Anne Roy, a dénoncé jeudi une « décision absurde ».\n\n"
    "« Nous irons devant les juges. », a déclaré Mme Roy. Elle affirme que la ville n'a pas été prévenue. "
    "Selon Paul Sy, le dossier est vide."
)


def test_the_baseline_reads_by_its_rules():
    quotes = RuleTagger().tag(ARTICLE, "a").quotes
    assert [(q.type, q.text, q.speaker.name) for q in quotes] == [
        ("mixed", "« décision absurde »", "Anne Roy"),
        ("direct", "Nous irons devant les juges.", "Anne Roy"),
        ("indirect", "la ville n'a pas été prévenue", "Anne Roy"),
        ("indirect", "le dossier est vide", "Paul Sy"),
    ]
    assert [q.stance.label for q in quotes] == ["condemn", "neutral", "neutral", "neutral"]


def test_the_baseline_keeps_the_schema(heldout):
    for document in RuleTagger().pipe_documents(heldout):
        end = 0
        for quote in document.quotes:
            assert (
                end <= quote.start < quote.end
                and document.text[quote.start : quote.end] == quote.text
            )
            end = quote.end
    assert score(heldout, RuleTagger().pipe_documents(heldout))["overlap_f1"] > 0.5


def test_comparison_is_paired(heldout):
    worse = [damaged(d, 6) for d in heldout]
    found = compare(heldout, worse, heldout)
    gain = found.gains["overlap_f1"]
    assert gain.value == pytest.approx(1 - score(heldout, worse)["overlap_f1"])
    assert 0 < gain.low <= gain.value <= gain.high
    back = compare(heldout, heldout, worse)
    assert back.gains["overlap_f1"].value == -gain.value
    assert back.changed == sorted(((i, -n) for i, n in found.changed), key=lambda pair: pair[1])
    same = compare(heldout, worse, worse)
    assert same.changed == [] and all(g.low == g.high == 0 for g in same.gains.values())


def test_evaluate_command(tmp_path, heldout, capsys):
    lines = [b"".join(msgspec.json.encode(d) + b"\n" for d in ds)
             for ds in (heldout, [damaged(d, 4) for d in heldout])]  # fmt: skip
    gold, predictions, out = (tmp_path / n for n in ("gold.jsonl", "pred.jsonl", "out.json"))
    gold.write_bytes(lines[0])
    predictions.write_bytes(lines[1])
    assert cli.main(["evaluate", str(gold), "--system", str(predictions), "--json", str(out)]) == 0
    shown, written = capsys.readouterr().out, json.loads(out.read_text())
    assert (
        f"{written['figures']['overlap_f1']['value']:.3f}" in shown and "speaker named by" in shown
    )
    assert cli.main(["evaluate", str(gold), "--system", "rules"]) == 0
    (tmp_path / "other.jsonl").write_bytes(
        b"".join(msgspec.json.encode(Document(d.id, d.text + "!")) + b"\n" for d in heldout)
    )
    assert cli.main(["compare", "rules", str(predictions), str(gold)]) == 0
    assert "better" in capsys.readouterr().out
    assert cli.main(["evaluate", str(gold), "--system", str(tmp_path / "other.jsonl")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "empty.jsonl").write_text("")
    assert cli.main(["evaluate", str(tmp_path / "empty.jsonl"), "--system", "rules"]) == 2


def test_figures_of_a_card(heldout, tmp_path):
    from guillemets.training.card import CLOSE, OPEN, figures_section, write_card

    ours = evaluate(heldout, [damaged(d, 5) for d in heldout])
    rules = evaluate(heldout, RuleTagger().pipe_documents(heldout))
    sets = {"held out": {"this model": ours, "rules": rules}}
    card = tmp_path / "README.md"
    card.write_text(f"# Model\n\nBefore.\n\n{OPEN}\nold\n{CLOSE}\n\nAfter.\n", encoding="utf-8")
    for _ in range(2):  # written again, nothing piles up
        write_card(tmp_path, sets)
        text = card.read_text(encoding="utf-8")
        assert (
            text.startswith("# Model\n\nBefore.")
            and text.endswith("After.\n")
            and "old" not in text
        )
        assert text.count(figures_section(sets)) == 1
    row = next(line for line in text.splitlines() if line.startswith("| overlap F1"))
    assert row == f"| overlap F1 | {ours.figures['overlap_f1']} | {rules.figures['overlap_f1']} |"
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 4 and all(
        len({r.count("|") for r in t.splitlines()}) == 1 for t in tables
    )
    card.write_text("no place for figures", encoding="utf-8")
    with pytest.raises(InputError, match=OPEN):
        write_card(tmp_path, sets)


def test_the_report_shows_every_error_and_escapes_texts(tmp_path, heldout, capsys):
    hostile = "<script>alert(1)</script> & « Non », dit Anne Roy."
    start = hostile.index("Non")
    said = Quote(start, start + 3, "Non", "direct", None, None, Stance("neutral"))
    gold = [*heldout[:3], Document("<b>x</b>", hostile, [said])]
    found = [*(damaged(d, 7) for d in heldout[:3]), Document("<b>x</b>", hostile)]
    listed = list(mistakes(gold, found))
    assert {"missed", "edges", "speaker", "stance"} <= {k for m in listed for k in m.kinds}
    assert not list(mistakes(gold, gold))
    for m in listed:
        whole = "".join(p.text for p in m.pieces)
        text = next(d.text for d in gold if d.id == m.document)
        before, _, after = text.partition(whole)  # the context is cut between words
        assert whole and m.cut_before == bool(before) and m.cut_after == bool(after)
        assert before[-1:].strip() == "" == after[:1].strip()
        assert "".join(p.text for p in m.pieces if p.gold) == (m.gold.text if m.gold else "")
    paths = [tmp_path / "gold.jsonl", tmp_path / "found.jsonl", tmp_path / "page.html"]
    for path, documents in zip(paths, (gold, found)):
        path.write_bytes(b"".join(msgspec.json.encode(d) + b"\n" for d in documents))
    data, system, page = map(str, paths)
    assert cli.main(["evaluate", data, "--system", system, "--report", page]) == 0
    html = paths[2].read_text(encoding="utf-8")
    folder = tmp_path / "a" / "folder"
    assert cli.main(["evaluate", data, "--predictions", system, "--report", str(folder)]) == 0
    assert (folder / "report.html").read_text(encoding="utf-8") == html
    assert html.count("<article") == len(listed) and html.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in html and "<b>x" not in html
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org", "", html)  # nothing from outside
    assert (
        cli.main(["evaluate", data, "--system", system, "--report", f"{data}/pages"]) == 2
    )  # a file is in the way
    assert "directory" in capsys.readouterr().err

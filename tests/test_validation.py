"""Checks of labelled data: each problem with its place, leakage, summaries, the command."""

from __future__ import annotations

import argparse
import copy
import json
import random
import tracemalloc
from pathlib import Path

import pytest
from conftest import CORPUS
from hypothesis import given, settings
from hypothesis import strategies as st

from guillemets.inference.errors import InputError
from guillemets.inference.reading import read_documents
from guillemets.training import validation_command
from guillemets.training.validation import Problem, Summary, check_training, total, validate

TEXT = "« La digue tiendra », a promis Odile Mercanton. Elle juge que le préfet exagère."


def span(words: str, text: str = TEXT) -> dict:
    start = text.index(words)
    return {"start": start, "end": start + len(words), "text": words}


def gold(id: str = "a1", text: str = TEXT) -> dict:
    """A document without fault: a direct and an indirect quote."""
    first = span("La digue tiendra") | {
        "type": "direct",
        "speaker": {"name": "Odile Mercanton", "mention": span("Odile Mercanton")},
        "cue": span("a promis"),
        "stance": {"label": "support", "target": "La digue"},
    }
    second = span("le préfet exagère") | {
        "type": "indirect",
        "speaker": {"name": "Odile Mercanton", "mention": span("Elle")},
        "cue": None,
        "stance": {"label": "condemn", "target": None},
    }
    return {"id": id, "text": text, "quotes": [first, second]}


def write(path: Path, *lines: dict | bytes) -> Path:
    path.write_bytes(
        b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines)
    )
    return path


def changed(change) -> dict:
    document = copy.deepcopy(gold())
    change(document)
    return document


def put(*path_and_value):
    """``put("quotes", 0, "type", "x")``: a change of one place of a document."""
    *path, last, value = path_and_value

    def change(document: dict) -> None:
        for key in path:
            document = document[key]
        document[last] = value

    return change


def cut(number: int, start: int, end: int, text: str | None = None):
    """The edges of a quote, and its words to match."""

    def change(document: dict) -> None:
        document["quotes"][number] |= {"start": start, "end": end}
        document["quotes"][number]["text"] = TEXT[start:end] if text is None else text

    return change


def test_data_without_fault(tmp_path):
    assert list(validate([write(tmp_path / "a.jsonl", gold())])) == []


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (cut(1, 60, 400, "le"), (60, 400), "quote outside the text, which has 80 characters"),
        (cut(0, -3, 4, "x"), (-3, 4), "quote outside the text"),
        (cut(0, 5, 5), (5, 5), "empty quote"),
        (cut(0, 2, 18, "La dogue tiendra"), (2, 18), "'La dogue tiendra', the text has 'La digue"),
        (put("quotes", 0, "cue", "start", 20), (20, 30), "cue stored as 'a promis', the text has"),
        (put("quotes", 1, "speaker", "mention", "start", -4), (-4, 52), "mention outside the text"),
        (cut(0, 1, 18), (1, 18), "white space at the edges"),
        (put("quotes", 0, "type", "dirct"), (2, 18), "unknown type 'dirct', not one of direct,"),
        (put("quotes", 1, "stance", "label", "contre"), (62, 79), "unknown stance 'contre'"),
        (put("quotes", 1, "speaker", "name", "Odile\u00a0Mercanton"), (62, 79),
         r"speaker 'Odile\xa0Mercanton' does not occur"),
        (put("quotes", 1, "speaker", "name", " "), (62, 79), "blank speaker"),
        (put("quotes", 0, "speaker", "mention", span("digue")), (2, 18), "its own mention 'digue'"),
        (cut(1, 11, 40), (11, 40), "overlaps the quote [2:18]"),
    ],
)  # fmt: skip
def test_every_fault_has_its_place(tmp_path, change, place, reason):
    path = write(tmp_path / "a.jsonl", gold("a0", TEXT + "\nFin."), changed(change))
    (problem,) = validate([path])
    assert (problem.severity, problem.source, problem.line) == ("error", str(path), 2)
    assert (problem.id, problem.span) == ("a1", place)
    assert reason in problem.reason
    line = f"{path}:2: error: a1[{place[0]}:{place[1]}]: "
    assert str(problem).startswith(line) and "\n" not in str(problem)


def test_a_target_of_other_words_is_a_warning(tmp_path):
    path = write(tmp_path / "a.jsonl", changed(put("quotes", 0, "stance", "target", "la digue")))
    (problem,) = validate([path])
    assert (problem.severity, problem.span) == ("warning", (2, 18))
    assert "target 'la digue' does not" in problem.reason


def test_order_is_a_warning_and_hides_no_overlap(tmp_path):
    swapped = changed(lambda d: d["quotes"].reverse())
    (problem,) = validate([write(tmp_path / "a.jsonl", swapped)])
    assert (problem.severity, problem.span) == ("warning", (2, 18))
    # A long quote reaches over a short one and on to the next but one.
    wide = changed(cut(0, 0, 70))
    wide["quotes"].insert(1, gold()["quotes"][0] | {"start": 5, "end": 10, "text": "digue"})
    problems = list(validate([write(tmp_path / "b.jsonl", wide)]))
    assert [p.span for p in problems if "overlaps the quote [0:70]" in p.reason] == [
        (5, 10),
        (62, 79),
    ]


def test_a_bad_line_is_not_the_end(tmp_path):
    no_quotes = {"id": "a2", "text": "Rien."}
    half = changed(lambda d: d["quotes"][0].pop("stance"))
    half["quotes"][1]["type"] = "oblique"
    path = write(
        tmp_path / "a.jsonl",
        b"\xef\xbb\xbfpas du JSON",
        b'{"id": "\xe9"}',
        b"",
        no_quotes,
        {"id": 7, "text": "Rien.", "quotes": []},
        half,
        b'{"id": "r", "text": "", "quotes": [' + b"[" * 5000,
        b'{"id": "a", "text": "\\ud800", "quotes": []}',
        gold("a9", "Autre texte."),
    )
    problems = list(validate([path]))
    assert {p.severity for p in problems if "target" not in p.reason} == {"error"}
    by_line = {n: [p for p in problems if p.line == n] for n in range(1, 10)}
    assert [len(ps) for ps in by_line.values()] == [1, 1, 0, 1, 1, 2, 1, 1, 8]
    reasons = {n: ps[0].reason for n, ps in by_line.items() if ps}
    assert "not JSON" in reasons[1] and "not JSON" in reasons[7]
    assert reasons[2].startswith("not UTF-8: byte 0xe9")
    assert "missing required field `quotes`" in reasons[4] and "Expected `str`" in reasons[5]
    assert reasons[6] == "quotes[0]: Object missing required field `stance`"
    assert "oblique" in by_line[6][1].reason
    assert "surrogate" in reasons[8]
    assert {p.id for p in by_line[9]} == {"a9"}


def test_ids_are_used_once(tmp_path):
    one = write(tmp_path / "1.jsonl", gold("x", "Un."), gold("x", "Deux."))
    two = write(tmp_path / "2.jsonl", gold("x", "Trois."))
    told = [p for p in validate([one], [two]) if "id" in p.reason.split()]
    assert [(p.source, p.line, p.severity) for p in told] == [
        (str(one), 2, "error"),
        (str(two), 1, "error"),
    ]
    assert all(p.reason == f"id already used at {one}:1" for p in told)


def test_the_same_text_twice_and_held_out(tmp_path):
    respaced = gold("a2", TEXT.replace("« ", "«\u00a0").replace(" a ", "\n\na "))
    respaced["quotes"] = []
    train = write(tmp_path / "train.jsonl", gold("a1"), respaced, gold("a3", "Autre."))
    dev = write(tmp_path / "dev.jsonl", respaced | {"id": "d1"}, {**respaced, "id": "d2"})
    texts = [p for p in validate([train], [dev]) if "text" in p.reason and p.id != "a3"]
    assert [(p.id, p.severity) for p in texts] == [
        ("a2", "warning"),
        ("d1", "error"),
        ("d2", "error"),
    ]
    assert texts[0].reason == f"same text as at {train}:1"
    assert texts[1].reason == f"held-out text is also in the training data: {train}:1"
    within = list(validate([], [dev]))
    assert [(p.id, p.severity) for p in within] == [("d2", "warning")]


def test_files_that_cannot_be_read_or_are_empty(tmp_path):
    empty, good = write(tmp_path / "vide.jsonl"), write(tmp_path / "a.jsonl", gold())
    summaries: list[Summary] = []
    problems = list(validate([tmp_path / "absent", tmp_path, empty, good], (), summaries))
    assert [(p.severity, p.line) for p in problems] == [
        ("error", None),
        ("error", None),
        ("warning", None),
    ]
    assert str(problems[0]) == f"{tmp_path / 'absent'}: error: No such file or directory"
    assert [s.unreadable for s in summaries] == [True, True, False, False]
    assert [s.documents for s in summaries] == [0, 0, 0, 1]


def test_summary(tmp_path):
    other = changed(put("quotes", 0, "speaker", None)) | {"id": "a2", "text": TEXT + " Fin."}
    other["quotes"][1]["speaker"]["mention"] = None
    other["quotes"][1]["type"] = "oblique"
    one = write(tmp_path / "1.jsonl", gold(), b"rien", other)
    two = write(tmp_path / "2.jsonl", gold("a3", TEXT + " Suite."))
    summaries: list[Summary] = []
    list(validate([one], [two], summaries))
    first = summaries[0]
    assert (first.source, first.documents, first.words) == (str(one), 2, 15 + 16)
    assert (first.quotes, first.speakers) == (4, 2)
    assert first.types == {"direct": 2, "indirect": 1, "oblique": 1}
    assert first.stances == {"support": 2, "condemn": 2}
    assert (first.without_speaker, first.without_mention, first.without_cue) == (1, 2, 2)
    assert (first.errors, first.warnings) == (2, 0)
    whole = total(summaries)
    assert (whole.documents, whole.words, whole.errors) == (3, 31 + 16, 2)
    assert whole.types == {"direct": 3, "indirect": 2, "oblique": 1}


def test_texts_are_not_kept(tmp_path):
    """Eight megabytes pass through less than one."""
    path = tmp_path / "long.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for k in range(200):
            line = {"id": str(k), "text": f"{k} " + "é" * 20_000, "quotes": []}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    assert path.stat().st_size > 8_000_000
    tracemalloc.start()
    problems = list(validate([path]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert problems == [] and peak < 1_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 100) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), value=JSON)
def test_what_the_reader_refuses_is_an_error(tmp_path_factory, seed, value):
    """A document with any place replaced by anything: told, and never a traceback."""
    document, lot = gold(), random.Random(seed)
    inner = document
    while True:
        key = lot.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        if not isinstance(inner[key], (dict, list)) or not inner[key] or lot.random() < 0.1:
            inner[key] = value
            break
        inner = inner[key]
    path = write(tmp_path_factory.mktemp("any") / "a.jsonl", document)
    problems = list(validate([path]))
    try:
        list(read_documents(path))
    except InputError:
        assert any(p.severity == "error" for p in problems)


def test_training_is_refused_with_the_first_error(tmp_path):
    good, dev = write(tmp_path / "a.jsonl", gold()), write(tmp_path / "d.jsonl", gold("d1", "Oui."))
    reordered = changed(lambda d: d["quotes"].reverse()) | {"id": "a5", "text": TEXT + "\nFin."}
    check_training([good, write(tmp_path / "w.jsonl", reordered)], [])  # a warning stops nothing
    with pytest.raises(InputError) as caught:
        check_training([good], [dev])
    problems = [p for p in validate([good], [dev]) if p.severity == "error"]
    others = len(problems) - 1
    assert others > 1
    assert (
        str(caught.value) == f"{problems[0]} (and {others} more; `guillemets validate` lists them)"
    )
    one = write(tmp_path / "one.jsonl", changed(put("quotes", 0, "type", "x")))
    with pytest.raises(InputError, match=r"one\.jsonl:1: error: a1\[2:18\]: unknown type 'x'"):
        check_training([one], [])


def command(*argv: object) -> int:
    parser = argparse.ArgumentParser()
    validation_command.add_arguments(parser)
    args = parser.parse_args([str(a) for a in argv])
    return args.run(args)


def test_command(tmp_path, capsys):
    good = write(tmp_path / "a.jsonl", gold())
    warned = write(tmp_path / "w.jsonl", gold("a2"))
    bad = write(tmp_path / "b.jsonl", b"rien", gold("b1", TEXT + " Fin."))
    assert command(good, warned) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"{warned}:1: warning: a2: same text as at {good}:1"
    assert shown[1] == f"{good}: documents 1, words 15, quotes 2, speakers 1"
    assert "  types: direct 1, mixed 0, indirect 1" in shown
    assert "all: documents 2, words 30, quotes 4, speakers 2" in shown
    assert command(good, "--dev", bad) == 1
    assert f"{bad}:1: error: not JSON" in capsys.readouterr().out
    assert command(good, "--dev", warned) == 1  # the same text, held out
    assert command(good, tmp_path / "absent.jsonl", bad) == 2
    shown = capsys.readouterr().out
    assert "absent.jsonl: error: No such file" in shown and f"{bad}:1: error" in shown


def test_the_corpus_that_ships_passes():
    trained = [CORPUS / f"{name}.jsonl" for name in ("hard", "press", "briefs")]
    held_out = [CORPUS / f"{name}.jsonl" for name in ("heldout", "briefs-heldout")]
    assert list(validate(trained, held_out)) == []


def test_a_problem_is_one_line_on_any_terminal():
    problem = Problem("error", "a\x1b[31m.jsonl", 3, "x\ny", (1, 2), "deux\u202elignes")
    assert str(problem) == "a[31m.jsonl:3: error: x y[1:2]: deuxlignes"

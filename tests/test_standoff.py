"""Gold apart from its texts: nothing of them in it, and the same documents when they are back."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guillemets.inference.errors import InputError
from guillemets.inference.reading import read_documents
from guillemets.inference.schema import (
    QUOTE_TYPES,
    STANCES,
    Document,
    Quote,
    Span,
    Speaker,
    Stance,
)
from guillemets.training import standoff_command
from guillemets.training.standoff import FolderTexts, join_standoff, respace, write_standoff

TEXT = "Le maire de Brissac, Théo Valmont, se fâche.\n\n« C'est non », a dit M. Valmont.\n"
RAW = "Le  maire de Brissac , Théo Valmont , se fâche . \n\n\n« C' est non » , a dit M. Valmont ."


def document(id: str = "a1", text: str = TEXT) -> Document:
    def span(words: str) -> Span:
        start = text.index(words)
        return Span.of(text, start, start + len(words))

    quote = span("C'est non")
    return Document(
        id,
        text,
        [
            Quote(
                start=quote.start,
                end=quote.end,
                text=quote.text,
                type="direct",
                speaker=Speaker("Théo Valmont", span("M. Valmont")),
                cue=span("a dit"),
                stance=Stance("condemn", None),
            )
        ],
    )


def written(path: Path, *documents: Document) -> Path:
    assert write_standoff(documents, path) == len(documents)
    return path


def test_the_file_holds_no_words_of_the_text(tmp_path):
    path = written(tmp_path / "s.jsonl", document())
    assert json.loads(path.read_text()) == {
        "id": "a1",
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "quotes": [
            {
                "span": [48, 57],
                "type": "direct",
                "speaker": [21, 33],
                "mention": [67, 77],
                "cue": [61, 66],
                "stance": "condemn",
                "target": None,
            }
        ],
    }


def test_a_name_that_the_text_does_not_hold_stays_literal(tmp_path):
    (quote,) = document().quotes
    odd = msgspec.structs.replace(
        quote, speaker=Speaker("Théo\u00a0Valmont", None), stance=Stance("condemn", "Brissac")
    )
    original = Document("a1", TEXT, [odd, msgspec.structs.replace(odd, speaker=None)])
    path = written(tmp_path / "s.jsonl", original)
    first, second = json.loads(path.read_text())["quotes"]
    assert (first["speaker"], first["target"]) == ("Théo\u00a0Valmont", [12, 19])
    assert second["speaker"] is None
    assert list(join_standoff(path, {"a1": TEXT}.get)) == [original]


@st.composite
def documents(draw) -> Document:
    """Any text, and quotes anywhere in it; names and targets from the text or from elsewhere."""
    text = draw(st.text(min_size=1, max_size=60))
    edges = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    spans = edges.filter(lambda e: e[0] < e[1]).map(lambda e: Span.of(text, *e))
    strings = st.one_of(spans.map(lambda s: s.text), st.text(max_size=8))
    quotes = []
    for span in draw(st.lists(spans, max_size=4)):
        speaker = draw(st.none() | st.builds(Speaker, strings, st.none() | spans))
        stance = draw(st.builds(Stance, st.sampled_from(STANCES), st.none() | strings))
        kind = draw(st.sampled_from(QUOTE_TYPES))
        cue = draw(st.none() | spans)
        quotes.append(Quote(span.start, span.end, span.text, kind, speaker, cue, stance))
    return Document(draw(st.text(max_size=5)), text, quotes)


@settings(deadline=None)
@given(st.lists(documents(), max_size=4, unique_by=lambda d: d.id))
def test_round_trip(tmp_path_factory, originals):
    folder = tmp_path_factory.mktemp("round")
    path = written(folder / "s.jsonl", *originals)
    assert list(join_standoff(path, {d.id: d.text for d in originals}.get)) == originals
    texts = folder / "texts.jsonl"
    texts.write_bytes(b"".join(msgspec.json.encode(d) + b"\n" for d in originals))
    assert list(join_standoff(path, texts)) == originals


def test_predictions_keep_their_scores(tmp_path):
    (quote,) = document().quotes
    scores = {"support": 0.1, "condemn": 0.7, "neutral": 0.2}
    scored = msgspec.structs.replace(quote, score=0.5, stance=Stance("condemn", None, scores))
    original = Document("a1", TEXT, [scored])
    path = written(tmp_path / "s.jsonl", original)
    assert list(join_standoff(path, {"a1": TEXT}.get)) == [original]


# ---------------------------------------------------------------- folders


def test_a_folder_of_raw_texts_is_respaced(tmp_path):
    path = written(tmp_path / "s.jsonl", document("2031_05_01-001"), document("2031_05_02-001"))
    months = tmp_path / "texts" / "2031" / "05"
    months.mkdir(parents=True)
    (months / "2031_05_01-001.txt").write_bytes(RAW.replace("\n", "\r\n").encode())
    (months / "2031_05_02-001.txt").write_text(TEXT)  # respaced already
    (months / "2031_05_01-001.ann").write_text("T1\tPer 0 3\tabc")
    assert list(join_standoff(path, tmp_path / "texts")) == [
        document("2031_05_01-001"),
        document("2031_05_02-001"),
    ]


def test_a_text_that_respacing_would_change_is_taken_as_it_is(tmp_path):
    original = document("a1", TEXT + "\n\n fin , sans point")
    assert respace(original.text) != original.text
    path = written(tmp_path / "s.jsonl", original)
    (tmp_path / "a1.txt").write_text(original.text)
    assert list(join_standoff(path, tmp_path)) == [original]


def test_jsonl_texts_and_several_with_one_id(tmp_path):
    path = written(tmp_path / "s.jsonl", document("7"), document("b", TEXT + "Fin.\n"))
    texts = tmp_path / "texts"
    texts.mkdir()
    lines = [{"id": 7, "text": RAW}, {"id": "b", "text": "Autre."}, {"nom": 1}, {"text": "x"}]
    (texts / "1.jsonl").write_bytes(b"\xef\xbb\xbf" + "\n\n".join(map(json.dumps, lines)).encode())
    (texts / "2.jsonl").write_text(json.dumps({"id": "b", "text": TEXT + "Fin.\n"}))
    written(texts / "standoff.jsonl", document("7"))  # holds no texts
    assert list(join_standoff(path, texts)) == [document("7"), document("b", TEXT + "Fin.\n")]
    assert list(FolderTexts(texts)("b")) == ["Autre.", TEXT + "Fin.\n"]


def test_missing_and_wrong_texts_are_counted_and_named(tmp_path):
    path = written(tmp_path / "s.jsonl", *(document(f"a{k}") for k in range(9)))
    texts = {"a0": TEXT, "a4": TEXT + "!", "a5": TEXT}
    joined = join_standoff(path, texts.get)
    assert [next(joined).id, next(joined).id] == ["a0", "a5"]
    with pytest.raises(InputError) as caught:
        next(joined)
    assert str(caught.value) == (
        f"{path}: 6 documents without a text: a1, a2, a3, a6, a7, …; "
        "1 document with another text than the SHA-256 says: a4"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"span": [3, 900]}, r"a1: \[3, 900\] is no stretch of its 79 characters"),
        ({"cue": [5, 5]}, r"a1: \[5, 5\] is no stretch"),
        ({"speaker": [-1, 5]}, r"a1: \[-1, 5\] is no stretch"),
        ({"speaker": None}, "has a mention and no speaker"),
        ({"type": "x"}, "Invalid enum value 'x'"),
        ({"span": [1]}, "Expected `array` of length 2"),
    ],
)
def test_broken_standoff_is_told_with_its_line(tmp_path, change, reason):
    path = written(tmp_path / "s.jsonl", document("a0"), document())
    first, second = path.read_text().splitlines()
    broken = json.loads(second)
    broken["quotes"][0] |= change
    path.write_text(f"{first}\n{json.dumps(broken)}\n")
    with pytest.raises(InputError, match=rf"s\.jsonl:2: .*{reason}"):
        list(join_standoff(path, lambda id: TEXT))


def test_unreadable_inputs_are_one_line(tmp_path):
    path = written(tmp_path / "s.jsonl", document())
    with pytest.raises(InputError, match="nulle-part: No such file"):
        list(join_standoff(path, tmp_path / "nulle-part"))
    with pytest.raises(InputError, match="absent.jsonl: No such file"):
        list(join_standoff(tmp_path / "absent.jsonl", {}.get))
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a1.txt").write_bytes(b"un\ndeux \xff")
    with pytest.raises(InputError, match=r"a1\.txt:2: not UTF-8"):
        list(join_standoff(path, texts))
    (texts / "x.jsonl").write_text("\nrien\n")
    with pytest.raises(InputError, match=r"x\.jsonl:2: not JSON"):
        FolderTexts(texts)


def test_an_output_that_fails_is_left_alone(tmp_path):
    path = written(tmp_path / "s.jsonl", document())
    before = path.read_bytes()
    (quote,) = document().quotes
    shifted = Document("a2", TEXT, [msgspec.structs.replace(quote, start=quote.start + 1)])
    with pytest.raises(InputError, match=r"a2: text\[49:57\] is not its `text`"):
        write_standoff([document(), shifted], path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


# ---------------------------------------------------------------- spacing


@pytest.mark.parametrize(
    ("raw", "spaced"),
    [
        ("a\t  b", "a b\n"),
        ("Oui . Non , ( si ) [ sic ] .", "Oui. Non, (si) [sic].\n"),
        ("l' eau, d’ Arles, Qu' il, L' Union", "l'eau, d’Arles, Qu'il, L'Union\n"),
        ("lorsqu' on jusqu’ ici aujourd' hui", "lorsqu'on jusqu’ici aujourd'hui\n"),
        ("qu' « il », l' « eau », [l]' eau", "qu' « il », l' « eau », [l]' eau\n"),
        ("Mashal' Nord, « non » ; si : ça ! [...]", "Mashal' Nord, « non » ; si : ça ! [...]\n"),
        ("\n a \n \n\n\n b\r\nc \n", "a\n\nb\nc\n"),
        ("3\u202f000, l'\u00a0eau", "3\u202f000, l'\u00a0eau\n"),
    ],
)
def test_spacing(raw, spaced):
    assert respace(raw) == spaced


PIECES = ["l'", "qu’", "D'", "a", "été", " ", "  ", "\t", "\n", "\r\n", ",", ".", ")", "(", "[", "]",
          "«", "\u00a0", "'", "\x0b", "7"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | st.text(max_size=40))
def test_spacing_is_done_once(text):
    once = respace(text)
    assert respace(once) == once
    assert "".join(once.split()) == "".join(text.split())


@given(st.data())
def test_spacing_undoes_what_the_source_adds(data):
    """Spaces before marks, after brackets and after elisions, double ones, lines between."""
    loose = "".join(
        {",": " ,", ".": data.draw(st.sampled_from([".", " ."])), "(": "( ", "'": "' "}.get(c, c)
        + (" " if c == " " and data.draw(st.booleans()) else "")
        for c in TEXT.strip()
    ).replace("\n\n", data.draw(st.sampled_from(["\n\n", " \n\n", "\n \n\n\n"])))
    assert respace(loose) == TEXT


# ---------------------------------------------------------------- command


def command(*argv: object) -> int:
    parser = argparse.ArgumentParser()
    standoff_command.add_arguments(parser)
    args = parser.parse_args([str(a) for a in argv])
    return args.run(args)


def test_command(tmp_path, capsys):
    gold, bare, texts, out = (tmp_path / n for n in ("g.jsonl", "s.jsonl", "t", "out.jsonl"))
    gold.write_bytes(msgspec.json.encode(document()) + b"\n")
    assert command("write", gold, bare) == 0
    assert capsys.readouterr().out == f"documents written to {bare}: 1\n"
    assert "Valmont" not in bare.read_text()
    texts.mkdir()
    out.write_text("avant")
    with pytest.raises(InputError, match="1 document without a text: a1"):
        command("join", bare, texts, out)
    assert out.read_text() == "avant"
    (texts / "a1.txt").write_text(RAW)
    assert command("join", bare, texts, out) == 0
    assert list(read_documents(out)) == [document()]
    with pytest.raises(InputError, match="over the gold itself"):
        command("write", gold, gold)
    assert list(read_documents(gold)) == [document()]


def test_the_standoff_gold_that_ships_holds_no_sentence():
    from conftest import CORPUS

    files = sorted(CORPUS.glob("*.standoff.jsonl"))
    assert len(files) == 3
    for path in files:
        for line in path.read_text().splitlines():
            found = json.loads(line)
            assert len(bytes.fromhex(found["sha256"])) == 32
            literal = [q[k] for q in found["quotes"] for k in ("speaker", "target")]
            assert all(len(x.split()) < 6 for x in literal if isinstance(x, str))

"""Labelled data in and out: what each format keeps, how foreign labels are read, what is refused."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guillemets.inference.errors import InputError
from guillemets.inference.schema import QUOTE_TYPES, STANCES, Document, Quote, Span, Speaker, Stance
from guillemets.training.formats import FORMATS, command, convert, read
from guillemets.training.formats.brat import file_name
from guillemets.training.formats.labelstudio import labelling_config
from guillemets.training.formats.names import load_names
from guillemets.training.formats.notes import Notes

TEXT = (
    "« Nous irons à pied », a promis Anne Roy.\nElle juge la route « trop chère ».\n"
    "Selon Paul Lenoir, le pont tiendra."
)


def span(words: str) -> Span:
    return Span.of(TEXT, TEXT.index(words), TEXT.index(words) + len(words))


def quote(words, type, name, mention, cue, stance="neutral", target=None) -> Quote:
    at = span(words)
    speaker = Speaker(name, span(mention) if mention else None)
    return Quote(
        at.start, at.end, words, type, speaker, span(cue) if cue else None, Stance(stance, target)
    )


GOLD = Document(
    "villes/pont-1",
    TEXT,
    [
        quote("Nous irons à pied", "direct", "Anne Roy", "Anne Roy", "a promis", "support"),
        quote("« trop chère »", "mixed", "Anne Roy", "Elle", "juge", "condemn", "la route"),
        quote("le pont tiendra", "indirect", "Paul Lenoir", "Paul Lenoir", "Selon"),
    ],
)


def save(path: Path, content: str | object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode())
    return path


def brat(folder: Path, text: str, *lines: str) -> Path:
    save(folder / "a.txt", text)
    save(folder / "a.ann", "".join(f"{line}\n" for line in lines))
    return folder


def one(path: Path, format: str | None = None, mapping: Path | None = None) -> Document:
    (document,) = read(path, format, load_names(mapping), Notes())
    return document


def notes_of(path: Path, format: str | None = None) -> str:
    notes = Notes()
    list(read(path, format, notes=notes))
    return "\n".join(notes.lines())


def refusal(path: Path, format: str | None = None, mapping: Path | None = None) -> str:
    with pytest.raises(InputError) as raised:
        list(read(path, format, load_names(mapping), Notes()))
    assert str(raised.value).isprintable()
    return str(raised.value)


# ---------------------------------------------------------------- round trips

PIECES = (
    *("a", "é", "il", "Anne Roy", "M.", "«", "»", '"', "\\", "\\n", "[", "]", "[[", "]]", "====", "=", "#"),
    *("# id: b", "q1", ":", "😀", "\n", "\n", "\r\n", "\r", "\t", " ", " ", "\u00a0", "\u2028", "\x85", "\ufeff"),
)  # fmt: skip
WORDS = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any text with quotes that do not overlap, and mentions and cues that may cross anything."""
    text = "".join(draw(st.lists(st.sampled_from(PIECES), max_size=25)))
    places = st.integers(0, len(text))
    stretches = st.tuples(places, places).filter(lambda p: p[0] < p[1])
    spans = st.none() | stretches.map(lambda p: Span.of(text, *p)) if text else st.none()
    strings = WORDS | st.tuples(places, places).map(lambda p: text[min(p) : max(p)])
    ends = sorted(draw(st.sets(places, max_size=8)))
    quotes = []
    for start, end in zip(ends[::2], ends[1::2]):
        mention, cue = draw(spans), draw(spans)
        name = draw(strings | st.just(mention.text)) if mention else draw(strings)
        speaker = draw(st.sampled_from([Speaker(name, mention), Speaker(name, None), None]))
        stance = Stance(draw(st.sampled_from(STANCES)), draw(st.none() | strings))
        type = draw(st.sampled_from(QUOTE_TYPES))
        quotes.append(Quote(start, end, text[start:end], type, speaker, cue, stance))
    id = draw(WORDS.filter(bool) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    return Document(id[:40], text, quotes)


def there_and_back(document: Document, format: str, folder: Path) -> Document:
    gold, out = save_documents([document], folder / "gold.jsonl"), folder / f"out-{format}"
    convert(gold, out, target_format=format)
    return one(out, format)


def save_documents(found: list[Document], path: Path) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(d) + b"\n" for d in found))
    return path


@pytest.mark.parametrize("format", ["jsonl", "brat", "labelstudio", "inline"])
@settings(max_examples=80, deadline=None)
@given(document=documents())
def test_what_is_written_is_read_back(format: str, document: Document) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert there_and_back(document, format, Path(folder)) == document


@settings(max_examples=50, deadline=None)
@given(document=documents())
def test_conll_keeps_its_own_reading(document: Document) -> None:
    with tempfile.TemporaryDirectory() as folder:
        once = there_and_back(document, "conll", Path(folder))
        assert there_and_back(once, "conll", Path(folder)) == once
        assert once.id == document.id
        assert once.text == " ".join(once.text.split())
        kept = [(q.type, "".join(q.text.split())) for q in once.quotes]
        all_of_them = ((q.type, "".join(q.text.split())) for q in document.quotes)
        assert kept == [(type, words) for type, words in all_of_them if words]


@pytest.mark.parametrize("format", ["brat", "labelstudio", "inline"])
def test_several_documents_and_scores(tmp_path: Path, format: str) -> None:
    q = GOLD.quotes[0]
    scored = Quote(q.start, q.end, q.text, q.type, q.speaker, q.cue,
                   Stance("support", None, {"support": 1.0, "condemn": 0.0, "neutral": 0.0}), 0.75)  # fmt: skip
    found = [Document("a/1", "", []), Document("b 2", TEXT, [scored]), GOLD]
    save_documents(found, tmp_path / "in.jsonl")
    done = convert(tmp_path / "in.jsonl", tmp_path / "out", target_format=format)
    assert (done.documents, done.quotes) == (3, 4)
    assert any("scores" in note and note.endswith(": 1") for note in done.notes)
    plain = Document("b 2", TEXT, [GOLD.quotes[0]])
    assert list(read(tmp_path / "out", format, notes=Notes())) == [found[0], plain, GOLD]


# ---------------------------------------------------------------- brat

FRACAS = (
    "T1\tDirect_Quotation 2 19\tNous irons à pied",
    "T2\tCue 23 31\ta promis",
    "T3\tAgent 32 40\tAnne Roy",
    "T4\tMixed_Quotation 61 75\t« trop chère »",
    "T5\tSource_pronoun 42 46\tElle",
    "T6\tCue 47 51\tjuge",
    "R1\tQuoted_in Arg1:T3 Arg2:T1\t",
    "R2\tQuoted_in Arg1:T5 Arg2:T4",
    "R3\tIndicates Arg1:T2 Arg2:T1",
    "R4\tIndicates Arg1:T6 Arg2:T4",
    "R5\tRefers Arg1:T5 Arg2:T3",
    "A1\tStance T1 SUPPORT",
    "#1\tTarget T4\tla route",
    "A2\tStance T4 condemn",
)


def test_brat_as_fracas_names_it(tmp_path: Path) -> None:
    folder = brat(tmp_path / "in" / "villes", TEXT, *FRACAS)
    assert one(folder.parent) == Document("villes/a", TEXT, GOLD.quotes[:2])
    assert one(brat(tmp_path / "other", TEXT, *reversed(FRACAS))).quotes == GOLD.quotes[:2]


def test_brat_offsets_count_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeffUn.\r\n\r\n« Deux.\r\nTrois. »"
    folder = brat(tmp_path, text, "T1\tDirect_Quotation 10 15;17 23\tDeux. Trois.\r")
    assert one(folder).quotes[0].text == "Deux.\r\nTrois."  # cut at the line end, yet one quote
    assert one(folder).text == text


def test_names_are_found_through_chains_and_circles(tmp_path: Path) -> None:
    text = "Anne Roy, la maire, Mme Roy : « Non », dit-elle."
    lines = [
        "T1\tDirect_Quotation 32 35\tNon",
        "T2\tSource_pronoun 43 47\telle",
        "T3\tAgent 20 27\tMme Roy",
        "T4\tAgent 0 8\tAnne Roy",
        "R1\tQuoted_in Arg1:T2 Arg2:T1",
        "R2\tRefers Arg1:T2 Arg2:T3",
        "R3\tRefers Arg1:T3 Arg2:T4",
        "R4\tRefers Arg1:T4 Arg2:T2",
    ]
    speaker = one(brat(tmp_path, text, *lines)).quotes[0].speaker
    assert speaker == Speaker("Anne Roy", Span.of(text, 43, 47))
    alone = one(brat(tmp_path, text, *lines[:2], lines[4])).quotes[0].speaker
    assert alone == Speaker("elle", Span.of(text, 43, 47))


def test_pieces_make_quotes_of_their_own_and_the_outer_quote_stays(tmp_path: Path) -> None:
    text = "« Oui, dit Luc, mais « non » et non »"
    folder = brat(
        tmp_path,
        text,
        "T1\tDirect_Quotation 2 6;16 35\tOui, mais « non » et non",
        "T2\tCue 0 1;7 10\t« dit",
        "T3\tMixed_Quotation 21 28\t« non »",
        "T4\tAgent 11 14\tLuc",
        "R1\tQuoted_in Arg1:T4 Arg2:T1",
        "R2\tIndicates Arg1:T2 Arg2:T1",
        "R3\tQuoted_in Arg1:T4 Arg2:T3",
    )
    luc, said = Speaker("Luc", Span.of(text, 11, 14)), Span.of(text, 7, 10)
    assert one(folder).quotes == [
        Quote(2, 6, "Oui,", "direct", luc, said, Stance("neutral")),
        Quote(16, 35, "mais « non » et non", "direct", luc, said, Stance("neutral")),
    ]
    told = notes_of(folder)
    assert "overlap a longer one, left out: 1" in told and f"{folder / 'a.ann'}:3" in told
    assert "further pieces: 1" in told and "read as neutral: 2" in told


def test_what_brat_has_beyond_the_schema_is_told(tmp_path: Path) -> None:
    lines = [
        "T7\tAgent 83 94\tPaul Lenoir",
        "T8\tCue 77 82\tSelon",
        "R6\tQuoted_in Arg1:T7 Arg2:T1",
        "#2\tAnnotatorNotes T1\tà revoir",
        "A3\tDoubtful T1",
        "E1\tCue:T2",
        "*\tEquiv T3 T5",
    ]
    told = notes_of(brat(tmp_path, TEXT, *FRACAS, *lines))
    for reason in (
        "further speakers of a quote, left out (the nearest stays): 1",
        "cues that nothing ties to a quote, left out: 1",
        "notes of annotators, left out: 1",
        "attributes that are no stance, left out: 1",
        "events, normalisations and equivalences, left out: 2",
    ):
        assert reason in told
    assert one(tmp_path).quotes == GOLD.quotes[:2]


@pytest.mark.parametrize(
    ("line", "number", "reason"),
    [
        ("T9\tCue 23 31\ta prédit", 15, "the text has « a promis » there, not « a prédit »"),
        ("T9\tCue 23 900\ta promis", 15, "offsets 23 900 of T9 are not in the text (112 char"),
        ("T9\tCue 31 31\t", 15, "offsets 31 31 of T9"),
        ("T9\tCue\ta promis", 15, "not an entity"),
        ("T1\tCue 23 31\ta promis", 15, "T1 stands here twice"),
        ("T9\tDirect_Quotaton 2 19\tx", 15, "`Direct_Quotaton`; did you mean `Direct_Quotation`?"),
        ("R9\tQuoted_inn Arg1:T3 Arg2:T1", 15, "`Quoted_inn`; did you mean `Quoted_in`?"),
        ("R9\tQuoted_in Arg1:T3 Arg2:T12", 15, "no entity T12"),
        ("R9\tQuoted_in Arg1:T2 Arg2:T1", 15, "cannot tie T2 (cue) and T1 (direct)"),
        ("R9\tQuoted_in T3 T1", 15, "not a relation"),
        ("A9\tStance T2 Support", 15, "T2 has a stance but is no quotation"),
        ("A9\tStance T1 Suport", 15, "T1 has two stances"),
        ("#9\tTarget T99\tx", 15, "no entity T99 for this target"),
        ("Z9 x", 15, "not a line of BRAT standoff"),
    ],
)
def test_bad_annotations_are_refused(tmp_path: Path, line: str, number: int, reason: str) -> None:
    told = refusal(brat(tmp_path, TEXT, *FRACAS, line))
    assert told.startswith(f"{tmp_path / 'a.ann'}:{number}: ") and reason in told


def test_bad_stance_and_bad_bytes_are_refused(tmp_path: Path) -> None:
    folder = brat(tmp_path, TEXT, FRACAS[0], "A1\tStance T1 Suport")
    assert "a.ann:2: unknown stance `Suport`; did you mean `Support`?" in refusal(folder)
    (folder / "a.txt").write_bytes(b"Un\ncaf\xe9\n")
    assert "a.txt:2: not UTF-8: byte 0xe9 at offset 6" in refusal(folder)


def test_a_file_without_its_other_half_is_refused(tmp_path: Path) -> None:
    folder = brat(tmp_path, TEXT)
    save(folder / "b" / "c.ann", "")
    assert "c.ann: no .txt file beside it" in refusal(folder)
    (folder / "b" / "c.ann").rename(folder / "c.txt")
    assert "c.txt: no .ann file beside it" in refusal(folder)
    (folder / "empty").mkdir()
    assert "no .ann files" in refusal(folder / "empty", "brat")
    assert "a folder" in refusal(folder / "a.ann", "brat")


def test_ids_become_files_that_stay_in_the_folder(tmp_path: Path) -> None:
    assert file_name("a/b") == "a/b"
    for id in ("../../up", "/root", "a/../b", "https://x.fr/a?b", "a.txt/b", ".", "a//", "C:\\x"):
        path = Path(file_name(id))
        assert not path.is_absolute() and ".." not in path.parts
    save_documents([GOLD, GOLD], tmp_path / "in.jsonl")
    with pytest.raises(InputError, match="two documents have the id villes/pont-1"):
        convert(tmp_path / "in.jsonl", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------- mapping files


def test_other_names_by_a_mapping_file(tmp_path: Path) -> None:
    mapping = save(
        tmp_path / "names.yaml",
        """
entities: {direct: [Citation directe, DD], source: Personne, cue: verbe, ignore: [Lieu]}
relations: {speaker: dit_par, cue: indique, ignore: Voisin}
stance: {attribute: Position, labels: {Pour: support, Contre: condemn}}
""",
    )
    folder = brat(
        tmp_path / "in",
        TEXT,
        "T1\tCitation_directe 2 19\tNous irons à pied",
        "T2\tVerbe 23 31\ta promis",
        "T3\tPersonne 32 40\tAnne Roy",
        "T4\tLieu 52 60\tla route",
        "R1\tDit_par Arg1:T3 Arg2:T1",
        "R2\tIndique Arg1:T2 Arg2:T1",
        "R3\tVoisin Arg1:T1 Arg2:T4",
        "A1\tPosition T1 pour",
    )
    assert one(folder, mapping=mapping).quotes == GOLD.quotes[:1]
    convert(folder, tmp_path / "out", "brat", "brat", mapping)
    assert "T1\tCitation_directe 2 19" in (tmp_path / "out" / "a.ann").read_text()
    assert one(tmp_path / "out", mapping=mapping).quotes == GOLD.quotes[:1]


def test_a_name_given_is_taken_from_the_defaults(tmp_path: Path) -> None:
    names = load_names(save(tmp_path / "names.yaml", "entities: {direct: mixed, ignore: Agent}"))
    assert names.entity("mixed") == "direct" and names.entity("agent") == "ignore"
    assert names.entity("Mixed quotation") == "mixed" and names.entity("organization") == "source"
    with pytest.raises(ValueError, match="unknown entity `direct`"):
        names.entity("direct")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("entities:\n  directs: [A]", ":2: unknown key `directs`; did you mean `direct`?"),
        ("entitys: {}", ":1: unknown key `entitys`; did you mean `entities`?"),
        ("relations:\n  speaker: {a: b}", ":2: a name or a list of names"),
        ("stance:\n  labels:\n    Pour: suport", ":3: unknown stance `suport`; did you mean"),
        ("stance:\n  attribute: [A, B]", ":2: a name is wanted"),
        ("stance: {attribut: A}", ":1: unknown key `attribut`"),
        ("entities: {cue: A, source: a}", ": `a` names both cue and source"),
        ("entities: {cue: A}\nentities: {cue: B}", ":2: the key `entities` stands here twice"),
        ("entities: [", ": not YAML"),
        ("", ":1: a mapping with entities, relations, stance"),
    ],
)
def test_bad_mappings_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = save(tmp_path / "names.yaml", text)
    with pytest.raises(InputError) as raised:
        load_names(path)
    assert str(raised.value).startswith(str(path)) and reason in str(raised.value)


# ---------------------------------------------------------------- Label Studio


def task(text: str, *results: dict, **more: object) -> dict:
    return {"id": 7, "data": {"text": text}, "annotations": [{"result": list(results)}], **more}


def region(id: str, start: int, end: int, label: str, text: str | None = None) -> dict:
    value = {"start": start, "end": end, "labels": [label]} | ({"text": text} if text else {})
    return {"id": id, "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def control(id: str, name: str, type: str, **value: object) -> dict:
    return {"id": id, "from_name": name, "to_name": "text", "type": type, "value": value}


def relation(one: str, other: str, *labels: str, direction: str = "right") -> dict:
    ends = {"from_id": one, "to_id": other, "type": "relation", "direction": direction}
    return ends | ({"labels": list(labels)} if labels else {})


def test_an_export_of_label_studio(tmp_path: Path) -> None:
    results = [
        relation("m", "q"),  # without a label, and before its ends
        relation("q", "c", "Indicates", direction="left"),
        region("q", 2, 19, "Direct_Quotation", "Nous irons à pied"),
        control("q", "stance", "choices", choices=["Support"]),
        region("c", 23, 31, "Cue"),
        region("m", 32, 40, "Agent", "Anne Roy"),
        region("q2", 61, 75, "Mixed_Quotation", "« trop chère »"),
        region("m2", 42, 46, "Source_pronoun", "Elle"),
        region("c2", 47, 51, "Cue", "juge"),
        relation("m2", "q2"),
        relation("c2", "q2"),
        relation("m", "m2", "Refers", direction="left"),
        control("q2", "stance", "choices", choices=["Condemn"]),
        control("q2", "target", "textarea", text=["la route"]),
        control("z", "quality", "rating", rating=3),
    ]
    path = save(tmp_path / "e.json", [task(TEXT, *results)])
    assert one(path) == Document("7", TEXT, GOLD.quotes[:2])
    assert "results of other controls, left out: 1" in notes_of(path)


def test_predictions_are_corrected_by_hand_and_come_back(tmp_path: Path) -> None:
    save_documents([GOLD], tmp_path / "in.jsonl")
    convert(tmp_path / "in.jsonl", tmp_path / "tasks.json")
    (made,) = json.loads((tmp_path / "tasks.json").read_text())
    result = made["predictions"][0]["result"]
    config = ElementTree.fromstring(labelling_config())
    controls = {e.get("name"): e for e in config.iter() if e.get("name")}
    for item in (r for r in result if r["type"] != "relation"):
        assert controls[item["from_name"]].tag.lower() == item["type"]
        for value in item["value"].get(item["type"], ()):
            assert value in [e.get("value") for e in controls[item["from_name"]]]
    relations = {e.get("value") for e in config.iter("Relation")}
    assert {r["labels"][0] for r in result if r["type"] == "relation"} <= relations
    for item in result:
        if item["type"] == "choices":
            item["value"]["choices"] = ["Neutral"]
    export = [
        {"id": 1, "data": made["data"], "annotations": [{"result": result}], "predictions": []},
        {"id": 2, "annotations": [], **made},
        {"id": 3, "annotations": [{"result": [], "was_cancelled": True}], **made},
    ]
    path = save(tmp_path / "export.json", export)
    corrected = one(path)
    assert corrected.id == GOLD.id
    assert {q.stance.label for q in corrected.quotes} == {"neutral"}
    assert "nobody has annotated, left out: 2" in notes_of(path)


def test_offsets_in_code_points_or_as_old_versions_had_them(tmp_path: Path) -> None:
    text = "😀😀 « Oui », dit Éva."
    new, old = region("q", 5, 8, "direct", "Oui"), region("q", 7, 10, "direct", "Oui")
    for result in (new, old):
        path = save(tmp_path / "e.json", [task(text, result)])
        assert [(q.start, q.text) for q in one(path).quotes] == [(5, "Oui")]
    assert "UTF-16" in notes_of(path)
    told = refusal(save(path, [task(text, region("q", 6, 9, "direct", "Oui"))]))
    assert "e.json:1: task 1: region q: the text at 6 9 is not « Oui »" in told


def test_a_long_array_is_read_task_by_task(tmp_path: Path) -> None:
    body = ",\n".join(json.dumps(task(TEXT * 40, region("q", 2, 19, "direct"))) for _ in range(90))
    found = read(save(tmp_path / "e.json", f"[{body},\n{{oops}}]"), notes=Notes())
    assert len([next(found) for _ in range(90)]) == 90
    with pytest.raises(InputError, match=r"e\.json:91: not JSON"):
        next(found)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"data": {}}', ":1: a JSON array of tasks is wanted"),
        ("", ":1: a JSON array of tasks is wanted"),
        ('[\n{"data": {"text": "a"}', ":2: not JSON"),
        ('[{"data": {"text": "a"}, "annotations": []}\n\n{}]', ":3: not JSON: a comma"),
        ("[] x", ":1: not JSON: something stands after"),
        ("[\n\n3]", ":3: task 1: Expected `object`"),
        ('[{"text": "a", "label": []}]', "the full JSON export is wanted, not JSON-MIN"),
        ('[{"data": {"text": "\\ud800"}, "predictions": []}]', "half of a surrogate pair"),
        ([task(3)], "task 1: no text in `data.text`"),
        ([task("Oui", region("q", 0, 4, "direct"))], "region q: offsets 0 4 are not in the text"),
        ([task("Oui", region("q", 0, "3", "direct"))], "start and end are not whole numbers"),
        ([task("Oui", region("q", 0, 3, "dirrect"))], "unknown entity `dirrect`; did you mean"),
        ([task("Oui", relation("q", "m"))], "no entity q for this relation"),
        (
            [task("Oui", region("q", 0, 3, "direct"), control("q", "stance", "choices", choices=[]))],
            "region q: one stance is wanted",
        ),
    ],
)  # fmt: skip
def test_bad_exports_are_refused(tmp_path: Path, content: object, reason: str) -> None:
    path = save(tmp_path / "e.json", content)
    told = refusal(path)
    assert told.startswith(f"{path}:") and reason in told


# ---------------------------------------------------------------- doccano, CoNLL


def test_doccano_with_relations_and_without(tmp_path: Path) -> None:
    ends = [
        (2, 19, "direct"),
        (23, 31, "cue"),
        (32, 40, "speaker"),
        (61, 75, "mixed"),
        (47, 51, "cue"),
    ]
    tied = {
        "id": 3,
        "text": TEXT,
        "Comments": [],
        "entities": [
            {"id": 10 + i, "start_offset": a, "end_offset": b, "label": name}
            for i, (a, b, name) in enumerate(ends)
        ],
        "relations": [
            {"id": 1, "from_id": 12, "to_id": 13, "type": "speaker"},
            {"id": 2, "from_id": 11, "to_id": 10, "type": "cue"},
        ],
    }  # fmt: skip
    loose = {"meta": {"id": "b7"}, "text": TEXT, "label": ends}
    lines = [json.dumps(line, ensure_ascii=False) for line in (tied, loose)]
    path = save(tmp_path / "d.jsonl", "\n\n".join(lines))
    first, second = read(path, notes=Notes())
    assert (first.id, second.id) == ("3", "b7")
    anne, said, judged = span("Anne Roy"), span("a promis"), span("juge")
    assert [(q.speaker and q.speaker.mention, q.cue) for q in first.quotes] == [
        (None, said), (anne, None)
    ]  # fmt: skip
    assert [(q.speaker and q.speaker.mention, q.cue) for q in second.quotes] == [
        (anne, said), (None, judged)
    ]  # fmt: skip
    assert "read as neutral: 4" in notes_of(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "a", "label": [[0, 1]]}', "Expected `array` of length 3"),
        ('{"text": "a", "label": [[0, 2, "cue"]]}', "offsets 0 2 of entity 1 are not in the text"),
        ('{"text": "a", "label": [[0, 1, "queue"]]}', "unknown entity `queue`"),
        ('{"text": "a"}', "no `label`, `labels` or `entities`"),
        ('{"text": "a", "label": [], "relations": [{"from_id": 1, "to_id": 2, "type": "cue"}]}', "no entity 1"),
        ('{"text": "a"', "not JSON"),
    ],
)  # fmt: skip
def test_bad_lines_of_doccano_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    told = refusal(save(tmp_path / "d.jsonl", f'{{"text": "", "label": []}}\n{line}\n'), "doccano")
    assert "d.jsonl:2: " in told and reason in told


def test_conll_text_and_nearest_links(tmp_path: Path) -> None:
    lines = """-DOCSTART-\tO

# id = un
# un commentaire
«\tO
Nous\tNC\tB-direct
irons\tV\tI-direct
»\tO
,\tO
dit\tO\tB-cue
Luc\tO\tB-speaker

# O
Il\tB-Source_pronoun
doute\tB-cue
:\tO
non\tB-direct
-DOCSTART-
Luc\tB-speaker
,\tO
Max\tB-speaker
:\tO
oui\tB-direct
"""
    path = save(tmp_path / "a.conll", lines)
    first, second = read(path, notes=Notes())
    assert (first.id, second.id) == ("un", "a-2")
    assert first.text == "« Nous irons » , dit Luc # Il doute : non"
    assert [(q.text, q.cue.text, q.speaker.name) for q in first.quotes] == [
        ("Nous irons", "dit", "Luc"), ("non", "doute", "Il")
    ]  # fmt: skip
    assert [q.speaker.name for q in second.quotes] == ["Max"]  # the nearer one
    assert "sources that nothing ties to a quote, left out: 1 (first:" in notes_of(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("oui\tI-cue", "I-cue follows neither B-cue nor I-cue"),
        ("oui\tdirect", "`direct` is no tag"),
        ("oui\tB-direkt", "unknown entity `direkt`; did you mean `direct`?"),
        ("oui", "a token, a tab and a tag"),
    ],
)
def test_bad_columns_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    told = refusal(save(tmp_path / "a.conll", f"Bon\tB-cue\n\n{line}\n"))
    assert "a.conll:3: " in told and reason in told


def test_writing_conll_tells_what_it_loses(tmp_path: Path) -> None:
    save_documents([GOLD], tmp_path / "in.jsonl")
    done = convert(tmp_path / "in.jsonl", tmp_path / "out.conll")
    assert any("links, full names, stances, targets" in note for note in done.notes)
    assert "Nous\tB-direct\nirons\tI-direct\n" in (tmp_path / "out.conll").read_text()


@pytest.mark.parametrize("format", ["conll", "inline"])
@pytest.mark.parametrize("id", ["a\tb", " a", "", '"a"', "a\nb", "# id: a", "é/\u2028"])
def test_any_id_fits_on_a_line(tmp_path: Path, format: str, id: str) -> None:
    assert there_and_back(Document(id, "Oui", []), format, tmp_path).id == id


# ---------------------------------------------------------------- inline


def test_inline_by_hand(tmp_path: Path) -> None:
    path = save(
        tmp_path / "main.txt",
        "\r\n\r\n« [[q1 support direct: Nous irons à pied]] », [[cue q1: a promis]] "
        "[[speaker q1: Anne Roy]].\r\n"
        '[[speaker q7 name="Anne Roy": Elle]] [[cue q7:juge]] la route '
        '[[q7 mixed condemn\r\ntarget="la route": « trop chère »]].\r\n'
        "[[cue q2: Selon]] [[speaker q2: Paul Lenoir]], [[q2 indirect: le pont tiendra]].\r\n\r\n"
        "====\r\n\r\n# id: b\r\nRien [sic] \\[[cue q1: x\\]\\].\r\n",
    )
    first, second = read(path, notes=Notes())
    assert first == Document("main-1", TEXT, GOLD.quotes)
    assert second == Document("b", "Rien [sic] [[cue q1: x]].", [])


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("[[speeker q1: a]]", 3, "unknown mark `speeker`; did you mean `speaker`?"),
        ("[[q1 dirrect: a]]", 3, "unknown label `dirrect`; did you mean `direct`?"),
        ("[[q1: a]]", 3, "q1 wants one of direct, mixed, indirect"),
        ("[[q1 direct mixed: a]]", 3, "q1 wants one of"),
        ('[[q1 direct taget="x": a]]', 3, "unknown value `taget`; did you mean `target`?"),
        ('[[q1 direct target="\\x": a]]', 3, "is no JSON string"),
        ("[[cue: a]]", 3, "cue wants the quotes it goes with"),
        ("\n[[cue q2: a]]", 4, "no entity q2 for this cue"),
        ("[[q1 direct: a]] [[cue q1: b]] [[cue q1: c]]", 3, "q1 has a second cue"),
        ("[[q1 direct: a]]\n[[q1 direct: b]]", 4, "q1 stands here twice"),
        ("a\n[[q1 direct: b\nc", 4, "this `[[quote q1` is not closed"),
        ("a\nb]]", 4, "`]]` closes nothing"),
        ("[[q1 direct: ]]", 3, "`quote q1` marks no text"),
        ("[[q1 direct: a]] [[+q1: b]]", 3, "`+quote q1` does not stand where such a mark ends"),
        ("C:\\x", 3, "unknown escape `\\x`"),
        ("[[sic]]", 3, "no mark"),
    ],
)
def test_bad_marks_are_refused(tmp_path: Path, body: str, line: int, reason: str) -> None:
    told = refusal(save(tmp_path / "a.txt", f"# id: a\n\n{body}\n====\nDeux.\n"))
    assert told.startswith(f"{tmp_path / 'a.txt'}:{line}: ") and reason in told


# ---------------------------------------------------------------- convert


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(argv))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = brat(tmp_path / "in", TEXT, *FRACAS[:7])
    assert run(str(folder), str(tmp_path / "out.jsonl")) == 0
    out, err = capsys.readouterr()
    assert not out  # OUT may be standard output
    assert f"guillemets: 1 documents, 2 quotes in {tmp_path / 'out.jsonl'}\n" in err
    assert "guillemets: quotes without a stance, read as neutral: 2" in err
    assert run(str(tmp_path / "out.jsonl"), str(tmp_path / "out.txt")) == 0
    assert one(tmp_path / "out.txt") == one(folder)
    capsys.readouterr()
    mapping = save(tmp_path / "names.yaml", "entities: {cue: Verbe}")
    for options, names in (([], None), (["--mapping", str(mapping)], load_names(mapping))):
        with pytest.raises(SystemExit) as done:
            run(*options, "--labelling-config")
        assert done.value.code == 0 and capsys.readouterr().out == labelling_config(names)


def test_formats_are_guessed(tmp_path: Path) -> None:
    save_documents([GOLD], tmp_path / "in.jsonl")
    for name, format in (
        ("a", "brat"),
        ("a.JSON", "labelstudio"),
        ("a.iob2", "conll"),
        ("a.inline", "inline"),
    ):
        convert(tmp_path / "in.jsonl", tmp_path / name)
        assert one(tmp_path / name).quotes and format in FORMATS
        assert one(tmp_path / name) == one(tmp_path / name, format)
    line = {"text": TEXT, "label": [[2, 19, "direct"]]}
    assert one(save(tmp_path / "d.jsonl", line)).quotes[0].text == "Nous irons à pied"
    with pytest.raises(InputError, match=r"a\.xml: the name does not tell the format"):
        convert(tmp_path / "in.jsonl", tmp_path / "a.xml")
    with pytest.raises(InputError, match=r"none\.xml: No such file"):
        convert(tmp_path / "none.xml", tmp_path / "b.jsonl")
    with pytest.raises(InputError, match="only read"):
        convert(tmp_path / "in.jsonl", tmp_path / "b.jsonl", target_format="doccano")


def test_an_output_is_replaced_only_when_all_went_well(tmp_path: Path) -> None:
    folder = brat(tmp_path / "in", TEXT, *FRACAS)
    out = save(tmp_path / "out.jsonl", "what was there")
    save(folder / "b.txt", TEXT)
    save(folder / "b.ann", "T1\tCue 0 1\tx\n")
    for target in (out, tmp_path / "new", tmp_path / "new.json"):
        with pytest.raises(InputError, match=r"b\.ann:1"):
            convert(folder, target)
    empty = save(tmp_path / "empty.jsonl", "\n")
    with pytest.raises(InputError, match="no labelled documents"):
        convert(empty, out)
    assert out.read_text() == "what was there"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty.jsonl", "in", "out.jsonl"]
    (folder / "b.txt").unlink()
    (folder / "b.ann").unlink()
    convert(folder, out)
    assert one(out) == one(folder)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    save_documents([GOLD], tmp_path / "in.jsonl")
    save(tmp_path / "full" / "mine", "x")
    with pytest.raises(InputError, match="full: the folder is not empty"):
        convert(tmp_path / "in.jsonl", tmp_path / "full")
    (tmp_path / "bare").mkdir()
    convert(tmp_path / "in.jsonl", tmp_path / "bare")
    assert one(tmp_path / "bare") == GOLD
    for target, format, wanted in (
        ("in.jsonl", "brat", "a folder is wanted"),
        ("bare", "jsonl", "is a directory"),
    ):
        with pytest.raises(InputError, match=wanted):
            convert(tmp_path / "in.jsonl", tmp_path / target, target_format=format)
    with pytest.raises(InputError, match=r"out\.jsonl: No such file or directory"):
        convert(tmp_path / "in.jsonl", tmp_path / "none" / "out.jsonl")


def test_reading_alone_tells_its_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list(read(brat(tmp_path, TEXT, FRACAS[0])))
    assert "read as neutral: 1" in capsys.readouterr().err

"""What a run reads: files, folders, globs, every format, and everything that can be wrong with one."""

from __future__ import annotations

import csv
import datetime
import decimal
import gzip
import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guillemets.inference.archive import streams
from guillemets.inference.archive.entry import Entry
from guillemets.inference.archive.fields import Fields
from guillemets.inference.archive.readers import rows
from guillemets.inference.archive.sources import expand, survey, zstd_module
from guillemets.inference.errors import located
from guillemets.inference.schema import Document, Failure

TEXT = "« Non », a dit Mme Rey."
zstd = zstd_module("a test")


def entries(*inputs: str | Path, fields: Fields | None = None) -> list[Entry]:
    fields = fields or Fields()
    sources = expand([str(given) for given in inputs])
    return [row.load() for source in sources for row in rows(source, fields)]


def records(*inputs: str | Path, fields: Fields | None = None) -> list[Document | Failure]:
    return [entry.record for entry in entries(*inputs, fields=fields)]


def read(path: Path, data: bytes, fields: Fields | None = None) -> list[Document | Failure]:
    path.write_bytes(data)
    return records(path, fields=fields)


def carried(entry: Entry) -> dict[str, object]:
    """The carried values as a reader of the JSON output gets them."""
    fields = json.loads(entry.encode())
    return {n: v for n, v in fields.items() if n not in ("id", "text", "quotes", "error")}


def named(paths: Iterable[object]) -> list[str]:
    return [source.name for source in paths]  # type: ignore[attr-defined]


# ---------------------------------------------------------------- which files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = [
        "b.txt",
        "a/2.txt",
        "a/10.TXT",
        "a/x.jsonl.gz",
        "c/deep/t.csv",
        "c/p.parquet",
        "no.pdf",
    ]
    hidden = [".h.txt", ".git/a.txt", "c/.h/a.txt"]
    for name in (*files, *hidden):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path)
    return tmp_path


def test_a_folder_is_read_in_order_with_names_below_it(tree: Path) -> None:
    names = ["a/10", "a/2", "a/x", "b", "c/deep/t", "c/p"]
    assert named(expand([str(tree)])) == names
    assert named(expand([f"{tree}/c", f"{tree}/a/2.txt"])) == ["deep/t", "p", "2"]


def test_globs(tree: Path) -> None:
    assert named(expand([f"{tree}/[ac]/*.txt"])) == ["a/2"]
    assert named(expand([f"{tree}/**/*.txt"])) == ["a/2", "b"]
    assert named(expand([f"{tree}/[ac]"])) == ["a/10", "a/2", "a/x", "c/deep/t", "c/p"]
    assert named(expand([f"{tree}/c/**"])) == ["deep/t", "p"]
    (nothing,) = expand([f"{tree}/*.html"])
    assert "no .txt, .jsonl, .csv" in nothing.reason


def test_a_name_with_glob_characters_is_a_file_where_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "a[1].txt"
    assert read(path, b"a") == [Document("a[1]", "a")]


def test_the_output_is_not_read_with_its_folder(tree: Path) -> None:
    output = tree / "b.txt"
    assert "b" not in named(expand([str(tree)], output))
    assert "b" not in named(expand([f"{tree}/*"], output))
    assert named(expand([str(output)], output)) == ["b"]


def test_a_survey_knows_changed_inputs(tree: Path) -> None:
    first = survey([str(tree)])
    assert (first.files, first.bytes, first.has_stdin) == (6, 0, False)
    assert survey([str(tree)]) == first
    (tree / "b.txt").write_bytes(b"new")
    assert survey([str(tree)]).digest != first.digest


def test_bad_files_are_told_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("un\ncafé\n".encode("latin-1"))
    (tmp_path / "utf16.txt").write_bytes("un".encode("utf-16"))
    (tmp_path / "page.pdf").write_bytes(b"a")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "good.txt").write_bytes(b"a")
    names = ["missing.txt", "folder.txt", "page.pdf", "latin.txt", "utf16.txt", "good.txt"]
    *bad, good = records(*(tmp_path / name for name in names))
    known = ".txt, .jsonl, .csv (plain, .gz or .zst) or .parquet"
    assert bad == [
        Failure("missing", "No such file or directory"),
        Failure("folder.txt", f"holds no {known} file"),
        Failure("page.pdf", f"not a {known} file"),
        Failure("latin", "line 2: not UTF-8: byte 0xe9 at offset 6"),
        Failure("utf16", "line 1: not UTF-8: byte 0xff at offset 0"),
    ]
    assert good == Document("good", "a")


def test_a_message_is_one_safe_line() -> None:
    assert located("a\n\x1b[31m\u202eb", 1, "no\r\ngood") == "a [31mb:1: no  good"


def test_a_file_name_that_is_no_text_gives_a_writable_id(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    try:
        path.write_bytes(b"a")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    assert records(path) == records(tmp_path) == [Document("caf\ufffd", "a")]


# ---------------------------------------------------------------- text and JSON Lines


def test_a_text_file_is_one_document_named_after_it(tmp_path: Path) -> None:
    assert read(tmp_path / "une.txt", TEXT.encode()) == [Document("une", TEXT)]
    assert read(tmp_path / "VIDE.TXT", b"") == [Document("VIDE", "")]


def test_line_ends_stay_and_the_byte_order_mark_goes(tmp_path: Path) -> None:
    text = "Un\r\n\r\ndeux\rtrois\u2028quatre\n"
    assert read(tmp_path / "a.txt", b"\xef\xbb\xbf" + text.encode()) == [Document("a", text)]
    line = json.dumps({"text": "\ufeff" + text}).encode()
    assert read(tmp_path / "a.jsonl", b"\xef\xbb\xbf" + line + b"\r\n") == [
        Document("a-1", "\ufeff" + text)  # a mark inside the text is the caller's
    ]


def test_jsonl_ids_and_blank_lines(tmp_path: Path) -> None:
    lines = [
        '{"text": "a", "id": "x"}',
        "",
        '{"text": "b", "id": 7}',
        "  ",
        '{"text": "\\ud83d\\ude00", "id": null}',
        '{"id": "", "text": ""}',
        '{"id": "x", "text": "again"}',
    ]
    assert read(tmp_path / "f.jsonl", "\n".join(lines).encode()) == [
        Document("x", "a"),
        Document("7", "b"),
        Document("f-5", "😀"),
        Document("", ""),
        Document("x", "again"),
    ]


def test_other_fields_are_carried_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    line = '{"n": 1.50, "big": 123456789012345678901234567890, "x": [1, {"é": null}], "e": 1e400'
    path.write_text(line + ', "text": "a", "url": "u\\u00e9"}', encoding="utf-8")
    (entry,) = entries(path)
    assert entry.encode().decode() == (
        '{"id":"f-1","text":"a","quotes":[],"n":1.50,"big":123456789012345678901234567890,'
        '"x":[1, {"é": null}],"e":1e400,"url":"u\\u00e9"}\n'
    )
    assert Entry.decode(entry.encode()).encode() == entry.encode()


def test_a_clash_of_fields_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"text": "a", "quotes": 3, "error": 1, "body": "b", "id": "i"}\n' * 2)
    told: list[str] = []
    (first, _) = entries(path, fields=Fields("body", None, told.append))
    assert first == Entry(Document("i", "b"), {})
    assert [message.split("`")[1] for message in told] == ["text", "quotes", "error"]


def test_fields_of_other_names(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    data = b'{"body": "b", "url": "u", "id": 3}\n{"body": "b"}\n{"text": "t", "url": "v"}\n[]'
    fields = Fields("body", "url")
    assert read(path, data, fields) == [
        Document("u", "b"),
        Failure("f-2", "no field `url`; there are: body"),
        Failure("v", "no field `body`; there are: text, url"),
        Failure("f-4", "Expected `object`, got `array`"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nope", "not JSON"),
        (b'{"text": "a', "not JSON"),
        (b'{"text": "a"} {"text": "b"}', "not JSON"),
        (b'{"text": "a", "deep": ' + b"[" * 100_000, "not JSON"),
        (b'{"text": "a", "score": NaN}', "not JSON"),
        (b'["a"]', "Expected `object`"),
        (b"null", "Expected `object`"),
        (b'{"id": "f-2"}', "no field `text`; there are: id"),
        (b"{}", "no field `text`; there are: none"),
        (b'{"text": 3}', "the field `text` is a number, not a string"),
        (b'{"text": null}', "the field `text` is null, not a string"),
        (b'{"text": ["a"]}', "the field `text` is an array, not a string"),
        (b'{"text": "a", "id": true}', "the field `id` is a boolean"),
        (b'{"text": "a", "id": ' + b"9" * 5000 + b"}", ""),
        (b'{"text": "caf\xe9"}', "not UTF-8: byte 0xe9 at offset 13"),
        (b'{"text": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"text": "\\ud800"}', "half of a surrogate pair"),
        (b'{"text": "a \\ud800 long text after it"}', "half of a surrogate pair"),
        (b'{"text": "\\udc00"}', "half of a surrogate pair"),
        (b'{"text": "a", "other": "\\udc00"}', "half of a surrogate pair"),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_read(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    path = tmp_path / "f.jsonl"
    before, bad, after = read(path, b'{"text": "a"}\n' + line + b'\n{"text": "b"}')
    assert (before, after) == (Document("f-1", "a"), Document("f-3", "b"))
    assert isinstance(bad, Failure) and reason in bad.error and bad.id == "f-2"


def test_a_bad_line_keeps_its_id_where_it_can_be_read(tmp_path: Path) -> None:
    lines = [b'{"id": "a", "text": "\\ud800"}', b'{"id": 7, "text": "\xe9"}', b'{"id": "\\ud800"}']
    bad = read(tmp_path / "f.jsonl", b"\n".join([*lines, b'["id"', b'{"id": true, "x": NaN}']))
    assert [record.id for record in bad] == ["a", "7", "f-3", "f-4", "f-5"]


def test_a_line_that_is_too_long_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LIMIT", 2 << 20)
    sizes: list[int] = []
    read_block = streams.read_block
    monkeypatch.setattr(
        streams, "read_block", lambda *args: sizes.append(len(b := read_block(*args))) or b
    )
    long = b'{"text": "' + b"a" * (9 << 20) + b'"}'
    path = tmp_path / "f.jsonl"
    reason = "longer than 2 MiB"
    assert read(path, b'{"text": "a"}\n' + long + b'\n{"text": "b"}\n' + long) == [
        Document("f-1", "a"),
        Failure("f-2", reason),
        Document("f-3", "b"),
        Failure("f-4", reason),
    ]
    assert max(sizes) == (2 << 20) + 1
    assert read(tmp_path / "f.txt", long) == [Failure("f", reason)]


def test_jsonl_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"text": "a"}\n' * 3)
    (source,) = expand([str(path)])
    read = rows(source, Fields())
    next(read)
    with path.open("ab", buffering=0) as stream:
        stream.write(b'{"text": "late"}\n')
    assert [row.load().record.text for row in read] == ["a", "a", "late"]  # type: ignore[union-attr]


# ---------------------------------------------------------------- packed files

PACKERS = {"gz": gzip.compress, "zst": zstd.compress}


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_files(tmp_path: Path, packing: str) -> None:
    pack = PACKERS[packing]
    line = b'{"text": "a"}\n'
    expected = [Document(f"f-{i}", "a") for i in (1, 2, 3)]
    assert read(tmp_path / f"f.jsonl.{packing}", pack(line * 2) + pack(line)) == expected
    assert read(tmp_path / f"g.txt.{packing}", pack("é".encode())) == [Document("g", "é")]
    table = b"text\na\n"
    assert read(tmp_path / f"h.csv.{packing}", pack(table)) == [Document("h-2", "a")]


@pytest.mark.parametrize("packing", PACKERS)
def test_what_stands_before_damage_is_kept(tmp_path: Path, packing: str) -> None:
    lines = [json.dumps({"text": os.urandom(3000).hex()}).encode() + b"\n" for _ in range(200)]
    packed = PACKERS[packing](b"".join(lines))
    *good, bad = read(tmp_path / f"f.jsonl.{packing}", packed[: len(packed) // 2])
    assert 60 < len(good) < 140
    assert [d.text for d in good] == [json.loads(line)["text"] for line in lines[: len(good)]]
    assert isinstance(bad, Failure) and bad.id == f"f-{len(good) + 1}"
    assert "cut short" in bad.error and "rest of the file is not read" in bad.error
    (bad,) = read(tmp_path / f"g.jsonl.{packing}", b"nothing of the kind")
    assert isinstance(bad, Failure) and bad.id == "g" and "rest" not in bad.error
    (bad,) = read(tmp_path / f"h.txt.{packing}", packed[: len(packed) // 2])
    assert isinstance(bad, Failure) and bad.id == "h"


# ---------------------------------------------------------------- CSV


def test_csv_rows_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    data = '\ufeffid,text,source,\r\nx,"un, ""deux""\r\ntrois",AFP,1\r\n\r\n,quatre,=1+1,\r\ny,"",,é\r\n'
    path.write_bytes(data.encode())
    assert records(path) == [
        Document("x", 'un, "deux"\r\ntrois'),
        Document("f-5", "quatre"),
        Document("y", ""),
    ]
    assert [carried(entry) for entry in entries(path)] == [
        {"source": "AFP", "column 4": "1"},
        {"source": "=1+1", "column 4": ""},
        {"source": "", "column 4": "é"},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows = [['"url, or; so"', "body"], ["u", "a"]]
    data = "\n".join(delimiter.join(row) for row in rows)
    fields = Fields("body", "url, or; so")
    assert read(tmp_path / "f.csv", data.encode(), fields) == [Document("u", "a")]


def test_a_bad_csv_row_fails_alone(tmp_path: Path) -> None:
    data = (
        b'id,text\n1,a\n2,caf\xe9\n3,a,b\n4\n5,"a"b\n6,a\x00b\n7,"b\xff\nc"\n8,fin\n9,"open\n10,a\n'
    )
    one, two, three, four, five, six, seven, eight, nine = read(tmp_path / "f.csv", data)
    assert one == Document("1", "a") and eight == Document("8", "fin")
    assert two == Failure("f-3", "not UTF-8: byte 0xe9")
    assert three == Failure("3", "3 cells, 2 wanted")
    assert four == Failure("4", "1 cells, 2 wanted")
    assert isinstance(five, Failure) and "not CSV" in five.error and five.id == "f-6"
    assert six == Document("6", "a\0b") or isinstance(six, Failure)  # Python 3.10 refuses NUL
    assert isinstance(seven, Failure) and seven.id == "f-8"
    assert isinstance(nine, Failure) and nine.id == "f-11" and "unexpected end" in nine.error


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a,b\n1,2\n", "no field `text`; there are: a, b"),
        (b"text,a,a\n1,2,3\n", "columns that stand there twice: a"),
        (b"t\xe9xt\n1\n", "the header is not UTF-8"),
        (b'"text\n1\n', "not CSV"),
    ],
)
def test_a_csv_file_whose_header_is_no_use(tmp_path: Path, data: bytes, reason: str) -> None:
    (bad,) = read(tmp_path / "f.csv", data)
    assert isinstance(bad, Failure) and bad.id == "f" and reason in bad.error


def test_csv_without_rows(tmp_path: Path) -> None:
    assert read(tmp_path / "f.csv", b"") == read(tmp_path / "f.csv", b"text\n") == []


@pytest.mark.parametrize(
    "long", ["a" * (3 << 20), '"' + "a\n" * (2 << 20) + '"', '"' + 'a""\n,' * (1 << 20) + '",b']
)
def test_a_csv_row_that_is_too_long_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: str
) -> None:
    monkeypatch.setattr(streams, "LIMIT", 2 << 20)
    one, bad, three = read(tmp_path / "f.csv", f"id,text\n1,a\n2,{long}\n3,b\n".encode())
    assert (one, three) == (Document("1", "a"), Document("3", "b"))
    assert bad == Failure("f-3", "longer than 2 MiB")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(rows=st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
def test_csv_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    rows = [(text.replace("\0", ""), other.replace("\0", "")) for text, other in rows]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([("text", "other"), *rows])
    path = tmp_path_factory.mktemp("csv") / "f.csv"
    path.write_bytes(out.getvalue().encode())
    read = entries(path)
    assert [(e.record.text, e.carried["other"]) for e in read] == rows  # type: ignore[union-attr]


# ---------------------------------------------------------------- Parquet


def parquet(path: Path, columns: dict[str, object], **options: object) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_parquet_rows_and_columns(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 5, 1, 12, 3)
    path = parquet(
        tmp_path / "f.parquet",
        {
            "id": [7, None],
            "text": ["a", None],
            "source": pa.array(["AFP", "AFP"]).dictionary_encode(),
            "day": [when.date(), None],
            "time": pa.array([when, None], pa.timestamp("ns")),
            "price": [decimal.Decimal("1.20"), None],
            "tags": [["x", "y"], []],
            "raw": [b"\xff", None],
            "quotes": [1, 2],
        },
    )
    told: list[str] = []
    first, second = entries(path, fields=Fields(tell=told.append))
    assert first.record == Document("7", "a")
    assert second.record == Failure("f-2", "the field `text` is null, not a string")
    assert carried(first) == {
        "source": "AFP",
        "day": "2024-05-01",
        "time": "2024-05-01T12:03:00.000000000",
        "price": "1.20",
        "tags": ["x", "y"],
        "raw": "/w==",
    }
    assert len(told) == 1


def test_bad_parquet(tmp_path: Path) -> None:
    (bad,) = read(tmp_path / "f.parquet", b"nope")
    assert isinstance(bad, Failure) and bad.error.startswith("not Parquet")
    path = parquet(tmp_path / "g.parquet", {"body": ["a"]})
    assert records(path) == [Failure("g", "no field `text`; there are: body")]
    assert records(path, fields=Fields("body")) == [Document("g-1", "a")]
    invalid = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"\xffa")]
    )
    path = parquet(tmp_path / "h.parquet", {"text": invalid})
    assert records(path) == [Failure("h-1", "not UTF-8"), Document("h-2", "a")]


def test_what_stands_before_damage_in_parquet_is_kept(tmp_path: Path) -> None:
    texts = [os.urandom(500).hex() for _ in range(400)]
    options = {"row_group_size": 50, "compression": "zstd", "use_dictionary": False}
    path = parquet(tmp_path / "f.parquet", {"text": texts}, **options)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    *good, bad = read(path, bytes(data))
    assert 100 <= len(good) < 250 and [d.text for d in good] == texts[: len(good)]
    assert isinstance(bad, Failure) and "damaged Parquet" in bad.error


# ---------------------------------------------------------------- standard input


def read_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> list[Document | Failure]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return records("-")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [Document("stdin", "")]),
        ("\ufeff Un\r\ndeux".encode(), [Document("stdin", " Un\r\ndeux")]),
        (b"{sic} dit-il\n{}", [Document("stdin", "{sic} dit-il\n{}")]),
        (
            b'\n \n{"text": "a"}\n{"text": "b"}',
            [Document("stdin-3", "a"), Document("stdin-4", "b")],
        ),
        (b'\xef\xbb\xbf\n{ "id": 1, "text": "a"}', [Document("1", "a")]),
        (b"caf\xe9", [Failure("stdin", "line 1: not UTF-8: byte 0xe9 at offset 3")]),
    ],
)
def test_standard_input_is_text_or_jsonl(
    monkeypatch: pytest.MonkeyPatch, data: bytes, expected: list[Document | Failure]
) -> None:
    assert read_stdin(monkeypatch, data) == expected


def test_bad_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = read_stdin(monkeypatch, b'{"text": "cut\n{"text": "a"}')
    assert isinstance(bad, Failure) and bad.error.startswith("not JSON")
    assert good == Document("stdin-2", "a")
    monkeypatch.setattr(streams, "LIMIT", 100)
    (bad,) = read_stdin(monkeypatch, b"a" * 101)
    assert isinstance(bad, Failure) and "longer than" in bad.error
    (bad,) = read_stdin(monkeypatch, b"a\n" * 51)
    assert isinstance(bad, Failure) and "longer than" in bad.error


def test_gold_comes_back_through_an_entry(heldout: list[Document]) -> None:
    for document in heldout:
        entry = Entry(document, {"other": msgspec.Raw(b"[1.0]")})
        assert Entry.decode(entry.encode()).record == document

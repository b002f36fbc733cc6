"""What a run writes, in every format, and that all of it comes back."""

from __future__ import annotations

import csv
import datetime
import decimal
import gzip
import io
import json
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archives import make_archive, pretend, pretend_engine, tag
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_render import Page

from guillemets.inference.archive.engines import local, tag_chunk
from guillemets.inference.archive.fields import Fields
from guillemets.inference.archive.flat import QUOTE_COLUMNS
from guillemets.inference.archive.run import Job, run
from guillemets.inference.errors import InputError
from guillemets.inference.schema import Document, Failure

OUTPUTS = ["o.jsonl", "o.jsonl.gz", "o.csv", "o.parquet", "o.html"]


def lines(path: Path) -> list[dict]:
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in data.splitlines()]


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def flat(documents: list[dict]) -> list[tuple]:
    """Offsets, words and names of every quote, and the errors, in order."""
    rows: list[tuple] = []
    for document in documents:
        if "error" in document:
            rows.append((document["id"], document["error"]))
        for number, quote in enumerate(document.get("quotes", []), 1):
            name = (quote["speaker"] or {}).get("name")
            rows.append((document["id"], number, quote["start"], quote["end"], quote["text"], name))
    return rows


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive") / "in")


@pytest.fixture(scope="module")
def tagged(archive: Path) -> list[dict]:
    output = archive.parent / "all.jsonl"
    report = tag([archive], output)
    found = lines(output)
    errors = [record for record in found if "error" in record]
    assert (report.totals.records, report.totals.errors) == (len(found), len(errors))
    assert report.totals.quotes == sum(len(d.get("quotes", [])) for d in found)
    return found


def test_every_document_stands_in_its_place(tagged: list[dict]) -> None:
    jsonl = ["j0", "c-2", "j1", "c-4", "j2", "c-6", "long", *(f"j{i}" for i in range(3, 12))]
    zst = [*(name.replace("c-", "e-") for name in jsonl), "e-17"]
    ids = [record["id"] for record in tagged]
    csv, parquet = ["0", "1", "2", "3", "f-6", "6"], [f"g-{i}" for i in range(1, 7)]
    assert ids == ["a", "b", *jsonl, "j0", "d-2", "j1", "d-4", *zst, *csv, *parquet]
    failed = [record["id"] for record in tagged if "error" in record]
    assert failed[:5] == ["b", "c-2", "c-4", "c-6", "long"] and failed[-3:] == ["f-6", "6", "g-6"]
    assert tagged[2]["n"] == 0 and tagged[2]["where"] == {"page": 0}


def test_all_formats_say_the_same(archive: Path, tagged: list[dict], tmp_path: Path) -> None:
    for name in OUTPUTS:
        tag([archive], tmp_path / name)
    tag([archive], tmp_path / "flat.parquet", flat=True)
    assert lines(tmp_path / "o.jsonl") == lines(tmp_path / "o.jsonl.gz") == tagged

    rows = csv_rows(tmp_path / "o.csv")
    assert [*rows[0]] == ["id", "n", "where", "source", *QUOTE_COLUMNS]
    typed = pq.read_table(tmp_path / "flat.parquet").to_pylist()
    assert [*typed[0]] == [*rows[0]]
    expected = flat(tagged)
    for found in (rows, typed):
        assert [
            (row["id"], row["error"])
            if row["error"]
            else (
                row["id"],
                *(int(row[name]) for name in ("number", "start", "end")),
                row["quote"],
                row["speaker"] or None,
            )
            for row in found
        ] == expected
    sources = {row["id"]: row["source"] for row in rows}
    assert sources["1"] == "'=cmd1"  # a spreadsheet must not run it
    assert json.loads(rows[1]["where"] or "{}") == {} and typed[0]["condemn"] == 0.5

    nested = pq.read_table(tmp_path / "o.parquet").to_pylist()
    assert flat([{k: v for k, v in d.items() if v is not None} for d in nested]) == expected
    texts = [record.get("text") for record in tagged]
    assert [row["text"] for row in nested] == texts

    page = Page((tmp_path / "o.html").read_text(encoding="utf-8"))
    assert page.articles == [text for text in texts if text is not None]


@pytest.mark.parametrize("name", [*OUTPUTS, "o.txt"])
def test_outputs_are_the_same_each_time_and_leave_nothing_behind(
    archive: Path, tmp_path: Path, name: str
) -> None:
    for folder in ("1", "2"):
        (tmp_path / folder).mkdir()
        tag([archive], tmp_path / folder / name)
    assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    assert [path.name for path in tmp_path.glob("*/*")] == [name, name]


@pytest.mark.parametrize("name", ["o.jsonl", "o.csv", "o.parquet"])
def test_shards_are_the_whole(archive: Path, tagged: list[dict], tmp_path: Path, name: str) -> None:
    shards = []
    for i in (1, 2, 3):
        output = tmp_path / f"{i}-{name}"
        tag([archive], output, shard=(i, 3))
        if name == "o.jsonl":
            shards.append(lines(output))
            assert shards[-1] == tagged[i - 1 :: 3]
        else:
            rows = pq.read_table(output).to_pylist() if "parquet" in name else csv_rows(output)
            ids = [record["id"] for record in tagged[i - 1 :: 3]]
            assert [*dict.fromkeys(row["id"] for row in rows)] == [*dict.fromkeys(ids)]
    assert not shards or sum(map(len, shards)) == len(tagged)


def test_columns_of_parquet_keep_their_types(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 5, 1, 12, 3, tzinfo=datetime.timezone.utc)
    table = pa.table(
        {
            "text": ["« Non »", "b"],
            "n": pa.array([1, None], pa.int8()),
            "x": pa.array([1.1, 2], pa.float32()),
            "ok": [True, None],
            "day": [None, when.date()],
            "time": pa.array([when, None], pa.timestamp("us", "Europe/Paris")),
            "price": [decimal.Decimal("1.20"), None],
            "name": ["é", None],
            "void": pa.array([None, None], pa.string()),
            "score": pa.array([5, 6], pa.uint16()),
            "many": [[1, 2], []],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    tag([tmp_path / "in.parquet"], tmp_path / "o.parquet")
    nested = pq.read_table(tmp_path / "o.parquet")
    kept = [name for name in table.column_names if name not in ("text", "many")]
    assert nested.select(kept) == table.select(kept)
    assert nested["many"].to_pylist() == ["[1,2]", "[]"]
    tag([tmp_path / "in.parquet"], tmp_path / "flat.parquet", flat=True)
    (row,) = pq.read_table(tmp_path / "flat.parquet").to_pylist()
    assert (row["input_score"], row["score"], row["time"]) == (5, 0.75, when)


def test_types_of_carried_json(tmp_path: Path) -> None:
    values = {
        "int": ["1", "null", "-5"],
        "float": ["1", "2.5", "null"],
        "bool": ["true", "false", "null"],
        "text": ['"1"', '"é"', '""'],
        "mixed": ['"a"', "1", "[2]"],
        "big": ["1", str(2**64), "null"],
        "huge": ["1e400", "null", "null"],
        "void": ["null", "null", "null"],
    }
    with (tmp_path / "in.jsonl").open("w") as out:
        for i in range(3):
            fields = ", ".join(f'"{name}": {column[i]}' for name, column in values.items())
            out.write(f'{{"text": "", {fields}}}\n')
    tag([tmp_path / "in.jsonl"], tmp_path / "o.parquet")
    table = pq.read_table(tmp_path / "o.parquet")
    assert {name: table[name].to_pylist() for name in values} == {
        "int": [1, None, -5],
        "float": [1.0, 2.5, None],
        "bool": [True, False, None],
        "text": ["1", "é", ""],
        "mixed": ["a", "1", "[2]"],
        "big": [1.0, 2.0**64, None],
        "huge": ["1e400", None, None],
        "void": [None, None, None],
    }


def test_too_many_columns_are_told_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"text": "", "field {i}": 1}}\n' for i in range(1001)))
    with pytest.raises(InputError, match="--format jsonl"):
        tag([path], tmp_path / "o.csv")
    tag([path], tmp_path / "o.csv", format="jsonl", resume=True)
    assert len(lines(tmp_path / "o.csv")) == 1001


def test_a_document_that_the_tagger_breaks_on_fails_alone() -> None:
    chunk = [Document("a", "« a »"), Failure("b", "bad"), Document("c", "unsayable")]
    first, second, third = tag_chunk(pretend, [*chunk])
    assert isinstance(first, Document) and first.quotes and second == chunk[1]
    assert third == Failure("c", "the tagger failed on it: IndexError: list index out of range")

    def broken(records):  # type: ignore[no-untyped-def]
        raise MemoryError

    with pytest.raises(MemoryError):
        tag_chunk(broken, [*chunk])


def test_tables_to_standard_output(
    archive: Path, tagged: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    out: dict[str, bytes] = {}
    for format in ("csv", "parquet", "jsonl", "jsonl.gz"):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw))
        job = Job([str(archive)], None, format, Fields(), chunk=4)
        run(job, pretend_engine, lambda message: None)
        out[format] = raw.getvalue()
    assert [json.loads(line) for line in out["jsonl"].splitlines()] == tagged
    assert gzip.decompress(out["jsonl.gz"]) == out["jsonl"]
    assert pq.read_table(io.BytesIO(out["parquet"])).num_rows == len(tagged)
    assert out["csv"].startswith(b"id,n,where,source,number,")


odd = st.text(
    st.one_of(
        st.sampled_from("«»\"'\r\n\t,;=+-@\0\ufeff\u2028<&é😀"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=25,
)


def unescaped(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'")[:1] in tuple("=+-@\t\r") else cell


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(documents=st.lists(st.tuples(odd, odd, odd), min_size=1, max_size=4))
def test_odd_texts_come_back_from_every_format(
    tmp_path_factory: pytest.TempPathFactory, documents: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    path = folder / "in.jsonl"
    with path.open("wb") as out:
        for name, text, other in documents:
            row = {"id": name, "text": f"{text}« {other} »", "other": other}
            out.write(msgspec.json.encode(row) + b"\n")
    for name in OUTPUTS:
        tag([path], folder / name)
    records = lines(folder / "o.jsonl")
    assert lines(folder / "o.jsonl.gz") == records
    assert [(r["id"], r["text"], r["other"]) for r in records] == [
        (name, f"{text}« {other} »", other) for name, text, other in documents
    ]
    table = pq.read_table(folder / "o.parquet").to_pylist()
    assert [(r["id"], r["text"], r["other"]) for r in table] == [
        (r["id"], r["text"], r["other"]) for r in records
    ]
    assert [q["text"] for r in table for q in r["quotes"]] == [
        q["text"] for r in records for q in r["quotes"]
    ]
    rows = csv_rows(folder / "o.csv")
    cells = [(r["id"], r["quote"], r["other"]) for r in rows]
    assert [tuple(map(unescaped, row)) for row in cells] == [
        (r["id"], q["text"], r["other"]) for r in records for q in r["quotes"]
    ]
    for cell in chain(*cells):
        assert not cell.startswith(tuple("=+-@\t\r")) or is_number(cell)
    page = Page((folder / "o.html").read_bytes().decode())
    assert page.articles == [r["text"].replace("\0", "\ufffd") for r in records]


def is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def test_chunks_tagged_at_once_come_in_order() -> None:
    chunks = [[Document(f"{n}-{i}", "« Non », a dit Rey.") for i in range(2)] for n in range(9)]

    def slow(records: list[Document]) -> Iterator[Document]:
        time.sleep(0.05 if records[0].id[0] in "036" else 0)
        yield from records

    assert list(local(slow, at_once=3)(chunks)) == list(local(slow)(chunks)) == chunks
    with pytest.raises(InputError, match="broken"):  # of the command, not of a document
        list(local(_broken, at_once=3)(chunks))


def _broken(records: list[Document]) -> Iterator[Document]:
    raise InputError("broken")

"""The Ray engine, on a cluster of two nodes on this machine."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CORPUS

pytest.importorskip("ray", reason="Ray is not installed")

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402

from guillemets.inference import Document, QuoteTagger, cli  # noqa: E402
from guillemets.inference.errors import InputError  # noqa: E402
from guillemets.inference.ray_engine import input_files, tag_with_ray  # noqa: E402
from guillemets.inference.reading import read_documents  # noqa: E402


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    terminate = signal.getsignal(signal.SIGTERM)
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
    )
    cluster.add_node(num_cpus=2)
    yield cluster.address
    cluster.shutdown()
    signal.signal(signal.SIGTERM, terminate)  # Ray's own would be inherited by children of others


@pytest.fixture(scope="module")
def articles() -> list[Document]:
    return [Document(d.id, d.text) for d in read_documents(CORPUS / "briefs-heldout.jsonl")][:36]


@pytest.fixture(scope="module")
def tagged(articles: list[Document]) -> list[Document]:
    return list(QuoteTagger.from_pretrained(device="cpu").pipe_documents(articles))


def facts(quotes: list) -> list[tuple]:
    """What batches of another make-up, which move the last digits of a score, leave as it is."""
    return [(q["start"], q["end"], q["type"], q["speaker"], q["stance"]["label"]) for q in quotes]


def expected(document: Document) -> list[tuple]:
    import msgspec

    return facts(msgspec.to_builtins(document.quotes))


def test_lines_in_lines_out(cluster, articles, tagged, tmp_path: Path, monkeypatch, capsys):
    """Several blocks and files; through the command line; a bad line keeps its place."""
    first, second = tmp_path / "in" / "a.jsonl", tmp_path / "in" / "b.jsonl"
    first.parent.mkdir()
    with first.open("w", encoding="utf-8") as out:
        for number, article in enumerate(articles[:35]):
            extra = {"date": number} if number % 2 else {"date": "lundi", "tags": [1, "é"]}
            print(json.dumps({"id": article.id, "text": article.text, **extra}), file=out)
    second.write_bytes(
        b'{"text": "un", "quotes": 7}\n{bad\n{"text": null, "id": 3}\n{"text": "\xff"}\n'
        + json.dumps({"id": "last", "text": articles[35].text}).encode()
    )
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    output = tmp_path / "out"
    argv = ["tag", "--engine", "ray", str(tmp_path / "in"), "--workers", "2"]
    assert cli.main([*argv, "--device", "cpu", "--output", str(output)]) == 2

    rows = [
        json.loads(line)
        for file in sorted(output.iterdir())
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    assert [r["id"] for r in rows[:35]] == [a.id for a in articles[:35]]
    assert [r["text"] for r in rows[:35]] == [a.text for a in articles[:35]]
    assert [facts(r["quotes"]) for r in rows[:35]] == [expected(d) for d in tagged[:35]]
    assert [r["date"] for r in rows[:4]] == ["lundi", 1, "lundi", 3]
    assert rows[0]["tags"] == [1, "é"] and "tags" not in rows[1] and "error" not in rows[0]
    one, *bad, last = rows[35:]
    assert one == {"id": "b-1", "text": "un", "quotes": [], "input_quotes": 7}
    assert [r["id"] for r in bad] == ["b-2", "3", "b-4"]
    assert f"{second}:2: not JSON" in bad[0]["error"] and "not UTF-8" in bad[2]["error"]
    assert "nothing, not a string" in bad[1]["error"] and "quotes" not in bad[1]
    assert facts(last["quotes"]) == expected(tagged[35])
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3 and all(line.startswith("guillemets: ") for line in told)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_parquet_in_parquet_out(cluster, articles, tagged, tmp_path: Path):
    """Columns of other names, typed ones carried along, a broken file between good ones."""
    folder = tmp_path / "in"
    folder.mkdir()
    few = articles[:6]
    table = pa.table(
        {
            "url": [a.id for a in few],
            "text": list(range(6)),
            "body": [*(a.text for a in few[:5]), None],
            "day": pa.array(range(6), pa.date32()),
        }
    )
    pq.write_table(table, folder / "a.parquet")
    (folder / "b.parquet").write_bytes(b"PAR1 is how it starts")
    pq.write_table(table.drop(["url"]), folder / "c.parquet")
    failures = tag_with_ray(
        [str(folder / "*.parquet")],
        tmp_path / "out",
        text_field="body",
        id_field="url",
        device="cpu",
        workers=2,
        address=cluster,
    )
    result = pq.read_table(tmp_path / "out")
    ids = [*(a.id for a in few), "b", *(f"c-{i}" for i in range(1, 7))]
    assert result["id"].to_pylist() == ids
    assert result["day"].to_pylist() == [*table["day"].to_pylist(), None, *table["day"].to_pylist()]
    assert result["input_text"].to_pylist() == [*range(6), None, *range(6)]
    rows = result.to_pylist()
    for part in (rows[:5], rows[7:12]):
        assert [facts(r["quotes"]) for r in part] == [expected(d) for d in tagged[:5]]
        assert [r["text"] for r in part] == [a.text for a in few[:5]]
    assert [r["quotes"] for r in (rows[5], rows[6], rows[12])] == [None] * 3
    assert [line.split(":")[0] for line in sorted(failures)] == sorted(["b", "c-6", few[5].id])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["a.jsonl"], "give --output FOLDER"),
        (["a.jsonl", "-o", "out", "--format", "html"], "writes parquet or jsonl, not html"),
        (["none.jsonl", "-o", "out"], "none.jsonl: No such file"),
        (["*.none", "-o", "out"], "*.none: no .parquet or .jsonl file there"),
        (["a.txt", "-o", "out"], "neither a .parquet nor a .jsonl file"),
        (["a.jsonl", "-o", "full"], "the folder is not empty"),
        (["a.jsonl", "-o", "out", "--model", "/no/such"], "no such model folder"),
        (["a.jsonl", "-o", "out", "--address", "127.0.0.1:1"], "127.0.0.1:1: no Ray cluster"),
        (["a.jsonl", "-o", "out", "--address", "nonsense"], "nonsense: no Ray cluster"),
        (["a.jsonl", "-o", "out", "--workers", "0"], "at least one"),
        (["a.jsonl", "--engine", "local", "--workers", "2"], "go with --engine ray"),
    ],
)
def test_what_cannot_be_used_is_one_line(argv, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('{"text": "un"}\n')
    Path("a.txt").write_text("un")
    Path("full").mkdir()
    Path("full/x").touch()
    assert cli.main(["tag", "--engine", "ray", *argv]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line and not Path("out").exists()


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.jsonl").write_text('{"text": "un"}\n')
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "guillemets.inference.ray_engine")
    argv = ["tag", "--engine", "ray", str(tmp_path / "a.jsonl"), "-o", str(tmp_path / "out")]
    assert cli.main(argv) == 2
    assert capsys.readouterr().err == (
        "guillemets: ray is not installed: pip install 'guillemets[ray]'\n"
    )


def test_inputs_keep_their_order(tmp_path):
    for name in ("b.jsonl", "a/2.parquet", "a/1.jsonl", "a/x.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = input_files([str(tmp_path / "b.jsonl"), str(tmp_path / "a")])
    assert [f.name for f in found] == ["b.jsonl", "1.jsonl", "2.parquet"]
    with pytest.raises(InputError):
        input_files([str(tmp_path / "a" / "x.csv")])

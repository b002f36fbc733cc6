"""Archives for tests, and a stand-in for the tagger that is quick and always finds the same."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from guillemets.inference.archive.engines import Engine, local
from guillemets.inference.archive.fields import Fields
from guillemets.inference.archive.run import Job, Report, run
from guillemets.inference.archive.sinks import format_of
from guillemets.inference.archive.sources import zstd_module
from guillemets.inference.schema import Document, Failure, Quote, Span, Speaker, Stance

SCORES = {"support": 0.25, "condemn": 0.5, "neutral": 0.25}


def pretend(records: Iterable[Document | Failure]) -> Iterator[Document | Failure]:
    """Takes what stands between any two marks for a quote, its neighbours for speaker and cue."""
    for record in records:
        if isinstance(record, Failure):
            yield record
        elif len(record.text) > 100_000:
            yield Failure(record.id, "a text of more than 100,000 characters")
        elif "unsayable" in record.text:
            raise IndexError("list index out of range")
        else:
            yield Document(record.id, record.text, [*_quotes(record.text)])


def _quotes(text: str) -> Iterator[Quote]:
    for number, match in enumerate(re.finditer("«([^«»]+)»", text)):
        cue = Span.of(text, match.end(), len(text)) if match.end() < len(text) else None
        mention = Span.of(text, 0, match.start()) if match.start() else None
        yield Quote(
            match.start(1),
            match.end(1),
            match[1],
            "direct" if number % 2 else "mixed",
            None if number % 3 == 2 else Speaker(text[:5], mention),
            cue,
            Stance("condemn", text[-3:] if number % 2 else None, SCORES),
            0.75,
        )


def pretend_engine(pause: float = 0.0) -> Engine:
    """The stand-in as an engine, with so many seconds of rest before each chunk."""

    def rested(records: Iterable[Document | Failure]) -> Iterator[Document | Failure]:
        time.sleep(pause)
        return pretend(records)

    return local(rested)


def tag(
    inputs: Iterable[object],
    output: Path,
    fields: Fields | None = None,
    pause: float = 0.0,
    tell: Callable[[str], None] = lambda message: None,
    **options: object,
) -> Report:
    """A run with the stand-in; the messages go nowhere, or where they are told to."""
    options = {"format": format_of(output), "chunk": 4} | options
    job = Job([str(i) for i in inputs], output, fields=fields or Fields(), **options)  # type: ignore[arg-type]
    return run(job, lambda: pretend_engine(pause), tell)


def make_archive(folder: Path, articles: int = 12) -> Path:
    """A folder with a file of every format, good documents and bad ones mixed."""
    folder.mkdir()
    texts = [f"Mme Rey no {i} : « Non, non et {i} ! » a-t-elle dit. « {i} » ?" for i in range(99)]
    (folder / "a.txt").write_text(texts[0])
    (folder / "b.txt").write_bytes(b"caf\xe9")
    lines = [
        {"id": f"j{i}", "text": texts[i], "n": i, "where": {"page": i}} for i in range(articles)
    ]
    raw = [json.dumps(line).encode() for line in lines]
    raw.insert(1, b"not JSON")
    raw.insert(3, b'{"text": 5}')
    raw.insert(5, b'{"text": "\\ud800"}')
    raw.insert(6, json.dumps({"id": "long", "text": "a " * 60_000}).encode())
    (folder / "c.jsonl").write_bytes(b"\n".join(raw))
    (folder / "d.jsonl.gz").write_bytes(gzip.compress(b"\n".join(raw[:4])))
    compress = zstd_module("test").compress
    cut = compress(raw[0])[:-9]
    (folder / "e.jsonl.zst").write_bytes(compress(b"\n".join([*raw, b""])) + cut)
    rows = [f'{i};"{texts[i]}";=cmd{i}' for i in range(4)]
    (folder / "f.csv").write_bytes(
        ("\n".join(["id;text;source", *rows]) + "\n").encode() + b"5;caf\xe9;x\n6;\n"
    )
    pq.write_table(
        pa.table({"text": [*texts[:5], None], "n": [1, 2, 3, None, 5, 6]}), folder / "g.parquet"
    )
    return folder

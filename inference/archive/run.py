"""The run: rows into chunks, chunks through the engine, results into the output."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from guillemets.inference.archive.engines import Engine, Record
from guillemets.inference.archive.entry import Entry
from guillemets.inference.archive.fields import Fields
from guillemets.inference.archive.progress import Meter
from guillemets.inference.archive.readers import Row, rows
from guillemets.inference.archive.sinks import STREAMED, convert, stream_out
from guillemets.inference.archive.sources import (
    Source,
    Survey,
    Unusable,
    expand,
    require_pyarrow,
    survey,
)
from guillemets.inference.archive.spool import Spool, Totals, is_finished
from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import Document, Failure
from guillemets.inference.writing import writing_bytes

CHUNK = 64  # records: what a run that is killed may lose
CHUNK_CHARACTERS = 4_000_000


@dataclass(frozen=True)
class Job:
    """What to tag and where to. ``shard`` (i, n): the records i-1, i-1+n, i-1+2n, … over all inputs.

    ``command`` holds all else that results depend on; a run resumes only under the same.
    """

    inputs: Sequence[str]
    output: Path | None
    format: str
    fields: Fields
    flat: bool = False
    shard: tuple[int, int] = (1, 1)
    chunk: int = CHUNK
    resume: bool = False
    restart: bool = False
    command: Callable[[], dict[str, object]] = dict


@dataclass(frozen=True)
class Report:
    """What is done, and how many of the records earlier runs had done."""

    totals: Totals
    before: int
    rate: float  # words a second, of this run
    started: bool = True  # false where no input was of use: nothing is written then


def run(
    job: Job, load: Callable[[], Engine], tell: Callable[[str], None], progress: bool = False
) -> Report:
    """Tags everything; each failure is told, and is a record in its place in the output.

    ``load`` makes the engine, when all else is in order. Raises InputError where the run cannot
    start or go on; what is tagged by then is kept for a run with ``resume``.
    """
    surveyed = survey(job.inputs, job.output)
    if job.format == "parquet":
        require_pyarrow(str(job.output or "<stdout>"))
    if not surveyed.files:  # nothing to write: an output that exists stays, and no model is loaded
        problems = [s for s in expand(job.inputs, job.output) if isinstance(s, Unusable)]
        for problem in problems:
            tell(located(problem.path, None, problem.reason))
        return Report(Totals(len(problems), errors=len(problems)), 0, 0.0, started=False)
    work = _Work(job, surveyed, tell, Meter(surveyed.bytes, progress))
    with work.meter.showing():
        if job.output is not None and _is_regular(job.output):
            return work.to_file(job.output, load)
        return work.to_stream(load)


def _is_regular(output: Path) -> bool:
    return output.is_file() or output.is_dir() or not output.exists()


class _Work:
    """One run of a job: its totals so far, and what it shows of them."""

    def __init__(
        self, job: Job, surveyed: Survey, tell: Callable[[str], None], meter: Meter
    ) -> None:
        self.job = job
        self.survey = surveyed
        self.tell = tell
        self.meter = meter
        self.totals = Totals()

    def to_file(self, output: Path, load: Callable[[], Engine]) -> Report:
        job = self.job
        if job.resume and self.survey.has_stdin:
            raise InputError("standard input cannot be read again: --resume needs files")
        if job.resume and is_finished(output):
            self.tell(f"{output}: is finished, nothing to resume; without --resume it is made anew")
            return Report(Totals(), 0, 0.0, started=False)
        spool = Spool(output, self._command(), job.resume, job.restart)
        try:
            self.totals = copy(spool.totals)
            before = self.totals.records
            if not spool.totals.complete:
                for entries in self._chunks(load(), before):
                    spool.append(b"".join(e.encode() for e in entries), self.totals)
                    self.totals = copy(spool.totals)
            rate = self.meter.rate(self.totals)
            spool.finish(None if job.format == "jsonl" else self._convert)
        finally:
            spool.close()
        return Report(self.totals, before, rate)

    def to_stream(self, load: Callable[[], Engine]) -> Report:
        """To standard output or a device, as the results come where the format can."""
        if self.job.resume or self.job.restart:
            name = self.job.output or "standard output"
            raise InputError(f"{name} keeps no unfinished run: --resume needs an --output file")
        entries = chain.from_iterable(self._chunks(load(), 0))
        with writing_bytes(self.job.output) as out:
            if self.job.format in STREAMED:
                stream_out(entries, out, self.job.format)
            else:
                with TemporaryDirectory(prefix="guillemets-") as folder:
                    part = Path(folder) / "part"
                    with open(part, "wb") as spooled:
                        stream_out(entries, spooled, "jsonl")
                    self._convert(part, out)
        return Report(self.totals, 0, self.meter.rate(self.totals))

    def _command(self) -> dict[str, object]:
        surveyed = self.survey
        return {
            "inputs": [surveyed.files, surveyed.bytes, surveyed.digest],
            "text field": self.job.fields.text,
            "id field": self.job.fields.id,
            "shard": "{}/{}".format(*self.job.shard),
            "chunk": self.job.chunk,
            **self.job.command(),
        }

    def _convert(self, part: Path, out: BinaryIO) -> None:
        typed = []
        if self.job.format == "parquet" and self.survey.only_parquet:
            sources = expand(self.job.inputs, self.job.output)
            typed = [source.path for source in sources if isinstance(source, Source)]
        convert(part, out, self.job.format, self.job.flat, typed)

    def _chunks(self, engine: Engine, done: int) -> Iterator[list[Entry]]:
        """The tagged entries of chunk after chunk, counted and told as they come."""
        pending: deque[tuple[list[tuple[Row, int]], list[Entry]]] = deque()

        def untagged() -> Iterator[list[Record]]:
            for placed, entries in self._cut(self._placed_rows(done)):
                pending.append((placed, entries))
                yield [entry.record for entry in entries]

        for tagged in engine(untagged()):
            placed, entries = pending.popleft()
            entries = [replace(e, record=record) for e, record in zip(entries, tagged, strict=True)]
            for (row, _), entry in zip(placed, entries):
                self._count(row, entry.record)
            yield entries
            self.meter.advance(self.totals, placed[-1][1])

    def _cut(
        self, placed: Iterable[tuple[Row, int]]
    ) -> Iterator[tuple[list[tuple[Row, int]], list[Entry]]]:
        """Chunks of so many records, fewer where texts are long; where they end depends on nothing else."""
        chunk: list[tuple[Row, int]] = []
        entries: list[Entry] = []
        characters = 0
        for row, position in placed:
            entry = row.load()
            chunk.append((row, position))
            entries.append(entry)
            if isinstance(entry.record, Document):
                characters += len(entry.record.text)
            if len(chunk) == self.job.chunk or characters > CHUNK_CHARACTERS:
                yield chunk, entries
                chunk, entries, characters = [], [], 0
        if chunk:
            yield chunk, entries

    def _placed_rows(self, done: int) -> Iterator[tuple[Row, int]]:
        """The rows of this shard after the first ``done``, each with the bytes of input up to it."""
        (index, shards), number, passed = self.job.shard, 0, 0
        for source in expand(self.job.inputs, self.job.output):
            for row in rows(source, self.job.fields):
                if number % shards == index - 1:
                    if number // shards == done:
                        self.meter.begin(self.totals, passed + row.position)
                    if number // shards >= done:
                        yield row, passed + row.position
                number += 1
            passed += _size(source)

    def _count(self, row: Row, record: Record) -> None:
        totals = self.totals
        totals.records += 1
        if isinstance(record, Failure):
            totals.errors += 1
            self.tell(located(row.source, row.line, record.error))
        else:
            totals.quotes += len(record.quotes)
            totals.words += len(record.text.split())


def _size(source: Source | Unusable) -> int:
    try:
        return source.size if isinstance(source, Source) else 0
    except OSError:
        return 0

"""``guillemets tag --engine ray``: the same tagger on every machine of a Ray cluster.

Files are read, tagged and written by the workers, block by block and in order: neither the archive
nor its result is ever whole in one memory. Input and output lie where every machine sees them.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path
from typing import Any, Literal

import msgspec

from guillemets.inference.errors import InputError, located
from guillemets.inference.reading import decode_line, numbered_lines
from guillemets.inference.workers import Origin
from guillemets.inference.writing import replacing_folder

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told
try:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import ray
    from ray.data import ActorPoolStrategy, DataContext
    from ray.data.datasource import BlockBasedFileDatasink
except ModuleNotFoundError as error:
    raise InputError(f"{error.name} is not installed: pip install 'guillemets[ray]'") from error

from guillemets.inference.columns import DOCUMENT, tagged_rows

Format = Literal["parquet", "jsonl"]
KINDS: dict[str, Format] = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
ROWS = 32  # documents a block: enough to fill batches of windows, few enough to share out
ROWS_PER_FILE = 20_000
FIELDS = "fields"  # the other fields of a line, as JSON: every line may have its own
CORES_PER_WORKER = 2

_LINE = msgspec.json.Decoder(dict[str, Any])
_READ = pa.schema({"id": pa.string(), "text": pa.string(), "error": pa.string()})


def tag_with_ray(
    inputs: Sequence[str],
    output: str | Path,
    *,
    format: Format | None = None,
    model: str | None = None,
    backend: str = "torch",
    device: str = "auto",
    text_field: str = "text",
    id_field: str = "id",
    min_score: float = 0.0,
    batch_size: int = 8,
    workers: int | None = None,
    address: str | None = None,
) -> list[str]:
    """Tags Parquet or JSONL files, folders and globs into the folder ``output``, in order.

    Rows hold the document schema and the other columns of the input (of JSONL in Parquet, as one
    column ``fields`` of JSON); one whose name the schema needs is called ``input_…``. A document
    that cannot be read or tagged keeps its place, with ``error`` and no quotes; these are returned,
    one line each. ``output`` appears when all is written. ``address`` is that of a cluster, else
    RAY_ADDRESS, else one is started on this machine and stopped. Raises InputError.
    """
    if workers is not None and workers < 1:
        raise InputError(f"{workers} workers: at least one is needed")
    files = input_files(inputs)
    format = format or KINDS[files[0].suffix.lower()]
    Origin.of(model, "cpu", backend).load()  # what is wrong with it is told here, before a cluster
    with replacing_folder(Path(output)) as part, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="ray.data")  # few documents leave workers idle
        started = not ray.is_initialized()
        try:
            if started:
                _connect(address)
            origin, resources = _plan(Origin.of(model, device, backend), workers)
            context = DataContext.get_current()
            context.execution_options.preserve_order = True
            context.enable_progress_bars = False
            failures = _Failures.remote()
            options = {"min_score": min_score, "batch_size": batch_size}
            paths = ray.data.from_items(
                [{"path": str(f)} for f in files], override_num_blocks=len(files)
            )
            tagged = (
                paths.map_batches(
                    _read,
                    batch_size=1,
                    fn_kwargs={"text_field": text_field, "id_field": id_field},
                )
                .repartition(target_num_rows_per_block=ROWS)
                .map_batches(
                    _Worker,
                    batch_format="pyarrow",
                    batch_size=ROWS,
                    fn_constructor_args=(origin, failures, options),
                    compute=ActorPoolStrategy(size=resources.pop("workers")),
                    **resources,
                )
            )
            if format == "parquet":
                tagged.write_parquet(str(part), min_rows_per_file=ROWS_PER_FILE)
            else:
                tagged.write_datasink(_Lines(str(part), min_rows_per_file=ROWS_PER_FILE))
            return ray.get(failures.all.remote())
        except (ray.exceptions.RayError, ConnectionError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(f"the Ray cluster: {reason}") from error
        finally:
            if started:
                ray.shutdown()


def input_files(inputs: Iterable[str]) -> list[Path]:
    """The files that files, folders and globs name, absolute, in the order given."""
    files: list[Path] = []
    for name in inputs:
        path = Path(name)
        if path.is_dir():
            found = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in KINDS]
        elif has_magic(name) and not path.exists():
            found = [Path(p) for p in sorted(glob(name, recursive=True)) if Path(p).is_file()]
        else:
            found = [path]
        if not found:
            raise InputError(located(name, None, "no .parquet or .jsonl file there"))
        for file in found:
            if file.suffix.lower() not in KINDS:
                raise InputError(located(str(file), None, "neither a .parquet nor a .jsonl file"))
            if not file.is_file():
                raise InputError(located(str(file), None, "No such file or directory"))
        files += [file.absolute() for file in found]
    return files


def _connect(address: str | None) -> None:
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    options = {"include_dashboard": False} if address == "local" else {}
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    host, _, port = address.rpartition(":")
    try:
        if port.isdigit() and "://" not in address:  # Ray itself would wait for minutes
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        ray.init(address, logging_level=logging.ERROR, log_to_driver=False, **options)
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"{address}: no Ray cluster ({reason})") from error


def _plan(origin: Origin, workers: int | None) -> tuple[Origin, dict[str, Any]]:
    """Where the taggers run: on the GPUs if there are any, else on shares of the cores.

    A core stays free for reading and writing; workers that held them all would wait for ever.
    """
    cluster = ray.cluster_resources()
    cores, gpus = int(cluster.get("CPU", 1)), int(cluster.get("GPU", 0))
    if origin.device == "cuda" and not gpus:
        raise InputError("the cluster has no GPU; use --device cpu")
    on_gpu = gpus and origin.device != "cpu" and origin.backend == "torch"
    workers = workers or (gpus if on_gpu else max(cores // CORES_PER_WORKER, 1))
    if on_gpu and workers > gpus:
        raise InputError(f"{workers} workers want a GPU each, the cluster has {gpus}")
    share = (cores - 1 if cores > 1 else 0.5) / workers
    smallest = min(int(n["Resources"].get("CPU", 1)) for n in ray.nodes() if n["Alive"])
    threads = max(min(cores // workers, smallest), 1)
    plan: dict[str, Any] = {
        "workers": workers,
        "num_cpus": 1 if share >= 1 else int(share * 100) / 100,
    }
    if on_gpu:
        plan["num_gpus"] = 1
    device = "cuda" if on_gpu else "cpu"
    return replace(origin, device=device, threads=threads), plan


# ---------------------------------------------------------------- on the workers


def _read(batch: dict[str, Any], text_field: str, id_field: str) -> Iterator[pa.Table]:
    """The rows of the files of a batch: ``id``, ``text`` or ``error``, and what else they have."""
    for name in batch["path"]:
        path = Path(str(name))
        read = _read_parquet if KINDS[path.suffix.lower()] == "parquet" else _read_lines
        try:
            yield from read(path, text_field, id_field)
        except (OSError, pa.ArrowException) as error:  # what has been read of it stays
            reason = located(str(path), None, str(error))
            yield pa.Table.from_pylist([{"id": path.stem, "error": reason}], _READ)


def _read_parquet(path: Path, text_field: str, id_field: str) -> Iterator[pa.Table]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            table = pa.Table.from_batches([batch])
            missing = [None] * table.num_rows
            columns = {
                field: table[field].to_pylist() if field in table.column_names else missing
                for field in (text_field, id_field)
            }
            rows = []
            for text, id in zip(columns[text_field], columns[id_field]):
                number += 1
                rows.append(_row(text, f"{path.stem}-{number}" if id is None else id, text_field))
            read = pa.Table.from_pylist(rows, _READ)
            for field in table.column_names:
                if field not in (text_field, id_field):
                    read = read.append_column(_carried(field), table[field])
            yield read


def _read_lines(path: Path, text_field: str, id_field: str) -> Iterator[pa.Table]:
    rows: list[dict[str, Any]] = []
    schema = _READ.append(pa.field(FIELDS, pa.string()))
    with path.open("rb") as stream:
        for number, line in numbered_lines(stream):
            name = f"{path.stem}-{number}"
            try:
                fields = decode_line(_LINE, line)
                text, id = fields.pop(text_field, None), fields.pop(id_field, None)
                row = _row(text, name if id is None else id, text_field)
                others = {_carried(name): value for name, value in fields.items()}
                row[FIELDS] = json.dumps(others, ensure_ascii=False) if others else None
            except ValueError as error:
                row = {"id": name, "error": located(str(path), number, str(error))}
            rows.append(row)
            if len(rows) == ROWS:
                yield pa.Table.from_pylist(rows, schema)
                rows = []
    if rows:
        yield pa.Table.from_pylist(rows, schema)


def _row(text: object, id: object, text_field: str) -> dict[str, Any]:
    if isinstance(text, str):
        return {"id": str(id), "text": text}
    what = "nothing" if text is None else type(text).__name__
    return {"id": str(id), "error": f"{text_field}: {what}, not a string"}


def _carried(field: str) -> str:
    return f"input_{field}" if field in DOCUMENT.names else field


class _Worker:
    """An actor with a tagger of its own."""

    def __init__(self, origin: Origin, failures: Any, options: dict) -> None:
        self.tagger = origin.load()
        self.failures = failures
        self.options = options

    def __call__(self, table: pa.Table) -> pa.Table:
        columns = (table[name].to_pylist() for name in ("id", "text", "error"))
        rows = tagged_rows(self.tagger, *columns, **self.options)
        failed = [f"{row['id']}: {row['error']}" for row in rows if row["error"]]
        if failed:
            ray.get(self.failures.add.remote(failed))
        return _extended(pa.Table.from_pylist(rows, DOCUMENT), table)


def _extended(tagged: pa.Table, table: pa.Table) -> pa.Table:
    for field in table.column_names:
        if field not in _READ.names:
            tagged = tagged.append_column(field, table[field])
    return tagged


@ray.remote(num_cpus=0)
class _Failures:
    """What could not be tagged, of all workers; a block that is tried again tells nothing twice."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}

    def add(self, lines: list[str]) -> None:
        self.lines.update(dict.fromkeys(lines))

    def all(self) -> list[str]:
        return list(self.lines)


class _Lines(BlockBasedFileDatasink):
    """JSON Lines as the project writes them: a failure has ``error`` instead of ``quotes``."""

    def __init__(self, path: str, min_rows_per_file: int) -> None:
        super().__init__(path, min_rows_per_file=min_rows_per_file, file_format="jsonl")

    def write_block_to_file(self, block: Any, file: pa.NativeFile) -> None:
        for batch in block.to_arrow().to_batches(max_chunksize=ROWS):
            for row in batch.to_pylist():
                absent = ("error",) if row["error"] is None else ("quotes",)
                for name in (*absent, "text") if row["text"] is None else absent:
                    del row[name]
                row |= json.loads(row.pop(FIELDS, None) or "{}")
                file.write(msgspec.json.encode(row, enc_hook=str) + b"\n")

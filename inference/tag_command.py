"""The ``tag`` command: its arguments, and what it does with them. Heavy imports wait for the run."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from guillemets.inference.arguments import add_model_arguments, positive, probability
from guillemets.inference.engines import add_engine_arguments, tag_with_engine, wants_engine
from guillemets.inference.errors import InputError, complain

if TYPE_CHECKING:
    from guillemets.inference.archive.engines import Engine

OK, BAD_INPUT, TERMINATED = 0, 2, 143
FORMATS = ("jsonl", "jsonl.gz", "csv", "parquet", "html", "table")


class Terminated(BaseException):
    """SIGTERM came."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``guillemets tag``."""
    parser.description = "Tag the quotes of French articles: speaker, type and stance."
    parser.epilog = (
        "A document that cannot be read or tagged is a record with an `error` in its place in the "
        "output and a line on stderr; the exit status is then 2. In CSV, a cell that a spreadsheet "
        "would run as a formula starts with an apostrophe."
    )
    add = parser.add_argument
    add(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help=".txt, .jsonl and .csv files (plain, .gz or .zst), .parquet files, folders or globs "
        "of them, or - for standard input",
    )
    add_model_arguments(parser)
    add("--output", "-o", type=Path, metavar="FILE", help="write here; in place once all is done")
    add(
        "--format",
        choices=FORMATS,
        help="default: by the extension of the output, else table on a terminal, else jsonl",
    )
    add("--flat", action="store_true", help="parquet with a row a quote, like csv")
    add("--text-field", default="text", metavar="NAME", help="default: %(default)s")
    add("--id-field", metavar="NAME", help="default: id where there is one, else file and line")
    add("--batch-size", type=positive, default=8, metavar="N", help="default: %(default)s windows")
    add(
        "--min-score",
        type=probability,
        default=0.0,
        metavar="P",
        help="leave out quotes less certain than this (0 to 1): fewer, but more of them right",
    )
    add(
        "--shard",
        type=_shard,
        default=(1, 1),
        metavar="I/N",
        help="tag every Nth record, from the Ith on: one job of an array of N",
    )
    unfinished = parser.add_mutually_exclusive_group()
    unfinished.add_argument(
        "--resume", action="store_true", help="go on with a run that was cut short, if there is one"
    )
    unfinished.add_argument(
        "--restart", action="store_true", help="throw away what a run that was cut short has tagged"
    )
    add("--quiet", "-q", action="store_true", help="show no progress and no summary")
    # Records between two marks in the journal.
    add("--chunk", type=positive, help=argparse.SUPPRESS)
    add_engine_arguments(parser)
    parser.set_defaults(run=tag)


def _shard(text: str) -> tuple[int, int]:
    try:
        index, shards = map(int, text.split("/"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 3/8") from None
    if not 1 <= index <= shards:
        raise argparse.ArgumentTypeError(f"{text}: from 1/{shards} to {shards}/{shards}")
    return index, shards


def tag(args: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    if wants_engine(args):
        failures = tag_with_engine(args)
        for failure in failures:
            complain(failure)
        return BAD_INPUT if failures else OK

    from guillemets.inference.archive.fields import Fields
    from guillemets.inference.archive.progress import summary
    from guillemets.inference.archive.run import CHUNK, Job, run

    format = args.format or _default_format(args.output)
    if args.flat and format != "parquet":
        raise InputError("--flat goes with parquet; csv always has a row a quote")
    to_file = args.output is not None
    job = Job(
        inputs=args.inputs,
        output=args.output,
        format=format,
        fields=Fields(args.text_field, args.id_field, complain),
        flat=args.flat,
        shard=args.shard,
        chunk=args.chunk or (CHUNK if to_file else args.batch_size),
        resume=args.resume,
        restart=args.restart,
        command=partial(_command, args),
    )
    shown = not args.quiet and sys.stderr.isatty() and (to_file or not sys.stdout.isatty())
    try:
        with _terminating():
            report = run(job, partial(_engine, args), complain, shown)
    except (KeyboardInterrupt, Terminated) as stop:
        if to_file and args.output.with_name(args.output.resolve().name + ".part").exists():
            complain(f"{args.output}: stopped; what is tagged is kept, --resume goes on with it")
        if isinstance(stop, Terminated):
            return TERMINATED
        raise
    if not args.quiet and report.started:
        complain(summary(report.totals, report.before, report.rate))
    return BAD_INPUT if report.totals.errors else OK


def _default_format(output: Path | None) -> str:
    if output is None:
        return "table" if sys.stdout.isatty() else "jsonl"
    from guillemets.inference.archive.sinks import format_of

    return format_of(output)


def _engine(args: argparse.Namespace) -> Engine:
    """Loads the model."""
    from guillemets.inference.archive.engines import local
    from guillemets.inference.tagger import QuoteTagger

    tagger = QuoteTagger.from_pretrained(
        args.model, device=args.device, backend=args.backend, threads=args.threads
    )
    pipe = partial(tagger.pipe_records, batch_size=args.batch_size, min_score=args.min_score)
    several = args.backend == "openvino" and args.threads != 1
    return local(pipe, at_once=2 if several else 1)


def _command(args: argparse.Namespace) -> dict[str, object]:
    """What results depend on besides the inputs: a run resumes only under the same."""
    from importlib.metadata import version

    return {
        "version": version("guillemets"),
        "model": _identity(args.model),
        "device": args.device,
        "backend": args.backend,
        "batch size": args.batch_size,
        "min score": args.min_score,
    }


def _identity(model: str | None) -> str:
    """A model folder by its content, a hub id by its name."""
    from guillemets.inference.backend import fingerprint
    from guillemets.inference.tagger import default_model

    folder = Path(model) if model else default_model()
    return fingerprint(folder)[:16] if folder.is_dir() else str(model)


@contextmanager
def _terminating() -> Iterator[None]:
    """SIGTERM ends the run like Ctrl-C does, with its files closed."""

    def stop(*_: object) -> None:
        raise Terminated

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: signals are somebody else's
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""The command line. Heavy modules are imported where they are used, so that help is instant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from guillemets.inference import serve_command
from guillemets.inference.errors import InputError, printable
from guillemets.inference.writing import abandon_stdout, writing

if TYPE_CHECKING:
    from guillemets.inference.reading import BadInput
    from guillemets.inference.schema import Document

OK, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 2, 130, 141
FORMATS = ("table", "jsonl", "html")
FORMAT_OF_EXTENSION = {".html": "html", ".htm": "html"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        args = _parser(argv).parse_args(argv)
        return args.run(args)
    except InputError as error:
        return _complain(str(error))
    except BrokenPipeError:  # the reader has gone, as `head` does
        abandon_stdout()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="guillemets",
        description="Who said what in French news, and for or against what.",
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(
        title="commands",
        metavar="COMMAND",
        dest="command",
        required=True,
        parser_class=_Parser,
    )
    _add_tag(commands.add_parser("tag", help="tag the quotes of articles"))
    serve = commands.add_parser("serve", help="a page to paste articles into, and an HTTP API")
    if argv[:1] == ["serve"]:
        serve_command.add_arguments(serve)
    for name, summary in TRAINING_COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        if argv[:1] == [name]:
            _add_training_command(command, name)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that lets options stand between the inputs: ``tag a.txt --quiet b.txt``."""

    _parsing = False

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        # The intermixed parse is itself made of plain ones, and knows no commands of a command.
        if self._parsing or self._subparsers:
            return super().parse_known_args(args, namespace)
        self._parsing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._parsing = False


class _Version(argparse.Action):
    """``--version``; the metadata is read only when it is asked for."""

    def __init__(self, **options: object) -> None:
        super().__init__(nargs=0, **options)  # type: ignore[arg-type]

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"guillemets {version('guillemets')}")
        parser.exit()


# ---------------------------------------------------------------- tag


def _add_tag(parser: argparse.ArgumentParser) -> None:
    parser.description = "Tag the quotes of French articles: speaker, type and stance."
    parser.epilog = (
        "A bad input is reported on stderr, one line each, and the exit status is 2; "
        "the good documents of the run are still written."
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help="a .txt or .jsonl file, or - for standard input")
    add("--model", metavar="DIR_OR_ID", help="a folder or hub id (default: the one that ships)")
    add("--output", "-o", type=Path, metavar="FILE", help="write here, and only once all is done")
    add(
        "--format",
        choices=FORMATS,
        help="default: table on a terminal, html for an .html output, else jsonl",
    )
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--batch-size", type=_positive, default=8, metavar="N", help="default: %(default)s windows")
    add(
        "--min-score",
        type=_probability,
        default=0.0,
        metavar="P",
        help="leave out quotes less certain than this (0 to 1): fewer, but more of them right",
    )
    add("--quiet", "-q", action="store_true", help="show no progress")
    parser.set_defaults(run=_tag)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def _probability(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _tag(args: argparse.Namespace) -> int:
    from guillemets.inference.reading import read_inputs

    problems: list[BadInput] = []
    documents = _report(read_inputs(args.inputs), problems)
    first = next(documents, None)
    if first is None and problems:
        return BAD_INPUT  # nothing to write: an output that exists stays, and no model is loaded

    from guillemets.inference.tagger import QuoteTagger

    tagger = QuoteTagger.from_pretrained(args.model, device=args.device)
    documents = chain([first] if first else [], documents)
    with writing(args.output) as out:
        tagged = tagger.pipe_documents(documents, args.batch_size, args.min_score)
        with _progress(tagged, shown=not args.quiet and not out.isatty()) as tagged:
            _write(tagged, args.format or _default_format(args.output, out), out)
    return BAD_INPUT if problems else OK


def _report(records: Iterable[Document | BadInput], problems: list[BadInput]) -> Iterator[Document]:
    """The good documents; each bad input is told at once and kept in ``problems``."""
    from guillemets.inference.reading import BadInput

    for record in records:
        if isinstance(record, BadInput):
            _complain(str(record))
            problems.append(record)
        else:
            yield record


def _default_format(output: Path | None, out: TextIO) -> str:
    if output is not None:
        return FORMAT_OF_EXTENSION.get(output.suffix.lower(), "jsonl")
    return "table" if out.isatty() else "jsonl"


def _write(documents: Iterable[Document], format: str, out: TextIO) -> None:
    from guillemets.inference import render

    if format == "table":
        from rich.console import Console

        render.table(documents, Console(file=out, highlight=False))
        return
    for piece in (render.html if format == "html" else render.jsonl)(documents):
        out.write(piece)


def _progress(
    documents: Iterable[Document], shown: bool
) -> AbstractContextManager[Iterable[Document]]:
    """``documents``, counted on stderr as they pass if that is a terminal."""
    if not shown or not sys.stderr.isatty():
        return nullcontext(documents)
    return _counting(documents)


@contextmanager
def _counting(documents: Iterable[Document]) -> Iterator[Iterable[Document]]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} documents"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress.track(documents, total=None)


# ---------------------------------------------------------------- training commands

#: Defined in guillemets.training.commands, with the arguments they take.
TRAINING_COMMANDS = {
    "train": "train a model from a config",
    "crossval": "judge a config by cross-validation",
    "average": "one model out of several runs that went on from one",
    "convert": "labelled data from one format to another",
    "validate": "check labelled data",
    "standoff": "take the texts out of gold, or put them back",
    "evaluate": "judge a model or predictions against gold",
    "compare": "what one system gains on another",
    "agreement": "how far two annotators agree",
    "calibrate": "make a model's scores mean what they say",
    "card": "write the figures of a model's card",
    "backbone": "build, adapt or describe a backbone to train from",
}


def _add_training_command(parser: argparse.ArgumentParser, name: str) -> None:
    """The command's own arguments, only when it is the one that runs: their module is not light."""
    with _needs_training_extra():
        from guillemets.training import commands

        commands.add_arguments(name, parser)
        run = parser.get_default("run")

    def guarded(args: argparse.Namespace) -> int:
        with _needs_training_extra():
            return run(args) or OK

    parser.set_defaults(run=guarded)


@contextmanager
def _needs_training_extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("guillemets"):
            raise
        raise InputError(
            f"{error.name} is not installed: pip install 'guillemets[train]'"
        ) from error


def _complain(message: str) -> int:
    """Tell one problem on one line of stderr; returns the exit status that goes with it."""
    print(f"guillemets: {printable(message)}", file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())

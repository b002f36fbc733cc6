"""The command line. Heavy modules are imported where they are used, so that help is instant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from guillemets.inference import serve_command, tag_command
from guillemets.inference.errors import InputError, complain
from guillemets.inference.writing import abandon_stdout

OK, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 2, 130, 141


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
        complain(str(error))
        return BAD_INPUT
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
    tag_command.add_arguments(commands.add_parser("tag", help="tag the quotes of articles"))
    export = commands.add_parser("export", help="make a model fast on CPU")
    if argv[:1] == ["export"]:
        from guillemets.inference import export_command

        export_command.add_arguments(export)
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


if __name__ == "__main__":
    sys.exit(main())

"""The command ``guillemets convert``."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import FORMATS, WRITABLE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives ``parser`` the arguments of the command, and ``run`` as a default."""
    parser.description = (
        "Labelled data in and out: the project's JSON Lines, BRAT, Label Studio, doccano, CoNLL, "
        "and labels inline in the text. OUT is written only when all has gone well."
    )
    parser.add_argument("source", type=Path, metavar="IN", help="a file, or a folder for brat")
    parser.add_argument("target", type=Path, metavar="OUT", help="a file, or a folder for brat")
    parser.add_argument("--from", dest="source_format", choices=FORMATS, help="default: guessed")
    parser.add_argument("--to", dest="target_format", choices=WRITABLE, help="default: guessed")
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE", help="YAML: what labels and relations are called"
    )
    parser.add_argument(
        "--labelling-config", action=_LabellingConfig,
        help="print the labelling configuration for Label Studio (with the names of a --mapping that "
        "stands before) and exit",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Converts, and tells on stderr what was done and what could not be kept. Raises InputError."""
    import sys

    from guillemets.inference.errors import printable

    from . import convert

    done = convert(args.source, args.target, args.source_format, args.target_format, args.mapping)
    summary = printable(f"{done.documents} documents, {done.quotes} quotes in {args.target}")
    for line in (*done.notes, summary):
        print(f"guillemets: {line}", file=sys.stderr)
    return 0


class _LabellingConfig(argparse.Action):
    """Prints and exits, as ``--version`` does."""

    def __init__(self, **options: object) -> None:
        super().__init__(nargs=0, **options)  # type: ignore[arg-type]

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: object
    ) -> None:
        from .labelstudio import labelling_config
        from .names import load_names

        print(labelling_config(load_names(namespace.mapping)), end="")
        parser.exit()

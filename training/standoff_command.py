"""``guillemets standoff``: takes the texts out of gold, and puts them back."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives ``parser`` the arguments of the command, and ``run`` as a default."""
    parser.description = (
        "Gold of texts that may not be passed on: offsets, labels and the SHA-256 of each text."
    )
    commands = parser.add_subparsers(dest="standoff_command", metavar="COMMAND", required=True)
    join = commands.add_parser("join", help="put the texts back into standoff gold")
    join.add_argument("gold", type=Path, metavar="GOLD", help="a standoff file")
    join.add_argument(
        "folder", type=Path, metavar="FOLDER",
        help="the texts: <id>.txt anywhere below it, or JSON Lines with `id` and `text`",
    )  # fmt: skip
    write = commands.add_parser("write", help="write gold without its texts")
    write.add_argument("gold", type=Path, metavar="GOLD", help="JSON Lines of gold documents")
    for command in (join, write):
        command.add_argument("out", type=Path, metavar="OUT", help="written once all went well")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs one of the two; raises InputError, one line."""
    from guillemets.inference.errors import InputError
    from guillemets.inference.reading import read_documents
    from guillemets.inference.render import jsonl
    from guillemets.inference.writing import writing

    from .standoff import join_standoff, write_standoff

    if args.out.exists() and args.gold.exists() and args.out.samefile(args.gold):
        raise InputError(f"{args.out}: would be written over the gold itself")
    if args.standoff_command == "write":
        count = write_standoff(read_documents(args.gold), args.out)
    else:
        count = 0
        with writing(args.out) as out:
            for line in jsonl(join_standoff(args.gold, args.folder)):
                out.write(line)
                count += 1
    print(f"documents written to {args.out}: {count}")
    return 0

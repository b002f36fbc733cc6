"""``guillemets agreement``: how far two annotators agree on the same texts."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives ``parser`` the arguments of the command, and ``run`` as a default."""
    parser.description = (
        "How far two annotators agree on the documents that both have labelled, with 95 % intervals "
        "(bootstrap over documents); no figure depends on which of the two comes first."
    )
    parser.add_argument("first", type=Path, metavar="A", help="JSON Lines of labelled documents")
    parser.add_argument("second", type=Path, metavar="B", help="those of another annotator")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here as well")
    parser.add_argument(
        "--report", type=Path, metavar="PAGE",
        help="write a page with every difference: an .html file, or report.html in a folder",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Prints the figures; raises InputError, one line."""
    from rich.console import Console

    from guillemets.inference.errors import InputError

    from .agreement import FIGURES, agree, shared
    from .commands import figures_table, read_gold, write_json, write_page

    files = args.first, args.second
    read = [read_gold(path) for path in files]
    try:
        first, second = shared(*read)
    except InputError as error:
        raise InputError(f"{args.first} and {args.second}: {error}") from None
    found = agree(first, second)
    console = Console(highlight=False)
    console.print(f"{found.documents} documents in both files", markup=False)
    for path, documents, quotes in zip(files, read, (found.gold, found.predicted)):
        alone = len(documents) - found.documents
        rest = f" ({alone} more documents, not compared)" if alone else ""
        console.print(f"{path.name}: {quotes} quotes{rest}", markup=False)
    figures = {label: found.figures[name] for name, label in FIGURES.items()}
    console.print(figures_table("agreement", figures))
    if args.json:
        write_json(args.json, found)
    if args.report:
        from .report import agreement_report

        write_page(args.report, agreement_report((args.first.stem, args.second.stem), first, second, found))  # fmt: skip

"""``guillemets crossval`` and ``guillemets train --learning-curve``: a model trained several times."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from . import processes

if TYPE_CHECKING:
    from .evaluation import Interval
    from .settings import Settings

#: What is told of a part when it is finished.
TOLD = {"overlap_f1": "overlap", "exact_f1": "exact", "end2end_f1": "end to end"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives ``parser`` the arguments of ``crossval``, and ``run`` as a default."""
    parser.description = (
        "Cross-validation: the training documents are split by the seed, and every part is tagged by a "
        "model trained on the others. Gold, predictions and figures stand in <output>/crossval; run "
        "again, it goes on where it was cut off."
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, as in configs/")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings to change")
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--report", type=Path, metavar="PAGE",
        help="write a page with plots and every error: an .html file, or report.html in a folder",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Runs the cross-validation; raises InputError, one line."""
    from .commands import load_run, read_gold, show, write_json, write_page

    settings = load_run(args)
    from .studies import GOLD, PREDICTIONS, cross_validate

    found = cross_validate(settings, args.folds, _tell)
    if not processes.is_first():
        return
    folder = Path(settings.output) / "crossval"
    write_json(folder / "figures.json", found)
    show(found.whole)
    print(f"gold, predictions and figures of the {args.folds} folds: {folder}")
    if args.report:
        from .baseline import RuleTagger
        from .evaluation import evaluate
        from .report import report

        gold, predicted = (read_gold(folder / name) for name in (GOLD, PREDICTIONS))
        name = f"{args.config.stem}, {args.folds}-fold cross-validation"
        rules = evaluate(gold, RuleTagger().pipe_documents(gold))
        systems = {args.config.stem: found.whole, "rules": rules}
        write_page(args.report, report(name, gold, predicted, systems))


def run_learning_curve(settings: Settings, shares: list[float]) -> None:
    """Trains on growing shares and writes ``<output>/learning-curve.json``."""
    from .commands import write_json
    from .studies import learning_curve

    found = learning_curve(settings, shares, _tell)
    if not processes.is_first():
        return
    path = Path(settings.output) / "learning-curve.json"
    write_json(path, found)
    print(f"learning curve written to {path}")


def shares(text: str) -> list[float]:
    """``0.25,0.5,1`` as numbers."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < share <= 1 for share in found):
        raise argparse.ArgumentTypeError(f"{text} is not shares between 0 and 1, as in 0.25,0.5,1")
    return found


def _tell(part: str, figures: dict[str, Interval]) -> None:
    if processes.is_first():
        told = ", ".join(f"{label} {figures[name]}" for name, label in TOLD.items())
        print(f"{part}: {told}", flush=True)

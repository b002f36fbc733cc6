"""The training side of the command line; what a command needs is imported when it runs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guillemets.inference.errors import InputError

from . import processes, studies_command

if TYPE_CHECKING:
    from rich.table import Table

    from guillemets.inference.schema import Document

    from .evaluation import Evaluation, Interval
    from .settings import Settings


def add_arguments(name: str, parser: argparse.ArgumentParser) -> None:
    """Gives ``parser`` the arguments of one command, and ``run`` as a default."""
    from . import agreement_command, averaging_command, standoff_command, validation_command
    from .formats import command as conversion_command

    {
        "train": _train_arguments,
        "crossval": studies_command.add_arguments,
        "convert": conversion_command.add_arguments,
        "validate": validation_command.add_arguments,
        "standoff": standoff_command.add_arguments,
        "evaluate": _evaluate_arguments,
        "compare": _compare_arguments,
        "agreement": agreement_command.add_arguments,
        "average": averaging_command.add_arguments,
        "calibrate": _calibrate_arguments,
        "card": _card_arguments,
        "backbone": _backbone_arguments,
    }[name](parser)


# ---------------------------------------------------------------- train


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Train a model. A run is a config; key=value changes one of its settings."
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, as in configs/")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings to change")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument(
        "--learning-curve", type=studies_command.shares, metavar="0.25,0.5,1",
        help="train on growing shares of the documents instead; the curve is written to "
        "<output>/learning-curve.json, for `evaluate --curve`",
    )  # fmt: skip
    parser.set_defaults(run=_train)


def _train(args: argparse.Namespace) -> None:
    settings = load_run(args)
    if args.learning_curve:
        studies_command.run_learning_curve(settings, args.learning_curve)
        return
    from .train import train

    figures = train(settings, args.resume)
    if not processes.is_first():
        return
    for name, value in figures.items():
        if isinstance(value, float):
            print(f"{name:24s} {value:.4f}")
    print(f"model saved in {settings.output}")


def load_run(args: argparse.Namespace) -> Settings:
    """The settings of a run; also keeps tokenizers from warning about processes that fork."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from .settings import load_settings

    return load_settings(args.config, args.overrides)


# ---------------------------------------------------------------- evaluate, calibrate


SYSTEM = "a model (folder or hub id), a .jsonl file of predictions, or the word « rules » for the baseline"


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Figures with 95 % intervals (bootstrap over documents), whole and by slice."
    )
    parser.add_argument("data", type=Path, metavar="GOLD", help="JSON Lines of gold documents")
    parser.add_argument(
        "--system", "--model", "--predictions", metavar="SYSTEM",
        help=f"{SYSTEM} (default: the model that ships)",
    )  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here as well")
    parser.add_argument(
        "--report", type=Path, metavar="PAGE",
        help="write a page with plots and every error: an .html file, or report.html in a folder",
    )  # fmt: skip
    parser.add_argument(
        "--curve", type=Path, metavar="FILE.json",
        help="plot this learning curve in the report (see `train --learning-curve`)",
    )  # fmt: skip
    parser.set_defaults(run=_evaluate)


def _evaluate(args: argparse.Namespace) -> None:
    from .curve import read_curve
    from .evaluation import evaluate
    from .report import HEADLINES

    if args.curve and not args.report:
        raise InputError("--curve is plotted in a report: give --report as well")
    gold = read_gold(args.data)
    curve = read_curve(args.curve, HEADLINES) if args.curve else None
    predicted = _predictions(args.system, gold, args.device)
    found = evaluate(gold, predicted)
    show(found)
    if args.json:
        write_json(args.json, found)
    if args.report:
        from .baseline import RuleTagger
        from .report import report

        name = args.system or "the model that ships"
        systems = {name: found}
        if args.system != "rules":
            systems["rules"] = evaluate(gold, RuleTagger().pipe_documents(gold))
        page = report(f"{name} on {args.data.name}", gold, predicted, systems, curve)
        write_page(args.report, page)


def write_page(place: Path, page: str) -> None:
    """Writes a report to an .html file, or into a folder."""
    if place.suffix.lower() not in (".html", ".htm"):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{place}: {error.strerror or error}") from None
        place = place / "report.html"
    write_text(place, page)


def write_json(path: Path, value: Any) -> None:
    """Writes a struct, indented, whole or not at all."""
    import msgspec

    write_text(path, msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n")


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all; raises InputError, one line."""
    from guillemets.inference.writing import writing

    with writing(path) as out:
        out.write(text)


def read_gold(path: Path) -> list[Document]:
    """The documents of a file, which must hold some."""
    from guillemets.inference.reading import read_documents

    gold = list(read_documents(path))
    if not gold:
        raise InputError(f"{path}: no documents")
    return gold


def _predictions(system: str | None, gold: list[Document], device: str) -> list[Document]:
    from guillemets.inference.reading import read_documents
    from guillemets.inference.schema import Document

    if system and system.endswith(".jsonl"):
        predicted = list(read_documents(system))
        texts = {d.id: d.text for d in predicted}
        for document in gold:
            if texts.get(document.id, document.text) != document.text:
                raise InputError(f"{system}: {document.id}: not the text of the gold")
        return predicted
    bare = (Document(d.id, d.text) for d in gold)
    if system == "rules":
        from .baseline import RuleTagger

        return list(RuleTagger().pipe_documents(bare))
    from guillemets.inference.tagger import QuoteTagger

    return list(QuoteTagger.from_pretrained(system, device=device).pipe_documents(bare))


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "What the second system gains on the first (paired bootstrap over documents)."
    )
    parser.add_argument("first", metavar="A", help=SYSTEM)
    parser.add_argument("second", metavar="B", help="likewise")
    parser.add_argument("data", type=Path, metavar="GOLD", help="JSON Lines of gold documents")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.set_defaults(run=_compare)


def _compare(args: argparse.Namespace) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from .evaluation import compare

    gold = read_gold(args.data)
    found = compare(gold, *(_predictions(s, gold, args.device) for s in (args.first, args.second)))
    table = Table(box=box.SIMPLE, title="gain of the second system, with 95 % intervals")
    for column in ("figure", "gain", "from", "to", ""):
        table.add_column(column, justify="right" if column in ("gain", "from", "to") else "left")
    for name, gain in found.gains.items():
        sure = "" if gain.low <= 0 <= gain.high else "better" if gain.low > 0 else "worse"
        table.add_row(name, *(f"{x:+.3f}" for x in (gain.value, gain.low, gain.high)), sure)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{len(found.changed)} of {len(gold)} documents changed in end-to-end hits:")
    for name, hits in found.changed:
        console.print(f"  {hits:+d}  {name}", markup=False)


def figures_table(title: str, figures: dict[str, Interval]) -> Table:
    """A table of figures by label, each with the ends of its interval."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, title=f"{title}, with 95 % intervals")
    for column in ("figure", "value", "from", "to"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for label, figure in figures.items():
        table.add_row(label, *(f"{x:.3f}" for x in (figure.value, figure.low, figure.high)))
    return table


def show(found: Evaluation) -> None:
    """Prints the figures, whole and by slice."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"{found.documents} documents, {found.gold} gold quotes, {found.predicted} found")
    table = figures_table("figures", found.figures)
    for name, calibration in found.calibration.items():
        table.add_row(f"calibration error of {name}", f"{calibration.error:.3f}", "", "")
    console.print(table)
    for name, parts in found.slices.items():
        table = Table(box=box.SIMPLE, title=name)
        for column in ("", "quotes", "exact", "overlap", "speaker", "stance", "end2end"):
            table.add_column(column, justify="right" if column else "left")
        for key, part in parts.items():
            row = (part.recall_exact, part.recall_overlap, part.speaker, part.stance)
            cells = [f"{x.value:.3f}" for x in (*row, part.recall_end2end)]
            table.add_row(key, str(part.quotes), *cells)
        console.print(table)


def _calibrate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Fit the scaling of scores on documents that the model was not trained on, "
        "and write it to the model's config.json."
    )
    parser.add_argument("data", type=Path, metavar="GOLD", help="JSON Lines of held-out documents")
    parser.add_argument("--model", required=True, metavar="DIR", help="the model that reads them")
    parser.add_argument(
        "--write", type=Path, metavar="DIR",
        help="the model that gets the scaling (default: the same); one trained on all the data may take it "
        "from its like trained without these documents",
    )  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.set_defaults(run=_calibrate)


def _calibrate(args: argparse.Namespace) -> None:
    from guillemets.inference.schema import Document
    from guillemets.inference.tagger import QuoteTagger

    from .calibrate import fit, uncalibrated, write
    from .evaluation import evaluate

    gold = read_gold(args.data)
    tagger = uncalibrated(QuoteTagger.from_pretrained(args.model, device=args.device))
    predicted = list(tagger.pipe_documents(Document(d.id, d.text) for d in gold))
    scaling = fit(gold, predicted)
    folder = args.write or Path(args.model)
    write(scaling, folder)
    tagger = scaling.of(tagger)
    after = evaluate(gold, tagger.pipe_documents(Document(d.id, d.text) for d in gold))
    for name, calibration in evaluate(gold, predicted).calibration.items():
        print(
            f"calibration error of {name}: {calibration.error:.3f} before, {after.calibration[name].error:.3f} after"
        )
    print(f"{scaling} written to {folder}")


def _card_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Put figures into a model's README.md, beside those of other systems."
    parser.add_argument("model", type=Path, metavar="DIR")
    parser.add_argument(
        "--data",
        type=_named,
        action="append",
        required=True,
        metavar="NAME=GOLD",
        help="gold to judge on",
    )
    parser.add_argument(
        "--other", type=_named, action="append", default=[], metavar="NAME=FILE",
        help="predictions of another system, on any of the data sets",
    )  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.set_defaults(run=_card)


def _named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text} is not NAME=FILE")
    return name, Path(path)


def _card(args: argparse.Namespace) -> None:
    from guillemets.inference.reading import read_documents
    from guillemets.inference.schema import Document
    from guillemets.inference.tagger import QuoteTagger

    from .baseline import RuleTagger
    from .card import write_card
    from .evaluation import evaluate

    taggers = {
        "this model": QuoteTagger.from_pretrained(args.model, args.device),
        "rules": RuleTagger(),
    }
    others = [(name, {d.id: d for d in read_documents(path)}) for name, path in args.other]
    sets: dict[str, dict[str, Evaluation]] = {}
    for title, path in args.data:
        gold = read_gold(path)
        systems = sets[title] = {
            name: evaluate(gold, list(t.pipe_documents(Document(d.id, d.text) for d in gold)))
            for name, t in taggers.items()
        }
        for name, predicted in others:
            if any(d.id in predicted for d in gold):
                systems[name] = evaluate(gold, predicted.values())
    write_card(args.model, sets)
    print(f"{args.model / 'README.md'} written")


# ---------------------------------------------------------------- backbone


def _backbone_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="backbone_command", metavar="COMMAND", required=True)
    compact = commands.add_parser("compact", help="make the compact French backbone")
    compact.add_argument("--wheel", type=Path, metavar="FILE", help="the wheel, if it is here")
    compact.add_argument("--pieces", type=int, default=22_000)
    compact.add_argument("--layers", type=int, default=10, help="how many of the lowest to keep")
    compact.add_argument("--dtype", choices=("float32", "float16"), default="float32")
    adapt = commands.add_parser("adapt", help="pretrain a backbone further on masked words")
    adapt.add_argument("backbone", metavar="DIR_OR_ID")
    adapt.add_argument("--epochs", type=float, default=4.0)
    adapt.add_argument("--batch", type=int, default=8, help="windows a step")
    adapt.add_argument("--rate", type=float, default=4e-4)
    adapt.add_argument("--seed", type=int, default=1)
    describe = commands.add_parser("report", help="size of a backbone folder, pieces per word")
    describe.add_argument("folder", type=Path, metavar="DIR")
    for command in (compact, adapt):
        command.add_argument("--out", type=Path, required=True, metavar="DIR")
    for command in (compact, adapt, describe):
        command.add_argument(
            "--text", type=Path, nargs="+", default=[], metavar="FILE",
            required=command is adapt, help="JSON Lines with a `text` field",
        )  # fmt: skip
    parser.set_defaults(run=_backbone)


def _backbone(args: argparse.Namespace) -> None:
    from . import backbone

    folder = args.folder if args.backbone_command == "report" else args.out
    try:
        if args.backbone_command == "compact":
            backbone.compact(folder, args.wheel, args.pieces, args.layers, args.dtype, args.text)
        elif args.backbone_command == "adapt":
            from .pretrain import adapt

            texts = backbone.read_texts(args.text)
            loss = adapt(
                args.backbone, texts, folder, args.epochs, args.batch, args.rate, args.seed
            )
            print(f"loss over masked pieces: {loss:.3f}")
        for name, value in backbone.report(folder, backbone.read_texts(args.text)).items():
            print(f"{name}: {value:,.0f}" if isinstance(value, int) else f"{name}: {value:,.3f}")
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from None

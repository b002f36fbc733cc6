"""`guillemets average`: one model whose weights are the mean of others'."""

from __future__ import annotations

import argparse
from pathlib import Path

from guillemets.inference.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a model whose weights are the weighted mean of others': runs that went on from one model "
        "are better together than alone, at the price of one."
    )
    parser.add_argument(
        "models", nargs="+", type=_weighted, metavar="DIR=WEIGHT", help="models of one shape"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=_run)


def _weighted(text: str) -> tuple[str, float]:
    model, equals, weight = text.rpartition("=")
    try:
        value = float(weight)
    except ValueError:
        value = 0.0
    if not equals or not model or not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not DIR=WEIGHT with a weight above 0")
    return model, value


def _run(args: argparse.Namespace) -> None:
    from guillemets.inference.torch_backend import load_model

    from .averaging import mean_model
    from .train import save

    loaded = [load_model(name) for name, _ in args.models]
    tokenizer = loaded[0][1]
    for (name, _), (_, other) in zip(args.models, loaded):
        if other.get_vocab() != tokenizer.get_vocab():
            raise InputError(f"{name}: another tokenizer than {args.models[0][0]}")
    try:
        mean = mean_model([(model, weight) for (model, _), (_, weight) in zip(loaded, args.models)])
    except ValueError as error:
        raise InputError(str(error)) from None
    save(mean, tokenizer, args.out)
    print(f"model saved in {args.out}")

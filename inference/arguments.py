"""Types of arguments, and the arguments that every command that tags takes."""

from __future__ import annotations

import argparse


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, and what it runs on: what ``QuoteTagger.from_pretrained`` takes."""
    add = parser.add_argument
    add("--model", metavar="DIR_OR_ID", help="a folder or hub id (default: the one that ships)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add(
        "--backend",
        choices=("torch", "openvino"),
        default="torch",
        help="openvino is several times faster on a CPU (default: %(default)s)",
    )
    add("--threads", type=positive, metavar="N", help="on a CPU (default: all cores)")


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def probability(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value

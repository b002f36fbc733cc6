"""``guillemets tag --engine``: its options, without what they need."""

from __future__ import annotations

import argparse

from guillemets.inference.errors import InputError

ENGINES = ("local", "ray")
RAY_FORMATS = (None, "parquet", "jsonl")


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("beyond one machine")
    add = group.add_argument
    add(
        "--engine",
        choices=ENGINES,
        default="local",
        help="ray: Parquet or JSONL files, folders or globs in, the folder --output out",
    )
    add("--address", help="of the Ray cluster (default: one on this machine, for this run)")
    add("--workers", type=int, metavar="N", help="processes that tag (default: from the cluster)")


def wants_engine(args: argparse.Namespace) -> bool:
    """Whether ``args`` ask for more than this process; options that go with nothing are an error."""
    if args.engine == "local" and (args.address is not None or args.workers is not None):
        raise InputError("--address and --workers go with --engine ray")
    return args.engine != "local"


def tag_with_engine(args: argparse.Namespace) -> list[str]:
    """Run the engine that ``args`` name; the failures, one line each."""
    if args.output is None:
        raise InputError("--engine ray writes a folder: give --output FOLDER")
    if args.format not in RAY_FORMATS:
        raise InputError(f"--engine ray writes parquet or jsonl, not {args.format}")
    others = {"--resume": args.resume, "--restart": args.restart, "--flat": args.flat}
    others["--shard"] = args.shard != (1, 1)
    for name in (name for name, given in others.items() if given):
        raise InputError(
            f"{name} goes with --engine local: a Ray job runs to its end or not at all"
        )
    from guillemets.inference.ray_engine import tag_with_ray

    return tag_with_ray(
        args.inputs,
        args.output,
        format=args.format,
        model=args.model,
        backend=args.backend,
        device=args.device,
        text_field=args.text_field,
        id_field=args.id_field or "id",
        min_score=args.min_score,
        batch_size=args.batch_size,
        workers=args.workers,
        address=args.address,
    )

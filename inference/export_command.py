"""``guillemets export``: a model for --backend openvino."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write a model as OpenVINO graphs with 8-bit weights, for --backend openvino: several times faster on a "
        "CPU, and run without torch. Without this command the first run exports into the user's cache."
    )
    parser.add_argument("model", nargs="?", help="a folder or hub id (default: the one that ships)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from .exported import import_openvino
    from .tagger import default_model

    import_openvino()  # missing, it is told before torch is loaded
    from .export import export

    export(str(args.model or default_model()), args.out)
    print(f"model exported to {args.out}")
    return 0

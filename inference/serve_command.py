"""``guillemets serve``: the page and the HTTP API on this machine."""

from __future__ import annotations

import argparse
import sys

from guillemets.inference.arguments import add_model_arguments
from guillemets.inference.errors import InputError

PORTS = 65_535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives ``parser`` the arguments of the command, and ``run`` as a default."""
    parser.description = (
        "A page to paste articles into, and an HTTP API: POST /tag, documented under /docs. "
        "It listens to this machine only unless --host says otherwise, and keeps no text."
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
    add("--port", type=_port, default=8000, help="default: %(default)s; 0 takes a free one")
    add_model_arguments(parser)
    add(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="another name by which browsers may call this server; may be given again",
    )  # fmt: skip
    add(
        "--max-wait", type=_seconds, default=1.5, metavar="S",
        help="refuse a request (503) whose turn would come later than this (default: %(default)s s)",
    )  # fmt: skip
    add(
        "--time-limit", type=_seconds, default=60.0, metavar="S",
        help="give a request up after this (default: %(default)s s)",
    )  # fmt: skip
    add(
        "--max-characters", type=_count, default=50_000, metavar="N",
        help="the longest text that is taken (default: %(default)s)",
    )  # fmt: skip
    add("--quiet", "-q", action="store_true", help="do not tell each request")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serves until it is interrupted; returns the exit status. Raises InputError, one line."""
    try:
        from guillemets.inference.serving import server
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("guillemets"):
            raise
        raise InputError(
            f"{error.name} is not installed: pip install 'guillemets[serve]'"
        ) from error
    from importlib.metadata import version

    from guillemets.inference.serving.bodies import Limits
    from guillemets.inference.serving.card import read_card
    from guillemets.inference.tagger import QuoteTagger, default_model

    limits = Limits(characters=args.max_characters, seconds=args.time_limit, wait=args.max_wait)
    with server.listening(args.host, args.port) as socket:
        print("guillemets: loading the model …", file=sys.stderr, flush=True)
        tagger = QuoteTagger.from_pretrained(args.model, args.device, args.backend, args.threads)
        card = read_card(args.model or default_model(), version("guillemets"))
        app = server.application(tagger, card, limits, args.host, args.allow_host)
        print(f"guillemets: {server.address(socket)}", file=sys.stderr, flush=True)
        server.serve(app, socket, access_log=not args.quiet)
    return 0


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= PORTS:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and {PORTS}")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 2_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 2000000")
    return value

"""A model, an application around it, and uvicorn on a socket of its own."""

from __future__ import annotations

import socket as sockets
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from guillemets.inference.errors import InputError, printable
from guillemets.inference.schema import Document

from .app import SAMPLE, create_app
from .batching import Batcher
from .bodies import Limits
from .security import allowed_hosts

if TYPE_CHECKING:
    from guillemets.inference.tagger import QuoteTagger

    from .card import Card

CONNECTIONS = 512
IDLE_SECONDS = 30
GRACE_SECONDS = 10


def listening(host: str, port: int) -> sockets.socket:
    """A socket that listens there. Raises InputError: in use, not this machine's, forbidden."""
    try:
        family, *_, where = sockets.getaddrinfo(
            host, port, type=sockets.SOCK_STREAM, flags=sockets.AI_PASSIVE
        )[0]
        return sockets.create_server(where[:2], family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(printable(f"{host}:{port}: {reason}")) from None


def address(socket: sockets.socket) -> str:
    """Where a browser finds it."""
    host, port = socket.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def application(
    tagger: QuoteTagger, card: Card, limits: Limits, host: str, more_hosts: list[str]
) -> FastAPI:
    """The application around a model that has tagged once, so that its speed is known."""
    threads = max(2, tagger.backend.workers)
    batcher = Batcher(tagger.pipe_records, limits.wait, threads)
    batcher.measure([Document("", SAMPLE.read_text(encoding="utf-8"))] * 2)
    return create_app(batcher, card, limits, allowed_hosts(host, more_hosts))


def serve(app: FastAPI, socket: sockets.socket, access_log: bool) -> None:
    """Answers until SIGINT or SIGTERM; requests in hand are answered first."""
    config = uvicorn.Config(
        app,
        access_log=access_log,
        log_level="info" if access_log else "warning",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[socket])

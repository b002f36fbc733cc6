"""A server in a thread of the test, for clients that want a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from guillemets.inference.serving import server


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serves ``app`` at a free port; gives its address."""
    socket = server.listening("127.0.0.1", 0)
    served = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=served.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        yield server.address(socket)
    finally:
        served.should_exit = True
        thread.join()
        socket.close()

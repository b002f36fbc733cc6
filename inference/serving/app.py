"""The routes of ``guillemets serve``: the page, its files, and the HTTP API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, HTMLResponse

from guillemets.inference import render
from guillemets.inference.schema import Document, Failure

from . import openapi
from .batching import Batcher, Busy
from .bodies import Limits, Tagged, read_articles, read_body, read_document
from .card import Card
from .security import SecurityHeaders

STATIC = Path(__file__).parent / "static"
SAMPLE = Path(__file__).parent.parent / "samples" / "demo.txt"
PAGES_AT_ONCE = 2
DISCONNECT_SECONDS = 0.25  # how often it is seen whether a client is still there

T = TypeVar("T")


def create_app(batcher: Batcher, card: Card, limits: Limits, hosts: list[str]) -> FastAPI:
    """The application; it starts ``batcher`` and closes it. ``hosts``: the names it answers to."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        batcher.start()
        yield
        await run_in_threadpool(batcher.close)

    app = FastAPI(
        title="guillemets",
        version=card.version,
        description="Who said what in French news, and for or against what.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(SecurityHeaders)
    pages = asyncio.Semaphore(PAGES_AT_ONCE)

    @app.post("/tag", **openapi.TAG)
    async def tag(request: Request) -> Response:
        records, many = read_articles(await read_body(request, limits), limits)
        tagged = await _tag(records, request)
        if many:
            return _json(Tagged(tagged))
        if isinstance(tagged[0], Failure):
            raise HTTPException(422, tagged[0].error)
        return _json(tagged[0])

    async def _tag(records: list[Document | Failure], request: Request) -> list[Document | Failure]:
        """The records with the documents among them tagged, in order."""
        good = [record for record in records if isinstance(record, Document)]
        try:
            tagged = iter(await while_there(request, batcher.tag(good), limits.seconds))
        except Busy as busy:
            raise HTTPException(503, str(busy), {"Retry-After": str(busy.retry_after)}) from None
        except asyncio.TimeoutError:
            reason = f"not tagged in {limits.seconds:g} s: send less at once, or use the command"
            raise HTTPException(503, reason, {"Retry-After": f"{limits.seconds:.0f}"}) from None
        return [next(tagged) if isinstance(r, Document) else r for r in records]

    @app.post("/render", response_class=HTMLResponse, **openapi.RENDER)
    async def render_page(request: Request) -> Response:
        document = read_document(await read_body(request, limits), limits)
        async with pages:
            page = await run_in_threadpool(lambda: "".join(render.html([document])))
        headers = {"Content-Disposition": 'attachment; filename="page.html"'}
        return HTMLResponse(page, headers=headers)

    @app.get("/health", **openapi.HEALTH)
    async def health() -> Response:
        if not batcher.alive:
            raise HTTPException(503, "nobody tags any more", {"Retry-After": "60"})
        return _json({"status": "ok", "version": card.version, "waiting": batcher.waiting})

    @app.get("/model", **openapi.MODEL)
    async def model() -> Response:
        return _json(card)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(openapi.docs_page(app.openapi()))

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(STATIC / "page.html")

    @app.get("/sample.txt", include_in_schema=False)
    async def sample() -> Response:
        return FileResponse(SAMPLE, media_type="text/plain")

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, error: Exception) -> Response:
        """Nobody reads this answer; without it a traceback would go to the log."""
        return Response(status_code=499)

    @app.exception_handler(Exception)
    async def broken(_: Request, error: Exception) -> Response:
        """A bug: its traceback goes to the log, and the client gets no more than the fact."""
        return Response(
            msgspec.json.encode({"detail": "an error of the server; its log says more"}),
            status_code=500,
            media_type="application/json",
        )

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.openapi_schema = openapi.complete(app.openapi(), limits)
    return app


async def while_there(request: Request, work: Coroutine[Any, Any, T], seconds: float) -> T:
    """What ``work`` gives; it is cancelled when time is up or its client has hung up.

    Raises TimeoutError, or ClientDisconnect, which nobody is there to read.
    """

    async def hung_up() -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(DISCONNECT_SECONDS)

    tasks = [asyncio.create_task(work), asyncio.create_task(hung_up())]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            return tasks[0].result()
        if tasks[1].done():
            raise ClientDisconnect
        raise asyncio.TimeoutError
    finally:
        for task in tasks:
            task.cancel()


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")

"""What clients may send: bodies of bounded size and time, decoded with a reason for what is wrong."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from fastapi import HTTPException, Request
from msgspec import UNSET, UnsetType

from guillemets.inference.reading import check_spans, decode_line
from guillemets.inference.schema import Document, Failure

T = TypeVar("T")

MIB = 1 << 20
#: What is read of a body that is too large, so that its sender gets to read the answer.
DRAINED = 64 * MIB
MAX_QUOTES = 2_000
#: Marks over one character of a page: each is an element within the others.
MAX_DEPTH = 64


@dataclass(frozen=True)
class Limits:
    """What one request may ask for."""

    characters: int = 50_000  # of one text
    documents: int = 64  # of one request
    body: int = 4 * MIB  # bytes
    body_seconds: float = 20.0  # until the body is here
    seconds: float = 60.0  # from then until the answer
    wait: float = 1.5  # seconds before a request's turn comes, or it is refused


class Article(msgspec.Struct):
    """A text to tag."""

    text: str
    id: str | int | None = None


class Articles(msgspec.Struct):
    """Texts to tag, answered in order."""

    documents: list[Article]


class Tagged(msgspec.Struct):
    """The documents of a request in order; one that cannot be tagged says why in its place."""

    documents: list[Document | Failure]


class _Either(msgspec.Struct):
    """An Article or Articles: which of them is seen from the field that is there."""

    text: str | UnsetType = UNSET
    id: str | int | None = None
    documents: list[Article] | UnsetType = UNSET


_EITHER = msgspec.json.Decoder(_Either)
_DOCUMENT = msgspec.json.Decoder(Document)


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body of a request that says it is JSON. Raises HTTPException 408, 413 or 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:  # first of all: who is refused midway may never see why
        body = await asyncio.wait_for(_read(request, limits), limits.body_seconds)
    except asyncio.TimeoutError:
        raise HTTPException(408, f"no whole body in {limits.body_seconds:g} s") from None
    if kind != "application/json":
        raise HTTPException(415, "the Content-Type must be application/json")
    return body


async def _read(request: Request, limits: Limits) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size <= limits.body:
            pieces.append(piece)
        elif size > DRAINED:
            break
    if size > limits.body:
        raise HTTPException(413, f"a body of more than {limits.body:,} bytes")
    return b"".join(pieces)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The body, or HTTPException 422 with the reason in a few words."""
    try:
        return decode_line(decoder, body.removeprefix(BOM_UTF8))
    except ValueError as error:
        raise HTTPException(422, str(error)) from None


def read_articles(body: bytes, limits: Limits) -> tuple[list[Document | Failure], bool]:
    """The texts of a request, and whether they came as a list; a text too long is a Failure.

    Raises HTTPException 422.
    """
    either = decode(_EITHER, body)
    if (either.text is UNSET) == (either.documents is UNSET):
        raise HTTPException(422, "either `text` or `documents` is wanted")
    many = either.documents is not UNSET
    articles = either.documents if many else [Article(either.text, either.id)]
    if len(articles) > limits.documents:
        raise HTTPException(422, f"{len(articles):,} documents, {limits.documents} at most")
    return [_record(a, place, limits) for place, a in enumerate(articles)], many


def _record(article: Article, place: int, limits: Limits) -> Document | Failure:
    name = str(place) if article.id is None else str(article.id)
    if len(article.text) > limits.characters:
        size = len(article.text)
        return Failure(name, f"a text of {size:,} characters, {limits.characters:,} at most")
    return Document(name, article.text)


def read_document(body: bytes, limits: Limits) -> Document:
    """A labelled document that can be shown as a page. Raises HTTPException 422."""
    document = decode(_DOCUMENT, body)
    if len(document.text) > limits.characters:
        size = len(document.text)
        raise HTTPException(422, f"a text of {size:,} characters, {limits.characters:,} at most")
    if len(document.quotes) > MAX_QUOTES:
        raise HTTPException(422, f"{len(document.quotes):,} quotes, {MAX_QUOTES:,} at most")
    try:
        check_spans(document)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    if _depth(document) > MAX_DEPTH:
        raise HTTPException(422, f"more than {MAX_DEPTH} spans over one character")
    return document


def _depth(document: Document) -> int:
    """The most spans that lie over one character."""
    edges = []
    for quote in document.quotes:
        for span in (quote, quote.cue, quote.speaker and quote.speaker.mention):
            if span:
                edges += [(span.start, 1), (span.end, -1)]
    depth = deepest = 0
    for _, step in sorted(edges):
        depth += step
        deepest = max(deepest, depth)
    return deepest

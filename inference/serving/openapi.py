"""What the API says of itself: an OpenAPI schema, and a page that shows it without outside scripts.

Bodies are decoded by msgspec, which tells what is wrong in one line and knows lone surrogates, so
their schemas are those of the very types that decode them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from guillemets.inference.schema import Document, Failure

from .bodies import Article, Articles, Limits, Tagged
from .card import Card

TEMPLATES = Path(__file__).parent / "templates"


class Health(msgspec.Struct):
    """``waiting``: how many requests stand in the line."""

    status: str
    version: str
    waiting: int


class Problem(msgspec.Struct):
    """Why there is no answer."""

    detail: str


TYPES = (Document, Failure, Article, Articles, Card, Health, Problem)
_REASONS = {
    408: "The body took too long to arrive.",
    413: "The body is too large.",
    415: "The Content-Type is not application/json.",
    422: "Bad input; `detail` says what is wrong.",
    503: "Too much to do: try again after Retry-After seconds.",
}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds until it is worth trying again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def _ref(kind: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _content(schema: dict[str, Any], media: str = "application/json") -> dict[str, Any]:
    return {"content": {media: {"schema": schema}}}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    problems: dict[int | str, dict[str, Any]] = {
        status: {"description": _REASONS[status], **_content(_ref(Problem))} for status in statuses
    }
    if 503 in problems:
        problems[503]["headers"] = _RETRY_AFTER
    return problems


def _route(
    summary: str,
    description: str,
    answer: dict[str, Any],
    statuses: tuple[int, ...] = (),
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Arguments of a FastAPI route."""
    route: dict[str, Any] = {
        "summary": summary,
        "description": description,
        "responses": {200: {"description": "Done.", **answer}, **_problems(*statuses)},
    }
    if body is not None:
        route["openapi_extra"] = {"requestBody": {"required": True, **_content(body)}}
    return route


TAG = _route(
    "Tag one text, or several",
    "`{\"text\": …}` is answered by one document, `{\"documents\": [{\"text\": …}, …]}` by "
    "`{\"documents\": […]}` in order; there, a text that cannot be tagged says why in its place. "
    "`id` is given back; without one it is the text's position. Offsets count code points.",
    _content({"anyOf": [_ref(Document), _ref(Tagged)]}),
    (408, 413, 415, 422, 503),
    {"oneOf": [_ref(Article), _ref(Articles)]},
)  # fmt: skip
RENDER = _route(
    "One HTML page of a document",
    "The page that `guillemets tag --format html` writes, of a document as `/tag` answers it or as "
    "somebody corrected it.",
    _content({"type": "string"}, "text/html"),
    (408, 413, 415, 422),
    _ref(Document),
)
HEALTH = _route("Whether the server works", "For a watchdog.", _content(_ref(Health)), (503,))
MODEL = _route(
    "The model, its card and figures",
    "`figures` are those of the card, each with its 95 % interval; `card` is Markdown.",
    _content(_ref(Card)),
)


def complete(schema: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """FastAPI's schema with the types of bodies and answers, and the limits of this server."""
    _, components = msgspec.json.schema_components(
        TYPES, ref_template="#/components/schemas/{name}"
    )
    components["Articles"]["properties"]["documents"]["maxItems"] = limits.documents
    # No maxLength: in a list a text too long is answered, by a Failure.
    longest = f"{limits.characters:,} characters at most."
    components["Article"]["properties"]["text"]["description"] = longest
    components["Tagged"] = {  # a union of two structs, which msgspec encodes but does not describe
        "title": "Tagged",
        "description": Tagged.__doc__,
        "type": "object",
        "properties": {
            "documents": {"type": "array", "items": {"anyOf": [_ref(Document), _ref(Failure)]}}
        },
        "required": ["documents"],
    }
    return {**schema, "components": {"schemas": components}}


def docs_page(schema: dict[str, Any]) -> str:
    """The schema for people."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(kinds=_kinds, pretty=_pretty)
    return environment.get_template("docs.html.jinja").render(schema=schema)


def _kinds(schema: dict[str, Any]) -> list[str]:
    """The names of the types that a schema refers to."""
    choices = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return [choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice]


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()

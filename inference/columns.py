"""The document schema as columns: Arrow types, and tables tagged batch by batch.

Tables of data engines (Ray, ``datasets``, Spark) hold a row a document: ``id``, ``text``,
``quotes`` (a list of structs, null where tagging failed) and ``error`` (null where it did not).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from guillemets.inference.schema import STANCES, Document, Failure

if TYPE_CHECKING:
    from guillemets.inference.tagger import QuoteTagger

_SPAN = pa.struct({"start": pa.int64(), "end": pa.int64(), "text": pa.string()})
_SCORES = pa.struct({label: pa.float64() for label in STANCES})
QUOTE = pa.struct(
    {
        "start": pa.int64(),
        "end": pa.int64(),
        "text": pa.string(),
        "type": pa.string(),
        "speaker": pa.struct({"name": pa.string(), "mention": _SPAN}),
        "cue": _SPAN,
        "stance": pa.struct({"label": pa.string(), "target": pa.string(), "scores": _SCORES}),
        "score": pa.float64(),
    }
)
DOCUMENT = pa.schema(
    {"id": pa.string(), "text": pa.string(), "quotes": pa.list_(QUOTE), "error": pa.string()}
)


def tagged_rows(
    tagger: QuoteTagger,
    ids: Iterable[object],
    texts: Iterable[object],
    errors: Sequence[str | None] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """Rows of DOCUMENT, in order; ``options`` are those of ``QuoteTagger.pipe_records``.

    A row with an error already is passed on. A text that is no string becomes a row with an error.
    """
    names, texts = ["" if i is None else str(i) for i in ids], list(texts)
    records: Iterable[Document | Failure] = (
        Failure(name, error) if error else Document(name, text)  # type: ignore[arg-type]
        for name, text, error in zip(names, texts, errors or [None] * len(texts))
    )
    rows = []
    for name, text, record in zip(names, texts, tagger.pipe_records(records, **options)):
        row: dict[str, Any] = {"id": name, "text": _storable(text), "quotes": None, "error": None}
        if isinstance(record, Failure):
            row["error"] = record.error
        else:
            row["quotes"] = [msgspec.to_builtins(quote) for quote in record.quotes]
        rows.append(row)
    return rows


def tag_columns(
    batch: Mapping[str, Sequence[Any]],
    tagger: QuoteTagger,
    text: str = "text",
    id: str = "id",
    **options: Any,
) -> dict[str, list]:
    """The columns of DOCUMENT for a batch of columns, as ``datasets.map(batched=True)`` wants them.

    ``text`` and ``id`` name the columns to read; without the second, ids are empty.
    """
    texts = batch[text]
    rows = tagged_rows(tagger, batch[id] if id in batch else [""] * len(texts), texts, **options)
    return {name: [row[name] for row in rows] for name in DOCUMENT.names}


def _storable(text: object) -> str | None:
    """A string as a column can hold it: half of a surrogate pair becomes "?"."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else None

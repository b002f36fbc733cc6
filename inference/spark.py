"""Tagging a Spark DataFrame, with ``DataFrame.mapInPandas``:

    tagged = df.mapInPandas(quotes_in_pandas(text="body", id="url"), schema=QUOTES_SCHEMA)
    tagged.selectExpr("id", "inline(quotes)")  # a row a quote

Each Python worker of the cluster loads one tagger and keeps it. This module needs pandas and
pyarrow, as mapInPandas does, and not Spark itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from guillemets.inference.columns import DOCUMENT, tagged_rows
from guillemets.inference.workers import Origin

if TYPE_CHECKING:
    import pandas as pd


def _ddl(type: pa.DataType) -> str:
    """An Arrow type in Spark's words."""
    if pa.types.is_struct(type):
        return f"struct<{', '.join(f'{field.name}: {_ddl(field.type)}' for field in type)}>"
    if pa.types.is_list(type):
        return f"array<{_ddl(type.value_type)}>"
    return {"string": "string", "int64": "bigint", "double": "double"}[str(type)]


QUOTES_SCHEMA = ", ".join(f"{field.name} {_ddl(field.type)}" for field in DOCUMENT)
"""id, text, quotes (an array of structs, null where tagging failed), error (else null)."""


def quotes_in_pandas(
    text: str = "text",
    id: str = "id",
    *,
    keep: Sequence[str] = (),
    model: str | None = None,
    device: str = "auto",
    backend: str = "torch",
    min_score: float = 0.0,
    batch_size: int = 8,
) -> Callable[[Iterable[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """What ``mapInPandas`` calls: frames with columns ``text`` and ``id`` in, QUOTES_SCHEMA out.

    Columns of ``keep`` come along: append them to the schema. A document that cannot be tagged
    keeps its row, with ``error``; ``batch_size`` windows pass through the encoder at once.
    """
    origin = Origin.of(model, device, backend)

    def tag(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import pandas as pd

        tagger = origin.shared()
        for frame in frames:
            # pandas has several values for SQL's null, none of them a string
            texts = [value if isinstance(value, str) else None for value in frame[text]]
            rows = tagged_rows(tagger, frame[id], texts, min_score=min_score, batch_size=batch_size)
            tagged = pd.DataFrame(rows, columns=DOCUMENT.names)
            yield tagged.assign(**{name: frame[name].to_numpy() for name in keep})

    return tag

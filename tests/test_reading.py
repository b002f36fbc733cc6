"""Gold in the full schema, good and bad."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from guillemets.inference.errors import InputError
from guillemets.inference.reading import read_documents
from guillemets.inference.schema import Document, Quote, Span, Speaker, Stance

TEXT = "« Non », a dit Mme Rey."
GOLD = Document(
    "g1",
    TEXT,
    [
        Quote(
            2,
            5,
            "Non",
            "direct",
            Speaker("Rey", Span.of(TEXT, 15, 22)),
            Span.of(TEXT, 9, 14),
            Stance("condemn"),
        )
    ],
)


def test_gold_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(msgspec.json.encode(GOLD) + b"\n\n" + msgspec.json.encode(GOLD))
    assert list(read_documents(path)) == [GOLD, GOLD]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"quotes":', '"quots":', "missing required field `quotes`"),
        ('"condemn"', '"against"', "$.quotes[0].stance.label"),
        ('"start":2', '"start":1', "quote of quotes[0]: text[1:5]"),
        ('"start":2', '"start":-21', "quote of quotes[0]"),
        ('"end":22', '"end":222', "mention of quotes[0]"),
        ('"a dit"', '"a pit"', "cue of quotes[0]"),
        ('"id":"g1"', '"id":1', "Expected `str`, got `int` - at `$.id`"),
        ('"id":', '"id"', "not JSON"),
    ],
)
def test_bad_gold_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = tmp_path / "gold.jsonl"
    good = msgspec.json.encode(GOLD).decode()
    assert old in good
    path.write_text(f"{good}\n{good.replace(old, new, 1)}\n", encoding="utf-8")
    documents = read_documents(path)
    assert next(documents) == GOLD
    with pytest.raises(InputError) as raised:
        next(documents)
    assert str(raised.value).startswith(f"{path}:2: ") and reason in str(raised.value)


def test_missing_gold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: No such file or directory"):
        list(read_documents(tmp_path / "none.jsonl"))

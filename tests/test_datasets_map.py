"""The ``datasets.map`` recipe of the README: two processes, and a cache that knows the tagger."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import CORPUS

pytest.importorskip("datasets", reason="datasets is not installed")

from datasets import Dataset, Features  # noqa: E402
from datasets.fingerprint import Hasher  # noqa: E402

from guillemets.inference import Document, QuoteTagger  # noqa: E402
from guillemets.inference.columns import DOCUMENT, tag_columns  # noqa: E402
from guillemets.inference.reading import read_documents  # noqa: E402


@pytest.fixture(scope="module")
def articles() -> list[Document]:
    return [Document(d.id, d.text) for d in read_documents(CORPUS / "briefs-heldout.jsonl")][:6]


def test_map_in_two_processes(articles, tmp_path: Path):
    """The first document has no quote, hence no types to guess; one text is missing."""
    tagger = QuoteTagger.from_pretrained(device="cpu")
    texts = ["Rien.", *(a.text for a in articles), None]
    ids = ["none", *(a.id for a in articles), "null"]
    rows = {"id": ids, "text": texts, "date": list(range(len(ids)))}
    rows = Dataset.from_dict(rows)
    rows.save_to_disk(tmp_path / "rows")
    rows = Dataset.load_from_disk(str(tmp_path / "rows"))  # on disk: it has a cache
    features = Features({**rows.features, **Features.from_arrow_schema(DOCUMENT)})
    options = {"batched": True, "batch_size": 4, "features": features}

    alone = rows.map(tag_columns, fn_kwargs={"tagger": tagger}, **options)
    assert [len(q or []) for q in alone["quotes"]] == [
        0,
        *(len(tagger.tag(a.text).quotes) for a in articles),
        0,
    ]
    assert alone["error"][-1] and alone["quotes"][-1] is None and not any(alone["error"][:-1])
    assert alone["date"] == rows["date"]

    two = rows.map(tag_columns, fn_kwargs={"tagger": tagger}, num_proc=2, **options)
    assert spans(two) == spans(alone)

    again = rows.map(tag_columns, fn_kwargs={"tagger": tagger}, **options)
    assert again._fingerprint == alone._fingerprint and again.cache_files == alone.cache_files


def spans(dataset: Dataset) -> list[list[tuple]]:
    return [
        [(q["start"], q["end"], q["text"], q["speaker"], q["cue"]) for q in quotes or []]
        for quotes in dataset["quotes"]
    ]


def test_taggers_hash_by_what_they_were_loaded_from(monkeypatch):
    """And not by their weights, which would have to be read each time."""
    tagger = QuoteTagger.from_pretrained(device="cpu")
    same = QuoteTagger.from_pretrained(device="cpu")
    tagger.tag("« Non », a dit Mme Rey.")  # use leaves no trace
    assert Hasher.hash(tagger) == Hasher.hash(same)
    assert Hasher.hash(tagger) != Hasher.hash(QuoteTagger.from_pretrained())

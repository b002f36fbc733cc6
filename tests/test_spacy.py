"""The spaCy component, found by its entry point alone."""

from __future__ import annotations

import pytest
from conftest import CORPUS

spacy = pytest.importorskip("spacy", reason="spaCy is not installed")

from spacy.tokens import Doc, DocBin  # noqa: E402

from guillemets.inference import QuoteTagger  # noqa: E402
from guillemets.inference.reading import read_documents  # noqa: E402

TEXT = "« C'est une honte », a dit la maire, Anne Roy. Elle a quitté la salle."
UNUSABLE = '" ' * 50_001


@pytest.fixture(scope="module")
def nlp():
    nlp = spacy.blank("fr")
    nlp.add_pipe("guillemets", config={"device": "cpu"})
    return nlp


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [d.text for d in read_documents(CORPUS / "briefs-heldout.jsonl")][:4]


def groups(doc: Doc) -> dict[str, list[tuple]]:
    names = ("quotes", "quote_mentions", "quote_cues")
    return {name: [(s.text, s.label_) for s in doc.spans[name]] for name in names}


def test_spans_and_quotes(nlp):
    doc = nlp(TEXT)
    (quote,) = doc._.quotes
    assert quote == QuoteTagger.from_pretrained(device="cpu").tag(TEXT).quotes[0]
    assert groups(doc) == {
        "quotes": [("C'est une honte", "condemn")],
        "quote_mentions": [("Anne Roy", "Anne Roy")],
        "quote_cues": [("a dit", "direct")],
    }
    assert all(span._.quote == quote for group in doc.spans.values() for span in group)
    assert doc[0:2]._.quote is None and doc._.quotes_error is None


def test_spans_are_widened_to_tokens_and_quotes_stay_exact():
    nlp = spacy.blank("xx")  # a tokenizer that keeps more together
    nlp.tokenizer = spacy.tokenizer.Tokenizer(nlp.vocab)
    nlp.add_pipe("guillemets", config={"device": "cpu"})
    doc = nlp(TEXT.replace("« ", "«").replace(" »", "»"))
    (quote,), (span,) = doc._.quotes, doc.spans["quotes"]
    assert quote.text == "C'est une honte" == doc.text[quote.start : quote.end]
    assert span.text == "«C'est une honte»,"


def test_pipe_keeps_order_and_what_it_cannot_tag(nlp, texts):
    stream = [texts[0], UNUSABLE, *texts[1:], ""]
    with pytest.warns(UserWarning, match="quotation marks"):
        docs = list(nlp.pipe(stream))
    assert [doc.text for doc in docs] == stream
    assert "quotation marks" in docs[1]._.quotes_error and docs[1]._.quotes == []
    assert [bool(doc._.quotes) for doc in docs] == [True, False, True, True, True, False]
    assert [doc._.quotes_error is None for doc in docs] == [True, False, True, True, True, True]


def test_worker_processes_give_the_same(nlp, texts):
    alone = list(nlp.pipe(texts))
    shared = list(nlp.pipe(texts, n_process=2, batch_size=2))
    assert [groups(doc) for doc in shared] == [groups(doc) for doc in alone]
    for one, other in zip(alone, shared):
        assert [q.text for q in one._.quotes] == [q.text for q in other._.quotes]
        assert [s._.quote for s in other.spans["quotes"]] == other._.quotes


def test_documents_travel_with_their_quotes(nlp):
    doc = nlp(TEXT)
    data = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (copy,) = DocBin().from_bytes(data).get_docs(spacy.blank("fr").vocab)
    assert copy._.quotes == doc._.quotes and groups(copy) == groups(doc)


def test_a_pipeline_is_saved_with_its_settings_and_without_weights(tmp_path, nlp):
    strict = spacy.blank("fr")
    strict.add_pipe("guillemets", config={"device": "cpu", "min_score": 1.0, "windows": 2})
    strict.to_disk(tmp_path / "saved")
    assert sum(f.stat().st_size for f in (tmp_path / "saved" / "guillemets").iterdir()) < 1000
    loaded = spacy.load(tmp_path / "saved")
    assert loaded.get_pipe("guillemets").config == strict.get_pipe("guillemets").config
    assert nlp(TEXT)._.quotes and not loaded(TEXT)._.quotes
    bytes_of_nlp = spacy.blank("fr")
    bytes_of_nlp.add_pipe("guillemets", config={"device": "cpu"})
    bytes_of_nlp.from_bytes(strict.to_bytes())
    assert not bytes_of_nlp(TEXT)._.quotes


def test_an_unknown_model_is_told():
    with pytest.raises(ValueError, match="no such model folder"):
        spacy.blank("fr").add_pipe("guillemets", config={"model": "/no/such/folder"})

"""Taggers in threads and in other processes: the same results as alone."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import CORPUS

from guillemets.inference import Document, QuoteTagger
from guillemets.inference.errors import InputError
from guillemets.inference.reading import read_documents
from guillemets.inference.tagger import default_model


@pytest.fixture(scope="module", params=["torch", "openvino"])
def tagger(request: pytest.FixtureRequest) -> QuoteTagger:
    try:
        return QuoteTagger.from_pretrained(device="cpu", backend=request.param)
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [d.text for d in read_documents(CORPUS / "briefs-heldout.jsonl")][:6]


@pytest.fixture(scope="module")
def alone(tagger: QuoteTagger, texts: list[str]) -> list[Document]:
    documents = [tagger.tag(text) for text in texts]
    assert all(d.quotes for d in documents)
    return documents


def test_a_loaded_tagger_pickles_to_its_origin(tagger, texts, alone):
    data = pickle.dumps(tagger)
    assert len(data) < 1000  # no weights
    assert pickle.loads(data).tag(texts[0]) == alone[0]


def test_a_pickled_folder_is_found_from_elsewhere(tmp_path: Path, monkeypatch, texts, alone):
    shutil.copytree(default_model(), tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps(QuoteTagger.from_pretrained("mine", device="cpu"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert pickle.loads(data).tag(texts[0]).quotes


def test_a_folder_trained_anew_pickles_to_something_else(tmp_path: Path):
    folder = shutil.copytree(default_model(), tmp_path / "mine")
    before = pickle.dumps(QuoteTagger.from_pretrained(folder, device="cpu"))
    assert before == pickle.dumps(QuoteTagger.from_pretrained(folder, device="cpu"))
    (folder / "model.safetensors").touch()
    assert before != pickle.dumps(QuoteTagger.from_pretrained(folder, device="cpu"))


def test_a_live_model_takes_its_weights_along(texts):
    loaded = QuoteTagger.from_pretrained(device="cpu")
    live = QuoteTagger(loaded.backend)
    live.backend.settings.stance_temperature *= 2  # as a caller may, and must find again
    assert pickle.loads(pickle.dumps(live)).tag(texts[0]) == live.tag(texts[0])
    assert live.tag(texts[0]) != QuoteTagger.from_pretrained(device="cpu").tag(texts[0])


def test_threads_share_a_tagger(tagger, texts, alone):
    def piped(_: int) -> list[Document]:
        return list(tagger.pipe(texts, batch_size=4))

    expected = piped(0)
    with ThreadPoolExecutor(4) as pool:
        tagged = [pool.submit(tagger.tag, text) for text in texts]
        pipes = list(pool.map(piped, range(2)))
        assert [future.result() for future in tagged] == alone
    assert pipes == [expected] * 2


def _tag(tagger: QuoteTagger, text: str) -> Document:
    return tagger.tag(text)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes(tagger, texts, alone, method):
    """The parent has tagged before it forks: a child must not wait for the parent's threads."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system does not {method}")
    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool, ended():
        tagged = [pool.apply_async(_tag, (tagger, text)) for text in texts[:2]]
        assert [rounded(t.get(timeout=120)) for t in tagged] == [rounded(d) for d in alone[:2]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_uses_the_tagger_of_its_parent(tagger, texts, alone):
    """Not pickled: as it stands in the memory that the child gets."""
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with ended():
        child = context.Process(target=lambda: queue.put(tagger.tag(texts[0])))
        child.start()
        child.join(timeout=120)
        assert child.exitcode == 0
    assert rounded(queue.get()) == rounded(alone[0])
    assert tagger.tag(texts[0]) == alone[0]  # and the parent still has its own


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_children_that_are_born_when_threads_have_tagged(tagger, texts):
    """A thread that ends takes a lock of MKL with it if a child is forked just then."""
    context = multiprocessing.get_context("fork")
    with ended():
        for _ in range(8):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(tagger.tag, texts[:4]))
            child = context.Process(target=tagger.tag, args=(texts[0],))
            child.start()
            child.join(timeout=60)
            assert child.exitcode == 0


FORKS = """
import os, sys
from guillemets.inference import QuoteTagger
tagger = QuoteTagger.from_pretrained(device="cpu", backend=sys.argv[1])
count = len(tagger.tag("« Non », a dit Anne Roy.").quotes)
for works in (True, False):
    if (child := os.fork()) == 0:
        sys.exit(works and len(tagger.tag("« Non », a dit Anne Roy.").quotes) != count)
    print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_a_child_ends_well(backend):
    """By the interpreter's own end, which destroys what there is, whether or not it has tagged."""
    if backend == "openvino":
        pytest.importorskip("openvino")
    script = [sys.executable, "-c", FORKS, backend]
    done = subprocess.run(script, capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stdout.split()) == (0, ["0", "0"]), done.stderr


@contextmanager
def ended() -> Iterator[None]:
    """No child outlives the block, not one that waits for what never comes either."""
    try:
        yield
    except BaseException:
        for child in multiprocessing.active_children():
            child.kill()
        raise


def rounded(document: Document) -> list[tuple]:
    """Scores to two digits: the number of threads may change the last of their four."""
    return [
        (q.start, q.end, q.type, q.speaker, q.cue, q.stance.label, pytest.approx(q.score, abs=0.01))
        for q in document.quotes
    ]

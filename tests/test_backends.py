"""Backends: an exported model says what torch says, needs no torch, and is used as carefully."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from guillemets.inference.backend import Reading, by_length, padded
from guillemets.inference.cli import main
from guillemets.inference.errors import InputError
from guillemets.inference.export import export
from guillemets.inference.reading import read_documents
from guillemets.inference.schema import Document, Failure
from guillemets.inference.tagger import QuoteTagger, default_model
from guillemets.inference.torch_backend import TorchBackend, load_model
from guillemets.inference.windows import Window
from guillemets.training.train import new_model, save


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The shipped model, exported by the command."""
    out = tmp_path_factory.mktemp("export") / "fast"
    assert main(["export", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def fast(folder):
    return QuoteTagger.from_pretrained(folder, backend="openvino")


@pytest.fixture(scope="module")
def reference():
    return QuoteTagger.from_pretrained(device="cpu")


@pytest.fixture(scope="module")
def briefs(request):
    corpus = request.config.rootpath / "training" / "corpus" / "briefs-heldout.jsonl"
    return list(read_documents(corpus))[:40]


def bare(documents):
    return [Document(d.id, d.text) for d in documents]


def facts(document):
    return {
        (q.start, q.end, q.type, q.speaker and q.speaker.name, q.stance.label)
        for q in document.quotes
    }


def test_the_exported_model_finds_what_torch_finds(fast, reference, briefs, heldout):
    texts = bare([*briefs, *heldout[:4]])
    theirs, ours = list(reference.pipe_documents(texts)), list(fast.pipe_documents(texts))
    same = sum(len(facts(a) & facts(b)) for a, b in zip(theirs, ours))
    assert same > 0.95 * sum(len(d.quotes) for d in theirs)
    scores = {(d.id, q.start, q.end): q.score for d in theirs for q in d.quotes}
    gaps = [
        abs(q.score - scores[d.id, q.start, q.end])
        for d in ours
        for q in d.quotes
        if (d.id, q.start, q.end) in scores
    ]
    assert np.mean(gaps) < 0.01


def test_a_result_depends_neither_on_company_nor_on_threads(fast, folder, briefs):
    together = list(fast.pipe_documents(bare(briefs)))
    alone = QuoteTagger.from_pretrained(folder, backend="openvino", threads=1)
    assert [alone.tag(d.text, d.id) for d in briefs[:8]] == together[:8]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda d: fast.tag(d.text, d.id), briefs)) == together


def test_threads_share_a_torch_tagger(reference, briefs):
    few = briefs[:8]
    alone = [reference.tag(d.text, d.id) for d in few]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda d: reference.tag(d.text, d.id), few)) == alone


def test_a_long_text_is_the_same_in_pieces_of_any_batch(fast, briefs):
    text = "\n\n".join(d.text for d in briefs * 2)
    assert len(text) > 30_000
    one, other = (next(fast.pipe([text], batch_size=n)) for n in (1, 16))
    assert one == other and len(one.quotes) > 100


@pytest.mark.parametrize("family", ["camembert", "deberta-v2"])
def test_any_encoder_is_exported(family, tiny_backbone, settings, few, tmp_path):
    torch.manual_seed(1)
    model, tokenizer = new_model(settings(family))
    save(model, tokenizer, tmp_path / "model")
    export(str(tmp_path / "model"), tmp_path / "fast")
    taggers = (
        QuoteTagger.from_pretrained(tmp_path / "model", device="cpu"),
        QuoteTagger.from_pretrained(tmp_path / "fast", backend="openvino"),
    )
    first, second = (
        [r for lot in tagger._pieces([Document("a", few[0].text)]) for r in lot.readings]
        for tagger in taggers
    )
    for tagger, readings in zip(taggers, (first, second)):
        for reading in readings:
            tagger.backend.encode([reading])
    assert len(first) == len(second) > 0
    for a, b in zip(first, second):
        assert a.window == b.window
        assert np.abs(a.quote - b.quote).max() < 0.1 * np.abs(a.quote).max()
    jobs = [[(r, [(1, 4), (6, 9)]) for r in readings[:1]] for readings in (first, second)]
    (one,), (two,) = (tagger.backend.attribute(job) for tagger, job in zip(taggers, jobs))
    assert one.mention.shape == two.mention.shape == (2, len(first[0].features) + 1)
    assert np.abs(np.exp(one.mention) - np.exp(two.mention)).max() < 0.1
    assert np.abs(one.stance - two.stance).max() < 0.1 and (one.target is None) == (
        two.target is None
    )


def test_half_precision_finds_what_full_precision_finds(reference, briefs):
    """As on a GPU, which no test may need."""

    model, tokenizer = load_model(str(default_model()))
    half = QuoteTagger(TorchBackend(model.bfloat16(), tokenizer, "cpu"))
    few = bare(briefs[:10])
    theirs, ours = list(reference.pipe_documents(few)), list(half.pipe_documents(few))
    same = sum(len(facts(a) & facts(b)) for a, b in zip(theirs, ours))
    assert same >= 0.9 * sum(len(d.quotes) for d in theirs)


def test_exported_models_run_without_torch(folder):
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from guillemets.inference import QuoteTagger\n"
        f"tagger = QuoteTagger.from_pretrained({str(folder)!r}, backend='openvino')\n"
        "print(tagger.tag('« Jamais ! », a dit la maire, Anne Roy.').quotes[0].speaker.name)\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout, run.returncode) == ("Anne Roy\n", 0), run.stderr


def test_an_exported_model_keeps_its_card(folder):
    assert (folder / "README.md").read_bytes() == (default_model() / "README.md").read_bytes()


def test_a_model_is_exported_into_the_cache_once(tmp_path, monkeypatch, capsys, settings):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model, tokenizer = new_model(settings())
    save(model, tokenizer, tmp_path / "model")
    for message in ("exporting", ""):
        QuoteTagger.from_pretrained(tmp_path / "model", backend="openvino")
        told = capsys.readouterr().err
        assert message in told and bool(message) == bool(told)
    assert len(list((tmp_path / "cache" / "guillemets").iterdir())) == 1


def test_what_cannot_be_used_is_told_in_one_line(folder, tmp_path, monkeypatch, capsys):
    def reason(*args, **options):
        with pytest.raises(InputError) as error:
            QuoteTagger.from_pretrained(*args, **options)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "--backend openvino" in reason(folder)
    assert "--backend torch" in reason(folder, backend="openvino", device="cuda")
    assert "unknown backend" in reason(backend="tpu")
    assert "no such model folder" in reason("./missing", backend="openvino")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for path in folder.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes())
    (damaged / "encoder.xml").write_text("<net")
    assert "encoder.xml" in reason(damaged, backend="openvino")
    (damaged / "tokenizer.json").write_text("{}")
    assert "tokenizer.json" in reason(damaged, backend="openvino")
    (damaged / "export.json").write_text('{"format": 0}')
    assert "export.json" in reason(damaged, backend="openvino")
    assert main(["export", "--out", str(folder)]) == 2
    assert "not empty" in capsys.readouterr().err
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert "cannot be written" in reason(backend="openvino")
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert "guillemets[openvino]" in reason(folder, backend="openvino")


def test_failures_keep_their_place(fast):
    long, marks = "a" * 2_000_001, "«" * 1_000_000
    records = [Document("a", "Rien."), Document("b", 3), Failure("c", "lost"), Document("d", long)]
    records += [
        Document("e", marks),
        Document("f", "x\ud800"),
        Document("g", "« Non », a dit Rey."),
    ]
    tagged = list(fast.pipe_records(records))
    assert [t.id for t in tagged] == list("abcdefg")
    assert [type(t) for t in tagged] == [Document, *[Failure] * 5, Document]
    assert tagged[2].error == "lost" and "int" in tagged[1].error
    assert "2,000,001" in tagged[3].error and "1,000,000" in tagged[4].error


def test_who_stops_early_does_not_read_everything(fast):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield Document(str(len(taken)), "« Non », a dit Anne Rey.")

    stream = fast.pipe_records(endless())
    assert next(stream).id == "1"
    stream.close()
    assert len(taken) < 1000


@given(st.lists(st.integers(1, 510), max_size=60), st.integers(1, 8))
def test_batches_hold_every_window_within_their_budget(lengths, size):
    readings = [
        Reading(Window(0, 1, [5] * n, [0]), np.zeros((1, 2), dtype=np.float32)) for n in lengths
    ]
    batches = by_length(readings, size * 510)
    assert sorted(map(id, readings)) == sorted(id(r) for batch in batches for r in batch)
    for batch in batches:
        ids, mask, heads, features = padded(batch, 1, 16)
        assert len(batch) * max(len(r.window.input_ids) for r in batch) <= size * 510
        assert ids.shape == mask.shape and ids.shape[1] % 16 == heads.shape[1] % 16 == 0
        assert mask.sum() == sum(len(r.window.input_ids) for r in batch)
        assert features.shape == (*heads.shape, 2)

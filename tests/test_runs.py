"""Runs in trouble: killed, out of room, in several processes, repeated; and studies of several runs."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from guillemets.inference import cli
from guillemets.inference.errors import InputError
from guillemets.inference.reading import read_documents
from guillemets.inference.tagger import QuoteTagger
from guillemets.training import train as training
from guillemets.training.checkpoints import last_checkpoint
from guillemets.training.curve import read_curve
from guillemets.training.metrics import score
from guillemets.training.train import QuoteTrainer, new_model, save, train

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
#: Chance in all its places: dropout, hidden words, shortened quotes; checkpoints amid a pass.
CHANCE = {"mask_words": 0.2, "shrink_quotes": 0.5, "average": 0.9}


@pytest.fixture
def run(settings, tmp_path):
    """``run(name, every, **optimisation)``: settings with dropout, and their file."""

    def make(name: str = "run", every: float = 1.5, **optimisation):
        options = settings(**CHANCE | optimisation)
        heads = msgspec.structs.replace(options.heads, dropout=0.1)
        evaluation = msgspec.structs.replace(options.evaluation, every=every)
        options = msgspec.structs.replace(
            options, heads=heads, evaluation=evaluation, output=str(tmp_path / name)
        )
        path = tmp_path / f"{name}.yaml"
        path.write_bytes(msgspec.json.encode(options))
        return options, path

    return make


def weights(folder: str | Path) -> dict[str, torch.Tensor]:
    return load_file(Path(folder) / "model.safetensors")


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_seed_gives_the_same_weights_twice(run):
    first, second = (run(name, epochs=2)[0] for name in ("first", "second"))
    train(first)
    torch.rand(7)  # whatever else draws in between
    train(second)
    assert same(weights(first.output), weights(second.output))
    other = msgspec.structs.replace(run("other", epochs=2)[0], seed=2)
    train(other)
    assert not same(weights(first.output), weights(other.output))


def steps_of(log: str, total: int) -> list[int]:
    """The steps that a progress bar has shown."""
    return [int(n) for n in re.findall(rf"\b(\d+)/{total} \[", log)]


def test_a_killed_run_goes_on_as_if_nothing_had_happened(run, tmp_path):
    options, config = run("killed", epochs=15)
    command = [sys.executable, "-m", "guillemets.inference.cli", "train", str(config)]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=ENVIRONMENT)
        checkpoints = Path(options.output) / "checkpoints"
        while not last_checkpoint(checkpoints) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, log.read_text()
    kept = last_checkpoint(checkpoints)
    step = int(kept.name.rpartition("-")[2])
    state = json.loads((kept / "trainer_state.json").read_text())
    interval, total = state["save_steps"], state["max_steps"]
    done = max(steps_of(log.read_text(), total))
    assert step % interval == 0 and done - step <= interval and done < total
    (checkpoints / "checkpoint-9999").mkdir()  # killed while it was being written
    again = subprocess.run([*command, "--resume"], capture_output=True, text=True, env=ENVIRONMENT)
    assert again.returncode == 0 and "model saved" in again.stdout, again.stderr
    assert min(filter(None, steps_of(again.stderr, total))) >= step  # what was done stays done
    whole, _ = run("whole", epochs=15)
    train(whole)
    assert same(weights(options.output), weights(whole.output))


@pytest.fixture
def little_room():
    """Files may not grow beyond 100 kB while the fixture's function is in force."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(on: bool = True) -> None:
        soft = 100_000 if on else before[0]
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, before[1]))

    yield limit
    limit(False)


def test_a_save_that_fails_keeps_the_last_good_checkpoint(run, little_room, monkeypatch, capfd):
    options, config = run(epochs=6)
    original, saves = QuoteTrainer._save_checkpoint, []

    def save_second_without_room(self, *args):
        saves.append(self.state.global_step)
        little_room(len(saves) > 1)
        original(self, *args)

    monkeypatch.setattr(QuoteTrainer, "_save_checkpoint", save_second_without_room)
    assert cli.main(["train", str(config)]) == cli.BAD_INPUT
    little_room(False)
    said = capfd.readouterr().err.split("guillemets: ")[-1]
    assert said.count("\n") == 1 and "cannot be saved" in said and "checkpoints" in said
    kept = last_checkpoint(Path(options.output) / "checkpoints")
    assert kept.name == f"checkpoint-{saves[0]}" and len(saves) == 2
    monkeypatch.undo()
    train(options, resume=True)
    whole, _ = run("whole", epochs=6)
    train(whole)
    assert same(weights(options.output), weights(whole.output))


def test_a_model_that_cannot_be_saved_leaves_the_one_before(run, little_room):
    model, tokenizer = new_model(run()[0])
    folder = Path(run()[0].output)
    save(model, tokenizer, folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    little_room()
    with pytest.raises(InputError, match=r"cannot be saved \(.*[Ff]ile too large"):
        save(model, tokenizer, folder)
    little_room(False)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_an_output_that_cannot_be_written_is_told_before_the_training(run, tmp_path, capsys):
    _, config = run()
    (tmp_path / "file").write_text("in the way")
    for output in ("file", "file/run"):
        assert cli.main(["train", str(config), f"output={tmp_path / output}"]) == cli.BAD_INPUT
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and f"{output}: cannot be saved" in err


def test_two_processes_train_one_model(run, few):
    options, config = run(epochs=4)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
               "-m", "guillemets.inference.cli", "train", str(config)]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("model saved") == 1
    state = last_checkpoint(Path(options.output) / "checkpoints") / "trainer_state.json"
    alone, _ = run("alone", epochs=1)
    train(alone)
    steps = json.loads((last_checkpoint(Path(alone.output) / "checkpoints") / "trainer_state.json")
                       .read_text())["max_steps"]  # fmt: skip
    assert json.loads(state.read_text())["max_steps"] == 4 * -(-steps // 2)
    tagger = QuoteTagger.from_pretrained(options.output, device="cpu")
    assert [d.id for d in tagger.pipe_documents(few)] == [d.id for d in few]


def test_logs_for_tensorboard(run):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    options = msgspec.structs.replace(run(epochs=2)[0], report="tensorboard")
    figures = train(options)
    events = accumulator.EventAccumulator(str(Path(options.output) / "logs")).Reload()
    assert {"train/loss", "train/learning_rate", "eval/overlap_f1"} <= set(events.Tags()["scalars"])
    last = events.Scalars("eval/overlap_f1")[-1].value
    assert last == pytest.approx(figures["overlap_f1"], abs=1e-6)


def test_tensorboard_that_is_not_installed(run, monkeypatch, capsys):
    _, config = run()
    monkeypatch.setattr(
        "transformers.integrations.integration_utils.is_tensorboard_available", lambda: False
    )
    assert cli.main(["train", str(config), "report=tensorboard"]) == cli.BAD_INPUT
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "pip install tensorboard" in err


@pytest.fixture
def trained(monkeypatch):
    """Outputs of the runs that a study has begun, in order."""
    outputs: list[str] = []

    def spy(settings, resume=False):
        outputs.append(Path(settings.output).name + (" resumed" if resume else ""))
        return train(settings, resume)

    monkeypatch.setattr("guillemets.training.studies.train", spy)
    return outputs


def test_a_learning_curve(run, trained, capsys, tmp_path):
    options, config = run(epochs=1)
    command = ["train", str(config), "--learning-curve", "1,0.5"]
    assert cli.main(command) == 0
    shown = capsys.readouterr().out
    assert "2 documents, " in shown and "4 documents, " in shown
    curve = read_curve(Path(options.output) / "learning-curve.json")
    assert [p.documents for p in curve.points] == [2, 4]
    assert 0 < curve.points[0].quotes < curve.points[1].quotes
    less, all_of_it = (
        {
            d.id
            for d in read_documents(Path(options.output) / "learning-curve" / share / "train.jsonl")
        }
        for share in ("0.5", "1")
    )
    assert less < all_of_it
    assert trained == ["0.5", "1"]
    assert cli.main(command) == 0  # finished parts are read
    assert trained == ["0.5", "1"]
    page = tmp_path / "page.html"
    path = str(Path(options.output) / "learning-curve.json")
    shown = ["--system", "rules", "--report", str(page), "--curve", path]
    assert cli.main(["evaluate", str(tmp_path / "dev.jsonl"), *shown]) == 0
    assert "4 documents, " in page.read_text(encoding="utf-8")
    assert cli.main([*command, "optimisation.epochs=2"]) == 0  # another study
    assert trained == ["0.5", "1"] * 2


def test_cross_validation_goes_on_where_it_was_cut_off(run, trained, few, monkeypatch, capsys):
    options, config = run(epochs=1)
    folder = Path(options.output) / "crossval"
    command = ["crossval", str(config), "--report", str(folder / "page.html"), "--folds", "2"]
    with monkeypatch.context() as patch:
        patch.setattr(training, "save", None)  # the first fold is trained, then something breaks
        with pytest.raises(TypeError):
            cli.main(command)
    assert cli.main(command) == 0
    assert trained == ["1", "1 resumed", "2"]
    gold, found = (list(read_documents(folder / f"{n}.jsonl")) for n in ("gold", "predictions"))
    assert sorted(d.id for d in gold) == sorted(d.id for d in few)
    assert [d.text for d in gold] == [d.text for d in found]
    for fold in ("1", "2"):
        held, given = (
            {d.id for d in read_documents(folder / fold / f"{name}.jsonl")}
            for name in ("dev", "train")
        )
        assert not held & given and len(held | given) == len(few)
    figures = json.loads((folder / "figures.json").read_text())
    assert figures["whole"]["figures"]["exact_f1"]["value"] == score(gold, found)["exact_f1"]
    assert len(figures["folds"]) == 2
    assert not list(folder.glob("*/checkpoints"))
    assert "2-fold cross-validation" in (folder / "page.html").read_text(encoding="utf-8")
    assert "fold 2 of 2, 2 documents: overlap" in capsys.readouterr().out
    assert cli.main([*command[:-1], "9"]) == cli.BAD_INPUT
    assert "4 documents cannot be split into 9 folds" in capsys.readouterr().err


def test_bad_shares_and_curves(run, tmp_path, capsys):
    _, config = run()
    for shares in ("0", "half", "2"):
        with pytest.raises(SystemExit) as caught:
            cli.main(["train", str(config), "--learning-curve", shares])
        assert caught.value.code == cli.BAD_INPUT
    capsys.readouterr()
    gold, page = (
        str(tmp_path / "dev.jsonl"),
        ["--system", "rules", "--report", str(tmp_path / "r.html")],
    )
    point = '{"share": 1, "documents": 1, "quotes": 1, "figures": {}}'
    for text, reason in (
        ("{}", "missing required field"),
        ('{"points": []}', "without points"),
        (f'{{"points": [{point}]}}', "points[0] lacks overlap_f1"),
    ):
        (tmp_path / "curve.json").write_text(text)
        assert cli.main(["evaluate", gold, *page, "--curve", str(tmp_path / "curve.json")]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and reason in err and "curve.json" in err
    assert cli.main(["evaluate", gold, "--curve", str(tmp_path / "none.json")]) == cli.BAD_INPUT
    assert "--report" in capsys.readouterr().err

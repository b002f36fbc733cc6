"""Configs: every mistake is one line that names the file and the reason."""

from pathlib import Path

import pytest

from guillemets.inference.errors import InputError
from guillemets.training.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
GOOD = "backbone: b\noutput: o\ndata: {train: [t.jsonl], dev: [d.jsonl]}\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("config", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_configs_that_ship_are_valid(config):
    assert load_settings(config).data.train


def test_overrides_win(tmp_path):
    settings = load_settings(write(tmp_path, GOOD), ["optimisation.epochs=3", "seed=7"])
    assert settings.optimisation.epochs == 3 and settings.seed == 7


def test_files_under_an_unset_variable_are_left_out(tmp_path, monkeypatch, capsys):
    path = write(tmp_path, GOOD.replace("[t.jsonl]", '[t.jsonl, "${SOME_FOLDER}/r.jsonl"]'))
    monkeypatch.delenv("SOME_FOLDER", raising=False)
    assert load_settings(path).data.train == ["t.jsonl"]
    assert "SOME_FOLDER" in capsys.readouterr().err
    monkeypatch.setenv("SOME_FOLDER", "/real")
    assert load_settings(path).data.train == ["t.jsonl", "/real/r.jsonl"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD + "optimisation: {epoch: 3}\n", "did you mean `epochs`"),
        (GOOD + "seed: many\n", "Expected `int`"),
        (GOOD + "optimisation: {precision: fp8}\n", "fp8"),
        ("output: o\n", "missing required field"),
        ("a: [1\n", "run.yaml:2: not YAML"),
        ("- a\n", "mapping"),
        (GOOD.replace("[t.jsonl]", "t.jsonl"), "Expected `array`"),
    ],
)
def test_mistakes_are_explained(tmp_path, text, reason):
    with pytest.raises(InputError) as caught:
        load_settings(write(tmp_path, text))
    assert reason in str(caught.value) and "run.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_config(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        load_settings(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="key=value"):
        load_settings(write(tmp_path, GOOD), ["seed"])

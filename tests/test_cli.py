"""The command line: what it writes where, what it says of bad input, and its exit status."""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from guillemets.inference import cli
from guillemets.inference.errors import InputError
from guillemets.inference.schema import Document, Failure, Quote, Speaker, Stance


class FakeTagger:
    """Takes the first three characters of each text for a quote."""

    loaded: ClassVar[list[tuple[str | None, str]]] = []

    @classmethod
    def from_pretrained(
        cls, model: str | None, device: str, backend: str, threads: int | None
    ) -> FakeTagger:
        if model == "unknown":
            raise InputError("unknown: no such model")
        cls.loaded.append((model, device))
        return cls()

    def pipe_records(
        self, records: Iterable[Document | Failure], batch_size: int = 8, min_score: float = 0.0
    ) -> Iterator[Document | Failure]:
        for document in records:
            if isinstance(document, Failure):
                yield document
                continue
            if "interrupt" in document.text:
                raise KeyboardInterrupt
            if "unusable" in document.text:
                raise InputError(f"{document.id}: unusable")
            text = document.text[:3]
            said = Quote(0, 3, text, "direct", Speaker("Rey", None), None, Stance("neutral"), 0.5)
            yield Document(document.id, document.text, [said] if min_score <= 0.5 else [])


@pytest.fixture(autouse=True)
def fake_tagger(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("guillemets.inference.tagger")
    module.QuoteTagger = FakeTagger  # type: ignore[attr-defined]
    module.default_model = lambda: Path("none")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    FakeTagger.loaded = []


@pytest.fixture
def article(tmp_path: Path) -> str:
    path = tmp_path / "une.txt"
    path.write_text("Non, a-t-il dit.", encoding="utf-8")
    return str(path)


@pytest.fixture
def mixed(tmp_path: Path) -> str:
    """Three good lines and two bad ones."""
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(
        b'{"text": "un"}\n{"text": 2}\n{"text": "trois"}\n{\xff\n{"text": "cinq", "id": 5}\n'
    )
    return str(path)


MIXED = ["mixed-1", "mixed-2", "mixed-3", "mixed-4", "5"]


def ids(output: str) -> list[str]:
    return [json.loads(line)["id"] for line in output.splitlines()]


def test_piped_output_is_jsonl(capsys: pytest.CaptureFixture[str], article: str) -> None:
    assert cli.main(["tag", article]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["quotes"][0]["text"] == "Non"
    assert err.startswith("guillemets: 1 document, 1 quote, 0 errors, ") and err.count("\n") == 1
    assert cli.main(["tag", article, "--quiet"]) == 0
    assert capsys.readouterr() == (out, "")
    assert FakeTagger.loaded == [(None, "auto")] * 2


def test_a_terminal_gets_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, article: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main(["tag", article]) == 0
    out = capsys.readouterr().out
    assert "une" in out and "neutral" in out and not out.startswith("{")


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("o.jsonl", [], "{"),
        ("o.html", [], "<!DOCTYPE html>"),
        ("o.HTM", [], "<!DOCTYPE html>"),
        ("o.out", [], "{"),
        ("o.html", ["--format", "jsonl"], "{"),
        ("o.jsonl", ["--format", "table"], "une"),
    ],
)
def test_the_format_follows_the_output(
    tmp_path: Path, article: str, name: str, options: list[str], start: str
) -> None:
    output = tmp_path / name
    assert cli.main(["tag", article, "--output", str(output), *options]) == 0
    assert output.read_text(encoding="utf-8").startswith(start)


def test_options_may_stand_between_inputs(
    capsys: pytest.CaptureFixture[str], article: str, mixed: str
) -> None:
    options = ["--model", "m", "--device", "cpu"]
    assert cli.main(["tag", article, *options, "--quiet", mixed, "--batch-size", "2"]) == 2
    assert ids(capsys.readouterr().out) == ["une", *MIXED]
    assert FakeTagger.loaded == [("m", "cpu")]


def test_bad_inputs_are_told_and_keep_their_places(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, article: str, mixed: str
) -> None:
    (tmp_path / "empty").mkdir()
    inputs = ["missing.txt", mixed, str(tmp_path / "empty"), article]
    assert cli.main(["tag", *inputs]) == 2
    out, err = capsys.readouterr()
    reasons = [
        "No such file or directory",
        "the field `text` is a number, not a string",
        "not UTF-8: byte 0xff at offset 1",
        "holds no .txt, .jsonl, .csv (plain, .gz or .zst) or .parquet file",
    ]
    assert ids(out) == ["missing", *MIXED, "empty", "une"]
    failures = [record for record in map(json.loads, out.splitlines()) if "error" in record]
    assert [failure["error"] for failure in failures] == reasons
    assert all(failure.keys() == {"id", "error"} for failure in failures)
    places = ["missing.txt", f"{mixed}:2", f"{mixed}:4", str(tmp_path / "empty")]
    *told, summary = err.splitlines()
    assert told == [f"guillemets: {place}: {reason}" for place, reason in zip(places, reasons)]
    assert summary.startswith("guillemets: 4 documents, 4 quotes, 4 errors, ")
    assert summary.endswith(" words/s")


def test_with_no_good_input_no_model_is_loaded_and_the_output_stays(tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    output.write_text("before")
    assert cli.main(["tag", "missing.txt", "--output", str(output)]) == 2
    assert output.read_text() == "before" and not FakeTagger.loaded


def test_no_document_at_all_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"\n")
    output = tmp_path / "o.jsonl"
    assert cli.main(["tag", str(tmp_path / "empty.jsonl"), "--output", str(output)]) == 0
    assert output.read_bytes() == b""


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--resume"], "keeps no unfinished run"),
        (["--flat", "-o", "o.csv"], "--flat goes with parquet"),
        (["-", "-o", "o.jsonl", "--resume"], "standard input cannot be read again"),
    ],
)
def test_options_that_do_not_go_together(
    capsys: pytest.CaptureFixture[str], article: str, argv: list[str], reason: str
) -> None:
    assert cli.main(["tag", article, *argv]) == 2
    err = capsys.readouterr().err
    assert reason in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "output", "missing"),
    [
        ("a.jsonl.zst", "o.jsonl", "backports.zstd"),
        ("a.parquet", "o.jsonl", "pyarrow"),
        ("a.txt", "o.parquet", "pyarrow"),
    ],
)
def test_a_missing_extra_is_told_before_anything_is_done(
    tmp_path: Path, name: str, output: str, missing: str
) -> None:
    (tmp_path / name).write_bytes(b"a")
    hide = "import sys; sys.modules.update({'compression': None, 'backports': None})\n"
    hide += (
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'pyarrow' else find(name, *rest)\n"
    )
    done = python(hide + FAKE, "tag", str(tmp_path / name), "-o", str(tmp_path / output))
    assert done.returncode == 2 and "pip install 'guillemets[archive]'" in done.stderr
    assert missing in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_unknown_model_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, article: str
) -> None:
    output = tmp_path / "o.jsonl"
    assert cli.main(["tag", article, "--model", "unknown", "--output", str(output)]) == 2
    assert capsys.readouterr().err == "guillemets: unknown: no such model\n"
    assert not output.exists()


def test_the_output_takes_its_place_at_the_end(tmp_path: Path, article: str, mixed: str) -> None:
    output, link = tmp_path / "o.jsonl", tmp_path / "link.jsonl"
    output.write_text("before")
    output.chmod(0o640)
    link.symlink_to(output)
    assert cli.main(["tag", article, mixed, "--output", str(link)]) == 2
    assert ids(output.read_text()) == ["une", *MIXED]
    assert link.is_symlink() and output.stat().st_mode & 0o777 == 0o640
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(("text", "status"), [("interrupt", 130), ("unusable", 2)])
def test_a_run_cut_short_leaves_the_output_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, article: str, text: str, status: int
) -> None:
    output, last = tmp_path / "o.jsonl", tmp_path / "last.txt"
    output.write_text("before")
    last.write_text(text)
    assert cli.main(["tag", article, str(last), "--output", str(output)]) == status
    assert output.read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["last.txt", "o.jsonl", "une.txt"]
    assert len(capsys.readouterr().err.splitlines()) == (status == 2)


def test_an_input_may_be_its_own_output(mixed: str) -> None:
    assert cli.main(["tag", mixed, "--output", mixed]) == 2
    assert ids(Path(mixed).read_text()) == MIXED


@pytest.mark.parametrize(
    ("output", "reason"),
    [("", "is a directory"), ("none/o.jsonl", "No such file"), ("une.txt/o.jsonl", "Not a dir")],
)
def test_an_unwritable_output_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, article: str, output: str, reason: str
) -> None:
    path = tmp_path / output
    assert cli.main(["tag", article, "--output", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"guillemets: {path}: {reason}") and err.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told(capsys: pytest.CaptureFixture[str], article: str) -> None:
    assert cli.main(["tag", article, "--output", "/dev/full"]) == 2
    assert capsys.readouterr().err == "guillemets: /dev/full: No space left on device\n"


def test_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Été".encode())))
    assert cli.main(["tag", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "Été"


def test_progress_shows_only_on_a_terminal_that_is_not_the_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mixed: str
) -> None:
    output = str(tmp_path / "o.jsonl")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert cli.main(["tag", mixed, "--output", output]) == 2
    err = capsys.readouterr().err
    assert "documents" in err and "mixed.jsonl:2:" in err
    assert cli.main(["tag", mixed, "--output", output, "--quiet"]) == 2
    assert "documents" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["tag"],
        ["tag", "a.txt", "--batch-size", "0"],
        ["tag", "a.txt", "--shard", "0/3"],
        ["tag", "a.txt", "--shard", "4/3"],
        ["tag", "a.txt", "--shard", "1"],
        ["tag", "a.txt", "--resume", "--restart"],
        ["tag", "a.txt", "--batch-size", "x"],
        ["tag", "a.txt", "--format", "xml"],
        ["tag", "a.txt", "--device", "tpu"],
        ["unknown"],
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(argv)
    assert raised.value.code == 2 and "error:" in capsys.readouterr().err


def test_min_score_reaches_the_tagger(article: str, capsys: pytest.CaptureFixture[str]) -> None:
    for score, count in (("0.4", 1), ("0.6", 0)):
        assert cli.main(["tag", article, "--min-score", score]) == 0
        assert len(json.loads(capsys.readouterr().out)["quotes"]) == count


def fake_training(monkeypatch: pytest.MonkeyPatch, train: Callable[..., dict[str, float]]) -> None:
    module = ModuleType("guillemets.training.train")
    module.train = train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_train_hands_over_its_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    calls: list[tuple[object, ...]] = []
    fake_training(monkeypatch, lambda *args: calls.append(args) or {"overlap": 0.5})
    config = tmp_path / "c.yaml"
    config.write_text("{backbone: x, output: o, data: {train: [], dev: []}}")
    assert cli.main(["train", str(config), "seed=3", "--resume", "output=run"]) == 0
    [(settings, resume)] = calls
    assert resume and (settings.seed, settings.output) == (3, "run")
    assert "0.5000" in capsys.readouterr().out


def test_training_without_its_extra_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def train(*_: object) -> dict[str, float]:
        raise ModuleNotFoundError("No module named 'datasets'", name="datasets")

    fake_training(monkeypatch, train)
    config = tmp_path / "c.yaml"
    config.write_text("{backbone: x, output: o, data: {train: [], dev: []}}")
    assert cli.main(["train", str(config)]) == 2
    assert "pip install 'guillemets[train]'" in capsys.readouterr().err


def python(code: str, *args: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *args]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **options)


FAKE = """
import sys
from types import ModuleType
module = sys.modules["guillemets.inference.tagger"] = ModuleType("tagger")
class QuoteTagger:
    from_pretrained = classmethod(lambda cls, *args, **options: cls())
    pipe_records = lambda self, records, **rest: records
module.QuoteTagger = QuoteTagger
from guillemets.inference.cli import main
sys.exit(main())
"""


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from guillemets.inference.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'torch', 'transformers', 'numpy', 'rich', 'jinja2', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    for argv in (["--help"], ["tag", "--help"], ["train", "--help"], ["--version"]):
        done = python(code, *argv)
        assert done.returncode == 0, done.stderr
        assert "guillemets" in done.stdout


def test_a_missing_file_is_told_without_loading_anything_heavy() -> None:
    code = (
        "import sys; from guillemets.inference.cli import main\n"
        "assert main(['tag', 'missing.txt']) == 2\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    done = python(code)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "guillemets: missing.txt: No such file or directory\n"


def test_the_package_exports_without_loading_torch() -> None:
    code = (
        "import sys, guillemets.inference as inference\n"
        "from guillemets.inference import Document, Quote, Span, Speaker, Stance\n"
        "assert 'QuoteTagger' in dir(inference) and not hasattr(inference, 'nothing')\n"
        "assert 'torch' not in sys.modules"
    )
    assert python(code).returncode == 0


def test_output_is_utf8_in_any_locale(article: str) -> None:
    Path(article).write_text("« Été »", encoding="utf-8")
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for format in ("jsonl", "html", "table"):
        argv = ["tag", article, "--format", format]
        done = python(FAKE, *argv, env=os.environ | locale)
        assert done.returncode == 0, done.stderr
        assert format == "table" or "« Été »" in done.stdout


def test_a_reader_that_leaves_early_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text('{"text": "Non, a-t-il dit."}\n' * 20_000)
    command = [sys.executable, "-c", FAKE, "tag", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == cli.BROKEN_PIPE


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_standard_output_is_told(article: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", FAKE, "tag", article], stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2
    assert done.stderr == b"guillemets: <stdout>: No space left on device\n"


@pytest.mark.parametrize("text", ["interrupt", "unusable"])
def test_standard_output_stays_open_when_a_run_breaks(text: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    assert cli.main(["tag", str(tmp_path / "a.txt"), "--format", "table"]) in (2, 130)
    gc.collect()
    print("still there")
    assert capsys.readouterr().out.endswith("still there\n")

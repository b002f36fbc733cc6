"""Runs that are cut short, at any moment and in any way, and go on to the very same bytes."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import make_archive, tag

from guillemets.inference.archive import spool as spool_module
from guillemets.inference.archive.fields import Fields
from guillemets.inference.errors import InputError

NAMES = ["o.jsonl", "o.jsonl.gz", "o.csv", "o.parquet", "o.html"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive") / "in")


def whole(archive: Path, tmp_path: Path, name: str, **options: object) -> bytes:
    """The bytes of a run that nothing has cut."""
    (tmp_path / "whole").mkdir()
    tag([archive], tmp_path / "whole" / name, **options)
    return (tmp_path / "whole" / name).read_bytes()


def child(task: Callable[[], object], milliseconds: float | None = None) -> int | str:
    """Runs ``task`` in a process of its own, killed after a while: its signal, or what it raised."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            task()
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    if milliseconds is not None:
        select.select([reading], [], [], milliseconds / 1000)  # its end comes with the child's
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with open(reading, encoding="utf-8") as raised:
        return raised.read() or status


def die_at_step(number: int) -> None:
    """Kills this very process before its ``number``-th change to the disk, or in the midst of it."""
    steps = 0

    def counted(change: Callable, torn: bool = False) -> Callable:
        def step(*args: object, **options: object) -> object:
            nonlocal steps
            steps += 1
            if steps == number:
                if torn:
                    stream, data = args
                    stream.write(bytes(data)[: len(data) // 2])  # type: ignore[attr-defined, arg-type, index]
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*args, **options)

        return step

    spool_module._write = counted(spool_module._write, torn=True)
    os.fsync = counted(os.fsync)
    os.open = counted(os.open)
    Path.replace = counted(Path.replace)  # type: ignore[method-assign]
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]


@pytest.mark.parametrize("name", NAMES)
def test_a_run_may_die_before_any_change_to_the_disk(
    archive: Path, tmp_path: Path, name: str
) -> None:
    expected = whole(archive, tmp_path, name, chunk=16)
    deaths = 0
    while True:
        output = tmp_path / str(deaths) / name
        output.parent.mkdir()

        def doomed() -> None:
            die_at_step(deaths + 1)  # noqa: B023
            tag([archive], output, chunk=16)  # noqa: B023

        status = child(doomed)
        assert status in (0, signal.SIGKILL)
        if status == 0:
            break
        deaths += 1
        if any(output.parent.iterdir()) and (
            not output.exists() or len([*output.parent.iterdir()]) > 1
        ):
            assert child(lambda: tag([archive], output, chunk=16, resume=True)) == 0  # noqa: B023
        else:
            tag([archive], output, chunk=16)
        assert output.read_bytes() == expected
        assert [*output.parent.iterdir()] == [output]
    assert deaths > 20 and output.read_bytes() == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shard", [(1, 1), (2, 3)])
def test_a_run_may_be_killed_again_and_again(
    archive: Path, tmp_path: Path, name: str, shard: tuple[int, int]
) -> None:
    expected = whole(archive, tmp_path, name, shard=shard, chunk=2)
    chance = random.Random(name + str(shard))
    output = tmp_path / name
    journal = tmp_path / f"{name}.journal"
    options = {"shard": shard, "chunk": 2, "resume": True}
    killed = 0
    while not output.exists() or journal.exists():
        wait = chance.uniform(5, 40) if killed < 12 else 10_000
        status = child(lambda: tag([archive], output, pause=0.01, **options), wait)  # noqa: B023
        assert status in (0, signal.SIGKILL)
        killed += bool(status)
    assert killed > 2 and output.read_bytes() == expected
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "whole"])


def cut_short(archive: Path, output: Path, **options: object) -> None:
    """Leaves a run that was killed after a few chunks."""

    def doomed() -> None:
        die_at_step(14)
        tag([archive], output, **options)

    assert child(doomed) == signal.SIGKILL
    assert output.with_name(output.name + ".part").stat().st_size


def test_an_unfinished_run_is_not_lost_by_accident(archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    cut_short(archive, output)
    with pytest.raises(InputError, match=r"unfinished run.*--resume.*--restart") as raised:
        tag([archive], output)
    assert "\n" not in str(raised.value)
    tag([archive], output, restart=True)
    assert output.read_bytes() == whole(archive, tmp_path, "o.jsonl")


def test_only_the_same_command_goes_on(archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    part = tmp_path / "o.jsonl.part"
    cut_short(archive, output, command=lambda: {"model": "a"})
    kept = part.read_bytes()
    for options, name in (
        ({"shard": (1, 2)}, "shard"),
        ({"fields": Fields("body")}, "text field"),
        ({"fields": Fields(id="url")}, "id field"),
        ({"chunk": 5}, "chunk"),
        ({"command": lambda: {"model": "b"}}, "model"),
    ):
        options = {"command": lambda: {"model": "a"}} | options
        with pytest.raises(InputError, match=f"another {name} "):
            tag([archive], output, resume=True, **options)
    with pytest.raises(InputError, match="another inputs "):
        tag([archive / "a.txt"], output, resume=True, command=lambda: {"model": "a"})
    assert part.read_bytes() == kept
    # The format may change: what is tagged is the same.
    tag([archive], output, resume=True, format="csv", command=lambda: {"model": "a"})
    assert output.read_bytes() == whole(archive, tmp_path, "o.csv")


def test_changed_inputs_are_refused(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "in")
    output = tmp_path / "o.jsonl"
    cut_short(archive, output)
    os.utime(archive / "a.txt", (1, 1))
    with pytest.raises(InputError, match="another inputs"):
        tag([archive], output, resume=True)


@pytest.mark.parametrize("damage", ["journal torn", "journal garbage", "part grown"])
def test_what_is_not_in_the_journal_does_not_count(
    archive: Path, tmp_path: Path, damage: str
) -> None:
    output = tmp_path / "o.jsonl"
    cut_short(archive, output)
    part, journal = (tmp_path / f"o.jsonl.{name}" for name in ("part", "journal"))
    if damage == "part grown":
        part.write_bytes(part.read_bytes() + b'{"id":"torn","te')
    else:
        lines = journal.read_bytes().splitlines(keepends=True)
        last = lines[-1][:-9] if damage == "journal torn" else b"\0\0\0\n"
        journal.write_bytes(b"".join([*lines[:-1], last]))
    tag([archive], output, resume=True)
    assert output.read_bytes() == whole(archive, tmp_path, "o.jsonl")


def test_a_part_that_is_gone_or_cut_is_told(archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    cut_short(archive, output)
    part = tmp_path / "o.jsonl.part"
    os.truncate(part, 10)
    with pytest.raises(InputError, match="cut short; --restart"):
        tag([archive], output, resume=True)
    part.unlink()
    with pytest.raises(InputError, match="is missing; --restart"):
        tag([archive], output, resume=True)


def test_nothing_to_resume(archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    tag([archive], output, resume=True)
    written = output.read_bytes()
    before = output.stat().st_mtime_ns
    told: list[str] = []
    assert not tag([archive], output, resume=True, tell=told.append).started
    assert ["is finished" in line for line in told] == [True]
    assert output.read_bytes() == written and output.stat().st_mtime_ns == before
    assert [*tmp_path.iterdir()] == [output]


def test_a_strangers_part_is_not_overwritten(archive: Path, tmp_path: Path) -> None:
    output, part = tmp_path / "o.jsonl", tmp_path / "o.jsonl.part"
    part.write_text("mine")
    for resume in (False, True):
        with pytest.raises(InputError, match="o.jsonl.part is in the way"):
            tag([archive], output, resume=resume)
    assert part.read_text() == "mine" and [*tmp_path.iterdir()] == [part]
    tag([archive], output, restart=True)
    assert output.read_bytes() == whole(archive, tmp_path, "o.jsonl")


def test_a_second_run_on_the_same_output_is_refused(archive: Path, tmp_path: Path) -> None:
    output = tmp_path / "o.jsonl"
    spool = spool_module.Spool(output, {})
    for options in ({}, {"resume": True}, {"restart": True}):
        with pytest.raises(InputError, match="another run is writing it"):
            tag([archive], output, **options)
    spool.close()
    assert not [*tmp_path.iterdir()]
    tag([archive], output)


def test_an_input_that_is_the_output_may_die_too(tmp_path: Path) -> None:
    """Once all is tagged, the inputs are needed no more: the output may have replaced one."""
    data = (make_archive(tmp_path / "in") / "c.jsonl").read_bytes()
    expected = whole(tmp_path / "in" / "c.jsonl", tmp_path, "c.jsonl")
    for step in range(1, 100):
        path = tmp_path / "c.jsonl"
        path.write_bytes(data)

        def doomed() -> None:
            die_at_step(step)  # noqa: B023
            tag([path], path)  # noqa: B023

        if child(doomed) == 0:
            break
        if (tmp_path / "c.jsonl.journal").exists():
            state = (tmp_path / "c.jsonl.journal").read_bytes()
            tag([path], path, resume=state.count(b"\n") > 1)
            assert path.read_bytes() == expected
        assert not [*tmp_path.glob("*.part"), *tmp_path.glob("*.journal")]
    assert 10 < step < 99


# ---------------------------------------------------------------- full disks


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_stops_the_run_and_it_goes_on(archive: Path, tmp_path: Path, name: str) -> None:
    expected = whole(archive, tmp_path, name)
    tag([archive], tmp_path / "all.jsonl")
    size = (tmp_path / "all.jsonl").stat().st_size
    output = tmp_path / name
    stopped = 0
    for limit in (10, 700, size // 2, size - 10, size + 10, max(size, len(expected)) + 10):

        def limited() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # noqa: B023
            tag([archive], output, resume=True)

        status = child(limited)
        if status == 0:
            break
        stopped += 1
        assert str(status).startswith(f"InputError: {output}: {os.strerror(errno.EFBIG)}")
        kept = (tmp_path / f"{name}.part").exists()
        assert kept == ("records are kept: make room, then --resume goes on" in str(status))
        assert not output.exists() and not (tmp_path / f"{name}.new").exists()
    assert status == 0 and stopped >= 4 and output.read_bytes() == expected


def test_a_full_file_system(archive: Path, tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    options = ["-t", "tmpfs", "-o", "size=12k", "tmpfs", str(mount)]
    if os.geteuid() or subprocess.run(["mount", *options], capture_output=True).returncode:
        pytest.skip("cannot mount a small file system")
    try:
        output = mount / "o.jsonl"
        with pytest.raises(InputError, match=r"No space left on device; \d+ records are kept"):
            tag([archive], output)
        for line in (mount / "o.jsonl.part").read_bytes().splitlines():
            json.loads(line)
        subprocess.run(["mount", "-o", "remount,size=1m", str(mount)], check=True)
        tag([archive], output, resume=True)
        assert output.read_bytes() == whole(archive, tmp_path, "o.jsonl")
    finally:
        subprocess.run(["umount", str(mount)], check=True)


# ---------------------------------------------------------------- the command itself

SLOW = f"""
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # which is off in what a shell runs behind
sys.path.insert(0, {str(Path(__file__).parent)!r})
from types import ModuleType
from archives import pretend
class QuoteTagger:
    from_pretrained = classmethod(lambda cls, *args, **options: cls())
    def pipe_records(self, records, **options):
        for record in pretend(records):
            time.sleep(0.02)
            yield record
module = sys.modules["guillemets.inference.tagger"] = ModuleType("tagger")
module.QuoteTagger = QuoteTagger
module.default_model = lambda: __import__("pathlib").Path("none")
from guillemets.inference.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_asked_to_stop(
    archive: Path, tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    output = tmp_path / "o.jsonl"
    argv = ["tag", str(archive), "--output", str(output), "--chunk", "4"]
    command = [sys.executable, "-c", SLOW, *argv]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process:
        part = tmp_path / "o.jsonl.part"
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(sent)
        _, err = process.communicate()
    assert process.returncode == status
    assert err.splitlines()[-1].endswith("what is tagged is kept, --resume goes on with it")
    assert "Traceback" not in err
    done = subprocess.run([*command, "--resume"], stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 2 and "by an earlier run" in done.stderr
    assert output.read_bytes() == whole(archive, tmp_path, "o.jsonl")


def bad_documents(folder: Path) -> None:
    """One archive with everything that is hard to swallow, among short articles."""
    folder.mkdir()
    articles = [
        f"Le maire, Luc Antheaume, a jugé mardi « {word} » le projet de la ligne {i}. "
        f"« Nous irons jusqu’au bout », a promis Odile Framery. No {i}."
        for i, word in enumerate(["absurde", "nécessaire", "coûteux", "utile", "indigne"] * 5)
    ]
    rows = [json.dumps({"id": f"r{i}", "text": text, "n": i}) for i, text in enumerate(articles)]
    rows.insert(2, '{"id": "half", "text": "\\ud800"}')
    rows.insert(4, '{"id": "number", "text": 7}')
    rows.insert(6, json.dumps({"id": "marks", "text": "«" * 1_000_000}))
    rows.insert(8, json.dumps({"id": "line", "text": "mot " * (50 << 18)}))
    rows.insert(10, json.dumps({"id": "long", "text": "mot " * 600_000}))
    (folder / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (folder / "b.txt").write_bytes("« Café »".encode("latin-1"))
    (folder / "c.txt").write_bytes(b"mot " * (50 << 18))
    (folder / "d.txt").write_text(articles[0], encoding="utf-8")


@pytest.mark.parametrize("name", ["o.jsonl", "o.csv"])
def test_the_real_command_survives_kill_9(tmp_path: Path, name: str) -> None:
    bad_documents(tmp_path / "in")

    def command(output: Path, *options: str) -> list[str]:
        argv = ["-m", "guillemets.inference.cli", "tag", str(tmp_path / "in"), "--chunk", "4"]
        return [sys.executable, *argv, "--device", "cpu", "--output", str(output), *options]

    reference = tmp_path / "whole" / name
    reference.parent.mkdir()
    done = subprocess.run(command(reference), capture_output=True, encoding="utf-8")
    assert done.returncode == 2, done.stderr
    assert "26 documents" in done.stderr and " 7 errors" in done.stderr

    output, journal = tmp_path / name, tmp_path / f"{name}.journal"
    chance = random.Random(name)
    for marks in sorted(chance.sample(range(1, 5), 2)):  # later it may be done before it is killed
        with subprocess.Popen(command(output, "--resume"), stderr=subprocess.DEVNULL) as process:
            while not (journal.exists() and journal.read_bytes().count(b"\n") > marks):
                assert process.poll() is None
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
        assert process.returncode == -signal.SIGKILL and not output.exists()
    done = subprocess.run(command(output, "--resume"), capture_output=True, encoding="utf-8")
    assert done.returncode == 2 and "26 documents" in done.stderr and " 7 errors" in done.stderr
    assert output.read_bytes() == reference.read_bytes()
    if name == "o.jsonl":
        records = [json.loads(line) for line in output.read_bytes().splitlines()]
        assert [r["id"] for r in records if "error" in r] == [
            *("half", "number", "marks", "a-9", "long", "b", "c")
        ]
        assert [r["n"] for r in records if "n" in r] == [*range(25)]
        assert all(len(r["quotes"]) >= 1 for r in records if "error" not in r)
        assert records[0]["quotes"][0]["speaker"]["name"] == "Luc Antheaume"

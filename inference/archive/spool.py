"""An output that a run can be killed over: what is tagged, and a journal of how far it came.

Beside OUTPUT stand, until it is finished, ``OUTPUT.part`` (JSON Lines, only ever appended to) and
``OUTPUT.journal`` (the command, then one line for every chunk that is safely in the part). What
the part holds beyond the last line of the journal does not count, so a run may stop at any moment.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from guillemets.inference.errors import InputError, located

#: Writes the finished output, given the path of the part and where to.
Convert = Callable[[Path, BinaryIO], None]


class Totals(msgspec.Struct):
    """What a run has done, shards' other records not counted; ``bytes`` is the size of the part."""

    records: int = 0
    quotes: int = 0
    errors: int = 0
    words: int = 0
    bytes: int = 0
    complete: bool = False


class _Header(msgspec.Struct):
    command: dict[str, object]


_TOTALS = msgspec.json.Decoder(Totals)
_HEADER = msgspec.json.Decoder(_Header)
_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_finished(output: Path) -> bool:
    """Whether an output is there and no run of it: outputs only ever come to their place whole."""
    target = output.resolve()
    left = (beside(target, suffix) for suffix in (".part", ".journal"))
    return target.is_file() and not any(os.path.lexists(path) for path in left)


def beside(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


class Spool:
    """The part and the journal of one output, locked for this process.

    Opening raises InputError where another run holds them, where they are of an unfinished run and
    neither ``resume`` nor ``restart`` is asked for, or where ``command`` is not the one to resume.
    """

    def __init__(
        self, output: Path, command: dict[str, object], resume: bool = False, restart: bool = False
    ) -> None:
        self.output = output
        self.target = output.resolve()  # a link stays a link
        self.part = beside(self.target, ".part")
        self.journal = beside(self.target, ".journal")
        self.totals = Totals()
        self.finished = False  # the output is already in its place
        self._begun = False  # something is there that must not be lost
        self._part: BinaryIO | None = None
        if output.is_dir():
            raise InputError(located(str(output), None, "is a directory"))
        with self._telling():
            self._journal = self._locked()
        try:
            with self._telling():
                self._begin(command, resume, restart)
        except BaseException:
            if not self._begun:
                self.journal.unlink(missing_ok=True)
            self._journal.close()
            raise

    def append(self, lines: bytes, totals: Totals) -> None:
        """Adds the lines of one chunk; ``totals`` are those of the run with it."""
        totals.bytes = self.totals.bytes + len(lines)
        marked = self._journal.tell()
        with self._telling(), _signals_wait():
            try:
                _write(self._part, lines)
                os.fsync(self._part.fileno())
                self._log(totals)
            except OSError:
                with suppress(OSError):  # a torn end does no harm, only looks bad
                    self._part.truncate(self.totals.bytes)
                    self._journal.truncate(marked)
                raise
            self.totals = totals

    def finish(self, convert: Convert | None) -> None:
        """Puts the output in its place, in one move: the part itself, or what ``convert`` makes."""
        with self._telling():
            if not self.totals.complete:
                self.totals.complete = True
                self._log(self.totals)
            if not self.finished:
                self._place(convert)
            self.journal.unlink()
        self._journal.close()

    def close(self) -> None:
        """Lets go; what is tagged stays for another run, and where there is nothing, no file does."""
        if not self._journal.closed:
            if not self.totals.records and not self.totals.complete:
                self.part.unlink(missing_ok=True)
                self.journal.unlink(missing_ok=True)
            if self._part is not None:
                self._part.close()
            self._journal.close()

    def _locked(self) -> BinaryIO:
        while True:
            descriptor = os.open(self.journal, os.O_RDWR | os.O_CREAT, 0o666)
            stream = os.fdopen(descriptor, "r+b", buffering=0)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.close()
                raise InputError(
                    located(str(self.output), None, "another run is writing it now")
                ) from None
            try:
                if os.path.samestat(os.fstat(descriptor), os.stat(self.journal)):
                    return stream
            except FileNotFoundError:
                pass
            stream.close()  # the run that held it has just finished and taken it away

    def _begin(self, command: dict[str, object], resume: bool, restart: bool) -> None:
        written, states, length = _parse(self._journal.readall())
        self._begun = bool(states) and (states[-1].records > 0 or states[-1].complete)
        if self._begun and not restart:
            if not resume:
                raise self._refusal(
                    f"an unfinished run is there ({states[-1].records:,} records); "
                    "--resume goes on with it, --restart starts anew"
                )
            self._resume(written, states, command)
            self._journal.truncate(length)
            self._journal.seek(length)
            return
        if written is None and not restart:
            self._refuse_strangers()
        self.part.unlink(missing_ok=True)  # first, or without its journal it would be a stranger's
        self._journal.truncate(0)
        self._journal.seek(0)
        _write(self._journal, msgspec.json.encode(_Header(command)) + b"\n")
        os.fsync(self._journal.fileno())
        self._part = open(self.part, "wb", buffering=0)
        _sync_folder(self.target.parent)

    def _refuse_strangers(self) -> None:
        """Without a journal, a part that is there may be anybody's."""
        if os.path.lexists(self.part):
            raise self._refusal(f"{self.part.name} is in the way; --restart replaces it")

    def _resume(
        self, written: dict[str, object], states: list[Totals], command: dict[str, object]
    ) -> None:
        complete = states[-1].complete
        for key in sorted({*written, *command}):
            if complete and key == "inputs":
                continue  # nothing is read from them any more; the output may be one of them
            then, now = written.get(key), command.get(key)
            if then != now:
                raise self._refusal(
                    f"the unfinished run has another {key} ({_short(then)}, now {_short(now)}); "
                    "--restart starts anew"
                )
        if not self.part.exists():
            if not (complete and self.target.exists()):
                raise self._refusal(f"{self.part.name} is missing; --restart starts anew")
            self.totals, self.finished = states[-1], True
            return
        size = self.part.stat().st_size
        if size < states[-1].bytes:
            raise self._refusal(f"{self.part.name} has been cut short; --restart starts anew")
        self.totals = states[-1]
        self._part = open(self.part, "r+b", buffering=0)
        self._part.truncate(self.totals.bytes)
        self._part.seek(self.totals.bytes)

    def _place(self, convert: Convert | None) -> None:
        whole = self.part
        if convert is not None:
            whole = beside(self.target, ".new")
            try:
                with open(whole, "wb") as out:
                    convert(self.part, out)
                    out.flush()
                    os.fsync(out.fileno())
            except BaseException:
                whole.unlink(missing_ok=True)
                raise
        if self.target.exists():
            shutil.copymode(self.target, whole)
        whole.replace(self.target)
        _sync_folder(self.target.parent)
        self.part.unlink(missing_ok=True)

    def _log(self, totals: Totals) -> None:
        _write(self._journal, msgspec.json.encode(totals) + b"\n")
        os.fsync(self._journal.fileno())

    def _refusal(self, reason: str) -> InputError:
        return InputError(located(str(self.output), None, reason))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turns an OSError into an InputError that says what is kept and how to go on."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno in _ROOM and self.totals.records:
                kept = f"{self.totals.records:,} records are kept"
                reason += f"; {kept}: make room, then --resume goes on"
            raise self._refusal(reason) from error


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Ctrl-C and SIGTERM are heeded at the end of the block."""
    if threading.current_thread() is not threading.main_thread():  # which alone gets them
        yield
        return
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {n: signal.signal(n, lambda number, _: came.append(number)) for n in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def _parse(data: bytes) -> tuple[dict[str, object] | None, list[Totals], int]:
    """The command, the states and the length of what is whole; a torn end is left out."""
    command, states, length = None, [], 0
    for line in data.splitlines(keepends=True):
        try:
            if not line.endswith(b"\n"):
                break
            if command is None:
                command = _HEADER.decode(line).command
            else:
                states.append(_TOTALS.decode(line))
        except ValueError:
            break
        length += len(line)
    return command, states, length


def _write(stream: BinaryIO, data: bytes) -> None:
    """All of ``data``: an unbuffered write may take only some of it."""
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Makes the names in a folder last, as far as the file system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _short(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:59] + "…"

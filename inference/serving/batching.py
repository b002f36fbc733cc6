"""Documents of many clients, tagged by a few threads.

Every request waits in one line. Whoever is first has one document taken, and goes to the end of the
line if it has more: a request of fifty documents does not make the next one wait for all of them.
One thread prepares and decodes texts while another's are in the network, and a long text holds up
one thread only.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from heapq import heapify, heapreplace

from guillemets.inference.schema import Document, Failure

Tagged = Document | Failure
Tag = Callable[[list[Document]], Iterable[Tagged]]

logger = logging.getLogger("guillemets.serving")

#: Characters of texts that one thread tags at once: more fill the processor no better, and all wait
#: for the last of them.
TOGETHER = 3_000
MAX_REQUESTS = 256
#: How much the newest measure of speed counts.
NEWEST = 0.2
FIRST_GUESS = 5_000.0  # characters a second, until the first measure
_MIN_MEASURED = 1_000  # characters: shorter batches say little about speed


class Busy(Exception):
    """The line is too long; ``retry_after`` (whole seconds) is when those who wait now are done."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many texts are waiting; try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(eq=False)
class _Request:
    """The documents of one client, those not begun yet and those done; under the batcher's lock."""

    waiting: deque[Document]
    missing: int
    done: list[Tagged | None] = field(init=False)
    future: Future[list[Tagged]] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.done = [None] * self.missing

    @property
    def next_place(self) -> int:
        return len(self.done) - len(self.waiting)

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the rest any more: given up, or failed."""
        return self.future.done()

    def put(self, place: int, tagged: Tagged) -> None:
        """One more document is done; with the last of them the request is answered."""
        self.done[place] = tagged
        self.missing -= 1
        if not self.missing and self.future.set_running_or_notify_cancel():
            self.future.set_result(self.done)

    def fail(self, error: Exception) -> None:
        """The request gets no answer but the error."""
        if not self.gone and self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


@dataclass(frozen=True)
class _Job:
    """One document of a request: what a thread takes."""

    request: _Request
    place: int
    document: Document


class Batcher:
    """A line of requests before tagging threads.

    ``tag`` answers documents in order, a Failure for one that cannot be tagged; ``threads`` of them
    call it at a time. A request is refused (Busy) when by the speed measured so far its turn would
    come after ``max_wait`` seconds.
    """

    def __init__(self, tag: Tag, max_wait: float, threads: int = 1) -> None:
        self.max_wait = max_wait
        self.speed = FIRST_GUESS  # of all threads together
        self._tag = tag
        self._line: deque[_Request] = deque()
        self._in_hand: dict[str, int] = {}  # characters, by the names of the threads that tag now
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._run, name=f"tagging-{i}", daemon=True)
            for i in range(threads)
        ]

    def measure(self, documents: list[Document]) -> None:
        """Tags before ``start``, twice: to warm up, then for the speed."""
        for _ in range(2):
            started = time.perf_counter()
            list(self._tag(documents))
            seconds = time.perf_counter() - started
        self.speed = sum(len(d.text) for d in documents) / seconds

    def start(self) -> None:
        """Starts the threads; there is no other way to have them end than ``close``."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Lets the batches in hand end, and everybody who still waits go without an answer."""
        with self._changed:
            self._closed = True
            for request in self._line:
                request.future.cancel()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    @property
    def alive(self) -> bool:
        """Whether all threads are there to tag."""
        return all(thread.is_alive() for thread in self._threads)

    @property
    def waiting(self) -> int:
        """How many requests stand in the line."""
        with self._changed:
            return sum(not request.gone for request in self._line)

    async def tag(self, documents: list[Document]) -> list[Tagged]:
        """The documents tagged, in order. Raises Busy; whoever is cancelled leaves the line."""
        if not documents:
            return []
        request = _Request(deque(documents), len(documents))
        with self._changed:
            seconds = self._wait()
            if seconds > self.max_wait or len(self._line) >= MAX_REQUESTS:
                raise Busy(max(1, math.ceil(seconds)))
            self._line.append(request)
            self._changed.notify_all()
        return await asyncio.wrap_future(request.future)

    def _wait(self) -> float:
        """Seconds until a thread takes the first document of who comes now.

        Before it, one document of each request goes to the thread that is free first; all share the speed.
        """
        idle = [0] * (len(self._threads) - len(self._in_hand))
        loads = [*self._in_hand.values(), *idle]
        heapify(loads)
        for request in self._line:
            if not request.gone:
                heapreplace(loads, loads[0] + len(request.waiting[0].text))
        return loads[0] * len(loads) / self.speed

    # ------------------------------------------------------------ in a thread

    def _run(self) -> None:
        name = threading.current_thread().name
        while jobs := self._take(name):
            characters = sum(len(j.document.text) for j in jobs)
            others, started = len(self._in_hand) - 1, time.perf_counter()
            self._answer(jobs, name)
            seconds = time.perf_counter() - started
            # The processor was shared: with those that tagged at the beginning, and still do.
            self._learn(characters, seconds, 1 + (others + len(self._in_hand)) / 2)

    def _take(self, name: str) -> list[_Job]:
        """The next documents to tag together, at least one; none once the batcher is closed."""
        jobs: list[_Job] = []
        with self._changed:
            self._in_hand.pop(name, None)
            while not jobs:
                self._changed.wait_for(lambda: self._line or self._closed)
                if self._closed:
                    return []
                characters = 0
                while self._line and (
                    not jobs or characters + len(self._line[0].waiting[0].text) <= TOGETHER
                ):
                    request = self._line.popleft()
                    if request.gone:
                        continue
                    place = request.next_place
                    jobs.append(_Job(request, place, request.waiting.popleft()))
                    characters += len(jobs[-1].document.text)
                    if request.waiting:
                        self._line.append(request)
            self._in_hand[name] = characters
        return jobs

    def _answer(self, jobs: list[_Job], name: str) -> None:
        """Hands out what the tagger says; if it breaks down, only to whom it broke down for."""
        try:
            tagged = list(self._tag([job.document for job in jobs]))
        except Exception as error:
            if len(jobs) > 1:
                for job in jobs:
                    self._answer([job], name)
                return
            logger.exception("a text of %d characters", len(jobs[0].document.text))
            with self._changed:
                jobs[0].request.fail(error)
            return
        with self._changed:
            self._in_hand.pop(name, None)  # first: who is answered may be back at once
            for job, answer in zip(jobs, tagged, strict=True):
                job.request.put(job.place, answer)

    def _learn(self, characters: int, seconds: float, threads: float) -> None:
        if characters >= _MIN_MEASURED:
            with self._changed:
                self.speed += NEWEST * (threads * characters / seconds - self.speed)

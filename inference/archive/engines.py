"""How chunks of records are tagged; an engine takes chunks in order and gives them back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from guillemets.inference.errors import InputError
from guillemets.inference.schema import Document, Failure

Record = Document | Failure
#: ``QuoteTagger.pipe_records`` with its options.
Pipe = Callable[[Iterable[Record]], Iterator[Record]]
#: It may ask for several chunks before it gives the first one back.
Engine = Callable[[Iterable[list[Record]]], Iterator[list[Record]]]


def local(pipe: Pipe, at_once: int = 1) -> Engine:
    """Chunks in this process, ``at_once`` in threads of their own: one begins while another ends."""

    def engine(chunks: Iterable[list[Record]]) -> Iterator[list[Record]]:
        if at_once == 1:
            yield from (tag_chunk(pipe, chunk) for chunk in chunks)
            return
        running: deque[Future[list[Record]]] = deque()
        pool = ThreadPoolExecutor(at_once)
        try:
            for chunk in chunks:
                running.append(pool.submit(tag_chunk, pipe, chunk))
                if len(running) > at_once:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    return engine


def tag_chunk(pipe: Pipe, chunk: list[Record]) -> list[Record]:
    """The chunk tagged on its own, so that no result depends on where a run was cut.

    A document that the tagger breaks on becomes a Failure: an archive with one would never be done.
    """
    try:
        return list(pipe(chunk))
    except Exception as error:
        if not _is_of_a_document(error):
            raise
    tagged = []
    for record in chunk:
        try:
            tagged += pipe([record])
        except Exception as error:
            if not _is_of_a_document(error):
                raise
            reason = f"the tagger failed on it: {type(error).__name__}: {error}"
            tagged.append(Failure(record.id, reason))
    return tagged


def _is_of_a_document(error: Exception) -> bool:
    """Not of the machine (memory, disk, device) nor of the command: those hit any document."""
    if isinstance(error, RecursionError):
        return True
    return not isinstance(error, (InputError, OSError, MemoryError, RuntimeError, ImportError))

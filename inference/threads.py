"""Threads that run a network, and last.

MKL's allocator holds a lock while a thread that has multiplied ends: a child that is forked just then
waits for that lock for ever. So the threads of one call are kept for the next.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

_free: defaultdict[int, list[ThreadPoolExecutor]] = defaultdict(list)  # by the number of threads


def in_forked_children(work: Callable[[], None]) -> None:
    """Has ``work`` done in each child when it is forked: none of its parent's threads come along."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=work)


in_forked_children(_free.clear)


@contextmanager
def network_threads(size: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads for the caller alone, until the end of the block."""
    process = os.getpid()
    try:
        pool = _free[size].pop()
    except IndexError:
        pool = ThreadPoolExecutor(size, thread_name_prefix="network")
    try:
        yield pool
    finally:
        if process == os.getpid():  # not in a child that was forked inside the block
            _free[size].append(pool)

"""One system on one set of articles, in a process of its own: ``systems.py SYSTEM ARTICLES.jsonl``.

Prints a line of JSON: words, seconds (loading and a warm-up left out), peak memory in bytes, and the share of
the time in which no window was in the network (null where that is not known).
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UP = 8  # articles


class Clock:
    """How long at least one thread was inside the functions that it watches."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._inside = 0
        self._lock = threading.Lock()

    def watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self.seconds = 0.0

        def watched(*inputs: Any) -> Any:
            with self._lock:
                self._inside += 1
                if self._inside == 1:
                    self._since = time.perf_counter()
            try:
                return function(*inputs)
            finally:
                with self._lock:
                    self._inside -= 1
                    if not self._inside:
                        self.seconds += time.perf_counter() - self._since

        return watched


NETWORK = Clock()


def torch_loop() -> Callable[[list[str]], None]:
    tagger = _tagger("torch")
    return lambda texts: [tagger.tag(text) for text in texts] and None


def torch_batches() -> Callable[[list[str]], None]:
    return _batches("torch")


def openvino() -> Callable[[list[str]], None]:
    return _batches("openvino")


def torch_gpu() -> Callable[[list[str]], None]:
    return _batches("torch", "cuda", batch_size=32)


def _batches(backend: str, device: str = "cpu", batch_size: int = 8) -> Callable[[list[str]], None]:
    tagger = _tagger(backend, device)
    return lambda texts: list(tagger.pipe(texts, batch_size)) and None


def _tagger(backend: str, device: str = "cpu") -> Any:
    from guillemets.inference import QuoteTagger

    tagger = QuoteTagger.from_pretrained(device=device, backend=backend)
    for name in ("encode", "attribute"):
        setattr(tagger.backend, name, NETWORK.watch(getattr(tagger.backend, name)))
    return tagger


def spacy_md() -> Callable[[list[str]], None]:
    """What rules on spaCy need before they start: tagger, morphologiser, parser, lemmas, entities."""
    import spacy

    nlp = spacy.load("fr_core_news_md")
    return lambda texts: [len(doc) for doc in nlp.pipe(texts)] and None


def spacy_md_2() -> Callable[[list[str]], None]:
    import spacy

    nlp = spacy.load("fr_core_news_md")
    return lambda texts: [len(d) for d in nlp.pipe(texts, n_process=2, batch_size=16)] and None


SYSTEMS = {
    system.__name__: system
    for system in (torch_loop, torch_batches, torch_gpu, openvino, spacy_md, spacy_md_2)
}


def main() -> None:
    name, path = sys.argv[1:]
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    run = SYSTEMS[name]()
    run(texts[:WARM_UP])
    warm = NETWORK.seconds or 0.0
    start = time.perf_counter()
    run(texts)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    words = sum(len(text.split()) for text in texts)
    outside = None if NETWORK.seconds is None else 1 - (NETWORK.seconds - warm) / seconds
    figures = {"words": words, "articles": len(texts), "seconds": seconds, "peak": peak}
    print(json.dumps(figures | {"outside": outside}))


if __name__ == "__main__":
    main()

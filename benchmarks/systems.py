"""One system on one set of articles, in a process of its own: ``systems.py SYSTEM ARTICLES.jsonl``.

Prints a line of JSON: words, seconds (loading and a warm-up left out), peak memory in bytes.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

WARM_UP = 8  # articles


def torch_loop() -> Callable[[list[str]], None]:
    from guillemets.inference import QuoteTagger

    tagger = QuoteTagger.from_pretrained(device="cpu")
    return lambda texts: [tagger.tag(text) for text in texts] and None


def torch_batches() -> Callable[[list[str]], None]:
    return _batches("torch")


def openvino() -> Callable[[list[str]], None]:
    return _batches("openvino")


def _batches(backend: str) -> Callable[[list[str]], None]:
    from guillemets.inference import QuoteTagger

    tagger = QuoteTagger.from_pretrained(device="cpu", backend=backend)
    return lambda texts: list(tagger.pipe(texts)) and None


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
    for system in (torch_loop, torch_batches, openvino, spacy_md, spacy_md_2)
}


def main() -> None:
    name, path = sys.argv[1:]
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    run = SYSTEMS[name]()
    run(texts[:WARM_UP])
    start = time.perf_counter()
    run(texts)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    words = sum(len(text.split()) for text in texts)
    print(json.dumps({"words": words, "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main()

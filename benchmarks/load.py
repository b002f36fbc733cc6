"""What `guillemets serve` bears: clients that post articles one after another, and the figures.

    python benchmarks/load.py                          # starts a server of its own, two minutes
    python benchmarks/load.py --backend openvino --seconds 30 --clients 5
    python benchmarks/load.py --url http://127.0.0.1:8000 --pid 1234

Every client posts an article of `--words` words, waits for the answer and posts the next; a 503 is
counted, and its Retry-After obeyed. Afterwards the same articles go through the batch command's
tagger in this process, alone on the machine, so that the server's words a second have a measure.
Texts: the articles held out in training/corpus, cut to length. Only this machine is asked.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

CORPUS = Path(__file__).resolve().parent.parent / "training" / "corpus" / "heldout.jsonl"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_CLIENTS, MAX_SECONDS, TIMEOUT = 200, 600, 120


@dataclass
class Figures:
    """What the clients met; ``seconds`` of each answered request."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    words: int = 0
    quotes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: str, seconds: float, words: int = 0, quotes: int = 0) -> None:
        with self.lock:
            self.statuses[status] += 1
            if status == "200":
                self.seconds.append(seconds)
                self.words += words
                self.quotes += quotes

    def percentile(self, share: float) -> float:
        ranked = sorted(self.seconds)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("nan")


def articles(words: int) -> list[str]:
    """Texts of exactly so many words, paragraphs kept."""
    with CORPUS.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    cut = []
    for text in texts:
        end = count = 0
        for word in text.split(" "):
            count += len(word.split())
            end += len(word) + 1
            if count >= words:
                cut.append(text[:end])
                break
    if not cut:
        raise SystemExit(f"no article of {words} words")
    return cut


def client(url: str, texts: list[str], first: int, until: float, figures: Figures) -> None:
    """Posts one article after another until it is time."""
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname, where.port, timeout=TIMEOUT)
    for text in cycle(texts[first % len(texts) :] + texts[: first % len(texts)]):
        started = time.monotonic()
        if started >= until:
            break
        try:
            body = json.dumps({"text": text})
            connection.request("POST", "/tag", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            figures.add(type(error).__name__, 0)
            connection.close()
            time.sleep(0.1)
            continue
        seconds = time.monotonic() - started
        quotes = len(json.loads(content)["quotes"]) if answer.status == 200 else 0
        figures.add(str(answer.status), seconds, len(text.split()), quotes)
        if answer.status == 503:
            pause = float(answer.headers.get("Retry-After", 1))
            time.sleep(max(0.0, min(pause, until - time.monotonic())))
    connection.close()


def memory(pid: int) -> float:
    """Resident memory of a process in MiB, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def server(options: list[str]) -> Iterator[tuple[str, int]]:
    """The address and process id of a server of our own, at a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "guillemets.inference.cli", "serve", "--quiet", "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        for line in process.stderr:
            if "http://" in line:
                break
        else:
            raise SystemExit("the server did not start")
        yield line.split()[-1], process.pid
    finally:
        process.terminate()
        process.wait()


def load(url: str, pid: int, texts: list[str], clients: int, seconds: float) -> float:
    """Runs the clients and prints the figures; returns words a second."""
    figures = Figures()
    readings = [memory(pid)]
    started = time.monotonic()
    until = started + seconds
    threads = [
        threading.Thread(target=client, args=(url, texts, i, until, figures))
        for i in range(clients)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(min(5.0, seconds / 4))
        readings.append(memory(pid))
    took = time.monotonic() - started
    for thread in threads:
        thread.join()
    speed = figures.words / took
    print(f"clients            {clients}, {seconds:.0f} s")
    print(f"requests           {sum(figures.statuses.values())}")
    for status, count in sorted(figures.statuses.items()):
        print(f"  {status:16} {count}")
    print(f"seconds, answered  p50 {figures.percentile(0.5):.2f}, p95 {figures.percentile(0.95):.2f}, "
          f"most {max(figures.seconds, default=float('nan')):.2f}")  # fmt: skip
    print(f"words a second     {speed:.0f}")
    print(f"quotes             {figures.quotes}")
    quarter = readings[len(readings) // 4]
    print(f"memory, MiB        start {readings[0]:.0f}, after a quarter {quarter:.0f}, "
          f"end {readings[-1]:.0f}, most {max(readings):.0f}")  # fmt: skip
    return speed


def batch(texts: list[str], least: float, backend: str) -> float:
    """Words a second of the tagger as ``guillemets tag`` runs it, over about so many seconds."""
    from guillemets.inference import Document, QuoteTagger

    tagger = QuoteTagger.from_pretrained(backend=backend)
    list(tagger.pipe(texts[:4]))
    started = time.monotonic()

    def stream() -> Iterator[Document]:
        for number, text in enumerate(cycle(texts)):
            if time.monotonic() - started >= least:
                break
            yield Document(str(number), text)

    words = sum(len(document.text.split()) for document in tagger.pipe_documents(stream()))
    return words / (time.monotonic() - started)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", help="a server that runs already, with --pid; on this machine")
    parser.add_argument("--pid", type=int, help="its process id, for its memory")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--backend", choices=("torch", "openvino"), default="torch")
    parser.add_argument(
        "--serve", default="", metavar="OPTIONS", help="more options of guillemets serve"
    )
    parser.add_argument("--no-batch", action="store_true", help="do not measure the batch command")
    args = parser.parse_args()
    if not (1 <= args.clients <= MAX_CLIENTS and 1 <= args.seconds <= MAX_SECONDS):
        parser.error(f"at most {MAX_CLIENTS} clients and {MAX_SECONDS} seconds")
    if args.url and (urlsplit(args.url).hostname not in LOOPBACK or args.pid is None):
        parser.error("--url must be on this machine, and needs --pid")
    texts = articles(args.words)
    if args.url:
        speed = load(args.url, args.pid, texts, args.clients, args.seconds)
    else:
        options = ["--backend", args.backend, *args.serve.split()]
        with server(options) as (url, pid):
            speed = load(url, pid, texts, args.clients, args.seconds)
    if not args.no_batch:
        alone = batch(texts, min(args.seconds / 4, 30), args.backend)
        print(
            f"batch command      {alone:.0f} words a second; the server reaches {speed / alone:.2f} of it"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

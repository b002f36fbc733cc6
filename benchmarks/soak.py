"""A long run of the batch command, its memory watched: ``soak.py --documents 20000``.

The articles are the short ones that ship, over and over, each under an id of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = ROOT / "training" / "corpus" / "briefs.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--backend", default="openvino")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between looks")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        archive, output = Path(folder) / "archive.jsonl", Path(folder) / "tagged.jsonl"
        write(archive, args.documents)
        size = archive.stat().st_size
        print(f"{args.documents:,} articles, {size / 1e6:.0f} MB")
        options = ("--backend", args.backend, "--output", str(output))
        binary = Path(sys.executable).parent / "guillemets"
        start = time.perf_counter()
        run = subprocess.Popen([binary, "tag", str(archive), *options])
        peaks = watch(run, args.every, start)
        if run.wait() or sum(1 for _ in output.open("rb")) != args.documents:
            sys.exit("the run failed")
        half = len(peaks) // 2
        early, late = max(peaks[:half] or peaks), max(peaks[half:])
        print(f"peak of the first half {early:,.0f} MB, of the second {late:,.0f} MB")


def write(archive: Path, documents: int) -> None:
    texts = [json.loads(line)["text"] for line in ARTICLES.open(encoding="utf-8")]
    with archive.open("w", encoding="utf-8") as out:
        for number, text in zip(range(documents), cycle(texts)):
            out.write(json.dumps({"id": f"n{number}", "text": text}, ensure_ascii=False) + "\n")


def watch(run: subprocess.Popen[bytes], every: float, start: float) -> list[float]:
    """Resident memory in MB, looked at until the run ends."""
    seen, process, told = [], psutil.Process(run.pid), 0.0
    while run.poll() is None:
        try:
            seen.append(process.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            break
        now = time.perf_counter() - start
        if now - told >= every:
            print(f"{now:6.0f} s  {seen[-1]:6,.0f} MB", flush=True)
            told = now
        time.sleep(0.5)
    return seen


if __name__ == "__main__":
    main()

"""``make bench``: words per second and peak memory of each system on the same articles, and what 8 bits cost.

Every system runs in turn, several times over, each time in a process of its own; ratios are taken within a turn,
so that a machine that slows down slows all of them, and the median is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "training" / "corpus"
ARTICLES = [CORPUS / "heldout.jsonl", CORPUS / "briefs-heldout.jsonl"]  # none was trained on
NAMES = {
    "torch_loop": "torch fp32, one document at a time",
    "torch_batches": "torch fp32, batches",
    "torch_gpu": "torch fp16 on a GPU, batches",
    "openvino": "OpenVINO, 8-bit weights",
    "spacy_md": "spaCy fr_core_news_md",
    "spacy_md_2": "the same in 2 processes",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", nargs="+", choices=NAMES, default=None)
    parser.add_argument("--gold", nargs="*", type=Path, default=[], help="more gold to compare on")
    args = parser.parse_args()
    systems = args.systems or [n for n in NAMES if n != "torch_gpu" or torch.cuda.is_available()]
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as folder:
        articles = Path(folder) / "articles.jsonl"
        articles.write_bytes(b"".join(path.read_bytes() for path in ARTICLES))
        export = Path(folder) / "fast"
        command("guillemets", "export", "--out", str(export))
        runs = [{name: measure(name, articles) for name in systems} for _ in range(args.rounds)]
        console.print(speeds(runs))
        if "openvino" in systems:
            console.print(
                f"cold start of `guillemets tag --backend openvino`: {cold_start(export):.1f} s"
            )
            for gold in [*ARTICLES, *args.gold]:
                console.print(cost(gold, export))


def command(*words: str) -> str:
    """Standard output of one of the package's commands, or of Python on a file of this folder."""
    executable, *rest = words
    binary = Path(sys.executable).parent / executable
    run = subprocess.run([binary, *rest], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout


def measure(system: str, articles: Path) -> dict[str, float]:
    out = command("python", str(ROOT / "benchmarks" / "systems.py"), system, str(articles))
    figures = json.loads(out.splitlines()[-1])
    speeds = {name: figures[name] / figures["seconds"] for name in ("words", "articles")}
    return {**speeds, "peak": figures["peak"], "outside": figures["outside"]}


def speeds(runs: list[dict[str, dict[str, float]]]) -> Table:
    def middle(name: str, figure: str) -> float:
        return median(run[name][figure] for run in runs)

    columns = [name for name in ("torch_loop", "spacy_md") if name in runs[0]]
    table = Table("system", "words/s", "articles/s", "outside the network", "peak MB")
    for column in columns:
        table.add_column(f"× {NAMES[column]}")
    for name in runs[0]:
        ratios = [median(run[name]["words"] / run[c]["words"] for run in runs) for c in columns]
        outside = "" if runs[0][name]["outside"] is None else f"{middle(name, 'outside'):.0%}"
        table.add_row(
            NAMES[name],
            f"{middle(name, 'words'):,.0f}",
            f"{middle(name, 'articles'):.1f}",
            outside,
            f"{middle(name, 'peak') / 1e6:,.0f}",
            *(f"{ratio:.2f}" for ratio in ratios),
        )
    return table


def cold_start(export: Path) -> float:
    """Seconds from the start of the process to the tagged article, by an exported model."""
    sample = ROOT / "inference" / "samples" / "demo.txt"
    options = ("--backend", "openvino", "--model", str(export), "--format", "jsonl", "--quiet")
    took = []
    for _ in range(3):
        start = time.perf_counter()
        command("guillemets", "tag", str(sample), *options)
        took.append(time.perf_counter() - start)
    return median(took)


def cost(gold: Path, export: Path) -> str:
    """What the exported model loses of the reference's figures."""
    from guillemets.inference.reading import read_documents
    from guillemets.inference.schema import Document
    from guillemets.inference.tagger import QuoteTagger
    from guillemets.training.metrics import score

    documents = list(read_documents(gold))
    bare = [Document(d.id, d.text) for d in documents]
    reference = QuoteTagger.from_pretrained(device="cpu")
    fast = QuoteTagger.from_pretrained(export, backend="openvino")
    before, after = (score(documents, tagger.pipe_documents(bare)) for tagger in (reference, fast))
    told = ", ".join(
        f"{name} {before[name]:.4f} → {after[name]:.4f}"
        for name in ("overlap_f1", "exact_f1", "stance_macro_f1", "end2end_f1")
    )
    return f"{os.path.relpath(gold)}: {told}"


if __name__ == "__main__":
    main()

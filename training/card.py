"""The model card: figures are generated, the prose around them is written by people."""

from __future__ import annotations

import math
import re
from pathlib import Path

from guillemets.inference.errors import InputError

from .evaluation import Evaluation

OPEN, CLOSE = "<!-- figures -->", "<!-- /figures -->"
_SECTION = re.compile(re.escape(OPEN) + ".*?" + re.escape(CLOSE), re.DOTALL)
FIGURES = {
    "exact_f1": "exact F1",
    "overlap_f1": "overlap F1",
    "overlap_precision": "overlap precision",
    "overlap_recall": "overlap recall",
    "exact_recall_direct": "exact recall, direct",
    "exact_recall_mixed": "exact recall, mixed",
    "exact_recall_indirect": "exact recall, indirect",
    "mention": "mention",
    "speaker_strict": "speaker, strict",
    "speaker_lenient": "speaker, lenient",
    "quote_speaker_f1": "quote + speaker F1",
    "stance_accuracy": "stance accuracy",
    "stance_macro_f1": "stance macro-F1",
    "target": "target, where the side is right",
    "end2end_f1": "end to end F1",
}
DIVISIONS = ("type", "speaker named by", "marks")
_SKELETON = """\
---
language: fr
library_name: guillemets
pipeline_tag: token-classification
tags: [quotation, attribution, stance, news]
---

# {name}

Tags quotes in French news (direct, mixed, indirect) with speaker, mention, cue and stance.
{parameters:.1f} M parameters. Made by `guillemets train`.

## Figures

{figures}
"""


def figures_section(sets: dict[str, dict[str, Evaluation]]) -> str:
    """Markdown of systems side by side: data set name -> system name -> evaluation, ours first."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(
        loader=PackageLoader("guillemets.training"),
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    template = environment.get_template("figures.md.jinja")
    body = template.render(
        sets=sets,
        figures=FIGURES,
        divisions=DIVISIONS,
        names=list(next(iter(sets.values()))),
    )
    return f"{OPEN}\n{re.sub(chr(10) + '{3,}', chr(10) * 2, body).strip()}\n{CLOSE}"


def write_card(model: Path, sets: dict[str, dict[str, Evaluation]]) -> None:
    """Puts the figures into the model's README.md, which is begun if there is none."""
    file, figures = model / "README.md", figures_section(sets)
    try:
        if file.exists():
            text = file.read_text(encoding="utf-8")
            if not _SECTION.search(text):
                raise InputError(f"{file}: no {OPEN} … {CLOSE} to put the figures in")
            text = _SECTION.sub(lambda _: figures, text)
        else:
            text = _SKELETON.format(
                name=model.resolve().name, parameters=parameters(model) / 1e6, figures=figures
            )
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from None


def parameters(model: Path) -> int:
    """How many numbers a model's weights hold."""
    from safetensors import safe_open

    with safe_open(model / "model.safetensors", framework="numpy") as weights:
        return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())

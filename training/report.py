"""An evaluation as one self-contained page: figures, plots, and every error in its context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.resources import files

from guillemets.inference.render import csp_hash, verbatim
from guillemets.inference.schema import STANCES, Document

from .card import FIGURES
from .evaluation import Evaluation
from .mistakes import KINDS, mistakes

TEMPLATES = files("guillemets.training") / "templates"
HEADLINES = ("overlap_f1", "exact_f1", "quote_speaker_f1", "stance_macro_f1", "end2end_f1")


def report(
    title: str,
    gold: Sequence[Document],
    predicted: Sequence[Document],
    systems: dict[str, Evaluation],
) -> str:
    """HTML of a system on some gold; ``systems`` names its evaluation first, then any to compare."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(str(TEMPLATES)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["verbatim"] = verbatim
    css, js = ((TEMPLATES / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    found = list(mistakes(gold, predicted))
    return environment.get_template("report.html.jinja").render(
        title=title,
        systems=systems,
        ours=next(iter(systems.values())),
        figures=FIGURES,
        headlines=HEADLINES,
        stances=STANCES,
        mistakes=found,
        kinds=KINDS,
        counts=Counter(kind for mistake in found for kind in mistake.kinds),
        css=css,
        js=js,
        css_hash=csp_hash(css),
        js_hash=csp_hash(js),
    )

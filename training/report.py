"""An evaluation as one self-contained page: figures, plots, and every error in its context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from guillemets.inference.render import csp_hash, verbatim
from guillemets.inference.schema import STANCES, Document

from . import agreement
from .card import FIGURES
from .curve import LearningCurve
from .evaluation import Evaluation
from .mistakes import KINDS, mistakes

TEMPLATES = files("guillemets.training") / "templates"
HEADLINES = ("overlap_f1", "exact_f1", "quote_speaker_f1", "stance_macro_f1", "end2end_f1")


class Wording(NamedTuple):
    """What a page calls its two sides and what it shows of them."""

    gold: str = "gold"
    found: str = "found"
    errors: str = "Every error"
    missed: str = "missed"
    spurious: str = "spurious"
    figures: Mapping[str, str] = FIGURES
    headlines: Sequence[str] = HEADLINES

    def kinds(self) -> dict[str, tuple[str, str]]:
        """Kind of error -> its name and what it means."""
        names = {"missed": self.missed, "spurious": self.spurious}
        return {
            kind: (names.get(kind, kind), meaning.format(gold=self.gold, found=self.found))
            for kind, meaning in KINDS.items()
        }


def report(
    title: str,
    gold: Sequence[Document],
    predicted: Sequence[Document],
    systems: dict[str, Evaluation],
    curve: LearningCurve | None = None,
) -> str:
    """HTML of a system on some gold; ``systems`` names its evaluation first, then any to compare."""
    return _page(title, gold, predicted, systems, Wording(), curve)


def agreement_report(
    names: tuple[str, str],
    first: Sequence[Document],
    second: Sequence[Document],
    found: Evaluation,
) -> str:
    """HTML of two annotators on the same documents, with every difference between them."""
    a, b = names if names[0] != names[1] else ("A", "B")
    wording = Wording(
        gold=a,
        found=b,
        errors="Every difference",
        missed=f"only {a}",
        spurious=f"only {b}",
        figures=agreement.FIGURES,
        headlines=("exact_f1", "overlap_f1", "speaker_lenient", "type_kappa", "stance_kappa"),
    )
    return _page(f"Agreement of {a} and {b}", first, second, {"agreement": found}, wording)


def _page(
    title: str,
    gold: Sequence[Document],
    predicted: Sequence[Document],
    systems: dict[str, Evaluation],
    wording: Wording,
    curve: LearningCurve | None = None,
) -> str:
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
        wording=wording,
        figures=wording.figures,
        headlines=wording.headlines,
        curve=curve,
        stances=STANCES,
        mistakes=found,
        kinds=wording.kinds(),
        counts=Counter(kind for mistake in found for kind in mistake.kinds),
        css=css,
        js=js,
        css_hash=csp_hash(css),
        js_hash=csp_hash(js),
    )

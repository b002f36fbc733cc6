"""The report as somebody looks at it: opened in Chromium, filtered, on a desk and on a phone."""

from __future__ import annotations

import chromium
import msgspec
import pytest
from test_agreement import other

from guillemets.inference.schema import Document
from guillemets.training.baseline import RuleTagger
from guillemets.training.curve import LearningCurve, Point
from guillemets.training.evaluation import evaluate
from guillemets.training.mistakes import mistakes
from guillemets.training.report import agreement_report, report

pytestmark = pytest.mark.skipif(
    chromium.BINARY is None,
    reason="no Chromium (Debian: apt-get install chromium), so the report is not opened",
)
SHOWN = "[...document.querySelectorAll('#errors article')].filter(a => a.checkVisibility()).length"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def pages(tmp_path_factory, heldout):
    """Files of a report and of an agreement, and the errors that the report lists."""
    folder = tmp_path_factory.mktemp("pages")
    gold = heldout[:8]
    found = [scored(other(d)) for d in gold]
    ours, rules = evaluate(gold, found), evaluate(gold, RuleTagger().pipe_documents(gold))
    part = evaluate(
        gold, [other(d, 2) if i % 2 else Document(d.id, d.text) for i, d in enumerate(gold)]
    )
    curve = LearningCurve([Point(0.5, 4, 60, part.figures), Point(1, 8, 120, ours.figures)])
    texts = {
        "report": report("mine on gold.jsonl", gold, found, {"mine": ours, "rules": rules}, curve),
        "agreement": agreement_report(("anne", "paul"), gold, found, ours_of(gold, found)),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder, list(mistakes(gold, found))


def ours_of(gold, found):
    from guillemets.training.agreement import agree

    return agree(gold, found)


def scored(document: Document) -> Document:
    quotes = [
        msgspec.structs.replace(q, score=0.6 + i % 4 / 10) for i, q in enumerate(document.quotes)
    ]
    return Document(document.id, document.text, quotes)


def test_errors_are_filtered_by_kind_and_by_words(pages, tmp_path):
    folder, listed = pages
    with chromium.Page((folder / "report.html").as_uri(), tmp_path) as page:
        assert page.run(SHOWN) == len(listed)
        for kind in ("stance", "missed"):
            page.run(f"document.querySelectorAll('input[name=kind]').forEach("
                     f"box => {{ if (box.checked !== (box.value === '{kind}')) box.click() }})")  # fmt: skip
            wanted = sum(kind in m.kinds for m in listed)
            assert 0 < wanted < len(listed)
            assert page.run(SHOWN) == wanted
            assert (
                page.run("document.getElementById('shown').textContent")
                == f"{wanted} of {len(listed)}"
            )
        name = listed[0].document
        page.run(
            "document.querySelectorAll('input[name=kind]').forEach(b => b.checked || b.click())"
        )
        page.run(
            f"search.value = '{name}'; search.dispatchEvent(new Event('input', {{bubbles: true}}))"
        )
        assert page.run(SHOWN) == sum(m.document == name for m in listed)
        assert page.errors == []  # nothing thrown, nothing that the page's own policy forbids


@pytest.mark.parametrize("name", ["report", "agreement"])
def test_a_page_fits_a_desk_and_a_phone(name, pages, tmp_path):
    with chromium.Page((pages[0] / f"{name}.html").as_uri(), tmp_path) as page:
        assert page.run(FITS)
        page.size(360, 740, mobile=True)
        assert page.run(FITS)
        assert page.run(
            "getComputedStyle(document.querySelector('form')).height.slice(0, -2) < 740 / 3"
        )
        assert page.errors == []


def test_the_learning_curve_is_drawn(pages, tmp_path):
    with chromium.Page((pages[0] / "report.html").as_uri(), tmp_path) as page:
        drawn = "[...document.querySelectorAll('.curves svg')].map(s => s.querySelectorAll('circle').length)"
        assert page.run(drawn) == [2] * 5
        heights = page.run("[...document.querySelector('.curves svg').querySelectorAll('circle')]"
                           ".map(c => c.getBoundingClientRect().y)")  # fmt: skip
        assert heights[0] > heights[1]  # more documents, a better figure: higher up

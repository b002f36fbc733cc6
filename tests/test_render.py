"""The table, the page and JSON Lines; on the page all text survives, and stays text."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from guillemets.inference import render
from guillemets.inference.schema import Document, Failure, Quote, Span, Speaker, Stance

VOID = {"meta", "br"}
SCORES = {"support": 0.07, "condemn": 0.905, "neutral": 0.025}
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"' onmouseover=alert(1) x='",
    "</style><svg/onload=alert(1)>",
    "<!-- --> ]]> &lt; &amp; {{ 7*7 }} {% raw %}",
    "javascript:alert(1)",
]


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and the text inside each article."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.articles: list[str] = []
        self.marked: dict[tuple[str, str], str] = {}
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute twice: {attrs}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))
        if tag == "article":
            self.articles.append("")

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self._open.pop()
        assert opened == tag, f"<{opened}> closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        if any(tag == "article" for tag, _ in self._open):
            self.articles[-1] += data
            for _, attributes in self._open:
                if key := attributes.get("data-quote"):
                    kind = (attributes["class"] or "").split()[0]
                    self.marked[kind, key] = self.marked.get((kind, key), "") + data


def page(*documents: Document) -> Page:
    return Page("".join(render.html(documents)))


def table(*documents: Document, width: int = 80, colour: bool = False) -> str:
    out = io.StringIO()
    system = "truecolor" if colour else None
    render.table(
        documents, Console(file=out, width=width, color_system=system, force_terminal=colour)
    )
    return out.getvalue()


def quote(
    text: str,
    start: int,
    end: int,
    *,
    name: str | None = "Mme Rey",
    mention: tuple[int, int] | None = None,
    cue: tuple[int, int] | None = None,
    stance: Stance = Stance("condemn", "la loi", SCORES),  # noqa: B008
) -> Quote:
    def span(edges: tuple[int, int] | None) -> Span | None:
        return Span.of(text, *edges) if edges else None

    speaker = None if name is None else Speaker(name, span(mention))
    return Quote(start, end, text[start:end], "direct", speaker, span(cue), stance, 0.97)


TEXT = "La loi divise\n\n« Non », a dit\r\nMme Rey. « Oui ! »\n\n\nPar contre, elle « doute »."
DOCUMENT = Document(
    "a1",
    TEXT,
    [
        quote(TEXT, 17, 20, mention=(31, 38), cue=(24, 29)),
        quote(TEXT, 42, 47, name=None, stance=Stance("support")),
        quote(TEXT, 69, 78, mention=(64, 68), stance=Stance("neutral")),
    ],
)


def test_jsonl_is_a_line_a_document() -> None:
    lines = list(render.jsonl([DOCUMENT, Document("b", "é\u2028\n")]))
    assert [msgspec.json.decode(line, type=Document) for line in lines] == [
        DOCUMENT,
        Document("b", "é\u2028\n"),
    ]
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


FAILURE = Failure("<b>mal</b>", "<script>alert(1)</script>\x1b[31m")


def test_a_failure_is_shown_in_its_place_and_stays_text() -> None:
    shown = table(DOCUMENT, FAILURE, Document("c", "")).splitlines()
    (line,) = [line for line in shown if "<b>mal</b>" in line]
    assert "<script>alert(1)</script>[31m" in line and "\x1b" not in line
    read = page(DOCUMENT, FAILURE, Document("c", "Fin."))
    assert read.articles == [TEXT, "Fin."]
    assert [tag for tag, _ in read.elements].count("script") == 1
    assert "&lt;script&gt;alert(1)" in "".join(render.html([FAILURE]))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_table_fits_the_terminal(width: int) -> None:
    lines = table(DOCUMENT, Document("b", ""), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0] == "a1  3 quotes" and "b  no quotes" in lines


def test_the_table_says_who_said_what() -> None:
    shown = table(DOCUMENT)
    for word in ("Mme Rey", "▼ condemn", "la loi", "▲ support", "● neutral", "a dit", "0.97", "?"):
        assert word in shown
    assert "\x1b" in table(DOCUMENT, colour=True)


def test_long_words_and_quotes_stay_inside_the_table() -> None:
    text = "mot " * 500 + "x" * 500
    shown = table(Document("a", text, [quote(text, 0, len(text)), quote(text, 2000, 2500)]))
    assert max(map(len, shown.splitlines())) <= 80 and "[…]" in shown
    assert len(shown.splitlines()) < 15


def test_no_text_drives_the_terminal_or_rich() -> None:
    evil = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e[red]gras[/red]\x00\r\nfin"
    stance = Stance("condemn", evil)
    tagged = quote(evil, 0, len(evil), name=evil, mention=(0, 3), cue=(0, len(evil)), stance=stance)
    shown = table(Document(evil, evil, [tagged]), width=200)
    assert "[red]gras[/red]" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_the_page_keeps_the_text_and_marks_the_spans() -> None:
    parsed = page(DOCUMENT)
    assert parsed.articles == [TEXT]
    assert parsed.marked == {
        ("quote", "0-0"): "Non",
        ("cue", "0-0"): "a dit",
        ("mention", "0-0"): "Mme Rey",
        ("quote", "0-1"): "Oui !",
        ("quote", "0-2"): "« doute »",
        ("mention", "0-2"): "elle",
    }


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_paragraphs_end_at_blank_lines(newline: str) -> None:
    text = newline.join(["Titre", "", "un", "un", " ", "", "deux", ""])
    html = "".join(render.html([Document("a", text)])).replace("&#13;", "\r")
    article = html[html.index("<article") : html.index("</article")]
    assert re.findall("<p[^>]*>([^<]*)</p>", article) == [
        "Titre",
        f"un{newline}un",
        f"deux{newline}",
    ]


def test_a_desert_of_spaces_takes_no_time() -> None:
    text = "a" + " " * 200_000 + "\n" + "\t" * 200_000 + "b"
    assert page(Document("a", text)).articles == [text]


def test_a_browser_cannot_change_the_line_ends() -> None:
    html = "".join(render.html([DOCUMENT, Document("a", "un\rdeux\r\n\0")]))
    assert "\r" not in html and "\0" not in html  # it would turn the first into line feeds


def test_the_page_names_stances_types_and_scores_in_french() -> None:
    html = "".join(render.html([DOCUMENT, Document("b", "Rien.")]))
    assert '<html lang="fr">' in html
    for words in ("Qui dit quoi", "Pour", "Contre", "Neutre", "discours direct", "97\u00a0%"):
        assert words in html
    assert "Source non précisée" in html and "Aucune citation" in html


def test_gold_without_scores_has_a_page() -> None:
    gold = Quote(2, 5, TEXT[2:5], "mixed", None, None, Stance("neutral"))
    html = "".join(render.html([Document("a", TEXT, [gold])]))
    assert "Confiance" not in html and "discours mixte" in html


def test_every_link_and_description_has_its_place() -> None:
    elements = page(DOCUMENT, DOCUMENT).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements:
        for name in ("aria-describedby", "aria-labelledby"):
            assert attributes.get(name) is None or attributes[name] in ids
        if href := attributes.get("href"):
            assert href.removeprefix("#") in ids


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_stays_text(evil: str) -> None:
    text = f"{evil}\n\n« {evil} », a dit {evil}"
    end = len(text)
    hostile = quote(
        text,
        len(evil) + 4,
        end,
        name=evil,
        mention=(end - len(evil), end),
        cue=(0, len(evil)),
        stance=Stance("support", evil, SCORES),
    )
    plain = text.translate({ord(c): "x" for c in text if not c.isspace()})
    harmless = quote(
        plain,
        len(evil) + 4,
        end,
        name="x",
        mention=(end - len(evil), end),
        cue=(0, len(evil)),
        stance=Stance("support", "x", SCORES),
    )
    parsed = page(Document(evil, text, [hostile]))
    assert parsed.articles == [text]
    assert parsed.elements == page(Document("x", plain, [harmless])).elements


def test_the_page_reaches_for_nothing_and_runs_only_its_own_script() -> None:
    html = "".join(render.html([DOCUMENT]))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy and policy[1].startswith("default-src 'none'") and "unsafe" not in policy[1]
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(sha256(source.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy[1].replace("&#39;", "'")
    for _, attributes in Page(html).elements:
        assert not {"src", "srcset", "action", "style"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"https?://|url\(|@import|innerHTML|eval\(", html)


def test_documents_are_shown_as_they_come() -> None:
    seen = []

    def documents() -> Iterator[Document]:
        for number in range(3):
            seen.append(number)
            yield Document(f"d{number}", "Rien.")

    pieces = render.html(documents())
    while "d0" not in next(pieces):
        pass
    assert seen == [0]


EDGES = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda pair: (min(pair), max(pair) + 1)
)


@given(
    text=st.text(alphabet="ab <&\"'\n\r\t»é\u2028\ufeff", min_size=41, max_size=60),
    spans=st.lists(st.tuples(EDGES, EDGES, EDGES), max_size=4),
)
def test_any_overlap_of_spans_nests_and_keeps_the_text(
    text: str, spans: list[tuple[tuple[int, int], ...]]
) -> None:
    quotes = [quote(text, *span, mention=mention, cue=cue) for span, mention, cue in spans]
    parsed = page(Document("a", text, quotes))
    assert parsed.articles == [text]
    blank = re.compile(r"\s+")
    for number, tagged in enumerate(quotes):
        marked = parsed.marked.get(("quote", f"0-{number}"), "")
        assert blank.sub("", marked) == blank.sub("", tagged.text)

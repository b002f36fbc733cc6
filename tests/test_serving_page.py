"""The page as somebody uses it: opened in Chromium, with the model that ships behind it."""

from __future__ import annotations

import json
import re
import time
import zipfile

import chromium
import msgspec
import pytest
from serving import running

from guillemets.inference import render
from guillemets.inference.cli import main
from guillemets.inference.schema import STANCES, Document
from guillemets.inference.serving.app import SAMPLE, STATIC, create_app
from guillemets.inference.serving.batching import Batcher, Busy
from guillemets.inference.serving.bodies import Limits
from guillemets.inference.serving.card import read_card
from guillemets.inference.serving.security import allowed_hosts

pytestmark = pytest.mark.skipif(
    chromium.BINARY is None,
    reason="no Chromium (Debian: apt-get install chromium), so the page is not opened",
)
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
READING = "document.body.dataset.state === 'reading' && !document.body.classList.contains('busy')"
MARKS = "[...document.querySelectorAll('mark[id]')].length"
ON = "[...document.querySelectorAll('#sheet mark.on')].map(m => m.textContent).join('')"
SAID = "document.getElementById('status').textContent"


@pytest.fixture(scope="module")
def tagger():
    from guillemets.inference import QuoteTagger

    return QuoteTagger.from_pretrained()


@pytest.fixture(scope="module")
def batcher(tagger):
    return Batcher(lambda documents: tagger.pipe_records(documents, 8), max_wait=60)


@pytest.fixture(scope="module")
def address(tagger, batcher):
    from guillemets.inference.tagger import default_model

    card = read_card(default_model(), "1")
    with running(create_app(batcher, card, Limits(), allowed_hosts("127.0.0.1", []))) as address:
        yield address


@pytest.fixture(scope="module")
def browser(address, tmp_path_factory):
    with chromium.Page(f"{address}/", tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(browser, address):
    """The page as it is at first, of a desk's size, in English."""
    browser.size(1280, 900)
    browser.prefer()
    browser.errors.clear()
    browser.run("localStorage.clear()")
    browser.open(f"{address}/")
    yield browser
    assert browser.errors == []  # nothing thrown, nothing that the policy forbids


def click(page, id):
    page.run(f"document.getElementById('{id}').click()")


def paste(page, text):
    page.run(f"document.getElementById('input').value = {json.dumps(text)}")
    click(page, "tag")
    page.until(READING)


def sample(page):
    click(page, "sample")
    page.until(READING)


def select_words(page, words):
    """Selects these words in the text, as a mouse does."""
    page.run(f"""(() => {{
      const walker = document.createTreeWalker(document.getElementById('sheet'), NodeFilter.SHOW_TEXT);
      const nodes = []; while (walker.nextNode()) nodes.push(walker.currentNode);
      const at = nodes.map(n => n.data).join('').indexOf({json.dumps(words)});
      if (at < 0) throw new Error('not in the text');
      const place = (offset, range, which) => {{
        for (const n of nodes) {{
          if (offset <= n.data.length) return range[which](n, offset);
          offset -= n.data.length;
        }}
      }};
      const range = new Range();
      place(at, range, 'setStart'); place(at + {json.dumps(words)}.length, range, 'setEnd');
      getSelection().removeAllRanges(); getSelection().addRange(range);
    }})()""")


def downloaded(page, folder, button):
    """The file that a click on ``button`` brings."""
    page.save_to(folder)
    before = set(folder.iterdir())
    click(page, button)
    deadline = time.monotonic() + 60
    while True:
        new = [f for f in set(folder.iterdir()) - before if f.suffix != ".crdownload"]
        if new and new[0].stat().st_size:
            return new[0]
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.02)


# ---------------------------------------------------------------- reading


def test_a_pasted_text_stays_what_it_is_and_its_quotes_are_marked(page, tagger):
    text = "🙂 Débat\n\n🎉🎉 « C’est une honte 😡 », a dit la maire,   Anne Roy.\nElle a raillé « le courage » du préfet.\n"
    paste(page, text)
    quotes = tagger.tag(text).quotes
    assert len(quotes) >= 2
    assert page.run("document.getElementById('sheet').textContent") == text
    assert page.run("[...document.querySelectorAll('mark')].map(m => m.textContent)") == [
        q.text for q in quotes
    ]
    labels = page.run("[...document.querySelectorAll('mark')].map(m => m.classList[1])")
    assert labels == [q.stance.label for q in quotes]


def test_the_panel_counts_and_the_filters_hide(page, tagger):
    sample(page)
    quotes = tagger.tag(SAMPLE.read_text(encoding="utf-8")).quotes
    assert page.run(MARKS) == len(quotes)
    names = {q.speaker.name for q in quotes}
    shown = page.run("[...document.querySelectorAll('.voice')].map(v => [v.querySelector('bdi')"
                     ".textContent, v.querySelectorAll('li').length])")  # fmt: skip
    assert dict(shown) == {n: sum(q.speaker.name == n for q in quotes) for n in names}
    counts = page.run("[...document.querySelectorAll('#balance .part')].map(p => p.textContent)")
    by_label = {s: sum(q.stance.label == s for q in quotes) for s in STANCES}
    assert counts == [f"{render.SIGNS[s]} {by_label[s]}" for s in ("support", "neutral", "condemn")]

    click(page, "filter-condemn")
    assert page.run(MARKS) == len(quotes) - by_label["condemn"]
    click(page, "filter-indirect")
    left = [q for q in quotes if q.stance.label != "condemn" and q.type != "indirect"]
    assert page.run(MARKS) == len(left)
    click(page, "reset")
    page.run("least.value = 98; least.dispatchEvent(new Event('input'))")
    assert page.run(MARKS) == sum(q.score >= 0.98 for q in quotes) < len(quotes)
    click(page, "reset")
    name = quotes[0].speaker.name
    page.run(
        f"[...document.querySelectorAll('.who')].find(b => b.textContent === '{name}').click()"
    )
    assert page.run(MARKS) == sum(q.speaker.name == name for q in quotes)


def test_a_selected_quote_shows_mention_cue_and_the_line_between(page, tagger):
    sample(page)
    page.press("j")
    quote = tagger.tag(SAMPLE.read_text(encoding="utf-8")).quotes[0]
    assert page.run(ON) == quote.text
    for kind, span in (("mention", quote.speaker.mention), ("cue", quote.cue)):
        lit = (
            f"[...document.querySelectorAll('#sheet .{kind}.on')].map(n => n.textContent).join('')"
        )
        assert page.run(lit) == span.text
        assert page.run(f"document.querySelector('#inspector .{kind}').textContent") == span.text
    assert page.run("document.querySelectorAll('#link path.line').length") == 2
    near = """(() => {
      const at = [...document.querySelectorAll('#link circle')].map(c => c.getBoundingClientRect());
      return ['.mention.on', 'mark.on'].map((s, i) => [...document.querySelectorAll('#sheet ' + s)]
        .flatMap(n => [...n.getClientRects()])
        .some(r => at[i].right >= r.left && at[i].left <= r.right && at[i].bottom >= r.top && at[i].top <= r.bottom));
    })()"""
    assert page.run(near) == [True, True]
    page.press("k")
    assert page.run(ON) == quote.text  # there is none before
    page.press("Escape")
    assert page.run(ON) == "" and page.run("document.getElementById('inspector').hidden")


def test_hostile_text_stays_text(page):
    evil = (
        "<img src=x onerror=\"window.pwned=1\"> « <script>window.pwned=1</script> C’est une honte », "
        'a dit <b onclick="window.pwned=1">Anne Roy</b>.\n\n</p><svg onload="window.pwned=1">\0 &amp; ]]>'
    )  # fmt: skip
    paste(page, evil)
    assert page.run("document.getElementById('sheet').textContent") == evil
    for key in "jx":
        page.press(key)
    assert page.run("document.querySelectorAll('#sheet :not(p, mark, span), main img, main script, main b').length") == 0  # fmt: skip
    assert page.run("window.pwned") is None


def test_the_language_and_the_theme_are_switched_and_kept(page, address):
    click(page, "language")
    assert page.run("document.documentElement.lang") == "fr"
    sample(page)
    assert page.run("document.getElementById('totals').textContent").startswith("20 citations")
    click(page, "language")
    assert page.run("document.getElementById('totals').textContent").startswith("20 quotes")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.run(background)
    click(page, "theme")
    click(page, "theme")
    assert page.run(background) != light
    page.open(f"{address}/")
    assert page.run(background) != light
    click(page, "theme")
    page.prefer(prefers_color_scheme="dark")
    assert page.run(background) != light
    page.prefer(prefers_color_scheme="light")
    assert page.run(background) == light


def test_every_phrase_is_there_in_both_languages(page):
    script = (STATIC / "phrases.js").read_text(encoding="utf-8")
    fr, en = re.search(r"\n  fr: {(.*?)\n  },\n  en: {(.*?)\n  },\n", script, re.DOTALL).groups()
    keys = [set(re.findall(r"(\w+): \"", part)) for part in (fr, en)]
    assert keys[0] == keys[1]
    html = (STATIC / "page.html").read_text(encoding="utf-8")
    assert set(re.findall(r'data-t(?:-[\w-]+)?="(\w+)"', html)) <= keys[0]
    called = [
        re.findall(r'\bt\("(\w+)"', f.read_text(encoding="utf-8")) for f in STATIC.glob("*.js")
    ]
    plurals = {"quotes", "speakers", "edits"}
    assert {key for keys in called for key in keys} - plurals <= keys[0]


def test_the_colours_are_those_of_the_page_that_the_command_writes():
    written = (render.TEMPLATES / "page.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+)", part)) for part in written.split("@media", 1)
    )
    ours = re.findall(
        r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", (STATIC / "base.css").read_text()
    )
    assert {name: (a, b) for name, a, b in ours} == {n: (light[n], dark[n]) for n in light}


def test_it_fits_a_phone_and_shows_text_or_speakers(page):
    page.size(360, 740, mobile=True)
    assert page.run(FITS)
    sample(page)
    assert page.run(FITS)
    visible = "[text, panel].map(node => node.checkVisibility())"
    assert page.run(visible) == [True, False]
    click(page, "side-voices")
    assert page.run(visible) == [False, True] and page.run(FITS)
    page.run("document.querySelectorAll('.said')[3].click()")
    assert page.run(visible) == [True, False]
    page.press("x")
    assert page.run(FITS)
    # The quote stands above the sheet with its facts.
    page.until("document.querySelector('mark.on').getBoundingClientRect().bottom < "
               "document.getElementById('inspector').getBoundingClientRect().top")  # fmt: skip


def test_a_busy_server_is_asked_again(page, batcher, monkeypatch):
    asked, tag = [], batcher.tag

    async def busy_at_first(documents):
        asked.append(len(documents))
        if len(asked) == 1:
            raise Busy(1)
        return await tag(documents)

    monkeypatch.setattr(batcher, "tag", busy_at_first)
    paste(page, "« Non », a dit Anne Roy.")
    assert asked == [1, 1]
    assert all("503" in error for error in page.errors)
    page.errors.clear()


# ---------------------------------------------------------------- correcting


def test_a_corrected_text_is_gold_that_validates(page, tmp_path, capsys):
    text = (
        "🙂 « C’est une honte », a dit la maire, Anne Roy. « Nous ferons appel », a-t-elle ajouté. "
        "Jean Petit, lui, salue une décision courageuse et attendue. La séance est levée."
    )
    paste(page, text)
    page.press("j")
    first = page.run(ON)
    assert first == "C’est une honte"
    for key in "1i":  # support, indirect
        page.press(key)
    page.press("x")
    page.run("const f = document.getElementById('field-name'); f.value = 'Jean Petit';"
             "f.dispatchEvent(new Event('change'))")  # fmt: skip
    page.press("E", shift=True)  # a word less at the end
    assert page.run(ON) == "C’est une"
    select_words(page, "la maire")
    page.press("w")
    select_words(page, "a dit la")
    page.press("c")
    page.press("j")
    assert page.run(ON) == "Nous ferons appel"
    page.press("Delete")
    select_words(page, "une décision courageuse et attend")  # ends within a word
    page.press("a")
    assert page.run(ON) == "une décision courageuse et attendue"
    page.press("m")
    page.press("1")
    select_words(page, "Jean Petit")
    page.press("w")
    select_words(page, "salue")
    page.press("c")

    assert page.run("document.getElementById('edits').textContent") == "2 corrections"
    file = downloaded(page, tmp_path, "export-gold")
    assert file.name == "c-est-une-honte-a-dit-la-maire-anne.gold.jsonl"
    assert main(["validate", str(file)]) == 0
    assert "errors 0, warnings 0" in capsys.readouterr().out
    gold = json.loads(file.read_text(encoding="utf-8"))

    def span(words, of=text):
        start = of.index(words)
        return {"start": start, "end": start + len(words), "text": words}

    assert gold == {
        "id": "c-est-une-honte-a-dit-la-maire-anne",
        "text": text,
        "quotes": [
            {**span("C’est une"), "type": "indirect",
             "speaker": {"name": "Jean Petit", "mention": span("la maire")}, "cue": span("a dit la"),
             "stance": {"label": "support", "target": gold["quotes"][0]["stance"]["target"]}},
            {**span("une décision courageuse et attendue"), "type": "mixed",
             "speaker": {"name": "Jean Petit", "mention": span("Jean Petit")}, "cue": span("salue"),
             "stance": {"label": "support", "target": None}},
        ],
    }  # fmt: skip


def test_every_correction_is_undone(page):
    sample(page)
    document = "import('/static/store.js').then(m => JSON.stringify(m.toDocument()))"
    before = page.run(document)
    page.press("j")
    steps = [*"3mebE", "Delete"]
    for key in steps:
        page.press(key, shift=key.isupper() and len(key) == 1)
    after = page.run(document)
    assert after != before
    for _ in steps:
        page.press("u")
    assert page.run(document) == before
    for _ in steps:
        page.press("U", shift=True)
    assert page.run(document) == after


def test_what_validate_would_refuse_is_not_done(page):
    paste(
        page,
        "« C’est une honte », a dit la maire, Anne Roy. « Nous irons en appel », a-t-elle promis.",
    )
    document = "import('/static/store.js').then(m => JSON.stringify(m.toDocument()))"
    before = page.run(document)
    page.press("j")
    page.press("x")
    field = "document.getElementById('field-name')"
    page.run(f"{field}.value = 'Personne'; {field}.dispatchEvent(new Event('change'))")
    assert "must occur" in page.run(SAID)
    assert page.run(f"{field}.getAttribute('aria-invalid')") == "true"
    select_words(page, "honte », a dit la maire, Anne Roy. « Nous")
    page.press("a")
    assert "cannot overlap" in page.run(SAID)
    select_words(page, "C’est une honte », a dit la maire, Anne Roy")
    page.press("r")
    assert "name its speaker" in page.run(SAID)
    page.run("getSelection().removeAllRanges()")
    page.press("a")
    assert "First select" in page.run(SAID)
    assert page.run(document) == before


def middle(page, script):
    """Where in the window the middle of an element or a range is."""
    box = f"(o => o.getBoundingClientRect?.() ?? o)({script})"
    return tuple(page.run(f"(r => [r.left + r.width / 2, r.top + r.height / 2])({box})"))


def test_the_ends_of_a_quote_are_dragged(page):
    sample(page)
    page.press("j")
    page.press("x")
    assert page.run(ON) == "C’est un abandon pur et simple\u202f!"

    select_words(page, "abandon")
    word = middle(page, "getSelection().getRangeAt(0)")
    page.run("getSelection().removeAllRanges()")
    page.drag(middle(page, "document.getElementById('handle-end')"), (word[0] + 15, word[1]))
    assert page.run(ON) == "C’est un abandon"
    page.run("document.getElementById('handle-start').focus()")
    page.press("ArrowRight")
    assert page.run(ON) == "’est un abandon"
    page.press("u")
    page.press("u")  # a drag is one step
    assert page.run(ON) == "C’est un abandon pur et simple\u202f!"


def test_a_finger_selects_and_drags_the_ends_of_a_quote(page):
    page.size(390, 800, mobile=True)
    page.prefer(prefers_reduced_motion="reduce")  # or it would be scrolling still
    sample(page)
    page.tap(middle(page, "document.querySelectorAll('#text mark')[1].getClientRects()[0]"))
    page.until("!!document.querySelector('mark.on')")
    page.press("x")
    whole = page.run(ON)
    end = middle(page, "document.getElementById('handle-end')")
    line = middle(page, "document.querySelector('mark.on').getClientRects()[1]")
    page.touch_drag(end, line)
    page.until(f"(s => s && s !== {json.dumps(whole)} && {json.dumps(whole)}.startsWith(s))({ON})")
    page.press("u")
    assert page.run(ON) == whole


# ---------------------------------------------------------------- files in, files out


def test_what_is_shown_is_exported(page, tmp_path, tagger):
    sample(page)
    click(page, "filter-neutral")
    tagged = tagger.tag(SAMPLE.read_text(encoding="utf-8"), id="demo")
    shown = [q for q in tagged.quotes if q.stance.label != "neutral"]
    document = Document("demo", tagged.text, shown)
    of = "Promise.all(['exports', 'filters'].map(n => import(`/static/${{n}}.js`))).then(([e, f]) => e.{}(f.shownQuotes()))"
    copied = msgspec.json.decode(page.run(of.format("json")), type=Document)
    assert copied == document
    rows = page.run(of.format("csv")).split("\r\n")
    assert rows[0] == "start,end,quote,type,speaker,mention,cue,stance,target,score"
    assert len(rows) == len(shown) + 2
    listed = page.run(of.format("markdown"))
    assert listed.count("\n- **") == len(shown)
    assert "## Étienne Valbrun" in listed

    file = downloaded(page, tmp_path, "export-page")
    assert file.name == "demo.html"
    assert file.read_text(encoding="utf-8") == "".join(render.html([document]))


def test_a_spreadsheet_gets_no_formula_and_markdown_no_markup(page):
    paste(page, '« =1+1, "c’est" *tout* <b> », a dit Anne Roy.')
    page.run("getSelection().removeAllRanges()")
    for key in ("j", "Delete"):
        page.press(key)
    select_words(page, '=1+1, "c’est" *tout* <b>')
    page.press("a")
    of = "Promise.all(['exports', 'store'].map(n => import(`/static/${{n}}.js`))).then(([e, s]) => e.{}(s.store.quotes))"
    assert ',"\'=1+1, ""c’est"" *tout* <b>",' in page.run(of.format("csv"))
    assert r"=1+1, " + '"c’est" ' + r"\*tout\* \<b\>" in page.run(of.format("markdown"))


DOCX = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
<w:p><w:r><w:t xml:space="preserve">« C’est </w:t></w:r><w:r><w:t>une honte »,</w:t><w:tab/></w:r>
<w:del><w:r><w:delText>ment</w:delText></w:r></w:del><w:r><w:t>a dit Anne Roy.</w:t></w:r></w:p>
<w:p/><w:p><w:r><w:t>Fin &amp; suite</w:t><w:br/><w:t>&lt;b&gt;</w:t></w:r></w:p></w:body></w:document>"""
HTML = """<!doctype html><html><head><meta charset="{charset}"><title>Journal</title><script>window.pwned=1</script></head>
<body><nav>Menu</nav><article><h1>Débat</h1><p>« C’est <b>une
honte</b> », a dit&nbsp;Anne Roy.</p><img src="x" onerror="window.pwned=1"><p>Fin<br>suite</p></article><footer>Pied</footer></body></html>"""  # fmt: skip


def docx(path, xml=DOCX, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", xml)
    return path


def test_files_are_read_in_the_browser(page, tmp_path):
    words = "« C’est une honte », a dit Anne Roy.\r\nFin"
    web = "Débat\n\n« C’est une honte », a dit\xa0Anne Roy.\n\nFin\nsuite"
    word = "« C’est une honte »,\ta dit Anne Roy.\n\nFin & suite\n<b>"
    expected = {
        "plain.txt": (words.encode("utf-8-sig"), words),
        "old.txt": (words.encode("cp1252"), words),
        "wide.txt": (b"\xff\xfe" + words.encode("utf-16-le"), words),
        "web.html": (HTML.format(charset="utf-8").encode(), web),
        "web.old.htm": (HTML.format(charset="windows-1252").encode("cp1252"), web),
        "letter.docx": (docx(tmp_path / "letter.docx").read_bytes(), word),
        "stored.docx": (docx(tmp_path / "s.docx", method=zipfile.ZIP_STORED).read_bytes(), word),
    }
    text = "import('/static/store.js').then(m => [m.store.id, m.store.text])"
    for name, (data, wanted) in expected.items():
        file = tmp_path / name
        file.write_bytes(data)
        page.give("#file", file)
        stem = name.rpartition(".")[0]
        page.until(f"import('/static/store.js').then(m => m.store.id === '{stem}')")
        assert page.run(text) == [stem, wanted]
        assert ("Windows-1252" in page.run(SAID)) == (name == "old.txt")
    assert page.run("window.pwned") is None
    # The parser hands a handler of the file's to the policy, which forbids it and tells.
    assert all("inline event handler" in error for error in page.errors)
    page.errors.clear()


def test_a_file_is_dropped_anywhere_on_the_page(page, tmp_path):
    (tmp_path / "dropped.txt").write_text("« C’est une honte », a dit Anne Roy.", encoding="utf-8")
    page.drop((200, 700), tmp_path / "dropped.txt")
    page.until("import('/static/store.js').then(m => m.store.id === 'dropped')")
    page.until("!!document.querySelector('#text mark')")
    assert page.run("document.body.classList.contains('dropping')") is False


def test_a_refusal_is_told_in_the_language_of_the_page(page):
    for told in ("This server cannot handle", "Ce serveur ne peut pas traiter"):
        page.run("document.getElementById('status').replaceChildren()")
        page.run("document.getElementById('input').value = 'a'.repeat(60001)")
        click(page, "tag")
        assert page.until(f"{SAID}.includes('50,000') && {SAID}").startswith(told)
        click(page, "language")
    assert all("status of 422" in error for error in page.errors)  # the browser tells it too
    page.errors.clear()


def test_files_that_are_none_are_told(page, tmp_path):
    bomb = "<?xml version='1.0'?><w:document>" + " " * (65 << 20)
    entities = '<!DOCTYPE d [<!ENTITY a "aaaa">]><d>&a;</d>'
    whole = docx(tmp_path / "whole.docx").read_bytes()
    files = {
        "sheet.xlsx": (b"PK", "Only .txt"),
        "empty.txt": (b" \n", "no text"),
        "none.docx": (b"not an archive", "cannot be read"),
        "cut.docx": (whole[: len(whole) // 2], "cannot be read"),
        "turned.docx": (whole[:80] + bytes(b ^ 255 for b in whole[80:300]) + whole[300:], "cannot be read"),
        "entities.docx": (docx(tmp_path / "e.docx", entities).read_bytes(), "cannot be read"),
        "bomb.docx": (docx(tmp_path / "b.docx", bomb).read_bytes(), "too large"),
    }  # fmt: skip
    for name, (data, reason) in files.items():
        (tmp_path / name).write_bytes(data)
        page.run("document.getElementById('status').replaceChildren()")
        page.give("#file", tmp_path / name)
        assert reason in page.until(SAID), name
    assert page.run("document.body.dataset.state") == "start"

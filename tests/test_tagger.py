"""The model that ships, on text it has never seen."""

import pytest
from conftest import STYLES
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from guillemets.inference import Document, QuoteTagger
from guillemets.inference.errors import InputError
from guillemets.inference.tagger import segments
from guillemets.training.metrics import score

ARTICLE = (
    "Le maire de Vaubrun, Lucien Hardel, a défendu jeudi le nouveau plan de circulation. "
    "{0}C'est une chance pour nos enfants{1}, a-t-il déclaré. "
    "Pour Odile Kermadec, présidente de l'association des commerçants, le projet est "
    "{0}une catastrophe{1}. "
    "Elle a accusé la mairie de vouloir tuer le centre-ville. "
    "Selon la préfecture, les travaux dureront six mois."
)


@pytest.fixture(scope="module")
def tagger():
    return QuoteTagger.from_pretrained(device="cpu")


def facts(document: Document) -> list[tuple]:
    return [(q.text, q.type, q.speaker and q.speaker.name, q.stance.label) for q in document.quotes]


def golden(opening: str, closing: str) -> list[tuple]:
    return [
        ("C'est une chance pour nos enfants", "direct", "Lucien Hardel", "support"),
        (f"le projet est {opening}une catastrophe{closing}", "mixed", "Odile Kermadec", "condemn"),
        ("vouloir tuer le centre-ville", "indirect", "Odile Kermadec", "condemn"),
        ("les travaux dureront six mois", "indirect", "la préfecture", "neutral"),
    ]


@pytest.mark.parametrize("style", STYLES)
def test_golden_article_in_every_typography(tagger, style):
    marks = STYLES[style]
    document = tagger.tag(ARTICLE.format(*marks), id="vaubrun")
    assert document.id == "vaubrun"
    assert facts(document) == golden(*marks)


def test_golden_cues_and_mentions(tagger):
    quotes = tagger.tag(ARTICLE.format("« ", " »")).quotes
    assert [q.cue and q.cue.text for q in quotes] == ["a-t-il déclaré", "Pour", "a accusé", "Selon"]
    assert [q.speaker.mention.text for q in quotes] == [
        "il",
        "Odile Kermadec",
        "Elle",
        "la préfecture",
    ]


def test_soft_hyphens_and_zero_width_characters_change_nothing(tagger):
    text = ARTICLE.format("« ", " »").replace("déclaré", "dé\u00adcla\u200bré")
    quotes = tagger.tag(text).quotes
    assert facts(tagger.tag(text)) == golden("« ", " »")
    assert quotes[0].cue.text == "a-t-il dé\u00adcla\u200bré"


def test_floor_on_heldout_articles(tagger, heldout):
    figures = score(heldout, tagger.pipe_documents(Document(d.id, d.text) for d in heldout))
    floors = {
        "overlap_f1": 0.85,
        "exact_f1": 0.75,
        "quote_speaker_f1": 0.65,
        "stance_macro_f1": 0.6,
        "end2end_f1": 0.5,
    }
    assert {k: figures[k] for k in floors if figures[k] < floors[k]} == {}


def check(document: Document) -> None:
    text = document.text
    for q in document.quotes:
        assert text[q.start : q.end] == q.text and q.text.strip()
        assert 0 <= q.score <= 1 and abs(sum(q.stance.scores.values()) - 1) < 1e-3
        spans = [q.cue, q.speaker and q.speaker.mention]
        for span in filter(None, spans):
            assert text[span.start : span.end] == span.text and span.text
        assert q.speaker is None or q.speaker.name in text
    for a, b in zip(document.quotes, document.quotes[1:]):
        assert a.end <= b.start


PIECES = st.sampled_from(
    ["« ", " »", "«", "»", '"', "“", "”", "„", "‹", "›", "‘", "’", "\n\n", "\u00ad", "\u200b",
     "a dit ", "selon ", "Mme Rey ", "il ", "que ", "Oui", ", ", ". ", "\u00a0", "e\u0301 ", "😀"]
)  # fmt: skip


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_spans_always_index_the_text(tagger, text):
    check(tagger.tag(text))


def test_empty_and_blank_texts_have_no_quotes(tagger):
    for text in ("", " \n\u200b", "«»", "…"):
        assert tagger.tag(text).quotes == []


def test_a_long_text_is_read_to_its_end(tagger):
    filler = "Le village compte trois cents habitants et une école. " * 40 + "\n\n"
    text = filler * 20 + ARTICLE.format("« ", " »") + "\n\n" + filler
    assert len(segments(text)) > 1
    document = tagger.tag(text)
    check(document)
    assert [f[:3] for f in facts(document)] == [f[:3] for f in golden("« ", " »")]


@given(st.text(alphabet="ab. \n", max_size=400), st.integers(5, 50))
def test_segments_cover_the_text(text, size):
    cuts = segments(text, size)
    assert "".join(text[a:b] for a, b in cuts) == text
    assert all(b - a <= size for a, b in cuts)


def test_batches_give_what_single_texts_give(tagger, heldout):
    texts = [d.text for d in heldout[:5]] + ["", "Rien."]
    together = list(tagger.pipe(iter(texts), batch_size=3))
    assert [d.id for d in together] == [str(i) for i in range(7)]
    for document, text in zip(together, texts):
        assert facts(document) == facts(tagger.tag(text))


def test_pipe_streams(tagger):
    def endless():
        while True:
            yield "« Oui », a dit Mme Rey."

    assert next(tagger.pipe(endless(), batch_size=2)).quotes


def test_bad_texts_and_models_are_refused_in_one_line(tagger, tmp_path):
    with pytest.raises(InputError, match="not a string"):
        tagger.tag(3)
    with pytest.raises(InputError, match="surrogate"):
        tagger.tag("a\ud800b")
    with pytest.raises(InputError, match="unknown device"):
        QuoteTagger.from_pretrained(device="tpu")
    with pytest.raises(InputError, match="no such model folder"):
        QuoteTagger.from_pretrained(tmp_path / "absent")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(InputError, match="a bert model"):
        QuoteTagger.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "guillemets"}')
    with pytest.raises(InputError, match="cannot be loaded"):
        QuoteTagger.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("text", "said", "speaker"),
    [
        ("« Non », a répondu Mme Roy.", "Non", "Roy"),
        ("« Jamais », a lancé le ministre.", "Jamais", "le ministre"),
        ("“Oui”, a dit Paul Rey.", "Oui", "Paul Rey"),
        ("« Très juste », s'est exclamée la maire, Anne Roy.", "Très juste", "Anne Roy"),
    ],
)
def test_a_word_or_two_are_a_quote_where_a_verb_of_saying_follows(tagger, text, said, speaker):
    assert [(q.text, q.type, q.speaker.name) for q in tagger.tag(text).quotes] == [
        (said, "direct", speaker)
    ]


def test_a_title_is_no_quote(tagger):
    assert not tagger.tag("« Le Monde », le quotidien, paraît à Paris.").quotes

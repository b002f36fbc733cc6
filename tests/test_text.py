"""The view of a text: marks find their mates, and every word its way back."""

import json
import unicodedata

import pytest
from conftest import STYLES
from hypothesis import given
from hypothesis import strategies as st

from guillemets.inference.features import FEATURES, word_features
from guillemets.inference.text import View


def quoted(text: str) -> list[str]:
    """What stands between the marks of each pair, in the caller's text."""
    view = View.of(text)
    return [text[view.words[a].end : view.words[b].start].strip() for a, b in view.pairs]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_marks_pairs(style):
    opening, closing = STYLES[style]
    text = f"Elle a dit : {opening}Nous irons{closing}, puis {opening}peut-être{closing}."
    assert quoted(text) == ["Nous irons", "peut-être"]


@pytest.mark.parametrize("style", STYLES)
def test_the_encoder_sees_one_typography(style):
    opening, closing = STYLES[style]
    text = f"Il juge le texte {opening}inutile{closing} et s'en va."
    assert View.of(text).text == "Il juge le texte « inutile » et s'en va."


def test_turned_and_nested_and_missing_marks():
    assert quoted("contre l' »hégémonie » américaine, dit-il.") == ["hégémonie"]
    assert quoted("« Il m'a dit “jamais” hier », dit-elle.") == [
        "Il m'a dit “jamais” hier",
        "jamais",
    ]
    assert quoted("a promis que « les brebis paieraient. « Trois agents », a-t-il dit.") == [
        "Trois agents"
    ]
    assert quoted("Rien à faire », dit-il. « Vraiment ? »") == ["Vraiment ?"]
    assert quoted("« Un.\n\n« Deux.\n\n« Trois », dit-il.")[-1] == "Trois"
    assert quoted("“Un.\n\nDeux.”, dit-il.") == ["Un.\n\nDeux."]


def test_invisible_characters_vanish_from_the_view_only():
    text = "Le pré\u00adsident\u200b a dit :\u00a0«\u202fNon\u202f»."
    view = View.of(text)
    assert view.text == "Le président a dit : « Non »."
    president = view.words[1]
    assert text[president.start : president.end] == "pré\u00adsident"


def test_composed_and_decomposed_accents_look_the_same():
    text = "L’été, « déjà »"
    assert View.of(unicodedata.normalize("NFD", text)).text == View.of(text).text


def test_features_mark_what_stands_inside():
    view = View.of("Il dit « oui “non” » là.")
    table = dict(zip(FEATURES, word_features(view).T.tolist()))
    words = [view.text[w.view_start : w.view_end] for w in view.words]
    inside = [w for w, x in zip(words, table["inside"]) if x]
    assert inside == ["oui", "“", "non", "”"]
    assert [w for w, x in zip(words, table["nested"]) if x] == ["non"]
    assert [w for w, x in zip(words, table["after_opening"]) if x] == ["oui", "non"]
    assert [w for w, x in zip(words, table["says"]) if x] == ["dit"]


ALPHABET = st.sampled_from(
    list("abÉœ1 \n\t'’-.,;:!?…()«»“”„‟‹›‘\"<>")
    + ["\u00a0", "\u202f", "\u200b", "\u00ad", "\u0301", "😀", "\r\n", "字"]
)


@given(st.one_of(st.lists(ALPHABET, max_size=120).map("".join), st.text(max_size=80)))
def test_words_are_in_order_and_index_the_text(text):
    view = View.of(text)
    position = 0
    for word in view.words:
        assert position <= word.start < word.end <= len(text)
        assert view.text[word.view_start : word.view_end].strip()
        position = word.end
    for opening, closing in view.pairs:
        assert opening < closing
        assert view.words[opening].mark == -view.words[closing].mark > 0
    assert word_features(view).shape == (len(view.words), len(FEATURES))


@given(st.text(alphabet="abcdéÀ '", min_size=1, max_size=30).filter(str.strip))
def test_no_word_is_lost(text):
    view = View.of(text)
    assert "".join(text[w.start : w.end] for w in view.words) == "".join(text.split())


def test_a_million_marks_take_linear_time():
    text = "« a » " * 100_000
    assert len(View.of(text).pairs) == 100_000
    assert json.dumps(View.of('"' * 20_000).text)

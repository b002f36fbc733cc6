"""Word classes: the lemmas meet their forms, and the words of news the right classes."""

import pytest

from guillemets.inference.lexicon import GROUPS, PEOPLE
from guillemets.inference.text import View
from guillemets.inference.word_classes import CLASSES, _forms, word_class_bits


def classes(word: str) -> set[str]:
    bits = word_class_bits(word)
    return {name for i, name in enumerate(CLASSES) if bits >> i & 1}


def of_class(name: str) -> set[str]:
    return {form for form, bits in _forms().items() if bits >> CLASSES.index(name) & 1}


@pytest.mark.parametrize(
    "name, forms",
    [
        ("says", "déclare déclarait déclarera déclara déclarèrent déclarant déclarées"),
        ("says", "annonça annonçait enjoignit rappelle appellera répètent suggère"),
        ("says", "dit dites disait dira dirent prédisez écrivait répondu reprend avertissent"),
        ("says", "conclut admis reconnaît reconnurent prévient démentent communiqués propos"),
        ("says_for", "salue salué défend défendra soutient soutiendrait soutinrent hommages"),
        ("says_against", "dénonce dénonçant fustigeait rejettent menaçons plaint maudissent"),
        ("thinks", "croit croyait veut voudra craignent convaincu sait espoirs"),
        ("positive", "courageuse courageux historiques progrès fière loyale loyaux réussissent"),
        ("negative", "honteuse hontes brutale brutaux corrompt destructrice hypocrites ment"),
        ("negative", "trahi trahissait pourrissent corrompue tricheuses folle fausses"),
        ("demands", "doit devons devra devraient faut faudra fallait exigeant appels urgente"),
    ],
)
def test_every_form_of_a_lemma_is_known(name, forms):
    assert [form for form in forms.split() if name not in classes(form)] == []


@pytest.mark.parametrize("word", ["Dénonçait", "DÉNONÇAIT", "denoncait", "de\u0301nonc\u0327ait"])
def test_case_and_accents_do_not_matter(word):
    assert classes(word) == {"says", "says_against"}


@pytest.mark.parametrize("word", ["l’élue", "l'élue", "L’ÉLUE"])
def test_an_elision_left_on_the_word_does_not_matter(word):
    assert classes(word) == classes("élue") != set()


def test_the_words_of_a_view_are_looked_up_as_they_stand():
    text = "« C’est une honte », s’insurge-t-il ; l’association, elle, salue un progrès."
    view = View.of(text)
    found = {text[w.start : w.end]: classes(text[w.start : w.end]) for w in view.words}
    assert {word: found[word] for word in found if found[word]} == {
        "honte": {"negative"},
        "insurge": {"says", "says_against"},
        "association": {"group"},
        "salue": {"says", "says_for"},
        "progrès": {"positive"},
    }


@pytest.mark.parametrize(
    "word", "est son sont pas plus parti fait avance note cours pose devant « » , 2016".split()
)
def test_homographs_and_marks_have_no_open_class(word):
    assert not classes(word) - {"person", "group"}


def test_nothing_is_both_positive_and_negative():
    assert not of_class("positive") & of_class("negative")


def test_taking_a_side_is_saying():
    assert of_class("says_for") | of_class("says_against") <= of_class("says")


def test_people_and_groups_are_those_of_the_lexicon():
    assert classes("ministre") == classes("ministres") == {"person"}
    assert "group" in classes("hôpitaux")
    assert "person" in classes("parole")  # what a view leaves of « porte-parole »
    assert len(of_class("person") & set(PEOPLE)) > 0.9 * len(PEOPLE)
    assert len(of_class("group") & set(GROUPS)) > 0.9 * len(GROUPS)


@pytest.mark.parametrize(
    "name, floor",
    [
        ("says", 8000), ("says_for", 1000), ("says_against", 2000), ("thinks", 1000),
        ("positive", 4500), ("negative", 10000), ("demands", 700), ("person", 1200), ("group", 300),
    ],
)  # fmt: skip
def test_the_classes_are_not_small(name, floor):
    assert len(of_class(name)) >= floor

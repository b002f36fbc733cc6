"""Speaker resolution, by its public interface, on invented articles."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guillemets.inference.speakers import Attribution, resolve

# A quote is written [..], its mention {..}; a quote without its own mention is written [~..].
_MARK = re.compile(r"\[(~?)|\]|\{|\}")


def read(marked: str) -> tuple[str, list[Attribution]]:
    """The text without marks, and its quotes: the nth mention belongs to the nth quote that has one."""
    text, last = "", 0
    quotes: list[tuple[int, int, bool]] = []
    mentions: list[tuple[int, int]] = []
    opened: dict[str, tuple[int, bool]] = {}
    for match in _MARK.finditer(marked):
        text += marked[last : match.start()]
        last = match.end()
        mark = match.group()[0]
        if mark in "[{":
            opened[mark] = (len(text), bool(match.group(1)))
        elif mark == "]":
            start, bare = opened["["]
            quotes.append((start, len(text), bare))
        else:
            mentions.append((opened["{"][0], len(text)))
    text += marked[last:]
    left = iter(mentions)
    return text, [
        Attribution(s, e, None if bare else next(left), "direct") for s, e, bare in quotes
    ]


def names(marked: str) -> list[str | None]:
    text, quotes = read(marked)
    return resolve(text, quotes)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        (  # an initial
            "La ministre Solveig Hartmann est venue. {S. Hartmann} a dit [non] à Karl Hartmann.",
            ["Solveig Hartmann"],
        ),
        pytest.param(
            "« [Rien n'est signé] », a déclaré {Jeanne Morel}.", ["Jeanne Morel"], id="full name"
        ),
        pytest.param(
            "Jeanne Morel dirige l'usine. « [Rien n'est signé] », a dit {Morel}.",
            ["Jeanne Morel"],
            id="surname",
        ),
        pytest.param(
            "Jeanne Morel dirige l'usine. « [Rien n'est signé] », a dit {Mme Morel}.",
            ["Jeanne Morel"],
            id="Mme",
        ),
        pytest.param("Paul Rey est venu. « [Non] », a lancé {M. Rey}.", ["Paul Rey"], id="M."),
        pytest.param(
            "Un recours est prêt, selon {Me Karim Haddad} : [il partira lundi].",
            ["Karim Haddad"],
            id="Me",
        ),
        pytest.param(
            "Luc Tison, évêque, prie. « [Prions] », a dit {Mgr Tison}.", ["Luc Tison"], id="Mgr"
        ),
        pytest.param(
            "Louise Carrel chante. « [J'ai le trac] », souffle {Louise}.",
            ["Louise Carrel"],
            id="first name",
        ),
        pytest.param(
            "Marc Vasseur et Anne Vasseur sont divisés. « [Jamais] », dit {Mme Vasseur}.",
            ["Anne Vasseur"],
            id="surname of two, told apart by the title",
        ),
    ],
)
def test_names(marked: str, expected: list[str]) -> None:
    assert names(marked) == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param(
            "Jeanne Morel a reçu Paul Rey mardi. « [C'est trop tard] », a-t-{elle} jugé.",
            ["Jeanne Morel"],
            id="elle",
        ),
        pytest.param(
            "Paul Rey a croisé Jeanne Morel mardi. « [C'est trop tard] », a-t-{il} jugé.",
            ["Paul Rey"],
            id="il",
        ),
        pytest.param(
            "Le député Paul Rey doute. Selon {lui}, [rien ne presse].", ["Paul Rey"], id="lui"
        ),
        pytest.param(
            "Paul Rey a reçu la romancière Jeanne Morel. « [J'écris] », répond {cette dernière}.",
            ["Jeanne Morel"],
            id="cette dernière",
        ),
        pytest.param(
            "« [On verra] », a dit {Jeanne Morel}. {Elle} a ajouté [ne rien promettre].",
            ["Jeanne Morel", "Jeanne Morel"],
            id="the speaker before",
        ),
        pytest.param(
            "La maire, Jeanne Morel, attendait. La maire a répliqué. {Elle} accuse l'État d'[avoir menti].",
            ["Jeanne Morel"],
            id="through a description in the text",
        ),
    ],
)
def test_pronouns(marked: str, expected: list[str]) -> None:
    assert names(marked) == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("« [Honteux] », a-t-{elle} réagi.", [None]),
        (
            "La maire, Anne Roy, vient. « [Honteux] », a-t-{elle} dit. « [Honteux] », redit {Anne Roy}.",
            ["Anne Roy", "Anne Roy"],
        ),
    ],
)
def test_nobody_is_called_by_what_is_only_quoted(marked: str, expected: list[str | None]) -> None:
    assert names(marked) == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        (
            "Idrissa Sagna (4e) a devancé le Belge. « [Rien n'est fini] », prévient {le Sénégalais}.",
            "Idrissa Sagna",
        ),
        ("L'Allemande Greta Holm a gagné. « [Enfin] », a soufflé {l'Allemande}.", "Greta Holm"),
        ("« [C'est vrai] », écrit {Le Parisien}.", "Le Parisien"),  # a paper
    ],
)
def test_demonyms(marked: str, expected: str) -> None:
    assert names(marked) == [expected]


def test_plural_pronoun_takes_the_group() -> None:
    (name,) = names(
        "Le ministre Paul Rey a reçu les syndicats mardi. {Ils} réclament d'[être entendus]."
    )
    assert name is not None and name.lower() == "les syndicats"


@pytest.mark.parametrize(
    "marked",
    [
        "Le ministre de la Santé, Paul Rey, a visité l'hôpital. « [Nous tiendrons] », a promis {le ministre}.",
        "Paul Rey, ministre de la Santé, a visité l'hôpital. « [Nous tiendrons] », a promis {le ministre de la Santé}.",
        "Le ministre Paul Rey a visité l'hôpital. « [Nous tiendrons] », a promis {le ministre}.",
        "Le maire de Saint-Aubin, Paul Rey, a visité l'hôpital. « [Nous tiendrons] », a promis {l'élu}.",
        "Paul Rey, 54 ans, romancier, est venu lire. « [Nous tiendrons] », a promis {l'écrivain}.",
        "Jeanne Morel, avocate, écoutait. Le boulanger Paul Rey a parlé. « [Nous tiendrons] », a promis {l'artisan}.",
    ],
)
def test_descriptions(marked: str) -> None:
    assert names(marked) == ["Paul Rey"]


def test_description_of_the_right_gender() -> None:
    marked = (
        "Le président du Salon, Paul Rey, et la présidente du jury, Delphine Aubonne, ont parlé. "
        "« [Le cru est bon] », a dit {la présidente}."
    )
    assert names(marked) == ["Delphine Aubonne"]


@pytest.mark.parametrize(
    "marked",
    [
        "« [Je n'ai rien vu] », raconte {un membre de l'entreprise}. Paul Rey, lui, se tait.",
        "Paul Rey a démissionné. [Trois personnes ont été blessées], selon {un membre de l'entreprise}.",
    ],
)
def test_unnamed_source_stays_itself(marked: str) -> None:
    assert names(marked) == ["un membre de l'entreprise"]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param(
            "L'Union des bateliers libres (UBL) manifeste. {L'UBL} dénonce [un passage en force].",
            "Union des bateliers libres",
            id="long form first",
        ),
        pytest.param(
            "{L'UBL} (Union des bateliers libres) dénonce [un passage en force].",
            "Union des bateliers libres",
            id="long form in brackets",
        ),
        pytest.param("{L'UBL} dénonce [un passage en force].", "UBL", id="never spelt out"),
        pytest.param(
            "{Le quotidien La Vigie} croit savoir que [tout est signé].", "La Vigie", id="newspaper"
        ),
    ],
)
def test_organisations(marked: str, expected: str) -> None:
    (name,) = names(marked)
    assert name is not None
    assert set(expected.lower().split()) <= set(re.split(r"[ ']", name.lower())) | {"la"}


def test_quote_without_mention_continues() -> None:
    marked = "« [On ferme] », a dit {Jeanne Morel}. « [~Personne ne nous a prévenus.] »"
    assert names(marked) == ["Jeanne Morel", "Jeanne Morel"]


def test_headline_that_repeats_a_quote() -> None:
    marked = (
        "« [~On ferme] »\n\nL'usine de Saint-Aubin s'arrête. Le préfet, Paul Rey, était absent. "
        "« [On ferme, et voilà] », a dit {Jeanne Morel}."
    )
    assert names(marked) == ["Jeanne Morel", "Jeanne Morel"]


@pytest.mark.parametrize(
    "marked",
    [
        "Le député d’Armor,\u00a0Paul Rey, a voté contre. «\u202f[Jamais]\u202f», a lancé {l’élu}.",
        'Le député  d\'Armor,  Paul  Rey, a voté contre. "[Jamais]", a lancé {M.\u00a0Rey}.',
        "Le député d'Armor, Pa\u00adul R\u200bey, a voté contre. « [Jamais] », a lancé {Paul Rey}.",
        "LE DÉPUTÉ PAUL REY VOTE CONTRE LA LOI\n\nLe député Paul Rey a voté contre. “[Jamais]”, a lancé {Rey}.",
        "Paul REY, député, a voté contre. « [Jamais] », a lancé {M. Rey}.",
    ],
)
def test_damaged_typography(marked: str) -> None:
    (name,) = names(marked)
    assert name is not None
    assert re.sub(r"[\u00ad\u200b]|\s+", " ", name).replace(" ", "").lower() == "paulrey"


@pytest.mark.parametrize(
    "mention",
    [
        "le ministre Paul Rey",
        "ministre Paul Rey",
        "Paul Rey, ministre",
        "aul Rey",
        "Paul",
        "Paul Rey,",
        " Paul Rey ",
    ],
)
def test_imperfect_mention(mention: str) -> None:
    text = "« Non », a dit le ministre Paul Rey, ministre depuis mai. Paul Rey est parti."
    start = text.index(mention)
    quote = Attribution(2, 5, (start, start + len(mention)), "direct")
    assert resolve(text, [quote]) == ["Paul Rey"]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("Alexandra Maquet, dite Alma, chante. {Alma} a dit [oui].", "Alexandra Maquet"),
        ("Alexandra Maquet dite Alma chante. {Alma} a dit [oui].", "Alexandra Maquet"),
        ("Tout vient de Paul Rey, dit Solveig. {Solveig} a dit [oui].", "Solveig"),
        (
            "L'archevêque de Rouen Dominique Lebrun prie. {L'archevêque} dit [oui].",
            "Dominique Lebrun",
        ),
        (
            "Le PNF (parquet national financier) enquête. {Le PNF} dit [oui].",
            "parquet national financier",
        ),
    ],
)
def test_aliases_and_names_beside_others(marked: str, expected: str) -> None:
    assert names(marked) == [expected]


@pytest.mark.parametrize(
    ("text", "mention", "name"),
    [
        # The mention is but the name in a noun phrase, or its last word, or ends too soon.
        (
            "Paul Rey se tait. L'équipe de Paul Rey confirme : « Non ».",
            (30, 38),
            "L'équipe de Paul Rey",
        ),
        ("Alors que la star brésilienne rit : « Non ».", (18, 29), "la star brésilienne"),
        ("Selon une révélation du Rivage, c'est « non ».", (6, 23), "Rivage"),
        # Groups that are called after somebody.
        ("Alfred Nobel est mort. Le comité Nobel a dit « non ».", (23, 38), "Le comité Nobel"),
    ],
)
def test_noun_phrases_of_which_a_part_is_given(
    text: str, mention: tuple[int, int], name: str
) -> None:
    start = text.index("«") + 2
    assert resolve(text, [Attribution(start, start + 3, mention, "direct")]) == [name]


def test_who_is_named_only_between_the_marks_of_a_mixed_quote_speaks_no_further() -> None:
    text = (
        "La mère de Luc a parlé. Cet or venait « de la Banque Armor », selon elle. "
        "« Rien ne reste », a-t-elle ajouté."
    )
    quotes = [
        Attribution(
            text.index("Cet or"),
            text.index(", selon"),
            (text.index("elle."), text.index("elle.") + 4),
            "mixed",
        ),
        Attribution(
            text.index("Rien"),
            text.index(" », a-t"),
            (text.index("elle aj"), text.index("elle aj") + 4),
            "direct",
        ),
    ]
    assert resolve(text, quotes) == ["La mère de Luc"] * 2


def test_order_of_answers_is_the_order_given() -> None:
    text, quotes = read("« [Oui] », dit {Jeanne Morel}. « [Non] », dit {Paul Rey}.")
    assert resolve(text, quotes[::-1]) == ["Paul Rey", "Jeanne Morel"]


def test_nothing_to_say() -> None:
    assert resolve("", []) == []
    assert resolve("Rien.", []) == []
    assert resolve("", [Attribution(0, 0, (0, 0), "direct")]) == [None]
    assert resolve("« Oui »", [Attribution(2, 5, None, "direct")]) == [None]


_PIECES = st.sampled_from(
    ["« ", " »", "Mme ", "M. ", "Paul ", "Rey", "le ", "la ministre ", "l'", ", ", ". ", "\n", "-t-il ", "elle ", "de ",
     "UBL ", "(", ")", "Union ", "\u00ad", "\u200b", "\u00a0", "des bateliers ", "et ", "É", "1 ", "&", "–", "ſ", "ﬁ", "😀"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=40).map("".join)),
    st.lists(st.tuples(*[st.integers(-5, 130)] * 4, st.booleans()), max_size=6),
)
def test_never_raises_and_only_quotes_the_text(
    text: str, spans: list[tuple[int, int, int, int, bool]]
) -> None:
    quotes = [
        Attribution(a, b, (c, d) if linked else None, "direct") for a, b, c, d, linked in spans
    ]
    answers = resolve(text, quotes)
    assert len(answers) == len(quotes)
    assert all(answer is None or (answer and answer in text) for answer in answers)


def test_long_text_takes_linear_time() -> None:
    piece = "Le maire de Brou, Paul Rey, a reçu Jeanne Morel. « [Rien ne presse] », a-t-{il} dit. Selon {l'élue}, [tout va].\n\n"
    text, quotes = read(piece * 1500)
    started = time.perf_counter()
    assert len(resolve(text, quotes)) == 3000
    assert time.perf_counter() - started < 20

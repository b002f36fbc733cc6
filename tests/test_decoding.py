"""Decoding: legal labels, exact probabilities, and edges that agree with the marks."""

from itertools import combinations, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from guillemets.inference import spans
from guillemets.inference.crf import LinearChainCRF
from guillemets.inference.decoding import (
    DIRECT,
    INDIRECT,
    MIXED,
    decode_quotes,
    pick,
    pick_span,
    snap,
)
from guillemets.inference.labels import QUOTE_LABELS, SPAN_LABELS, spans_of, transition_mask
from guillemets.inference.spans import viterbi
from guillemets.inference.text import View


def legal(path: tuple[int, ...], mask: np.ndarray) -> bool:
    return mask[-1, path[0]] == 0 and all(mask[a, b] == 0 for a, b in zip(path, path[1:]))


@pytest.fixture(params=[SPAN_LABELS, QUOTE_LABELS[:5]])
def chain(request):
    """A random small CRF: labels, emissions (4, L), transitions, and every legal path's score."""
    labels = request.param
    rng = np.random.default_rng(3)
    emissions = rng.normal(size=(4, len(labels)))
    mask = transition_mask(labels)
    transitions = rng.normal(size=mask.shape) + mask
    scores = {
        path: transitions[-1, path[0]]
        + sum(emissions[i, x] for i, x in enumerate(path))
        + sum(transitions[a, b] for a, b in zip(path, path[1:]))
        for path in product(range(len(labels)), repeat=4)
        if legal(path, mask)
    }
    return labels, emissions, transitions, scores


def test_viterbi_finds_the_best_legal_path(chain):
    _, emissions, transitions, scores = chain
    assert tuple(viterbi(emissions, transitions)) == max(scores, key=scores.get)


def test_likely_spans_have_the_share_of_paths_that_hold_them(chain, monkeypatch):
    labels, emissions, transitions, _ = chain
    monkeypatch.setattr(spans, "FLOOR", 1e-9)
    other = transitions[:-1] + np.random.default_rng(4).normal(size=transitions[:-1].shape)
    steps, which = np.stack([transitions[:-1], other]), np.array([0, 1, 0, 1])
    scores = {
        path: transitions[-1, path[0]]
        + sum(emissions[i, x] for i, x in enumerate(path))
        + sum(steps[which[i + 1], a, b] for i, (a, b) in enumerate(zip(path, path[1:])))
        for path in product(range(len(labels)), repeat=4)
        if legal(path, transition_mask(labels))
    }
    total = sum(np.exp(s) for s in scores.values())
    shares: dict[tuple[int, int, int], float] = {}
    for path, s in scores.items():
        for span in spans_of(list(path)):
            shares[span] = shares.get(span, 0) + np.exp(s) / total
    found = spans.likely_spans(emissions, transitions[-1], steps, which)
    assert {(c.first, c.end, c.kind): c.probability for c in found} == pytest.approx(shares)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4), st.floats(0.03, 1)), max_size=7))
def test_the_chosen_spans_are_disjoint_and_worth_most(drawn):
    candidates = [spans.Candidate(a, a + n, 0, p) for a, n, p in drawn]
    worth = {}
    for i, c in enumerate(candidates):
        near = [d.probability for d in candidates if 2 * shared(c, d) >= union(c, d)]
        worth[i] = sum(near) + c.probability - spans.PRICE
    best = max(
        sum(worth[i] for i in some)
        for r in range(len(candidates) + 1)
        for some in combinations(worth, r)
        if all(not shared(candidates[i], candidates[j]) for i, j in combinations(some, 2))
    )
    chosen = [c for c, _ in spans.best_spans(candidates)]
    assert all(a.end <= b.first for a, b in zip(chosen, chosen[1:]))
    support = [s for _, s in spans.best_spans(candidates)]
    assert all(0 < s <= 1 for s in support)
    assert sum(worth[candidates.index(c)] for c in chosen) == pytest.approx(best)


def shared(a: spans.Candidate, b: spans.Candidate) -> int:
    return max(0, min(a.end, b.end) - max(a.first, b.first))


def union(a: spans.Candidate, b: spans.Candidate) -> int:
    return max(a.end, b.end) - min(a.first, b.first)


def test_of_many_near_edges_the_middle_ones_win():
    """Three likely ends, the last alone the likeliest: the span that overlaps most of them is chosen."""
    near = [spans.Candidate(0, end, 0, p) for end, p in ((4, 0.28), (5, 0.32), (12, 0.4))]
    assert [(c.end, s) for c, s in spans.best_spans(near)] == [(5, pytest.approx(0.6))]


@pytest.mark.parametrize(("mark", "end"), [(",", 8), ("–", 6)])
def test_a_clause_rather_goes_on_over_a_comma(mark, end):
    view = View.of(f"Il dit que tout va bien {mark} bon")
    begin, inside = QUOTE_LABELS.index("B-indirect"), QUOTE_LABELS.index("I-indirect")
    emissions = np.full((len(view.words), len(QUOTE_LABELS)), -9.0)
    emissions[:3, 0] = emissions[3, begin] = emissions[4:6, inside] = 9
    emissions[6, [0, inside]], emissions[7, [0, inside]] = (0.8, 0.0), (0.0, 0.2)
    quotes = decode_quotes(view, emissions, transition_mask(QUOTE_LABELS))
    assert [(q.first, q.end) for q in quotes] == [(3, end)]


def test_a_direct_quote_goes_on_to_the_end_of_its_marks():
    view = View.of("« Il ment. Il dit qu'il viendra » conclut-elle")
    labels = {name: QUOTE_LABELS.index(name) for name in QUOTE_LABELS}
    emissions = np.full((len(view.words), len(QUOTE_LABELS)), -9.0)
    emissions[:, 0] = 0
    emissions[1, labels["B-direct"]] = emissions[2:4, labels["I-direct"]] = 9
    emissions[8, labels["B-indirect"]] = emissions[9, labels["I-indirect"]] = 9
    words = [w.view_start for w in view.words]
    assert view.text[words[3]] == "." and view.text[words[8] :].startswith("il viendra")
    (quote,) = decode_quotes(view, emissions, transition_mask(QUOTE_LABELS))
    assert (quote.first, quote.end, quote.kind) == (1, 10, DIRECT)


def test_nll_is_the_negative_log_share_of_the_gold_path(chain):
    labels, emissions, transitions, scores = chain
    crf = LinearChainCRF(labels)
    with torch.no_grad():
        crf.transitions.copy_(torch.from_numpy(transitions - transition_mask(labels)))
    gold = max(scores, key=lambda p: (p.count(0), scores[p]))
    padded = torch.zeros(1, 6, len(labels))
    padded[0, :4] = torch.from_numpy(emissions)
    path = torch.tensor([list(gold) + [0, 0]])
    nll = crf.nll(padded, path, torch.tensor([[True] * 4 + [False] * 2]))
    expected = np.log(sum(np.exp(s) for s in scores.values())) - scores[gold]
    assert nll.item() == pytest.approx(expected, abs=1e-4)


def snapped(text: str, words: str, kind: int) -> str:
    """What a span over ``words`` of ``text`` becomes."""
    view = View.of(text)
    start = text.index(words)
    first = next(i for i, w in enumerate(view.words) if w.start >= start)
    end = 1 + max(i for i, w in enumerate(view.words) if w.end <= start + len(words))
    first, end = snap(view, first, end, kind)
    return text[view.words[first].start : view.words[end - 1].end]


def test_direct_quotes_snap_inside_their_marks():
    text = "Elle tonne : « Nous ne céderons pas ! » Puis elle sort."
    for guess in ("Nous ne céderons", "« Nous ne céderons pas ! »", "ne céderons pas ! » Puis"):
        assert snapped(text, guess, DIRECT) == "Nous ne céderons pas !"


def test_marks_inside_marks_stay_whole():
    text = '« Elle va ruiner nos "petits" producteurs », a-t-il ajouté.'
    whole = 'Elle va ruiner nos "petits" producteurs'
    assert snapped(text, 'Elle va ruiner nos "petits', DIRECT) == whole
    assert snapped(text, 'petits" producteurs', DIRECT) == '"petits" producteurs'


def test_an_incise_inside_the_marks_keeps_its_edges():
    text = "« Nous irons, a-t-il dit hier soir à Rennes, et nous gagnerons. »"
    assert snapped(text, "Nous irons,", DIRECT) == "Nous irons"
    assert snapped(text, "et nous gagnerons", DIRECT) == "et nous gagnerons."


def test_mixed_quotes_hold_whole_pairs():
    text = "Il juge que la loi est « injuste et brutale »."
    assert (
        snapped(text, "la loi est « injuste et brutale", MIXED)
        == "la loi est « injuste et brutale »"
    )
    assert snapped(text, "injuste et brutale", MIXED) == "« injuste et brutale »"
    assert snapped(text, "« injuste et brutale ».", MIXED) == "« injuste et brutale »"


def test_indirect_quotes_lose_final_punctuation():
    assert snapped("Il dit que tout va bien.", "tout va bien.", INDIRECT) == "tout va bien"


def test_decoded_quotes_never_overlap_and_hold_a_word():
    view = View.of("« a », « b » . . « » c d e")
    rng = np.random.default_rng(0)
    transitions = transition_mask(QUOTE_LABELS)
    for _ in range(200):
        emissions = rng.normal(scale=3, size=(len(view.words), len(QUOTE_LABELS)))
        quotes = decode_quotes(view, emissions, transitions)
        for a, b in zip(quotes, quotes[1:]):
            assert a.end <= b.first
        for q in quotes:
            assert 0 <= q.score <= 1
            assert any(view.text[w.view_start].isalnum() for w in view.words[q.first : q.end])


def test_a_reported_clause_ends_with_its_line():
    view = View.of("Elle demande de partir\n\nHier soir")
    emissions = np.full((len(view.words), len(QUOTE_LABELS)), -9.0)
    begin, inside = QUOTE_LABELS.index("B-indirect"), QUOTE_LABELS.index("I-indirect")
    emissions[:, 0] = 0
    emissions[3, begin] = emissions[4, inside] = 9
    quotes = decode_quotes(view, emissions, transition_mask(QUOTE_LABELS))
    assert [(q.first, q.end) for q in quotes] == [(3, 4)]


def test_a_reported_clause_ends_before_words_quoted_after_a_colon():
    view = View.of("Elle dit que tout va : « Jamais »")
    emissions = np.full((len(view.words), len(QUOTE_LABELS)), -9.0)
    emissions[:, 0] = 0
    emissions[3, QUOTE_LABELS.index("B-mixed")] = 9
    emissions[4:9, QUOTE_LABELS.index("I-mixed")] = 9
    words = [view.text[w.view_start : w.view_end] for w in view.words]
    assert words[3:7] == ["tout", "va", ":", "«"]
    (quote, *_) = decode_quotes(view, emissions, transition_mask(QUOTE_LABELS))
    assert (quote.first, quote.end, quote.kind) == (3, 5, INDIRECT)


def read(text: str, *sure: tuple[str, str]) -> list[tuple[str, int]]:
    """What is decoded where the network is sure of quotes: words of the text and their kind, in order."""
    view, at = View.of(text), 0
    emissions = np.full((len(view.words), len(QUOTE_LABELS)), -9.0)
    emissions[:, 0] = 0
    for words, kind in sure:
        at = text.index(words, at)
        inside = [i for i, w in enumerate(view.words) if at <= w.start < at + len(words)]
        emissions[inside[0], QUOTE_LABELS.index(f"B-{kind}")] = 9
        emissions[inside[1:], QUOTE_LABELS.index(f"I-{kind}")] = 9
    quotes = decode_quotes(view, emissions, transition_mask(QUOTE_LABELS))
    return [(text[view.words[q.first].start : view.words[q.end - 1].end], q.kind) for q in quotes]


def decoded(text: str, words: str, kind: str) -> list[str]:
    """The quotes that are decoded where the network is sure of one."""
    return [quote for quote, _ in read(text, (words, kind))]


@pytest.mark.parametrize(
    ("text", "words", "quotes"),
    [
        (
            "Il a dénoncé un « acte odieux » qui a frappé « des innocents » hier.",
            "« acte odieux » qui a frappé « des innocents »",
            ["« acte odieux »", "« des innocents »"],
        ),
        ("Elle salue « un pas » des alliés.", "« un pas » des alliés", ["« un pas »"]),
        # Clauses stay whole: after « que », at the head of a sentence, behind « selon X », infinitives.
        ("Il dit que « la loi » est « morte ».", "« la loi » est « morte »", None),
        ("« La loi » est « morte », dit-il.", "« La loi » est « morte »", None),
        ("C'est selon lui « la loi » ou « rien ».", "« la loi » ou « rien »", None),
        ("Il veut « changer la loi » en « décret ».", "« changer la loi » en « décret »", None),
        ("Il exige « de ne pas céder » sur « rien ».", "« de ne pas céder » sur « rien »", None),
        ("Il dit qu'« on part » à « midi ».", "« on part » à « midi »", None),
        ("Ils se disent « prêts » à partir « ce soir ».", "« prêts » à partir « ce soir »", None),
        # Rows, and what is said after « estimant que ».
        ("Elle les dit « naïfs », « las ».", "« naïfs », « las »", ["« naïfs »", "« las »"]),
        (
            "« Honte », « Dehors » : deux mots.",
            "« Honte », « Dehors »",
            ["« Honte »", "« Dehors »"],
        ),
        (
            "Des gens « naïfs », « las » et « seuls ».",
            "« las » et « seuls »",
            ["« las »", "« seuls »"],
        ),
        (
            "Elle lui dit de « ne pas venir » estimant que « tout est fini ».",
            "« ne pas venir » estimant que « tout est fini »",
            ["« ne pas venir »", "« tout est fini »"],
        ),
        # A noun that looks like an infinitive, a noun with a complement, somebody's word.
        (
            "On monte cette « clôture grise » qui « cache la tour ».",
            "« clôture grise » qui « cache la tour »",
            ["« clôture grise »", "« cache la tour »"],
        ),
        ("Il redit sa volonté de garder « la paix ».", "garder « la paix »", ["« la paix »"]),
        (
            "Il risque gros pour ce crime « hors norme », selon les mots du procureur.",
            "Il risque gros pour ce crime « hors norme »",
            ["« hors norme »"],
        ),
    ],
)
def test_marked_phrases_are_quotes_of_their_own(text, words, quotes):
    assert decoded(text, words, "mixed") == (quotes or [words])


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("Il a visé les groupes dits « modérés ».", "« modérés »", "mixed"),
        ("Le pont est surnommé « le Titan ».", "« le Titan »", "mixed"),
        ("Il est mis en examen depuis mardi pour « viol ».", "« viol »", "mixed"),
        ("Elle est soupçonnée de « corruption ».", "« corruption »", "mixed"),
        ("Il a crié « Toujours ! » (« Siempre ! »).", "Siempre !", "direct"),
        ("Onze hommes répondent de « vol ».", "« vol »", "mixed"),
        ("Ils ont comparu mardi pour « débauche ».", "« débauche »", "mixed"),
        ("Ils promettent de nouvelles actions.", "nouvelles actions", "indirect"),
        ("Il redit sa volonté de ne pas partir.", "ne pas partir", "indirect"),
        ("Elle a vu le film « Les Ombres » hier.", "Les Ombres", "direct"),
        ("Il répond à la pétition « Pour un pont » hier.", "« Pour un pont »", "mixed"),
        ("Ils sont accusés de « violences » et « rébellion ».", "« rébellion »", "mixed"),
        ("Ils sont accusés de « violences » et « rébellion ».", "« violences »", "mixed"),
    ],
)
def test_names_charges_and_nouns_are_no_quotes(text, words, kind):
    assert decoded(text, words, kind) == []


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("Elle s'est dite « soulagée ».", "« soulagée »", "mixed"),
        ("C'est une loi que le maire avait dite « folle ».", "« folle »", "mixed"),
        ("Il a réclamé une enquête « sans tabou ».", "« sans tabou »", "mixed"),
        ("Ils promettent de ne pas s'en mêler.", "ne pas s'en mêler", "indirect"),
        ("Elle demande à être entendue.", "être entendue", "indirect"),
        ("Le projet est fou : il promet de partir.", "partir", "indirect"),
        ("Un film « d'une rare force », dit-elle.", "« d'une rare force »", "mixed"),
        ("Elle est accusée de « brader la côte ».", "« brader la côte »", "mixed"),
        ("Ils jugent la loi « inepte ».", "« inepte »", "mixed"),
    ],
)
def test_their_like_are_quotes(text, words, kind):
    assert decoded(text, words, kind) == [words]


@pytest.mark.parametrize(
    ("text", "words", "kind", "expected"),
    [
        # The subject belongs to the clause where its predicate alone is marked.
        (
            "Il pleut. Ce gel « casse les vignes », selon Paul Rey.",
            "casse les vignes",
            "direct",
            "Ce gel « casse les vignes »",
        ),
        ("Il pleut, mais « nous partons », selon lui.", "nous partons", "direct", "nous partons"),
        # « que le « … » »
        (
            "Il affirme que ce « pont est mort ».",
            "« pont est mort »",
            "mixed",
            "ce « pont est mort »",
        ),
        ("Il n'y voit que le « pont » du roi.", "« pont »", "mixed", "« pont »"),
        ("Elle dit que « tout va bien ».", "tout va bien", "direct", "« tout va bien »"),
        # An adverbial that opens the sentence.
        (
            "Dans le nord, il a neigé, a indiqué la mairie.",
            "il a neigé",
            "indirect",
            "Dans le nord, il a neigé",
        ),
        ("En revanche, il a neigé, a indiqué la mairie.", "il a neigé", "indirect", "il a neigé"),
        # Acronyms, a misspelt « à », one sentence.
        (
            "Selon Rey, c'est le Front du port (FDP). Rien d'autre.",
            "c'est le Front du port",
            "indirect",
            "c'est le Front du port (FDP)",
        ),
        ("Il appelle Rey a tenir bon.", "a tenir bon", "indirect", "tenir bon"),
        ("Il dit que tout va. Elle rit.", "tout va. Elle rit", "indirect", "tout va"),
        ("Il dit que M. Rey part.", "M. Rey part", "indirect", "M. Rey part"),
        # A whole pair of marks, unless somebody else speaks up in between.
        (
            "« Tout va bien. Le pont tient. Nous restons. », dit-il.",
            "Tout va bien",
            "direct",
            "Tout va bien. Le pont tient. Nous restons.",
        ),
        (
            "« Tout va bien, s'amuse leur mère. Le pont tient. »",
            "Tout va bien",
            "direct",
            "Tout va bien",
        ),
    ],
)
def test_edges_by_the_guide(text, words, kind, expected):
    assert decoded(text, words, kind)[0] == expected


def test_marked_words_that_a_conjunction_ties_to_a_clause_belong_to_it():
    text = "Il dit que le pont tient et « la route est libre » ce soir."
    found = read(text, ("le pont tient", "indirect"), ("« la route est libre »", "mixed"))
    assert found == [("le pont tient et « la route est libre »", MIXED)]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("Les manifestants scandaient « Non au pont » et « Rendez le bac ».", 2),
        ("Il tenait une pancarte « Laissez-nous vivre » hier.", 1),
        ("Elle a qualifié l'accord de « fumeux ».", 1),
        ("Le maire a jugé le texte « creux » et « tardif ».", 2),
        ("Rey a confirmé hier soir avoir reçu une montre.", 1),
        # Nothing is taken for granted elsewhere.
        ("Le qualificatif de « fumeux » reste.", 0),
        ("Il a pris le « pont » du roi.", 0),
        ("Il dit cela sans avoir reçu la montre.", 0),
    ],
)
def test_what_introduces_a_quote_outweighs_a_doubtful_network(text, quotes):
    view = View.of(text)
    emissions = np.full((len(view.words), len(QUOTE_LABELS)), -9.0)
    emissions[:, 0] = 0
    begin, inside = (
        {k: QUOTE_LABELS.index(f"{x}-{k}") for k in ("direct", "mixed", "indirect")} for x in "BI"
    )
    for opening, closing in view.pairs:  # a quote is a little less likely than none
        emissions[opening, begin["mixed"]] = emissions[opening + 1, begin["direct"]] = -1.5
        emissions[opening + 1 : closing + 1, inside["mixed"]] = 0
        emissions[opening + 2 : closing, inside["direct"]] = 0
    for i in range(len(view.words)):
        if view.shown(i) == "avoir":
            emissions[i, begin["indirect"]] = -1.5
            emissions[i + 1 : -1, inside["indirect"]] = 0
    found = decode_quotes(view, emissions, transition_mask(QUOTE_LABELS))
    assert len(found) == quotes


def test_pointer_chooses_a_candidate_or_none():
    tags = np.array([[0.9, 0.1, 0.0]] * 5)
    certain = np.log(np.array([0.02, 0.5, 0.3, 0.02, 0.01, 0.15]))
    assert pick(certain, [(1, 3), (4, 5)], tags) == (1, 3)
    assert pick(np.log(np.array([0.01] * 5 + [0.95])), [(1, 3)], tags) is None
    assert pick(np.log(np.array([0.9, 0.02, 0.02, 0.02, 0.02, 0.02])), [(1, 3)], tags) == (0, 1)


@given(st.integers(1, 20), st.integers(0, 10_000))
def test_the_likeliest_span_of_a_pair_of_pointers(words, seed):
    scores = np.random.default_rng(seed).normal(size=(2, words + 1))
    spans = [(a, b) for a in range(words) for b in range(a + 1, min(words, a + 12) + 1)]
    best = max(spans, key=lambda s: scores[0, s[0]] + scores[1, s[1] - 1])
    worth = scores[0, best[0]] + scores[1, best[1] - 1]
    assert pick_span(scores) == (best if worth > scores[:, -1].sum() else None)

"""The scores, on cases small enough to count by hand."""

import pytest

from guillemets.inference.schema import Document, Quote, Speaker, Stance
from guillemets.training.metrics import same_name, score

TEXT = "« Oui, c'est bien », dit Anne Roy. Paul Sy craint que tout aille mal."


def quote(words: str, name: str | None, stance: str = "neutral", kind: str = "direct") -> Quote:
    start = TEXT.index(words)
    speaker = Speaker(name, None) if name else None
    return Quote(start, start + len(words), words, kind, speaker, None, Stance(stance))


GOLD = Document(
    "a",
    TEXT,
    [
        quote("Oui, c'est bien", "Anne Roy", "support"),
        quote("tout aille mal", "Paul Sy", kind="indirect"),
    ],
)


def test_perfect_predictions_score_one():
    figures = score([GOLD], [GOLD])
    assert figures["exact_f1"] == figures["overlap_f1"] == figures["end2end_f1"] == 1
    assert figures["stance_macro_f1"] == pytest.approx(2 / 3)  # no « condemn » here


def test_marks_at_the_edges_and_short_names_count_as_equal():
    found = Document("a", TEXT, [quote("« Oui, c'est bien »", "Mme Roy", "support")])
    figures = score([GOLD], [found])
    assert figures["exact_f1"] == pytest.approx(2 / 3)
    assert figures["end2end_f1"] == pytest.approx(2 / 3)
    assert figures["exact_recall_indirect"] == 0


def test_wrong_speaker_or_stance_is_no_end2end_hit():
    found = Document(
        "a",
        TEXT,
        [
            quote("Oui, c'est bien", "Paul Sy", "support"),
            quote("tout aille mal", "Paul Sy", "condemn", kind="indirect"),
        ],
    )
    figures = score([GOLD], [found])
    assert figures["overlap_f1"] == 1 and figures["end2end_f1"] == 0
    assert figures["speaker_lenient"] == figures["quote_speaker_f1"] == 0.5


def test_a_missing_document_counts_as_empty():
    assert score([GOLD], [])["overlap_f1"] == 0


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Le président Émile Roy", "emile roy", True),
        ("Roy", "Anne Roy", True),
        ("Anne Roy", "Anne Sy", False),
        (None, None, True),
        (None, "Roy", False),
    ],
)
def test_lenient_names(a, b, same):
    assert same_name(a, b) is same

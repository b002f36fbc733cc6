"""Cues that tell the stance by themselves."""

import pytest

from guillemets.inference.cue_stance import told_by_cue
from guillemets.inference.schema import STANCES


@pytest.mark.parametrize(
    ("cue", "side"),
    [
        ("s'est par ailleurs félicité", "support"),
        ("a rendu hommage", "support"),
        ("Remerciant", "support"),
        ("accuse", "condemn"),
        ("s'est indignée", "condemn"),
        ("ont menacé", "condemn"),
        ("dément", "neutral"),
        ("a nié", "neutral"),
    ],
)
def test_the_side_that_a_cue_tells(cue, side):
    odds = told_by_cue(cue)
    assert STANCES[int(odds.argmax())] == side
    assert (odds > 0).sum() == 1


@pytest.mark.parametrize(
    "cue", ["", "a déclaré", "selon", "s'est étonné", "niveau", "réclame", "a loupé"]
)
def test_others_tell_nothing(cue):
    assert not told_by_cue(cue).any()

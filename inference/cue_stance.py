"""What some cues say of the stance by themselves, whatever is quoted: « salue », « accuse », « dément ».

Counted in the training gold, real and authored: of 1,168 quotes with such a cue 1,141 take the side told here.
"""

from __future__ import annotations

import re

import numpy as np

from .schema import STANCES

_STEMS = {
    "support": r"félicit|réjoui|salu[eéao]|remerci|lou(?:e|é|ai|ant)|applaud|approuv|hommage|acclam|encens",
    "condemn": r"accus|reproch|dénonc|fustig|condamn|déplor|regrett|raill|ironis|moqu|indign|critiqu|pest[eéa]"
    r"|tacl|menac|blâm|étrill|vilipend|insurg|persifl",
    "neutral": r"démen[ti]|ni(?:e|é|ent|ait|aient|ant)\b",
}
_SIDES = [
    (STANCES.index(side), re.compile(rf"\b(?:{stems})", re.IGNORECASE))
    for side, stems in _STEMS.items()
]
BONUS = 3.0  # log-odds: 95 of 100


def told_by_cue(cue: str) -> np.ndarray:
    """Log-odds (3,), in the order of STANCES, to add to what a network makes of a quote with this cue."""
    odds = np.zeros(len(STANCES), dtype=np.float32)
    for side, pattern in _SIDES:
        if pattern.search(cue):
            odds[side] = BONUS
            break
    return odds

"""A learning curve: figures of models trained on growing shares of the documents."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from guillemets.inference.errors import InputError, located

from .evaluation import Interval


class Point(msgspec.Struct, frozen=True):
    """A model trained on a share of the documents, judged on the dev data."""

    share: float
    documents: int
    quotes: int
    figures: dict[str, Interval]


class LearningCurve(msgspec.Struct, frozen=True):
    """What more labels bring, from the smallest share to the largest."""

    points: list[Point]


def read_curve(path: Path, wanted: Iterable[str] = ()) -> LearningCurve:
    """The file that `guillemets train --learning-curve` writes, which must have the figures wanted.

    Raises InputError, one line.
    """
    try:
        curve = msgspec.json.decode(path.read_bytes(), type=LearningCurve)
    except OSError as error:
        raise InputError(located(str(path), None, error.strerror or str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(located(str(path), None, f"no learning curve ({error})")) from None
    if not curve.points:
        raise InputError(located(str(path), None, "a learning curve without points"))
    for number, point in enumerate(curve.points):
        lacking = [name for name in wanted if name not in point.figures]
        if lacking:
            raise InputError(located(str(path), None, f"points[{number}] lacks {lacking[0]}"))
    return curve

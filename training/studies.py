"""Studies that train a model several times: a learning curve, and cross-validation.

Every part is a run in a folder of its own with the data that it was given and the predictions it made. A
study that was cut off goes on: a part that is finished is read, one that was begun is resumed, unless its
settings or its data have changed.
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from guillemets.inference.errors import InputError
from guillemets.inference.reading import read_documents
from guillemets.inference.render import jsonl
from guillemets.inference.schema import Document
from guillemets.inference.tagger import QuoteTagger
from guillemets.inference.writing import writing

from .curve import LearningCurve, Point
from .evaluation import Evaluation, Interval, evaluate
from .settings import Data, Settings
from .train import load_data, train

STATE, PREDICTIONS, GOLD = "part.json", "predictions.jsonl", "gold.jsonl"


class CrossValidation(msgspec.Struct, frozen=True):
    """Every document judged by a model that was not trained on it: all of them, and fold by fold."""

    whole: Evaluation
    folds: list[Evaluation]


class _State(msgspec.Struct):
    """Of a part: what it was given, as a hash, and whether it is done."""

    fingerprint: str
    finished: bool = False


#: Told of each part as it is finished: its name and its figures.
Tell = Callable[[str, dict[str, Interval]], None]


def learning_curve(settings: Settings, shares: Sequence[float], tell: Tell) -> LearningCurve:
    """Trains on growing shares of the training documents, drawn by the seed, each within the next.

    Models stand in ``<output>/learning-curve/<share>``.
    """
    documents, extra, dev = _read(settings)
    points = []
    for share in sorted(set(shares)):
        given, more = _first(documents, share), _first(extra, share)
        folder = Path(settings.output) / "learning-curve" / f"{share:g}"
        figures = evaluate(dev, _part(settings, folder, given, more, dev)).figures
        count, quotes = len(given) + len(more), sum(len(d.quotes) for d in (*given, *more))
        points.append(Point(share, count, quotes, figures))
        tell(f"{count} documents, {quotes} quotes", figures)
    return LearningCurve(points)


def cross_validate(settings: Settings, folds: int, tell: Tell) -> CrossValidation:
    """Splits the training documents by the seed; each fold is tagged by a model that saw the others.

    ``extra`` documents are in every training set, dev is left alone. Gold and predictions of all folds
    stand in ``<output>/crossval``, models below it.
    """
    documents, extra, _ = _read(settings, dev=False)
    if not 2 <= folds <= len(documents):
        raise InputError(f"{len(documents)} documents cannot be split into {folds} folds")
    folder = Path(settings.output) / "crossval"
    gold: list[Document] = []
    predicted: list[Document] = []
    parts = []
    for fold in range(folds):
        held = documents[fold::folds]
        rest = [d for i, d in enumerate(documents) if i % folds != fold]
        found = _part(settings, folder / str(fold + 1), rest, extra, held)
        parts.append(evaluate(held, found))
        tell(f"fold {fold + 1} of {folds}, {len(held)} documents", parts[-1].figures)
        gold, predicted = gold + held, predicted + found
    _write(folder / GOLD, gold)
    _write(folder / PREDICTIONS, predicted)
    return CrossValidation(evaluate(gold, predicted), parts)


def _read(
    settings: Settings, dev: bool = True
) -> tuple[list[Document], list[Document], list[Document]]:
    """Training, extra and dev documents, the first two in the order of the seed."""
    found = load_data(settings.data, dev)
    for documents in found[:2]:
        random.Random(settings.seed).shuffle(documents)
    return found


def _first(documents: list[Document], share: float) -> list[Document]:
    return documents[: max(1, round(share * len(documents)))] if documents else []


def _part(
    settings: Settings,
    folder: Path,
    given: list[Document],
    extra: list[Document],
    held: list[Document],
) -> list[Document]:
    """Predictions on ``held`` of a model trained on the rest, made now or before."""
    files = {"train": given, "extra": extra, "dev": held}
    data = Data(**{n: [str(folder / f"{n}.jsonl")] if ds else [] for n, ds in files.items()})
    state = _State(_fingerprint(settings, files))
    settings = msgspec.structs.replace(settings, output=str(folder), data=data)
    before = _state(folder / STATE)
    begun = before is not None and before.fingerprint == state.fingerprint
    if begun and before.finished:
        return list(read_documents(folder / PREDICTIONS))
    if not begun:
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    for name, documents in files.items():
        if documents:
            _write(folder / f"{name}.jsonl", documents)
    _save(folder / STATE, state)
    train(settings, resume=begun)
    tagger = QuoteTagger.from_pretrained(folder)
    predicted = list(tagger.pipe_documents(Document(d.id, d.text) for d in held))
    _write(folder / PREDICTIONS, predicted)
    state.finished = True
    _save(folder / STATE, state)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)  # several times the model's size
    return predicted


def _fingerprint(settings: Settings, files: dict[str, list[Document]]) -> str:
    bare = msgspec.structs.replace(settings, output="", data=Data([], []))
    return hashlib.sha256(msgspec.json.encode([bare, files])).hexdigest()


def _state(path: Path) -> _State | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_State)
    except (OSError, msgspec.DecodeError):
        return None


def _save(path: Path, state: _State) -> None:
    with writing(path) as out:
        out.write(msgspec.json.encode(state).decode() + "\n")


def _write(path: Path, documents: Iterable[Document]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: {error.strerror or error}") from None
    with writing(path) as out:
        out.writelines(jsonl(documents))

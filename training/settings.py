"""A training run as a YAML file, checked before anything heavy starts."""

from __future__ import annotations

import difflib
import os
import re
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from guillemets.inference.errors import InputError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Data(msgspec.Struct, forbid_unknown_fields=True):
    """JSONL files of gold documents. A file under a ``${VARIABLE}`` that is not set is left out.

    ``extra`` is trained on like ``train`` but without the second cut: articles that are easier, or that
    hold few quotes.
    """

    train: list[str]
    dev: list[str]
    extra: list[str] = []


class Heads(msgspec.Struct, forbid_unknown_fields=True):
    size: int = 128
    dropout: float = 0.2


class Windows(msgspec.Struct, forbid_unknown_fields=True):
    """Windows of the articles; ``second`` adds a second cut at that size, 0 for none.

    The encoder knows absolute positions: two cuts show it every quote at two places.
    """

    tokens: int = 510
    overlap: int = 128
    second: int = 0


class Optimisation(msgspec.Struct, forbid_unknown_fields=True):
    """Learning rates peak after ``warmup`` (a share of all steps) and fall to zero.

    ``mask_words`` and ``shrink_quotes`` are the shares of words hidden and of quotes shortened at each
    pass; ``average`` is the decay a step of the mean of the weights that is kept.
    """

    epochs: float = 8.0
    batch: int = 2  # windows a step
    encoder_rate: float = 1e-4
    head_rate: float = 2e-3
    layer_decay: float = 0.9  # of the rate, from each layer down to the next
    weight_decay: float = 0.01
    warmup: float = 0.06
    freeze_embeddings: bool = True
    attention_dropout: float = 0.0
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    clip: float = 1.0
    mask_words: float = 0.08
    shrink_quotes: float = 0.2
    average: float = 0.999


class Evaluation(msgspec.Struct, forbid_unknown_fields=True):
    """Dev is only looked at: the model of the last step is kept, not the best on dev."""

    every: float = 1.0  # epochs between two evaluations, and two checkpoints


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """Everything a run depends on."""

    backbone: str
    output: str
    data: Data
    seed: int = 1
    report: Literal["none", "tensorboard"] = "none"  # logs for TensorBoard, in <output>/logs
    windows: Windows = msgspec.field(default_factory=Windows)
    heads: Heads = msgspec.field(default_factory=Heads)
    optimisation: Optimisation = msgspec.field(default_factory=Optimisation)
    evaluation: Evaluation = msgspec.field(default_factory=Evaluation)


def load_settings(path: str | Path, overrides: list[str] | None = None) -> Settings:
    """Reads a YAML file; ``overrides`` are ``section.key=value``. Raises InputError, one line.

    ``${NAME}`` stands for an environment variable; a list item whose variable is not set is left
    out with a note on stderr.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        raw = yaml.safe_load(text)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(f"{where}: not YAML ({getattr(error, 'problem', error)})") from None
    if not isinstance(raw, dict):
        raise InputError(f"{path}: a mapping of settings is wanted")
    for override in overrides or []:
        _override(raw, override)
    try:
        return msgspec.convert(_expand(raw), Settings, strict=False)  # YAML reads 1e-4 as text
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {_explain(str(error))}") from None


def _override(raw: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise InputError(f"{override}: an override is key=value")
    *parents, last = key.split(".")
    for parent in parents:
        raw = raw.setdefault(parent, {})
        if not isinstance(raw, dict):
            raise InputError(f"{override}: {parent} has no keys")
    try:
        raw[last] = yaml.safe_load(value)
    except yaml.YAMLError:
        raise InputError(f"{override}: the value is not YAML") from None


def _expand(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _expand(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v) for v in value if not _unset(v)]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda m: os.environ.get(m[1], ""), value)
    return value


def _unset(value: Any) -> bool:
    """Whether a list item names a variable that is not set; says so, as data goes unused."""
    names = _VARIABLE.findall(value) if isinstance(value, str) else []
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        print(f"guillemets: {missing[0]} is not set, going on without {value}", file=sys.stderr)
    return bool(missing)


def _explain(message: str) -> str:
    """Adds the nearest known key to « unknown field » messages."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    if not unknown:
        return message
    known = {
        name
        for struct in (Settings, Data, Heads, Windows, Optimisation, Evaluation)
        for name in struct.__struct_fields__
    }
    close = difflib.get_close_matches(unknown[1], known, n=1)
    return message + (f"; did you mean `{close[0]}`?" if close else "")

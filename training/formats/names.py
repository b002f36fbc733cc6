"""What a tool's labels are called, and what they mean here.

By default the names of the FRACAS corpus and the project's own short ones. Upper and lower case,
and space, hyphen and underscore, are the same in a name. A mapping file (YAML) gives others::

    entities:
      direct: [Citation_directe]
      source: [Personne, Organisation]
      pronoun: Pronom
      ignore: [Lieu]          # known, and left out
    relations: {speaker: Dit_par, cue: Indique, refers: Renvoie}
    stance:
      attribute: Position
      labels: {Pour: support, Contre: condemn, Neutre: neutral}

Keys that it leaves out keep their default names; the first name of a list is the one written.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import yaml

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import QUOTE_TYPES, STANCES, StanceLabel

Kind = Literal["direct", "mixed", "indirect", "cue", "source", "pronoun"]
Relation = Literal["speaker", "cue", "refers"]

ENTITIES: dict[str, tuple[str, ...]] = {
    "direct": ("Direct_Quotation", "direct"),
    "mixed": ("Mixed_Quotation", "mixed"),
    "indirect": ("Indirect_Quotation", "indirect"),
    "cue": ("Cue",),
    "source": ("Agent", "Organization", "Group_of_people", "source", "speaker"),
    "pronoun": ("Source_pronoun", "pronoun"),
    "ignore": (),
}
RELATIONS: dict[str, tuple[str, ...]] = {
    "speaker": ("Quoted_in", "speaker"),  # source -> quotation
    "cue": ("Indicates", "cue"),  # cue -> quotation
    "refers": ("Refers",),  # pronoun -> source
    "ignore": (),
}
ATTRIBUTE = "Stance"
STANCE_LABELS: dict[str, StanceLabel] = {s.capitalize(): s for s in STANCES}

QUOTES = frozenset(QUOTE_TYPES)
SOURCES = frozenset(("source", "pronoun"))
IGNORED = "ignore"


class Names:
    """The names of entities and relations by what they mean, the first of each for writing."""

    def __init__(
        self,
        entities: dict[str, tuple[str, ...]] | None = None,
        relations: dict[str, tuple[str, ...]] | None = None,
        attribute: str = ATTRIBUTE,
        stances: dict[str, StanceLabel] | None = None,
    ) -> None:
        """What is given takes the place of the default, kind by kind.

        Raises ValueError when one name is given to two kinds.
        """
        self.entities = _completed(entities or {}, ENTITIES)
        self.relations = _completed(relations or {}, RELATIONS)
        self.attribute = attribute
        stances = stances or {}
        self.stances = stances | {
            n: s for n, s in STANCE_LABELS.items() if s not in stances.values()
        }
        self._entity = {folded(n): k for k, names in self.entities.items() for n in names}
        self._relation = {folded(n): k for k, names in self.relations.items() for n in names}
        self._stance = {folded(n): s for n, s in self.stances.items()}

    def entity(self, name: str) -> str:
        """The kind of an entity, or ``ignore``. Raises ValueError with the nearest known name."""
        return _found(self._entity, name, "entity", self.entities)

    def relation(self, name: str) -> str:
        """The kind of a relation, or ``ignore``. Raises ValueError with the nearest known name."""
        return _found(self._relation, name, "relation", self.relations)

    def stance(self, name: str) -> StanceLabel:
        """Raises ValueError with the nearest known name."""
        return _found(self._stance, name, "stance", {"": tuple(self.stances)})

    def is_stance(self, name: str) -> bool:
        """Whether an attribute, or a control of a labelling tool, tells the stance."""
        return folded(name) == folded(self.attribute)

    def stance_name(self, stance: StanceLabel) -> str:
        return next(name for name, meant in self.stances.items() if meant == stance)


def folded(name: str) -> str:
    """A name without the differences that do not matter."""
    return re.sub(r"[\s_-]+", "_", name.strip()).casefold()


def suggestion(name: str, known: Iterable[str]) -> str:
    """``; did you mean `…`?`` or nothing."""
    by_fold = {folded(k): k for k in known}
    close = difflib.get_close_matches(folded(name), by_fold, n=1)
    return f"; did you mean `{by_fold[close[0]]}`?" if close else ""


def _found(table: dict[str, str], name: str, what: str, names: dict[str, tuple[str, ...]]) -> str:
    if (kind := table.get(folded(name))) is not None:
        return kind
    known = [n for group in names.values() for n in group]
    raise ValueError(f"unknown {what} `{name}`" + suggestion(name, known))


def _completed(
    given: dict[str, tuple[str, ...]], default: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    taken: dict[str, str] = {}
    for kind, names in given.items():
        for name in names:
            if taken.setdefault(folded(name), kind) != kind:
                raise ValueError(f"`{name}` names both {taken[folded(name)]} and {kind}")
    return {
        kind: given.get(kind) or tuple(n for n in names if folded(n) not in taken) or (kind,)
        for kind, names in default.items()
        if kind != IGNORED
    } | {IGNORED: given.get(IGNORED, ())}


# ---------------------------------------------------------------- the mapping file


def load_names(path: str | Path | None) -> Names:
    """The names of a mapping file, or the default ones. Raises InputError with file and line."""
    if path is None:
        return Names()
    source = str(path)
    top = dict(_items(source, _composed(Path(path)), ("entities", "relations", "stance")))
    entities, relations = (
        {key: _names(source, node) for key, node in _items(source, top[part], tuple(known))}
        if part in top
        else {}
        for part, known in (("entities", ENTITIES), ("relations", RELATIONS))
    )
    attribute, labels = ATTRIBUTE, {}
    if "stance" in top:
        stance = dict(_items(source, top["stance"], ("attribute", "labels")))
        if "attribute" in stance:
            (attribute,) = _names(source, stance["attribute"], most=1)
        for name, node in _items(source, stance["labels"]) if "labels" in stance else ():
            (value,) = _names(source, node, most=1)
            if folded(value) not in STANCES:
                reason = f"unknown stance `{value}`" + suggestion(value, STANCES)
                raise InputError(located(source, _line(node), reason))
            labels[name] = folded(value)
    try:
        return Names(entities, relations, attribute, labels)
    except ValueError as error:
        raise InputError(located(source, None, str(error))) from None


def _composed(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise InputError(located(str(path), None, error.strerror or str(error))) from None
    except UnicodeDecodeError as error:
        raise InputError(located(str(path), None, f"not UTF-8 (byte {error.start})")) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = f"not YAML ({getattr(error, 'problem', None) or error})"
        raise InputError(located(str(path), mark.line + 1 if mark else None, reason)) from None


def _items(
    source: str, node: yaml.Node | None, known: Sequence[str] = ()
) -> Iterator[tuple[str, yaml.Node]]:
    """Keys and values of a YAML mapping; any keys if ``known`` is empty."""
    if not isinstance(node, yaml.MappingNode):
        wanted = f"a mapping with {', '.join(known)}" if known else "a mapping"
        raise InputError(located(source, _line(node), f"{wanted} is wanted here"))
    seen = set()
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else "?"
        if known and name not in known:
            reason = f"unknown key `{name}`" + (
                suggestion(name, known) or f"; known: {', '.join(known)}"
            )
            raise InputError(located(source, _line(key), reason))
        if name in seen:
            raise InputError(located(source, _line(key), f"the key `{name}` stands here twice"))
        seen.add(name)
        yield name, value


def _names(source: str, node: yaml.Node, most: int | None = None) -> tuple[str, ...]:
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    good = all(isinstance(n, yaml.ScalarNode) and n.value.strip() for n in nodes)
    if not good or (most is not None and len(nodes) != most):
        wanted = "a name is wanted here" if most else "a name or a list of names is wanted here"
        raise InputError(located(source, _line(node), wanted))
    return tuple(n.value for n in nodes)


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1

"""Label Studio: a JSON export of text tasks, read; tasks with predictions to correct, written.

- The article is ``data.text``; the id is ``data.id``, else the task's.
- ``labels`` regions are quotations, cues and sources. On a quotation a ``choices`` control named as the
  stance attribute gives the stance and a ``textarea`` named ``target`` its target; one named ``speaker``,
  on a quotation or a source, the speaker's name where it is not the words of the source. Relations
  need no label: what they tie tells their kind.
- Of a task's annotations the first that was not skipped is read. An exported task that nobody has
  annotated is left out, and counted. A task without the key ``annotations`` is none of an export but one
  made for import, as ``write`` makes them: its predictions are read, and this is told.

Offsets count code points: since 2022 the editor turns JavaScript's UTF-16 units into code points when it
saves, « for external usage », and back when it loads. Exports of older versions hold UTF-16 units; a
region's own text tells, so that a task whose texts fit only in UTF-16 units is read so.

The array is decoded task by task from a growing buffer: memory holds one task.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, TextIO
from xml.sax.saxutils import quoteattr

import msgspec
from msgspec import UNSET, UnsetType

from guillemets.inference.errors import InputError, located
from guillemets.inference.schema import QUOTE_TYPES, STANCES, Document

from .graph import Graph, Link, Mark, Range, marks_of
from .json_array import read_array
from .names import IGNORED, QUOTES, SOURCES, Names, folded
from .notes import Notes

TARGET, SPEAKER = "target", "speaker"  # textarea controls
_REGION = "labels"


class _Value(msgspec.Struct):
    start: Any = None
    end: Any = None
    text: Any = None
    labels: list[str] = []
    choices: list[str] = []


class _Result(msgspec.Struct):
    type: str
    id: str = ""
    from_name: str = ""
    value: _Value = msgspec.field(default_factory=_Value)
    from_id: str = ""
    to_id: str = ""
    direction: str = "right"
    labels: list[str] | None = None


class _Annotation(msgspec.Struct):
    result: list[_Result]
    was_cancelled: bool = False


class _Task(msgspec.Struct):
    data: dict[str, Any]
    id: str | int | None = None
    annotations: list[_Annotation] | UnsetType = UNSET
    predictions: list[_Annotation] = []


# ---------------------------------------------------------------- reading


def read(path: Path, names: Names, notes: Notes) -> Iterator[Document]:
    """The annotated tasks of an export. Raises InputError with file, line and task."""
    for number, (line, value) in enumerate(read_array(path), start=1):
        where = f"{path}:{line}"
        try:
            task = msgspec.convert(value, _Task)
        except msgspec.ValidationError as error:
            reason = f"task {number}: {error}"
            if "`data`" in reason:
                reason += " (the full JSON export is wanted, not JSON-MIN)"
            raise InputError(located(str(path), line, reason)) from None
        results = _results(task, notes, where)
        if results is None:
            continue
        text = task.data.get("text")
        if not isinstance(text, str):
            reason = f"task {number}: no text in `data.text`"
            raise InputError(located(str(path), line, reason))
        ids = (task.data.get("id"), task.id, f"{path.stem}-{number}")
        id = next(str(i) for i in ids if isinstance(i, (str, int)) and not isinstance(i, bool))
        graph = Graph(str(path), id, text, notes, label=f"task {number}: ")
        _fill(graph, results, names, line)
        yield graph.document()


def _results(task: _Task, notes: Notes, where: str) -> list[_Result] | None:
    if task.annotations is UNSET:
        if not task.predictions:
            notes.add("tasks with neither annotations nor predictions, left out", where)
            return None
        notes.add("tasks without annotations, whose predictions were read", where)
        return task.predictions[0].result
    done = [a.result for a in task.annotations if not a.was_cancelled]
    notes.add("further annotations of a task, left out", where, max(len(done) - 1, 0))
    if not done:
        notes.add("tasks that nobody has annotated, left out", where)
        return None
    return done[0]


def _fill(graph: Graph, results: list[_Result], names: Names, line: int) -> None:
    ignored: set[str] = set()
    regions: list[tuple[_Result, str]] = []
    for result in results:
        if result.type == _REGION:
            kind = _kind(graph, result, names, line)
            if kind == IGNORED:
                ignored.add(result.id)
                graph.note("regions to ignore, left out", line)
            else:
                regions.append((result, kind))
    for (result, kind), span in zip(regions, _offsets(graph, [r for r, _ in regions], line)):
        graph.add(Mark(result.id, kind, [span], line))
    for result in results:
        if result.type == "relation":
            _relation(graph, result, names, ignored, line)
        elif result.type != _REGION:
            _control(graph, result, names, ignored, line)


def _kind(graph: Graph, result: _Result, names: Names, line: int) -> str:
    if len(result.value.labels) != 1:
        reason = f"region {result.id} has {len(result.value.labels)} labels, one is wanted"
        raise graph.error(line, reason)
    try:
        return names.entity(result.value.labels[0])
    except ValueError as error:
        raise graph.error(line, f"region {result.id}: {error}") from None


def _offsets(graph: Graph, regions: list[_Result], line: int) -> list[Range]:
    """The regions' ranges in code points."""
    text, ranges = graph.text, []
    for region in regions:
        start, end = region.value.start, region.value.end
        if type(start) is not int or type(end) is not int:
            raise graph.error(line, f"region {region.id}: start and end are not whole numbers")
        ranges.append((start, end))
    wrong = _misfit(text, regions, ranges)
    if wrong is None:
        return ranges
    if not text.isascii():
        units = [0, *accumulate(1 + (c > "\uffff") for c in text)]  # before each code point
        points = [(bisect_left(units, start), bisect_left(units, end)) for start, end in ranges]
        if _misfit(text, regions, points) is None:
            graph.note("tasks of an old version, with offsets in UTF-16 units", line)
            return points
    value = wrong.value
    reason = f"the text at {value.start} {value.end} is not « {value.text} »"
    if not isinstance(value.text, str):
        reason = f"offsets {value.start} {value.end} are not in the text"
    raise graph.error(line, f"region {wrong.id}: {reason}")


def _misfit(text: str, regions: list[_Result], ranges: list[Range]) -> _Result | None:
    """The first region outside the text or whose own text is another, white space set apart."""
    for region, (start, end) in zip(regions, ranges):
        if not 0 <= start < end <= len(text):
            return region
        here, own = text[start:end].split(), region.value.text
        # A line break may be stored as the two characters \n.
        if isinstance(own, str) and here not in (own.split(), own.replace(r"\n", " ").split()):
            return region
    return None


def _relation(graph: Graph, result: _Result, names: Names, ignored: set[str], line: int) -> None:
    labels = result.labels or []
    if len(labels) > 1:
        raise graph.error(line, f"a relation has {len(labels)} labels, one at most is wanted")
    try:
        kind = names.relation(labels[0]) if labels else None
    except ValueError as error:
        raise graph.error(line, str(error)) from None
    if kind == IGNORED or result.from_id in ignored or result.to_id in ignored:
        graph.note("relations to ignore, left out", line)
        return
    ends = (result.from_id, result.to_id)
    one, other = reversed(ends) if result.direction == "left" else ends
    graph.links.append(Link(kind, one, other, line))


def _control(graph: Graph, result: _Result, names: Names, ignored: set[str], line: int) -> None:
    """A choice or a text that goes with a region."""
    stance = result.type == "choices" and names.is_stance(result.from_name)
    text = result.type == "textarea" and folded(result.from_name) in (TARGET, SPEAKER)
    if not (stance or text) or result.id in ignored:
        graph.note("results of other controls, left out", line)
        return
    what = "stance" if stance else folded(result.from_name)
    given = result.value.choices if stance else result.value.text
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], str):
        raise graph.error(line, f"region {result.id}: one {what} is wanted")
    if what == SPEAKER and result.id in graph.marks and graph.marks[result.id].kind in SOURCES:
        graph.marks[result.id].name = given[0]
        return
    quote = graph.quote(result.id, line, what)
    if what == SPEAKER:
        quote.name = given[0]
    elif what == TARGET:
        quote.target = given[0]
    else:
        try:
            quote.stance = names.stance(given[0])
        except ValueError as error:
            raise graph.error(line, f"region {result.id}: {error}") from None


# ---------------------------------------------------------------- writing


def write(documents: Iterable[Document], out: TextIO, names: Names, notes: Notes) -> None:
    """Tasks for import, one a line, their quotes as predictions to be corrected by hand.

    The score of a task, by which it can be sorted, is the mean of its quotes'.
    """
    separator = "[\n"
    for document in documents:
        scores = sum(q.stance.scores is not UNSET for q in document.quotes)
        notes.add("quotes whose stance scores the format does not hold", count=scores)
        out.write(separator + msgspec.json.encode(_task(document, names)).decode())
        separator = ",\n"
    out.write("[]\n" if separator == "[\n" else "\n]\n")


def _task(document: Document, names: Names) -> dict[str, Any]:
    marks, links = marks_of(document)
    scores = {f"q{i}": q.score for i, q in enumerate(document.quotes, start=1)}
    results = [r for mark in marks for r in _regions(document.text, mark, names, scores)]
    for link in links:
        labels = [names.relations[link.kind][0]]
        ends = {"from_id": link.source, "to_id": link.target}
        results.append({"type": "relation", **ends, "direction": "right", "labels": labels})
    prediction: dict[str, Any] = {"model_version": "guillemets", "result": results}
    given = [score for score in scores.values() if score is not UNSET]
    if given:
        prediction["score"] = sum(given) / len(given)
    return {"data": {"id": document.id, "text": document.text}, "predictions": [prediction]}


def _regions(
    text: str, mark: Mark, names: Names, scores: dict[str, float | UnsetType]
) -> Iterator[dict[str, Any]]:
    """A mark's region and what goes with it."""
    start, end = mark.spans[0]

    def result(control: str, type: str, **value: Any) -> dict[str, Any]:
        span = {"start": start, "end": end, "text": text[start:end]} | value
        made = {"id": mark.key, "from_name": control, "to_name": "text", "type": type}
        return {**made, "value": span}

    region = result("label", _REGION, labels=[names.entities[mark.kind][0]])
    if scores.get(mark.key, UNSET) is not UNSET:
        region["score"] = scores[mark.key]
    yield region
    if mark.kind in QUOTES:
        yield result(_control_name(names), "choices", choices=[names.stance_name(mark.stance)])
    if mark.target is not None:
        yield result(TARGET, "textarea", text=[mark.target])
    if mark.name is not None:
        yield result(SPEAKER, "textarea", text=[mark.name])


def _control_name(names: Names) -> str:
    return re.sub(r"\s+", "_", names.attribute.strip()).lower()


_COLOURS = {
    "direct": "#0072b2",
    "mixed": "#56b4e9",
    "indirect": "#009e73",
    "cue": "#e69f00",
    "source": "#d55e00",
    "pronoun": "#cc79a7",
}


def labelling_config(names: Names | None = None) -> str:
    """The labelling configuration (XML) that goes with what ``write`` writes and ``read`` reads."""
    names = names or Names()
    entity = {kind: known[0] for kind, known in names.entities.items() if kind != IGNORED}
    quotes = quoteattr(",".join(entity[kind] for kind in QUOTE_TYPES))
    speakers = quoteattr(",".join(entity[kind] for kind in (*QUOTE_TYPES, "source", "pronoun")))
    shown = 'toName="text" perRegion="true" visibleWhen="region-selected" whenTagName="label"'
    field = 'rows="1" maxSubmissions="1" editable="true"'
    relations = (names.relations[kind][0] for kind in ("speaker", "cue", "refers"))
    lines = [
        "<View>",
        "  <Style>.htx-text{ white-space: pre-wrap; }</Style>",
        "  <Relations>",
        *(f"    <Relation value={quoteattr(relation)}/>" for relation in relations),
        "  </Relations>",
        '  <Labels name="label" toName="text">',
        *(
            f"    <Label value={quoteattr(entity[kind])} background={quoteattr(colour)}/>"
            for kind, colour in _COLOURS.items()
        ),
        "  </Labels>",
        '  <Text name="text" value="$text" granularity="symbol" saveTextResult="yes"/>',
        f"  <Choices name={quoteattr(_control_name(names))} {shown} whenLabelValue={quotes}>",
        *(f"    <Choice value={quoteattr(names.stance_name(s))}/>" for s in STANCES),
        "  </Choices>",
        f'  <TextArea name="{TARGET}" placeholder="target" {shown} whenLabelValue={quotes} {field}/>',
        f'  <TextArea name="{SPEAKER}" placeholder="full name of the speaker" {shown}'
        f" whenLabelValue={speakers} {field}/>",
        "</View>",
    ]
    return "\n".join([*lines, ""])

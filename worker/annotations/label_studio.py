"""Label Studio: a JSON array of tasks, each with its text, its annotations and its predictions.

    {"data": {"text": ...}, "annotations": [{"result": [{"type": "labels", "value": {"start", "end", "labels"}}]}]}

Offsets count the units of JavaScript (UTF-16), in which a character beyond U+FFFF, such as an emoji, is two. Newer
versions store characters; where a task's regions quote their text, that decides between the two.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from worker.annotations.annotated import AnnotatedDocument, AnnotatedFile
from worker.annotations.fitting import Placed, fit_spans, make_span
from worker.annotations.lines import read_lines, write_lines
from worker.annotations.problems import OnProblem, Place, Problem, refuse
from worker.annotations.units import units_before
from worker.annotations.words import squeeze
from worker.text import storable

#: Results of these kinds hold entities whose offsets are not those of a plain text.
_FOREIGN = ("hypertextlabels", "paragraphlabels", "timeserieslabels")


def read_label_studio(path: Path, on_problem: OnProblem = refuse) -> AnnotatedFile:
    """Read the tasks of a JSON export: the first annotation that was not cancelled, else the first prediction.

    Raises:
        InputError: the file is no such array (the line is named), or a task is wrong (its number is named).
    """
    remarks: Counter[str] = Counter()
    documents = []
    for number, task in enumerate(_read_array(path, on_problem), start=1):
        reader = _TaskReader(Place(path, task=number), on_problem, remarks)
        document = reader.read(task)
        if document:
            documents.append(document)
    if not documents:
        on_problem(Problem("record", Place(path), "the file is empty: no task of it is annotated"))
    return AnnotatedFile(path, "label-studio", None, tuple(documents), True, dict(remarks))


def write_label_studio(documents: Iterable[AnnotatedDocument], path: str | Path) -> None:
    """Write a JSON array of annotated tasks, as Label Studio imports them. Word offsets are not kept."""
    write_lines(label_studio_lines(documents), Path(path))


def label_studio_lines(documents: Iterable[AnnotatedDocument]) -> Iterator[str]:
    """The lines of the array. What a model found are predictions with their scores, for people to correct."""
    line = "["
    for document in documents:
        if line != "[":
            line += ","
        yield line
        line = json.dumps(_task(document), ensure_ascii=False)
    yield line
    yield "]"


def _task(document: AnnotatedDocument) -> dict[str, Any]:
    units = units_before(document.text, "utf16")
    result = [
        {
            "id": f"entity-{number}",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {
                "start": units[span.start],
                "end": units[span.end],
                "text": document.text[span.start : span.end],
                "labels": [span.label],
            },
            **({} if span.score is None else {"score": span.score}),
        }
        for number, span in enumerate(document.spans, start=1)
    ]
    data = {"text": document.text} if document.id is None else {"id": document.id, "text": document.text}
    if document.model is None:
        return {"data": data, "annotations": [{"result": result}]}
    return {"data": data, "predictions": [{"model_version": document.model, "result": result}]}


def _read_array(path: Path, on_problem: OnProblem) -> list[Any]:
    lines = [line for _, line in read_lines(path, on_problem)]
    try:
        content = json.loads("\n".join(lines))
    except json.JSONDecodeError as error:
        place = Place(path, error.lineno)
        on_problem(Problem("record", place, f"not JSON ({error.msg}, column {error.colno})"))
        return []
    except (ValueError, RecursionError) as error:
        on_problem(Problem("record", Place(path), f"not JSON ({error})"))
        return []
    if isinstance(content, dict) and "data" in content:
        return [content]
    if not isinstance(content, list):
        on_problem(Problem("record", Place(path), "not a JSON array of Label Studio's tasks"))
        return []
    return content


@dataclass(frozen=True, slots=True)
class _Region:
    """One labelled stretch as the task has it."""

    start: object
    end: object
    label: object
    quoted: object

    def converted(self, character_at: Mapping[int, int]) -> _Region | None:
        """With offsets in characters; None where one is in the middle of a character or outside."""
        if type(self.start) is not int or type(self.end) is not int:
            return self
        start, end = character_at.get(self.start), character_at.get(self.end)
        return None if start is None or end is None else replace(self, start=start, end=end)

    def quotes(self, text: str) -> bool:
        """Whether it covers the text that it says, if it says one; line breaks may come as `\\n` there."""
        if not isinstance(self.quoted, str) or type(self.start) is not int or type(self.end) is not int:
            return True
        quoted = storable(self.quoted)
        covered = squeeze(text[max(self.start, 0) : max(self.end, 0)])
        return covered in (squeeze(quoted), squeeze(quoted.replace("\\n", " ")))


class _TaskReader:
    """Reads one task; counts in `remarks` what it passes over."""

    def __init__(self, place: Place, on_problem: OnProblem, remarks: Counter[str]) -> None:
        self._place = place
        self._on_problem = on_problem
        self._remarks = remarks

    def read(self, task: object) -> AnnotatedDocument | None:
        """The document; None where there is none, or nobody has annotated it."""
        data = task.get("data") if isinstance(task, Mapping) else None
        if not isinstance(task, Mapping) or not isinstance(data, Mapping):
            self._refuse('no task with "data"; export from Label Studio as JSON, not as JSON-MIN')
            return None
        text = self._text(data)
        result = self._result(task)
        if text is None or result is None:
            return None
        name = data.get("id", task.get("id"))
        if name is not None and not isinstance(name, str | int):
            self._refuse("the id is neither a string nor a number")
            return None
        regions = self._in_characters([region for item in result for region in self._regions(item)], text)
        spans = fit_spans((self._placed(region, text) for region in regions), text, self._on_problem)
        return AnnotatedDocument(
            None if name is None else storable(str(name)), text, None, spans, has_text=True
        )

    def _text(self, data: Mapping[str, Any]) -> str | None:
        texts = [value for key, value in data.items() if isinstance(value, str) and key != "id"]
        text = data.get("text", texts[0] if len(texts) == 1 else None)
        if not isinstance(text, str):
            self._refuse('no text: "data" needs the key "text", or a single string')
            return None
        return storable(text)

    def _result(self, task: Mapping[str, Any]) -> list[Any] | None:
        """The results to read; None: there are none, or they are wrong."""
        annotations, predictions = task.get("annotations") or [], task.get("predictions") or []
        if not isinstance(annotations, list) or not isinstance(predictions, list):
            self._refuse('"annotations" and "predictions" must be lists')
            return None
        done = [one for one in annotations if not (isinstance(one, Mapping) and one.get("was_cancelled"))]
        self._remark("cancelled annotations skipped", len(annotations) - len(done))
        self._remark("further annotations of a task skipped", len(done) - 1)
        if not done and predictions:
            self._remark("tasks read from their predictions")
        chosen = next(iter([*done, *predictions]), None)
        if chosen is None:
            self._remark("tasks without annotations skipped")
            return None
        result = chosen.get("result") if isinstance(chosen, Mapping) else None
        if not isinstance(result, list):
            self._refuse('an annotation has no list "result"')
            return None
        return result

    def _regions(self, item: object) -> Iterator[_Region]:
        """Each label of one result."""
        kind = item.get("type") if isinstance(item, Mapping) else None
        if kind in _FOREIGN:
            self._refuse(f'"{kind}" counts its offsets in something else than plain text; label a <Text> tag')
            return
        if not isinstance(item, Mapping) or kind != "labels":
            self._remark("relations skipped" if kind == "relation" else "results other than labels skipped")
            return
        value = item.get("value")
        labels = value.get("labels") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(labels, list) or not labels:
            self._refuse("a region has no label")
            return
        for label in labels:
            label = storable(label) if isinstance(label, str) else label
            yield _Region(value.get("start"), value.get("end"), label, value.get("text"))

    def _in_characters(self, regions: Sequence[_Region], text: str) -> Iterator[_Region]:
        """The regions with offsets in characters of the text, in which an emoji is one."""
        units = units_before(text, "utf16")
        if units[-1] == len(text):
            yield from regions
            return
        character_at = {unit: i for i, unit in enumerate(units)}
        converted = [region.converted(character_at) for region in regions]
        quoting = [pair for pair in zip(regions, converted, strict=True) if isinstance(pair[0].quoted, str)]
        fits_units = all(unit and unit.quotes(text) for _, unit in quoting)
        if not fits_units and all(region.quotes(text) for region, _ in quoting):
            self._remark("tasks whose offsets count characters")
            yield from regions
            return
        for region, in_characters in zip(regions, converted, strict=True):
            if in_characters:
                yield in_characters
            else:
                message = (
                    f"[{region.start}, {region.end}) is outside the text or cuts a character in two (UTF-16)"
                )
                self._on_problem(Problem("offsets", self._place, message))

    def _placed(self, region: _Region, text: str) -> Placed | None:
        placed = make_span(region.start, region.end, region.label, self._place, self._on_problem)
        if placed and not region.quotes(text):
            message = (
                f"{region.label} [{region.start}, {region.end}) covers another text than the region says"
            )
            self._on_problem(Problem("covered", self._place, message))
            return None
        return placed

    def _remark(self, what: str, times: int = 1) -> None:
        if times > 0:
            self._remarks[what] += times

    def _refuse(self, message: str) -> None:
        self._on_problem(Problem("record", self._place, message))

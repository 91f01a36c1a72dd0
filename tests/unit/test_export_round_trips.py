"""What goes out in any format comes back as the same entities: the examples, with emoji and CRLF."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import ROOT, invoke
from tests.round_trips import FORMATS, entities_of, in_unit, json_rows, read_back, squeezed, store_documents
from worker.annotations import AnnotatedDocument, Span, read_annotations
from worker.store import Database

#: Emoji of several code points, CRLF inside a name, accents as marks of their own, a script from right to left.
LETTER = "👩🏽‍🚒 Ann Lee 😀 wrote\r\nto New\r\nYork.\r\n\r\nZoe\u0308 of 𝔅o met דנה."
_NAMES = (("Ann Lee", "PER"), ("New\r\nYork", "LOC"), ("Zoe\u0308", "PER"), ("𝔅o", "ORG"), ("דנה", "PER"))


def documents() -> list[AnnotatedDocument]:
    spans = tuple(Span(LETTER.index(name), LETTER.index(name) + len(name), label) for name, label in _NAMES)
    letter = AnnotatedDocument("letter.txt", LETTER, None, spans, has_text=True)
    return [*read_annotations(ROOT / "examples" / "gold.jsonl").documents, letter]


@pytest.mark.parametrize("form", FORMATS)
def test_entities_come_back_as_they_went_out(database: Database, form: str) -> None:
    sent = documents()
    store_documents(database, sent)
    outcome = invoke("export", "--format", form, "-o", "out")
    assert outcome.exit_code == 0, outcome.output
    found, expected = read_back(form, Path("out"), len(sent)), entities_of(sent)
    assert expected.total() == len(sent) > 20
    if form == "conll":
        assert squeezed(found) == squeezed(expected)
    else:
        assert found == expected


@pytest.mark.parametrize("form", ["label-studio", "doccano"])
def test_what_a_reviewer_corrected_is_gold(database: Database, form: str) -> None:
    sent = documents()
    store_documents(database, sent)
    suffix = {"label-studio": "json", "doccano": "jsonl"}[form]
    assert invoke("export", "--format", form, "-o", f"out.{suffix}").exit_code == 0
    n_entities = sum(len(document.spans) for document in sent)
    reviewed = Path(f"reviewed.{suffix}")
    if form == "doccano":
        rows = json_rows(Path("out.jsonl"))
        del rows[-1]["label"][0]
        reviewed.write_text("".join(f"{json.dumps({**row, 'Comments': []})}\n" for row in rows), "utf-8")
    else:
        tasks = json.loads(Path("out.json").read_text("utf-8"))
        for number, task in enumerate(tasks, start=1):
            result = [{**region, "origin": "prediction"} for region in task["predictions"][0]["result"]]
            cancelled = {"id": 2 * number, "was_cancelled": True, "result": []}
            task["annotations"] = [
                cancelled,
                {"id": 2 * number + 1, "was_cancelled": False, "result": result},
            ]
        del tasks[-1]["annotations"][1]["result"][0]
        reviewed.write_text(json.dumps(tasks), "utf-8")
    answer = json.loads(invoke("evaluate", "last", "--gold", str(reviewed), "--json").stdout)
    strict = answer["strict"]
    assert (strict["n_gold"], strict["n_predicted"], strict["n_correct"]) == (
        n_entities - 1,
        n_entities,
        n_entities - 1,
    )
    assert strict["n_documents"] == len(sent)


@pytest.mark.parametrize("unit", ["codepoints", "utf16", "bytes"])
def test_offsets_of_every_unit_are_those_of_the_names(database: Database, unit: str) -> None:
    sent = documents()
    store_documents(database, sent)
    assert invoke("export", "--format", "jsonl", "--offsets", unit, "-o", "out").exit_code == 0
    rows = json_rows(Path("out"))
    assert [in_unit(row, unit) for row in rows] == [[e["text"] for e in row["entities"]] for row in rows]
    assert entities_of(read_annotations("out").documents) == entities_of(sent)

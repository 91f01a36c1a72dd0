"""brat, doccano and Label Studio: what they write is read, what is wrong is refused, what was written is read."""

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.annotations import (
    AnnotatedDocument,
    AnnotatedFile,
    Format,
    Problem,
    Span,
    read_annotations,
    write_annotations,
)
from worker.errors import InputError

PLACES: dict[Format, str] = {
    "jsonl": "out.jsonl",
    "doccano": "doccano.jsonl",
    "label-studio": "tasks.json",
    "brat": "corpus",
}
HARD = [
    AnnotatedDocument(
        "a/emoji.txt", "👩🏽‍🚒 Ann 😀 met 𝔅o", None, (Span(5, 8, "PER"), Span(15, 17, "PER")), True
    ),
    AnnotatedDocument(
        "nfd.txt", "Zoe\u0308 a\u0300 Ko\u0308ln", None, (Span(0, 4, "PER"), Span(8, 13, "LOC")), True
    ),
    AnnotatedDocument(
        "rtl.txt", "פגשתי את דנה בירושלים.", None, (Span(9, 12, "PER"), Span(14, 21, "LOC")), True
    ),
    AnnotatedDocument(
        "crlf.txt", "New\r\nYork\r\n and Acme\rInc.", None, (Span(0, 9, "LOC"), Span(16, 25, "ORG")), True
    ),
    AnnotatedDocument("empty.txt", "", None, (), True),
]


def read_back(documents: list[AnnotatedDocument], form: Format) -> AnnotatedFile:
    write_annotations(documents, PLACES[form], form)
    return read_annotations(PLACES[form])


@pytest.mark.parametrize("form", PLACES)
def test_emoji_accents_directions_and_line_breaks_survive(form: Format) -> None:
    file = read_back(HARD, form)
    assert {document.id: document for document in file.documents} == {d.id: d for d in HARD}
    assert (file.format, file.scheme, file.remarks) == (form, None, {})


@pytest.mark.parametrize("form", PLACES)
def test_writing_again_replaces_and_a_failure_leaves_what_was_there(form: Format) -> None:
    read_back(HARD, form)
    assert len(read_back(HARD[:1], form).documents) == 1

    def failing() -> Any:
        yield HARD[1]
        raise InputError("no more")

    before = sorted(Path.cwd().rglob("*"))
    with pytest.raises(InputError):
        write_annotations(failing(), PLACES[form], form)
    assert sorted(Path.cwd().rglob("*")) == before
    assert read_annotations(PLACES[form]).documents == tuple(HARD[:1])
    with pytest.raises(InputError, match="cannot be written"):
        write_annotations(HARD, f"nowhere/{PLACES[form]}", form)


@st.composite
def annotated_documents(draw: st.DrawFn) -> AnnotatedDocument:
    text = draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)))))
    spans = [
        Span(start, end, draw(st.sampled_from(["PER", "B-X", "Ö"])))
        for start, end in pairwise(cuts)
        if not text[start].isspace() and not text[end - 1].isspace() and draw(st.booleans())
    ]
    return AnnotatedDocument(
        None, text.removeprefix("\ufeff") if not spans else text, None, tuple(spans), True
    )


@pytest.mark.parametrize("form", PLACES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(documents=st.lists(annotated_documents(), min_size=1, max_size=3))
def test_what_was_written_is_read(form: Format, documents: list[AnnotatedDocument]) -> None:
    if form == "brat" and any(document.text.startswith("\ufeff") for document in documents):
        with pytest.raises(InputError, match="byte order mark"):
            read_back(documents, form)
        return
    read = read_back(documents, form).documents
    assert [(document.text, document.spans) for document in read] == [(d.text, d.spans) for d in documents]


class TestBrat:
    TEXT = "Ann Lee met Bo\nof Acme in New\nYork."
    GOOD = "T1\tPER 0 7\tAnn Lee\nT2\tLOC 26 34\tNew York\n"

    def write(self, ann: str | bytes, text: str | bytes = TEXT, name: str = "corpus/a") -> Path:
        for suffix, content in ((".ann", ann), (".txt", text)):
            path = Path(name + suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Path("corpus")

    def test_an_offset_of_thousands_of_digits_is_no_offset(self) -> None:
        self.write(f"T1\tPER 0 {'9' * 5000}\tAnn\n")
        with pytest.raises(InputError, match="no line of brat standoff"):
            read_annotations("corpus")

    @pytest.mark.skipif(
        not Path("/proc/self/mem").exists(), reason="only Linux has a file that root cannot read"
    )
    def test_a_text_that_cannot_be_read_is_named(self) -> None:
        self.write("T1\tPER 0 3\tAnn\n")
        Path("corpus/a.txt").unlink()
        Path("corpus/a.txt").symlink_to("/proc/self/mem")
        with pytest.raises(InputError, match=r"corpus/a\.txt: "):
            read_annotations("corpus")

    def test_a_folder_with_folders_and_what_else_a_file_holds(self) -> None:
        self.write(
            self.GOOD
            + "R1\tWorks Arg1:T1 Arg2:T2\nE1\tMeet:T1\nA1\tNegation E1\nM1\tX T1\n#1\tNote T1\tno name?\n"
            + "N1\tReference T1 Wikipedia:1\tAnn\n*\tEquiv T1 T2\n\n"
        )
        self.write("", "nothing", "corpus/deep/b")
        Path("corpus/unread.txt").write_text("x")
        Path("corpus/annotation.conf").write_text("[entities]\n")
        file = read_annotations("corpus")
        assert (file.format, file.scheme, file.has_document_marks) == ("brat", None, True)
        first, second = file.documents
        assert first == AnnotatedDocument(
            "a.txt", self.TEXT, None, (Span(0, 7, "PER"), Span(26, 34, "LOC")), True
        )
        assert second == AnnotatedDocument("deep/b.txt", "nothing", None, (), True)
        assert file.remarks == {
            "relations skipped": 2,
            "events skipped": 1,
            "attributes skipped": 2,
            "normalisations skipped": 1,
            "notes skipped": 1,
            "texts without an .ann skipped": 1,
        }

    @pytest.mark.parametrize("suffix", [".ann", ".txt"])
    def test_one_pair_by_either_file(self, suffix: str) -> None:
        self.write(self.GOOD)
        file = read_annotations(f"corpus/a{suffix}")
        assert [len(document.spans) for document in file.documents] == [2]

    def test_the_hash_tells_changes_of_text_annotation_and_name(self) -> None:
        hashes = set()
        for ann, text, name in [("", "x", "a"), (self.GOOD, self.TEXT, "a"), ("", "y", "a"), ("", "y", "b")]:
            self.write(ann, text, f"corpus/{name}")
            hashes.add(read_annotations("corpus").sha256())
            hashes.add(read_annotations("corpus").sha256())
        assert len(hashes) == 4

    @pytest.mark.parametrize(
        ("ann", "message"),
        [
            ("T2\tPER 0 3;12 14\tAnn Bo\n", r"a\.ann:2: T2 is in several parts \(0 3;12 14\)"),
            ("T2\tPER 0 3\tAna\n", r"a\.ann:2: T2 covers another text"),
            ("T1\tPER 12 14\tBo\n", r"a\.ann:2: the id T1 is there twice"),
            ("T2\tPER 30 99\tYork\n", r"a\.ann:2: .*ends after the text"),
            ("T2\tPER 3 3\t\n", r"a\.ann:2: .*not a span"),
            ("T2\tPER 11 14\t Bo\n", r"a\.ann:2: .*white space"),
            ("T2\tORG 4 11\tLee met\n", r"a\.ann:2: PER \[0, 7\) \(line 1\) and ORG \[4, 11\) overlap"),
            ("T2 PER 12 14 Bo\n", r"a\.ann:2: no line of brat"),
            ("T2\tPER 12\tBo\n", r"a\.ann:2: no line of brat"),
            (b"T2\tPER 12 14\tB\xf6\n", r"a\.ann:2: not UTF-8"),
        ],
    )
    def test_a_wrong_line_is_refused_by_file_and_line(self, ann: str | bytes, message: str) -> None:
        first = b"T1\tPER 0 7\tAnn Lee\n"
        with pytest.raises(InputError, match=message):
            read_annotations(self.write(first + (ann if isinstance(ann, bytes) else ann.encode())))

    def test_texts_that_are_missing_or_not_utf8(self) -> None:
        self.write("", b"a\nZ\xfcrich")
        with pytest.raises(InputError, match=r"a\.txt:2: not UTF-8"):
            read_annotations("corpus")
        Path("corpus/a.txt").unlink()
        with pytest.raises(InputError, match=r"a\.ann: its text a\.txt is missing"):
            read_annotations("corpus")
        Path("corpus/a.ann").unlink()
        with pytest.raises(InputError, match=r"without \.ann files"):
            read_annotations("corpus")

    @pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a//b", ".hidden", "x/../y", "a\0b"])
    def test_ids_that_lead_elsewhere_are_no_names(self, name: str) -> None:
        with pytest.raises(InputError, match=r"document 1 .*no name"):
            write_annotations([AnnotatedDocument(name, "x", None, (), True)], "corpus", "brat")
        assert list(Path.cwd().iterdir()) == []

    def test_what_the_folder_cannot_hold(self) -> None:
        two = AnnotatedDocument("a", "x", None, (), True), AnnotatedDocument("a.txt", "y", None, (), True)
        with pytest.raises(InputError, match=r"document 2 .*another document has its id"):
            write_annotations(two, "corpus", "brat")
        spaced = AnnotatedDocument("a", "x", None, (Span(0, 1, "LEGAL ENTITY"),), True)
        with pytest.raises(InputError, match="a label has white space"):
            write_annotations([spaced], "corpus", "brat")

    def test_a_folder_with_other_things_is_not_replaced(self) -> None:
        Path("corpus").mkdir()
        Path("corpus/thesis.doc").write_text("precious")
        with pytest.raises(InputError, match="a folder of its own"):
            write_annotations(HARD, "corpus", "brat")
        assert Path("corpus/thesis.doc").read_text() == "precious"


class TestDoccano:
    def write(self, *records: Any) -> Path:
        Path("d.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        return Path("d.jsonl")

    @pytest.mark.parametrize(
        "record",
        [
            {"id": 1, "text": "Ann met Bo", "label": [[0, 3, "PER"], [8, 10, "PER"]], "Comments": []},
            {"id": 1, "data": "x", "text": "Ann met Bo", "labels": [[0, 3, "PER"], [8, 10, "PER"]]},
            {
                "id": 1,
                "text": "Ann met Bo",
                "entities": [
                    {"id": 5, "label": "PER", "start_offset": 8, "end_offset": 10},
                    {"id": 4, "label": "PER", "start_offset": 0, "end_offset": 3},
                ],
                "relations": [],
            },
        ],
    )
    def test_its_exports_are_recognised(self, record: dict[str, Any]) -> None:
        file = read_annotations(self.write({"id": 2, "text": "", "entities": []}, record))
        assert file.format == "doccano"
        assert file.documents[1].spans == (Span(0, 3, "PER"), Span(8, 10, "PER"))

    def test_relations_and_comments_are_counted(self) -> None:
        record = {"text": "Ann", "entities": [], "relations": [{"id": 1}, {"id": 2}], "Comments": ["?"]}
        assert read_annotations(self.write(record, record)).remarks == {
            "relations skipped": 4,
            "comments skipped": 2,
        }


def region(start: Any, end: Any, label: str = "PER", **value: Any) -> dict[str, Any]:
    return {
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {"start": start, "end": end, "labels": [label], **value},
    }


def task(text: str, *regions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 7, "data": {"text": text}, "annotations": [{"result": list(regions)}], **more}


class TestLabelStudio:
    def read(self, *tasks: Any, name: str = "tasks.json", indent: int | None = None) -> AnnotatedFile:
        Path(name).write_text(json.dumps(tasks, indent=indent))
        return read_annotations(name)

    @pytest.mark.parametrize("name", ["tasks.json", "export.txt"])
    @pytest.mark.parametrize("indent", [None, 2])
    def test_tasks_of_an_export(self, name: str, indent: int | None) -> None:
        file = self.read(
            task("Ann met Bo", region(8, 10), region(0, 3, text="Ann")), name=name, indent=indent
        )
        assert (file.format, file.has_document_marks) == ("label-studio", True)
        assert file.documents == (
            AnnotatedDocument("7", "Ann met Bo", None, (Span(0, 3, "PER"), Span(8, 10, "PER")), True),
        )

    def test_a_conll_file_may_begin_with_a_bracket(self) -> None:
        Path("c.txt").write_text("[ O\nAnn B-PER\n] O\n")
        assert read_annotations("c.txt").format == "conll"

    def test_the_first_annotation_that_was_not_cancelled_or_else_a_prediction(self) -> None:
        annotations = [
            {"was_cancelled": True, "result": [region(4, 7)]},
            {"was_cancelled": False, "result": [region(0, 3), {"type": "relation"}, {"type": "choices"}]},
            {"result": []},
        ]
        file = self.read(
            {"data": {"content": "Ann met Bo", "n": 1}, "annotations": annotations},
            {
                "data": {"text": "Bo"},
                "annotations": [],
                "predictions": [{"score": 1, "result": [region(0, 2)]}],
            },
            {"data": {"text": "Li"}, "annotations": []},
        )
        assert [document.spans for document in file.documents] == [(Span(0, 3, "PER"),), (Span(0, 2, "PER"),)]
        assert file.remarks == {
            "cancelled annotations skipped": 1,
            "further annotations of a task skipped": 1,
            "relations skipped": 1,
            "results other than labels skipped": 1,
            "tasks read from their predictions": 1,
            "tasks without annotations skipped": 1,
        }

    def test_offsets_are_utf16_units_unless_the_quoted_text_says_otherwise(self) -> None:
        units, characters = region(6, 9, text="Ann"), region(4, 7, text="Ann")
        plain = region(6, 9)
        for one, remarks in [
            (units, {}),
            (plain, {}),
            (characters, {"tasks whose offsets count characters": 1}),
        ]:
            file = self.read(task("😀 😀 Ann", one))
            assert file.documents[0].spans == (Span(4, 7, "PER"),)
            assert file.remarks == remarks

    def test_a_quoted_line_break_is_written_in_two_characters(self) -> None:
        file = self.read(task("New\nYork", region(0, 8, text="New\\nYork")))
        assert file.documents[0].spans == (Span(0, 8, "PER"),)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            (task("Ann", region(0, 4)), "ends after the text"),
            (task("Ann", region("0", 3)), "whole numbers"),
            (task("Ann Li", region(0, 3, text="Li")), "covers another text"),
            (task("Ann Li", region(0, 3), region(2, 6, "ORG")), r"PER \[0, 3\) and ORG \[2, 6\) overlap"),
            (task("Ann", region(0, 3, labels=["PER", "ORG"])), "overlap"),
            (task("Ann", region(0, 3, labels=[])), "no label"),
            (task("😀 Ann", region(1, 6)), r"\[1, 6\) is outside the text or cuts a character"),
            (task("Ann", {"type": "hypertextlabels", "value": {}}), "hypertextlabels"),
            ({"text": "Ann", "label": []}, "JSON-MIN"),
            ({"data": {"a": "x", "b": "y"}, "annotations": [{"result": []}]}, "no text"),
            ({"data": {"text": "x"}, "annotations": [{}]}, "result"),
            ({"data": {"text": "x"}, "annotations": {"result": []}}, "lists"),
            (["Ann"], "no task"),
        ],
    )
    def test_a_wrong_task_is_refused_by_file_and_number(self, wrong: Any, message: str) -> None:
        with pytest.raises(InputError, match=rf"tasks\.json: task 2: .*{message}"):
            self.read(task("Ann", region(0, 3)), wrong)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("[]", r"tasks\.json: the file is empty"),
            ('[\n{"data": }]', r"tasks\.json:2: not JSON"),
            ('"x"', "not a JSON array"),
            ("[" * 100_000, "recursion"),
        ],
    )
    def test_what_is_no_array_of_tasks(self, content: str, message: str) -> None:
        Path("tasks.json").write_text(content)
        with pytest.raises(InputError, match=message):
            read_annotations("tasks.json")


def test_all_problems_of_a_file_can_be_told_and_the_rest_is_read() -> None:
    problems: list[Problem] = []
    Path("gold.jsonl").write_text(
        '{"text": "Ann met Bo", "entities": [[0, 3, "PER"], [2, 7, "ORG"], [8, 99, "PER"], [8, 10, "PER"]]}\n'
        "nonsense\n"
        '{"text": "Li", "entities": [[0, 2, "PER"]]}\n'
    )
    file = read_annotations("gold.jsonl", on_problem=problems.append)
    assert [(problem.place.line, problem.kind) for problem in problems] == [
        *[(1, "overlap"), (1, "offsets")],
        (2, "record"),
    ]
    assert [document.spans for document in file.documents] == [
        (Span(0, 3, "PER"), Span(8, 10, "PER")),
        (Span(0, 2, "PER"),),
    ]


def test_all_wrong_tags_of_a_conll_file_can_be_told() -> None:
    problems: list[Problem] = []
    Path("gold.conll").write_text(
        "Ann B-PER\nLi I-ORG\nBo I-ORG\nmet X\n\nCy I-PER\nof O O\nRome\nWide B-LOC\n".replace("X", "WHAT")
    )
    file = read_annotations("gold.conll", on_problem=problems.append)
    assert [(problem.place.line, problem.kind) for problem in problems] == [
        *[(7, "columns"), (8, "columns"), (2, "sequence"), (4, "tag"), (6, "sequence")],
    ]
    (document,) = file.documents
    assert [(document.text[s.start : s.end], s.label) for s in document.spans] == [
        *[("Ann", "PER"), ("Li Bo", "ORG"), ("Cy", "PER"), ("Wide", "LOC")],
    ]


def test_wrong_bioes_tags_end_or_begin_an_entity() -> None:
    problems: list[Problem] = []
    Path("gold.conll").write_text("Ann B-PER\nLi O\nBo S-PER\nCy I-PER\nDi E-PER\nEd B-LOC\n")
    file = read_annotations("gold.conll", on_problem=problems.append)
    assert file.scheme == "BIOES"
    assert [problem.place.line for problem in problems] == [2, 4, 6]
    assert [(s.start, s.end) for s in file.documents[0].spans] == [(0, 3), (7, 9), (10, 15), (16, 18)]


def test_a_pipe_is_refused_since_its_format_cannot_be_told_without_losing_its_beginning() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"Ann B-PER\n\n" * 2_000)
    os.close(writing)
    with pytest.raises(InputError, match="pipe or a device; give a file"):
        read_annotations(f"/dev/fd/{reading}")
    os.close(reading)

"""The page of a job: complete, escaped, alone, for its owner, and written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import invoke
from tests.evaluation import HOSTILE
from tests.html_page import Page, contrast
from tests.samples import (
    RUN,
    claimed,
    failed_source,
    find_all,
    finish_all,
    new_document,
    new_job,
    result,
)
from worker import store
from worker.errors import InputError
from worker.html.page import read_style
from worker.pages import find_page
from worker.report import Limits, gather, write_report
from worker.report.page import _HERE
from worker.report.passages import find_passages
from worker.store import Database, NewEntity, NewSource
from worker.text import storable

LETTER = "👩🏽‍🚒 Ann Lee 😀 wrote\r\nto New\r\nYork.\r\n\r\nZoe\u0308 of 𝔅o."


@pytest.fixture
def db(database: Database) -> Database:
    """A job with names, pages, a failure and one text under two names."""
    sources = [
        NewSource("letters/a.txt", document=new_document(LETTER), page_starts=(0, LETTER.index("to"))),
        NewSource("letters/b.txt", document=new_document("Ann Lee, ANN  LEE.")),
        NewSource("letters/c.txt", document=new_document("Ann Lee, ANN  LEE.")),
        failed_source("d.pdf", "no_text_layer"),
    ]
    new_job(database, sources, name="letters")
    first, second = claimed(database)
    found = find_all(LETTER, "Ann Lee", "New\r\nYork", "Zoe\u0308", "𝔅o")
    twice = find_all(second.text, "Ann Lee", "ANN  LEE", score=0.6)
    store.finish(database, [result(first, found), result(second, twice)], RUN)
    return database


def written(db: Database, limits: Limits | None = None) -> Page:
    content = gather(db, store.find_job(db, "last"), limits or Limits())
    write_report(Path("page.html"), content)
    return Page(Path("page.html").read_text("utf-8"))


def index_of(page: Page) -> dict[str, Any]:
    index: dict[str, Any] = json.loads(page.embedded["index"])
    return index


class TestWhatItHolds:
    def test_every_text_is_whole_with_its_entities_and_pages(self, db: Database) -> None:
        page = written(db)
        text = json.loads(page.embedded["text-0"])
        shown = [p for p in text["passages"] if not isinstance(p, int)]
        assert "".join(p if isinstance(p, str) else p[0] for p in shown) == LETTER.replace("\r\n", "\n")
        assert [p[0] for p in shown if not isinstance(p, str)] == ["Ann Lee", "New\nYork", "Zoe\u0308", "𝔅o"]
        assert [p for p in text["passages"] if isinstance(p, int)] == [1, 2]
        names = index_of(page)["names"]
        assert [names[name][0] for _, _, name, _ in text["entities"]] == [
            "Ann Lee",
            "New York",
            "Zoe\u0308",
            "𝔅o",
        ]
        assert [number for *_, number in text["entities"]] == [1, 2, 2, 2]

    def test_names_are_counted_as_the_database_counts_them(self, db: Database) -> None:
        names = {row[0]: row[1:] for row in index_of(written(db))["names"]}
        # label, places, documents, mean and least score, spellings, documents of the page
        assert names["Ann Lee"] == [0, 3, 2, 0.7, 0.6, 2, [0, 1]]
        assert len(names) == 4

    def test_a_text_under_two_names_is_one_document(self, db: Database) -> None:
        documents = index_of(written(db))["documents"]
        assert [(d["name"], d["also"]) for d in documents] == [
            ("a.txt", []),
            ("b.txt", ["c.txt"]),
            ("d.pdf", []),
        ]

    def test_what_failed_is_there_with_its_reason(self, db: Database) -> None:
        page = written(db)
        failed = index_of(page)["documents"][-1]
        assert (failed["state"], failed["reason"]) == ("failed", "no_text_layer: Its encoding is not known.")
        assert "failures" in page.ids
        assert "2 of 3 documents were read." in page.text

    def test_a_job_without_anything_has_a_page(self, database: Database) -> None:
        new_job(database, [])
        page = written(database)
        assert "names" not in page.ids
        assert "documents" not in page.ids

    def test_a_job_that_is_not_finished_says_so(self, database: Database) -> None:
        new_job(database, ["a.txt"])
        page = written(database)
        assert "not finished when this page was made" in page.text
        assert index_of(page)["documents"][0]["state"] == "queued"


class TestWhatIsLeftOut:
    def test_documents_beyond_the_limit_are_counted_and_figures_are_of_all(self, db: Database) -> None:
        page = written(db, Limits(documents=1))
        assert [d["name"] for d in index_of(page)["documents"]] == ["a.txt", "d.pdf"]
        assert "the first 1 document; 1 more is not in it" in page.text
        assert index_of(page)["names"][0][:4] == ["Ann Lee", 0, 3, 2]

    def test_a_text_beyond_the_limit_is_in_the_list_without_its_text(self, db: Database) -> None:
        page = written(db, Limits(chars_of_one=30))
        assert [d["text"] for d in index_of(page)["documents"]] == [False, True, False]
        assert "text-0" not in page.embedded
        assert "The text of 1 document is not in this page" in page.text

    def test_names_and_failures_beyond_the_limit_are_counted(self, db: Database) -> None:
        page = written(db, Limits(names=1, failures=0))
        assert len(index_of(page)["names"]) == 1
        assert "the most frequent 1 name; 3 more are not in it" in page.text
        assert "1 more is not in the list of what failed" in page.text

    @pytest.mark.usefixtures("db")
    def test_the_command_warns_of_it(self) -> None:
        outcome = invoke("report", "letters", "-o", "page.html", "--limit-documents", "0")
        assert outcome.exit_code == 0
        assert "Not in the page, which says so: 2 documents." in outcome.stderr


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(database: Database, hostile: str) -> None:
    harmless = {tag for tag, _ in _page_with(database, "harmless").tags}
    page = _page_with(database, storable(hostile))
    assert {tag for tag, _ in page.tags} == harmless
    assert not {"img", "b", "i", "iframe", "object", "link"} & harmless
    assert not {name for _, a in page.tags for name in a if name.startswith("on") or name in ("src", "style")}
    kinds = [a.get("type") for tag, a in page.tags if tag == "script"]
    assert kinds.count(None) == 1
    assert set(kinds) == {None, "application/json"}
    html = Path("page.html").read_text("utf-8")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x1b]", html)
    assert html.count("<!--") == html.count("]]>") == 0


def _page_with(db: Database, hostile: str) -> Page:
    """A job in which every text that anyone may choose is this one."""
    model = store.ModelFacts(
        hashlib.sha256(hostile.encode()).hexdigest(), hostile, hostile, ("O", f"B-{hostile}")
    )
    text = f"{hostile} <!-- ]]> {hostile}\n"
    sources = [NewSource(f"{hostile}/{hostile}.txt", record=hostile, document=new_document(text))]
    failed = NewSource(f"{hostile}.x", error_code=hostile[:20], error_detail=hostile)
    job_id = store.create_job(db, f"{hostile} it", model, {})
    store.add_sources(db, job_id, [*sources, failed])
    store.close_job(db, job_id, {hostile: 3})
    finish_all(db, [hostile], label=hostile)
    return written(db)


class TestThePage:
    def test_every_tag_is_closed_and_every_id_is_one_of_a_kind(self, db: Database) -> None:
        page = written(db)
        assert len(page.ids) == len(set(page.ids))
        links = {str(a["href"]) for tag, a in page.tags if tag == "a"}
        assert links <= {f"#{ident}" for ident in page.ids}
        named = {i for _, a in page.tags for i in (a.get("aria-labelledby") or "").split()}
        assert named <= set(page.ids)

    def test_nothing_but_its_own_style_and_script_is_allowed(self, db: Database) -> None:
        page = written(db)
        policy = next(str(a["content"]) for _, a in page.tags if "http-equiv" in a)
        assert policy.startswith("default-src 'none'; ")
        style = re.search("<style>(.*?)</style>", Path("page.html").read_text("utf-8"), re.S)
        assert style
        for kind, content in (("style", style[1]), ("script", page.embedded["script"])):
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", page.embedded["script"]
        )

    def test_its_owner_alone_may_read_it(self, db: Database) -> None:
        Path("page.html").write_text("what everybody could read")
        Path("page.html").chmod(0o644)
        written(db)
        assert stat.S_IMODE(Path("page.html").stat().st_mode) == 0o600

    @pytest.mark.usefixtures("db")
    def test_what_was_there_stays_unless_it_may_be_replaced(self) -> None:
        Path("page.html").write_text("mine")
        assert invoke("report", "-o", "page.html").exit_code == 1
        assert Path("page.html").read_text() == "mine"
        assert invoke("report", "-o", "page.html", "--overwrite").exit_code == 0
        assert Path("page.html").read_text("utf-8").startswith("<!DOCTYPE html>")

    def test_nothing_is_left_of_what_could_not_be_written(self, db: Database) -> None:
        content = gather(db, store.find_job(db, "last"), Limits())
        Path("folder").mkdir()
        before = sorted(Path.cwd().iterdir())
        with pytest.raises(InputError, match="folder is a folder"):
            write_report(Path("folder"), content)
        content.overview.labels["x"] = "y"  # type: ignore[assignment]
        with pytest.raises(TypeError):
            write_report(Path("page.html"), content)
        assert sorted(Path.cwd().iterdir()) == before

    @pytest.mark.usefixtures("db")
    def test_the_command_sums_up_for_machines(self) -> None:
        answer = json.loads(invoke("report", "-o", "page.html", "--json").stdout)
        left_out = {"documents": 0, "texts": 0, "failures": 0, "names": 0}
        assert answer == {
            "schema_version": 1, "job": 1, "path": "page.html", "documents": 2, "entities": 6, "names": 4,
            "left_out": left_out,
        }  # fmt: skip


class TestPassages:
    def test_entities_that_overlap_are_both_there(self) -> None:
        entities = [NewEntity(0, 8, "ORG", "New York", 0.9), NewEntity(4, 8, "LOC", "York", 0.8)]
        assert find_passages("New York.", entities, ()) == [["New ", 0], ["York", 0, 1], "."]

    def test_an_entity_goes_on_over_the_end_of_its_page(self) -> None:
        entities = [NewEntity(0, 8, "LOC", "New York", 0.9)]
        assert find_passages("New York.", entities, (0, 4, 9)) == [1, ["New ", 0], 2, ["York", 0], ".", 3]
        assert [find_page(start, (0, 4, 9)) for start in (0, 3, 4, 9)] == [1, 1, 2, 3]
        assert find_page(3, ()) is None

    def test_an_empty_text_has_none(self) -> None:
        assert find_passages("", (), ()) == []
        assert find_passages("", (), (0,)) == [1]


def test_text_can_be_read_on_every_colour_it_lies_on() -> None:
    css = read_style(_HERE / "page.css")
    themes: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for number, block in enumerate(re.findall(r":root \{(.*?)\}", css, re.S)):
        themes[number % 2].update(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for theme in themes:
        for n in range(8):
            for ground in ("page", "card", f"c{n}-ground"):
                assert contrast(theme[f"c{n}"], theme[ground]) >= 4.5, (n, ground)
            assert contrast(theme["ink"], theme[f"c{n}-ground"]) >= 4.5
        assert contrast(theme["soft"], theme["cell"]) >= 4.5

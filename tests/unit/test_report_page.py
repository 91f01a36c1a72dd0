"""The page of an evaluation: complete, escaped, alone, and written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation import HOSTILE, evaluation
from tests.html_page import Page, contrast, mixed
from training.report import write_report
from worker.errors import InputError
from worker.html.page import read_style


def written(tmp_path: Path, values: dict[str, Any], title: str = "dev") -> Page:
    write_report(tmp_path / "page.html", values, title)
    return Page((tmp_path / "page.html").read_text("utf-8"))


def test_every_tag_is_closed_and_every_id_is_one_of_a_kind(tmp_path: Path) -> None:
    page = written(tmp_path, evaluation())
    assert len(page.ids) == len(set(page.ids))
    links = {str(a["href"]) for tag, a in page.tags if tag == "a"}
    assert links <= {f"#{ident}" for ident in page.ids}
    named = {ident for _, a in page.tags for ident in (a.get("aria-labelledby") or "").split()}
    assert named <= set(page.ids)


def test_every_chart_says_what_it_is(tmp_path: Path) -> None:
    page = written(tmp_path, evaluation())
    charts = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(charts) == 2 * 8
    assert all(chart["role"] == "img" and chart["aria-labelledby"] for chart in charts)


def test_an_evaluation_that_is_kept_has_no_text_and_says_so(tmp_path: Path) -> None:
    values = evaluation(0)
    values["unmatched_gold"], values["n_unmatched_gold"] = [], 3
    values["interval"] |= {"unit": "block of 50 sentences", "n_units": 12}
    write_report(tmp_path / "page.html", values, "kept")
    html = (tmp_path / "page.html").read_text()
    assert "3 of 234 gold documents could not be matched" in html
    assert "resamples of 12 blocks of 50 sentences:" in html
    assert "This page holds no text of documents;" in html
    assert "text of the evaluated documents;" not in html


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(tmp_path: Path, hostile: str) -> None:
    values = evaluation(5)
    harmless = {tag for tag, _ in written(tmp_path, values).tags}
    values["model"]["name"] = values["scheme"] = values["gold"][0]["name"] = hostile
    values["settings"]["window"] = hostile
    values["unmatched_gold"] = [hostile]
    values["comparison"]["against"]["model"]["name"] = hostile
    values["strict"]["per_label"][hostile] = values["strict"]["per_label"]["PER"]
    values["confusion"] = {"labels": [hostile], "rows": {hostile: {hostile: 3}}, "spurious": {hostile: 1}}
    values["errors"][0]["gold"] = {"start": 0, "end": len(hostile), "label": hostile, "text": hostile}
    page = written(tmp_path, values, hostile)
    assert {tag for tag, _ in page.tags} == harmless
    assert not {"script", "img", "b", "i", "iframe", "object", "link"} & harmless
    assert not {name for _, a in page.tags for name in a if name.startswith("on") or name in ("src", "style")}
    if hostile.isascii() and hostile.isprintable():
        assert page.text.count(hostile) > 10  # whole, in the charts' titles, tables and lists


def test_characters_that_hide_or_reorder_are_shown_as_codes(tmp_path: Path) -> None:
    values = evaluation()
    values["errors"][0].update(document="\u202egpj.txt", before="a\u2066b\x1b[0m\n", after="\ud800")
    write_report(tmp_path / "page.html", values, "dev\u200b")
    html = (tmp_path / "page.html").read_text("utf-8")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00\x1b]", html)
    assert "⟨U+202E⟩gpj.txt" in html
    assert "a⟨U+2066⟩b⟨U+001B⟩[0m↵" in html
    assert "⟨U+D800⟩" in html


def test_the_page_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = written(tmp_path, evaluation())
    html = (tmp_path / "page.html").read_text("utf-8")
    [policy] = [str(a["content"]) for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    style = html.split("<style>", 1)[1].split("</style>", 1)[0]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
    assert "url(" not in style
    assert "@import" not in style
    given = {value for _, a in page.tags for value in a.values() if value and "://" in value}
    assert given == set()


def test_the_numbers_are_those_of_the_evaluation(tmp_path: Path) -> None:
    page = written(tmp_path, evaluation())
    shown = (
        "91.27", "90.83", "91.71", "90.35 to 92.17", "5,180 of the 5,703 found are right",
        "5,180 of the 5,648 in gold are found", "over 231 documents", "95 % of 1,000 resamples",
        "95.71", "79.82", "1,617", "1,631", "+1.23", "+0.41 to +2.07", "0.0040", "90.04", "5,012", "168", "97",
        "91.31", "94.92", "5,307",
        "1,572", "4,757", "3.64", "89.31", "score 0.999", "612", "218", "3 of 234 gold documents",
        "general-small", "1f9c0d6be2a8", "ab" * 32, "max words 60, max pieces 128", "2026-11-24T08:00:00.000Z",
        "nerq evaluate 7 --gold dev.conll --scheme IOB1 --against general-small --errors 100 --report page.html",
    )  # fmt: skip
    assert [number for number in shown if number not in page.text] == []


def test_errors_keep_their_order_and_show_where_the_sides_differ(tmp_path: Path) -> None:
    values = evaluation(0)
    gold = {"start": 10, "end": 22, "label": "ORG", "text": "The New York"}
    found = {"start": 14, "end": 28, "label": "LOC", "text": "New York Times", "score": 0.5}
    boundary = {"document": "b.txt", "before": "in ", "after": ".", "gold": gold, "predicted": found}
    missed = {
        "kind": "missed",
        "document": "a.txt",
        "before": "",
        "after": "",
        "gold": gold,
        "predicted": None,
    }
    values["errors"] = [{"kind": "label and boundary", **boundary}, missed]
    page = written(tmp_path, values)
    html = (tmp_path / "page.html").read_text("utf-8")
    assert '<mark class="g">The </mark><mark class="g p">New York</mark><mark class="p"> Times</mark>' in html
    assert html.index("b.txt") < html.index("a.txt")
    assert "The 2 worst of 612 errors" in page.text
    assert [a["class"] for tag, a in page.tags if tag == "li" and "class" in a] == [
        "error k1 l0 l1",
        "error k0 l1",
    ]


_PARTS = {
    "matching": "matching",
    "confusion": "confusion",
    "reliability": "reliability",
    "threshold": "threshold",
    "windows": "windows",
    "comparison": "comparison",
    "errors": "errors",
    "n_errors_by_kind": "kinds",
    "unmatched_gold": "left-out",
}


@pytest.mark.parametrize(("part", "section"), _PARTS.items())
def test_a_part_that_is_not_there_has_no_section(tmp_path: Path, part: str, section: str) -> None:
    whole = written(tmp_path, evaluation(8)).sections
    values = evaluation(8)
    del values[part]
    without = written(tmp_path, values).sections
    assert without == written(tmp_path, {**values, part: None}).sections
    assert [name for name in whole if name != section] == without != whole


def test_strict_scores_and_a_model_are_enough(tmp_path: Path) -> None:
    values = evaluation()
    page = written(tmp_path, {key: values[key] for key in ("strict", "model")})
    assert page.sections == ["labels", "again", "provenance"]
    assert "interval" not in page.text
    assert "nerq evaluate --model general --report page.html" in page.text


def test_gold_without_any_entity_or_match_is_shown(tmp_path: Path) -> None:
    numbers = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n_gold": 0, "n_predicted": 0, "n_correct": 0}
    values = {**evaluation(0), "strict": {**numbers, "per_label": {}, "n_documents": 0}, "interval": None}
    values["confusion"] = {"labels": [], "rows": {}, "spurious": {}}
    page = written(tmp_path, values)
    assert "No gold document was scored" in page.text
    assert "labels" not in page.sections


def test_windows_given_as_rows_are_those_given_by_name(tmp_path: Path) -> None:
    values = evaluation()
    by_name = written(tmp_path, values).text
    values["windows"] = [{"max_words": int(words), "f1": f1} for words, f1 in values["windows"].items()]
    assert written(tmp_path, values).text == by_name


def test_two_systems_compared_without_names_are_the_first_and_the_second(tmp_path: Path) -> None:
    values = evaluation(0)
    values["comparison"] = {
        "first": 0.9,
        "second": 0.89,
        "difference": -0.01,
        "interval": None,
        "p_value": 0.5,
    }
    page = written(tmp_path, values)
    assert "F1 of the second less F1 of the first" in page.text
    assert "−1.00" in page.text


def test_the_command_asks_a_model_to_read_as_it_did(tmp_path: Path) -> None:
    values = {key: value for key, value in evaluation(0).items() if key in ("strict", "model", "gold")}
    values["settings"] = {"raw": True, "window": {"max_words": 80}, "decoding": "argmax", "min_score": 0.5}
    page = written(tmp_path, {**values, "own_max_words": 60})
    options = "--raw --window 80 --decoding argmax --min-score 0.5 --report page.html"
    assert f"nerq evaluate --model general --gold dev.conll {options}" in page.text


def test_what_was_there_stays_where_a_page_cannot_be_made(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("what was there")
    broken = evaluation()
    del broken["errors"][-1]["kind"]
    with pytest.raises(KeyError):
        write_report(path, broken, "dev")
    assert path.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere/page\.html cannot be written: No such file"):
        write_report(tmp_path / "nowhere" / "page.html", evaluation(), "dev")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder is a folder"):
        write_report(tmp_path / "folder", evaluation(), "dev")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_text_can_be_read_on_every_colour_it_lies_on() -> None:
    css = read_style()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.S)
    )
    on_page = ("ink", "soft", "blue", "orange", "purple", "gold")
    pairs = [
        *((name, ground) for name in on_page for ground in ("page", "card")),
        *((f"on-part-{i}", f"part-{i}") for i in range(5)),
        ("ink", "found"),
        ("ink", "cell"),
        ("page", "blue"),  # the chosen filter
    ]
    assert len(light) == len(dark) > 20
    for theme in (light, dark):
        assert [pair for pair in pairs if contrast(theme[pair[0]], theme[pair[1]]) < 4.5] == []
        for shade in ("right", "wrong"):  # a cell at its deepest
            assert contrast(theme["ink"], mixed(theme[shade], theme["cell"], 0.5)) >= 4.5

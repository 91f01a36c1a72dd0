"""The page in a real browser: it asks for nothing, complains of nothing, fits, and filters without a script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import Browser, chromium
from tests.evaluation import evaluation
from training.report import write_report


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    write_report(folder / "page.html", evaluation(), "<script>alert(1)</script>")
    with chromium(folder / "profile") as browser:
        browser.open(folder / "page.html")
        yield browser


def test_nothing_is_asked_for_and_nothing_is_complained_of(browser: Browser) -> None:
    asked = [event for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    assert [event["params"]["request"]["url"].split("/")[-1] for event in asked] == ["page.html"]
    complaints = {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"}
    assert [event for event in browser.events if event["method"] in complaints] == []
    assert browser.evaluate("getComputedStyle(document.querySelector('.number')).fontWeight") == "650"


@pytest.mark.parametrize("width", [390, 1200])
def test_text_is_neither_cut_nor_overlapped(browser: Browser, width: int) -> None:
    browser.resize(width)
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert (
        browser.evaluate("[...document.querySelectorAll('svg')].filter(s => s.checkVisibility()).length") == 8
    )
    assert browser.evaluate(_CLASHES) == []


@pytest.mark.parametrize("width", [680, 718])  # A4 between the usual margins, and less
def test_on_paper_it_is_dark_on_light_and_nothing_is_cut(browser: Browser, width: int) -> None:
    with browser.printing(width):
        assert browser.evaluate("getComputedStyle(document.body).color") == "rgb(29, 31, 35)"
        assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert browser.evaluate("document.documentElement.scrollWidth") == width
        assert browser.evaluate(_CUT_ON_PAPER) == []
        assert browser.evaluate(_CLASHES) == []


def test_the_filter_shows_what_was_chosen(browser: Browser) -> None:
    shown = "[...document.querySelectorAll('.error')].filter(e => e.checkVisibility()).map(e => e.className)"
    assert len(browser.evaluate(shown)) == 100
    browser.evaluate("document.getElementById('kind-1').click()")
    assert {name.split()[1] for name in browser.evaluate(shown)} == {"k1"}
    browser.evaluate("document.getElementById('label-0').click()")
    left = browser.evaluate(shown)
    assert left
    assert all({"k1", "l0"} <= set(name.split()) for name in left)


#: Texts of charts that lie on each other, or beyond their chart.
_CLASHES = """
[...document.querySelectorAll('svg')].filter(svg => svg.checkVisibility()).flatMap(svg => {
  const edge = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
  const out = texts.filter(([_, box]) => box.left < edge.left - 1 || box.right > edge.right + 1
    || box.top < edge.top - 1 || box.bottom > edge.bottom + 1).map(([text]) => text);
  const over = texts.flatMap(([text, a], i) => texts.slice(0, i).filter(([_, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3).map(([other]) => text + ' / ' + other));
  return [...out, ...over];
})
"""

#: What would scroll on a screen: on paper the rest of it is lost.
_CUT_ON_PAPER = """
[...document.querySelectorAll('.chart, .scroll')].filter(box => box.checkVisibility())
  .filter(box => box.scrollWidth > box.clientWidth || getComputedStyle(box).overflowX !== 'visible')
  .map(box => box.getAttribute('aria-label') || box.className)
"""

"""The page of a job of 1,000 documents in a real browser: quick, quiet, and walked through with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.big_job import make_big_job
from tests.browser import Browser, chromium
from tests.evaluation import HOSTILE
from worker import store
from worker.report import Limits, gather, write_report
from worker.store import open_database, upgrade_database

N_DOCUMENTS = 1_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    url = f"sqlite:///{folder}/nerq.db"
    upgrade_database(url)
    db = open_database(url)
    job = store.find_job(db, str(make_big_job(db, N_DOCUMENTS)))
    write_report(folder / "page.html", gather(db, job, Limits()))
    db.close()
    with chromium(folder / "profile") as browser:
        browser.resize(1200)
        browser.open(folder / "page.html")
        yield browser


@pytest.fixture(autouse=True)
def from_the_top(browser: Browser) -> None:
    """Nothing is open, nothing filtered, and the focus is nowhere."""
    browser.resize(1200)
    browser.evaluate("document.querySelectorAll('dialog[open]').forEach(d => d.close())")
    browser.evaluate(
        "document.querySelectorAll('.filter').forEach(f => { f.value = ''; f.dispatchEvent(new Event('input')) })"
    )
    browser.evaluate("document.activeElement.blur()")


FOCUS = "document.activeElement"
MORE = "document.querySelector('#documents .more')"


def test_it_can_be_used_within_two_seconds(browser: Browser) -> None:
    loaded_ms = browser.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert 0 < loaded_ms < 2_000
    assert browser.evaluate("document.querySelectorAll('#documents tbody tr').length") == 25
    used_ms = browser.evaluate("""
      (() => {
        const filter = document.querySelector('#documents .filter');
        const before = performance.now();
        filter.value = 'lease-00999';
        filter.dispatchEvent(new Event('input'));
        document.querySelector('#documents .open').click();
        document.body.getBoundingClientRect();
        return performance.now() - before;
      })()
    """)
    browser.wait_for("document.querySelectorAll('#reader mark').length > 20")
    assert loaded_ms + used_ms < 2_000


def test_nothing_is_asked_for_and_nothing_is_complained_of(browser: Browser) -> None:
    browser.evaluate(f"while (!{MORE}.hidden) {MORE}.click()")
    for number in range(N_DOCUMENTS, N_DOCUMENTS + len(HOSTILE)):
        browser.evaluate(f"document.querySelectorAll('#documents .open')[{number}].click()")
        browser.wait_for("document.querySelectorAll('#reader mark').length === 2")
        browser.evaluate("document.querySelector('#reader').close()")
    asked = [event for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    assert [event["params"]["request"]["url"].split("/")[-1] for event in asked] == ["page.html"]
    complaints = {
        "Log.entryAdded",
        "Runtime.consoleAPICalled",
        "Runtime.exceptionThrown",
        "Page.javascriptDialogOpening",
    }
    assert [event for event in browser.events if event["method"] in complaints] == []


def test_names_are_found_and_read_with_the_keyboard_alone(browser: Browser) -> None:
    browser.press("/")
    assert browser.evaluate(f"{FOCUS}.closest('section').id") == "names"
    browser.write("ann abb")
    assert browser.evaluate("document.querySelector('#names tbody th').textContent") == "Ann Abbott"
    browser.press("ArrowDown")
    assert browser.evaluate(f"{FOCUS}.textContent") == "Ann Abbott"
    browser.press("Enter")
    browser.wait_for(f"{FOCUS}.matches('#places .found .open')")
    assert browser.evaluate("document.querySelector('#places .found mark').textContent") == "Ann Abbott"
    browser.press("ArrowDown", "Enter")
    browser.wait_for(f"{FOCUS}.matches('#reader mark.current')")
    assert browser.evaluate(f"{FOCUS}.textContent") == "Ann Abbott"
    browser.press("n")
    assert browser.evaluate("document.querySelectorAll('#reader mark.current').length") == 1
    browser.press("Escape")
    assert browser.evaluate(f"{FOCUS}.matches('#places .found li:nth-child(2) .open')")
    browser.press("Escape")
    assert browser.evaluate(f"{FOCUS}.textContent") == "Ann Abbott"
    browser.press("ArrowUp", "Escape")
    assert browser.evaluate(f"{FOCUS}.value") == ""
    assert browser.evaluate("document.querySelectorAll('#names tbody tr').length") == 25


def test_documents_are_reached_by_tabulator_filtered_and_opened(browser: Browser) -> None:
    for _ in range(60):
        browser.press("Tab")
        if browser.evaluate(f"{FOCUS}.matches('#documents .filter')"):
            break
    assert browser.evaluate(f"{FOCUS}.matches('#documents .filter')"), (
        "a list is not a step for each of its rows"
    )
    browser.write("lease-00003")
    browser.press("Enter")
    browser.wait_for("document.querySelectorAll('#reader mark').length > 20")
    assert browser.evaluate("document.querySelector('#reader-title').textContent") == "00/lease-00003.txt"
    pages = "[...document.querySelectorAll('#reader .text .page')].map(page => page.dataset.page)"
    assert browser.evaluate(pages) == ["1", "2", "3"]
    browser.press("n", "n", "p")
    assert browser.evaluate("document.querySelector('#reader .at').textContent").startswith("1 of ")
    browser.press("Escape")
    assert browser.evaluate(f"{FOCUS}.textContent") == "00/lease-00003.txt"


def test_lists_are_sorted_and_filtered_by_state_and_label(browser: Browser) -> None:
    browser.evaluate("document.querySelector('#documents [data-key=entities]').click()")
    counts = (
        "[...document.querySelectorAll('#documents .of-entities .value')].map(c => Number(c.textContent))"
    )
    shown = browser.evaluate(counts)
    assert shown == sorted(shown, reverse=True)
    assert browser.evaluate("document.querySelector('#documents [aria-sort]').ariaSort") == "descending"
    failed = (
        "[...document.querySelectorAll('#documents .chip')].find(c => c.textContent.startsWith('failed'))"
    )
    browser.evaluate(f"{failed}.click()")
    assert browser.evaluate("document.querySelector('#documents .n-shown').textContent") == "16 of 1,024"
    browser.evaluate("document.querySelector('#documents .open').click()")
    browser.wait_for(
        "document.querySelector('#reader .text').textContent.includes('Its encoding is not known.')"
    )
    browser.evaluate("document.querySelector('#reader').close()")
    browser.evaluate(f"{failed}.click(), document.querySelector('#names .chip').click()")
    labels = "[...new Set([...document.querySelectorAll('#names tbody .label')].map(l => l.textContent))]"
    assert browser.evaluate(labels) == ["PER"]
    browser.evaluate("document.querySelector('#names .chip').click()")


def test_labels_of_a_document_can_be_put_out(browser: Browser) -> None:
    browser.evaluate("document.querySelector('#documents .open').click()")
    browser.wait_for("document.querySelectorAll('#reader mark').length > 20")
    browser.evaluate("document.querySelector('#reader .chip').click()")
    left = "[...document.querySelectorAll('#reader mark:not(.off)')].map(m => m.dataset.label)"
    assert set(browser.evaluate(left)) == {
        browser.evaluate("document.querySelector('#reader .chip').firstChild.data")
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_follows_the_preferred_theme(browser: Browser, theme: str) -> None:
    browser.prefer(theme)
    colours = browser.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    ink, page = (sum(map(int, colour[4:-1].split(", "))) for colour in colours)
    assert (ink < page) == (theme == "light")


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_cut_or_overlapped(browser: Browser, width: int) -> None:
    browser.resize(width)
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert browser.evaluate(_BEYOND) == []
    browser.evaluate("document.querySelector('#documents .open').click()")
    browser.wait_for("document.querySelectorAll('#reader mark').length > 20")
    assert browser.evaluate("document.querySelector('#reader').scrollWidth") <= width


#: Texts of charts beyond their chart, and tables that are wider than their place.
_BEYOND = """
[...[...document.querySelectorAll('svg')].filter(svg => svg.checkVisibility()).flatMap(svg => {
  const edge = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(one => {
    const box = one.getBoundingClientRect();
    return box.left < edge.left - 1 || box.right > edge.right + 1;
  }).map(one => one.textContent);
}), ...[...document.querySelectorAll('.rows')].filter(rows => rows.scrollWidth > rows.clientWidth).map(r => 'rows')]
"""

"""Processes that read: the same sources in the same order as without them, whatever becomes of one of them."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.services import wait_until
from worker.documents import Document, ReadOptions, Skipped, Source, read_sources
from worker.documents.file_reading import read_file
from worker.documents.files import FoundFile, find_files
from worker.documents.opening import Location
from worker.documents.reader_pool import ReaderPool
from worker.documents.turns import read_files
from worker.documents.visit import Visit

OPTIONS = ReadOptions()
#: More than are read before processes are worth their start.
N_FILES = 900
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def folder() -> Path:
    """Many files of several kinds, good and bad."""
    for i in range(N_FILES):
        path = Path(f"in/{i // 100}/{i:04}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Letter {i} from Ann to Bo. " * (i % 40))
    Path("in/3/0300.png").touch()
    Path("in/3/0310.jsonl").write_text('{"text": "r"}\n' * 500)
    Path("in/5/0500.csv").write_text("id,text\n" + "".join(f"{i},row {i}\n" for i in range(500)))
    Path("in/7/0700.bad.txt").write_bytes(b"\xff\xfe\x00\xd8\x01")
    Path("in/8/0800.txt.gz").write_bytes(gzip.compress(b"Cy"))
    return Path("in")


def read_here(folder: Path) -> list[Source]:
    found = [f for f in find_files([folder], OPTIONS) if isinstance(f, FoundFile)]
    return [r for f in found for r in read_file(f, OPTIONS, Visit()) if isinstance(r, Source)]


def readers() -> list[psutil.Process]:
    """The processes that read for this one."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # a zombie is one too
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def codes(sources: list[Source]) -> list[str | None]:
    return [source.error and source.error.code for source in sources]


def test_many_files_are_read_as_one_by_one_and_no_process_stays(folder: Path) -> None:
    skipped: list[Skipped] = []
    sources = read_sources([folder], OPTIONS, skipped.append)
    assert list(map(repr, sources)) == list(map(repr, read_here(folder)))
    assert skipped == [Skipped("in/3/0300.png", ".png")]
    assert readers() == []


def test_few_simple_files_start_no_process(folder: Path) -> None:
    for _ in read_sources([folder / "0"], OPTIONS):
        assert readers() == []


def test_processes_that_are_killed_cost_nothing(folder: Path) -> None:
    expected = read_here(folder)
    sources: list[Source] = []
    n_killed = 0
    for source in read_sources([folder], OPTIONS):
        sources.append(source)
        if len(sources) in (250, 600, 1100, 1500) and (alive := readers()):
            alive[0].kill()
            n_killed += 1
    assert list(map(repr, sources)) == list(map(repr, expected))
    assert n_killed >= 3


def test_a_reading_that_is_given_up_leaves_no_process(folder: Path) -> None:
    sources = read_sources([folder], OPTIONS)
    assert isinstance(sources, Iterator)
    for _ in range(400):
        next(sources)
    pids = [process.pid for process in readers()]
    assert pids
    del sources
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_a_killed_parent_takes_its_processes_along(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, signal\n"
        "from worker.documents import ReadOptions, read_sources\n"
        "if __name__ == '__main__':\n"
        "    for number, _ in enumerate(read_sources(['in'], ReadOptions())):\n"
        "        if number == 400:\n"
        "            import psutil\n"
        "            print(*(p.pid for p in psutil.Process().children()), flush=True)\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, script], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) >= 2
    wait_until(lambda: not any(map(_is_running, pids)), 30, "the end of the processes")


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_file_that_takes_too_long_fails_alone() -> None:
    Path("in").mkdir()
    with gzip.open("in/a.txt.gz", "wb", compresslevel=1) as file:
        for _ in range(90):
            file.write(b"Ann met Bo. " * 80_000)
    options = ReadOptions(limit_s=0.05, max_file_bytes=100_000_000)
    (slow,) = read_sources(["in"], options)
    assert slow.error is not None
    assert (slow.error.code, slow.path) == ("reader_timeout", "in/a.txt.gz")
    Path("in/a.txt.gz").write_bytes(gzip.compress(b"Ann"))
    (quick,) = read_sources(["in"], ReadOptions(limit_s=60))
    assert quick.document == Document.of("Ann")


def test_a_file_that_takes_too_much_memory_fails_alone() -> None:
    Path("in").mkdir()
    with gzip.open("in/a.txt.gz", "wb", compresslevel=1) as file:
        for _ in range(90):
            file.write("Ann met Bo 😀. ".encode() * 60_000)
    Path("in/b.txt.gz").write_bytes(gzip.compress(b"Ann"))
    options = ReadOptions(memory_bytes=700_000_000, max_file_bytes=100_000_000)
    sources = list(read_sources(["in"], options))
    assert codes(sources) == ["too_complex", None]


def test_processes_that_cannot_start_end_the_reading_with_a_reason() -> None:
    """A program without a file cannot be started anew."""
    Path("b.txt.gz").write_bytes(gzip.compress(b"Ann"))
    script = (
        "from worker.documents import ReadOptions, read_sources\n"
        "list(read_sources(['b.txt.gz'], ReadOptions()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-"], input=script, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert "NerqError: Processes that read documents end as they begin" in done.stderr


def test_what_comes_through_a_pipe_may_be_of_any_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("input").write_bytes(gzip.compress(b"Ann"))
    with Path("input").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        (source,) = read_sources(["-"], OPTIONS)
    assert source.document == Document.of("Ann")


@pytest.mark.timeout(60)
def test_a_long_input_among_long_files_is_sent_when_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "<html>" + "<p>Ann met Bo. " * 40_000
    n_files = 4 * len(os.sched_getaffinity(0))
    for i in range(n_files):
        Path(f"{i}.html").write_text(page)
    with Path("0.html").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        sources = list(read_sources(["0.html", "-", *(f"{i}.html" for i in range(1, n_files))], OPTIONS))
    assert [source.path for source in sources][:3] == ["0.html", "-", "1.html"]
    assert codes(sources) == [None] * (n_files + 1)


def page(name: str, n_paragraphs: int) -> FoundFile:
    Path(name).write_text("<html>" + "<p>Ann met Bo. " * n_paragraphs)
    return FoundFile(name, Location(Path(name)), "text/html")


def test_what_is_passed_over_costs_little_where_processes_read() -> None:
    def seconds(pages: list[FoundFile]) -> float:
        others = [Skipped(f"{i}.jpg", ".jpg") for i in range(20_000)]
        started = time.process_time()
        n_results = sum(1 for _ in read_files(iter([*pages, *others, *pages]), OPTIONS))
        assert n_results == 20_000 + 2 * len(pages)
        return time.process_time() - started

    assert seconds([page("a.html", 1)]) < 20 * seconds([])


def test_results_that_wait_are_bounded_however_short_they_are() -> None:
    n_rows = 300_000
    Path("rows.jsonl").write_text('{"text": ""}\n' * n_rows)
    rows = FoundFile("rows.jsonl", Location(Path("rows.jsonl")), "application/jsonl")
    with ReaderPool(OPTIONS) as pool:
        slow, quick = pool.give([page("slow.html", 300_000)]), pool.give([rows])
        pool.wait_for(slow, [quick])
        assert len(quick.results) < 10_000
        n_read = 0
        while not quick.is_done or quick.results:
            n_read += len(quick.results)
            quick.results.clear()
            if not quick.is_done:
                pool.wait_for(quick, [])
    assert n_read == n_rows

"""When a file of a watched folder is quiet enough to be taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.inbox import Inbox
from tests.command_line import invoke, write_documents
from worker.documents import ReadOptions, read_sources


def look(inbox: Inbox, folder: Path) -> list[str]:
    """The names of the files that are taken at this look."""
    inbox.look()
    sources = list(read_sources([folder], ReadOptions(), wants=inbox.wants))
    inbox.forget_the_rest()
    return [source.path.rpartition("/")[2] for source in sources]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "inbox", {"a.txt": "Anna", "deep/b.txt": "Bob"})


def test_a_file_is_taken_at_the_second_look_that_finds_it_the_same_and_then_no_more(folder: Path) -> None:
    inbox = Inbox()
    assert [look(inbox, folder) for _ in range(4)] == [[], ["a.txt", "b.txt"], [], []]


def test_a_file_that_grows_waits_until_it_does_not(folder: Path) -> None:
    inbox = Inbox()
    look(inbox, folder)
    for _ in range(3):
        with (folder / "a.txt").open("a") as file:
            file.write(" and Bob")
        assert "a.txt" not in look(inbox, folder)
    assert look(inbox, folder) == ["a.txt"]


def test_so_does_one_of_the_same_size_that_was_written_again(folder: Path) -> None:
    inbox = Inbox()
    look(inbox, folder)
    os.utime(folder / "a.txt", (1, 1))
    assert look(inbox, folder) == ["b.txt"]
    assert look(inbox, folder) == ["a.txt"]
    (folder / "b.txt").write_text("Bab")
    assert look(inbox, folder) == []
    assert look(inbox, folder) == ["b.txt"]


def test_a_path_that_is_too_long_for_one_call_is_taken_too(folder: Path) -> None:
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("x" * 200, dir_fd=inner)
        outer, inner = inner, os.open("x" * 200, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(os.open("deep.txt", os.O_WRONLY | os.O_CREAT, dir_fd=inner))
    os.close(inner)
    inbox = Inbox()
    look(inbox, folder)
    assert "deep.txt" in look(inbox, folder)


def test_a_file_that_was_put_back_or_is_there_again_is_taken_again(folder: Path) -> None:
    inbox = Inbox()
    look(inbox, folder)
    look(inbox, folder)
    inbox.put_back(str(folder / "a.txt"))
    assert look(inbox, folder) == ["a.txt"]
    (folder / "a.txt").rename(folder.parent / "a.txt")
    assert look(inbox, folder) == []
    (folder.parent / "a.txt").rename(folder / "a.txt")
    assert [look(inbox, folder) for _ in range(2)] == [[], ["a.txt"]]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["a.txt"], 2),
        (["-"], 2),
        (["nowhere"], 4),
        (["a" * 5000], 4),
        ([".", "--again"], 2),
        ([".", "--dry-run"], 2),
        ([".", "--wait"], 2),
    ],
)
def test_what_cannot_be_watched_is_said_at_once(arguments: list[str], code: int) -> None:
    Path("a.txt").write_text("Anna")
    result = invoke("submit", "--watch-folder", *arguments)
    assert result.exit_code == code
    assert not Path("nerq.db").exists()

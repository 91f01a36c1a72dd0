import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.documents import FoundFile, ReadOptions, Skipped, find_files
from worker.errors import InputError, NotFoundError

OPTIONS = ReadOptions()


def make(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("text")


def found(*paths: str | Path, options: ReadOptions = OPTIONS) -> list[str]:
    return [f.path for f in find_files(paths, options) if isinstance(f, FoundFile) and not f.error]


def skipped(*paths: str, options: ReadOptions = OPTIONS) -> dict[str, str]:
    return {f.path: f.reason for f in find_files(paths, options) if isinstance(f, Skipped)}


def test_a_folder_is_walked_in_order_of_name() -> None:
    make("in/b.txt", "in/a/z.md", "in/a/y.JSONL", "in/a.txt", "in/c/d/e.text")
    assert found("in") == ["in/a/y.JSONL", "in/a/z.md", "in/a.txt", "in/b.txt", "in/c/d/e.text"]
    assert found("./in/") == found(Path("in"))
    assert found(".")[0] == "in/a/y.JSONL"
    assert found(Path("in").absolute())[0] == f"{Path.cwd()}/in/a/y.JSONL"


def test_what_is_passed_over_in_a_folder_is_named_with_its_reason() -> None:
    make("in/.env", "in/.git/config.txt", "in/scan.PNG", "in/README", "in/a.txt", "secret/s.txt")
    Path("in/link.txt").symlink_to(Path("secret/s.txt").absolute())
    Path("in/folder").symlink_to(Path("secret").absolute())
    os.mkfifo("in/pipe.txt")
    assert found("in") == ["in/a.txt"]
    assert skipped("in") == {
        "in/.env": "hidden",
        "in/.git": "hidden",
        "in/README": "no suffix",
        "in/folder": "symlink",
        "in/link.txt": "symlink",
        "in/pipe.txt": "not a file",
        "in/scan.PNG": ".png",
    }


def test_suffixes_that_look_made_up_are_one_kind() -> None:
    make("in/a.20240101", "in/a.r07", "in/a.averylongsuffix", "in/a.\x1b[j", "in/a.\udcff", "in/a.xlsx")
    reasons = list(skipped("in").values())
    assert (reasons.count("other"), reasons.count(".xlsx")) == (5, 1)


def test_what_is_named_is_read_even_if_hidden_or_linked_or_is_an_error() -> None:
    make(".hidden.txt", ".folder/a.txt", "b.png", "README")
    Path("link.txt").symlink_to(".hidden.txt")
    os.mkfifo("pipe.txt")
    assert found(".hidden.txt", ".folder", "link.txt") == [".hidden.txt", ".folder/a.txt", "link.txt"]
    errors = [
        f.error.code
        for f in find_files(["b.png", "README", "pipe.txt"], OPTIONS)
        if isinstance(f, FoundFile) and f.error
    ]
    assert errors == ["unsupported", "unsupported", "not_a_file"]


@pytest.mark.parametrize(
    "missing", ["none", "a.txt/x", "dangling.txt", "loop.txt", "nul\x00.txt", "", "x" * 5000]
)
def test_a_path_that_does_not_exist_is_an_error_before_anything_is_found(missing: str) -> None:
    make("a.txt")
    Path("dangling.txt").symlink_to("nowhere")
    Path("loop.txt").symlink_to("loop.txt")
    if missing == "":
        assert found("") == ["a.txt"]  # the working directory, as for every tool
        return
    with pytest.raises(NotFoundError, match="no such file or folder"):
        find_files(["a.txt", missing], OPTIONS)


def test_patterns_choose_files_and_read_any_suffix_as_text() -> None:
    make("in/a.log", "in/b.txt", "in/old/c.log", "in/d.jsonl", "e.log", "f.png")
    options = ReadOptions(include=("*.log", "*.jsonl"))
    assert found("in", options=options) == ["in/a.log", "in/d.jsonl", "in/old/c.log"]
    assert skipped("in", options=options) == {"in/b.txt": "not included"}
    assert found("in", options=ReadOptions(include=("old/*",))) == ["in/old/c.log"]
    media_types = [f.media_type for f in find_files(["in", "e.log"], options) if isinstance(f, FoundFile)]
    assert media_types == ["text/plain", "application/jsonl", "text/plain", "text/plain"]


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems only hold names that are Unicode")
def test_any_file_name_has_a_path_that_can_be_stored() -> None:
    names = [b"caf\xe9.txt", "café.txt".encode(), b"two\nlines.txt", b"\x1b[31mred.txt", b"\xff\xfe/x.txt"]
    for name in names:
        path = Path(os.fsdecode(b"in/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    paths = found("in")
    assert sorted(paths) == sorted(
        ["in/\x1b[31mred.txt", "in/caf\\xe9.txt", "in/café.txt", "in/two\nlines.txt", "in/\\xff\\xfe/x.txt"]
    )
    for path in paths:
        path.encode()


def test_a_folder_that_cannot_be_listed_is_an_error_not_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    make("in/a/x.txt", "in/b/y.txt", "in/c.txt")
    files = find_files(["in"], OPTIONS)
    first = next(files)
    (Path("in/b/y.txt")).unlink()
    Path("in/b").rmdir()
    rest = list(files)
    assert isinstance(first, FoundFile)
    assert first.path == "in/a/x.txt"
    assert [(f.path, f.error and f.error.code) for f in rest if isinstance(f, FoundFile)] == [
        ("in/b", "not_found"),
        ("in/c.txt", None),
    ]


def test_folders_may_be_nested_deeper_than_the_stack_of_python() -> None:
    depth = sys.getrecursionlimit() + 100
    start = Path.cwd()
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.txt").write_text("x")
    os.chdir(start)
    try:
        assert found("d") == ["d/" * depth + "a.txt"]
    finally:
        subprocess.run(["rm", "-r", "d"], check=True)  # pytest's own removal is recursive


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "undefined", ""])
def test_an_encoding_that_does_not_exist_is_refused_at_once(encoding: str) -> None:
    with pytest.raises(InputError, match="text encoding"):
        ReadOptions(encoding=encoding)

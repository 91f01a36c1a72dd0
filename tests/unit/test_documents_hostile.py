"""Files that are no documents, and documents that are attacks: each is a source with its reason, and the rest go on."""

from __future__ import annotations

import codecs
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from worker.documents import Document, FoundFile, ReadOptions, Source, find_files, read_sources
from worker.documents.decoding import decode
from worker.documents.file_reading import read_file
from worker.documents.opening import Location, open_regular
from worker.documents.visit import Visit
from worker.errors import DocumentError

OPTIONS = ReadOptions()


def read(*paths: str | Path, options: ReadOptions = OPTIONS) -> list[Source]:
    return list(read_sources(paths, options))


def read_found(found: FoundFile) -> Source:
    (source,) = read_file(found, OPTIONS, Visit())
    assert isinstance(source, Source)
    return source


def codes(sources: list[Source]) -> list[str | None]:
    return [source.error and source.error.code for source in sources]


def refusal(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        decode(data)
    return caught.value.code


# What stands where a file should.


def test_only_regular_files_are_opened_whatever_they_are_called() -> None:
    os.mkfifo("fifo.txt")
    Path("folder.txt").mkdir()
    Path("zero.txt").symlink_to("/dev/zero")
    Path("hard.txt").write_text("Ann")
    os.link("hard.txt", "link.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.txt")
        sources = read("fifo.txt", "zero.txt", "socket.txt", "folder.txt", "hard.txt", "link.txt")
    assert codes(sources) == ["not_a_file", "not_a_file", "not_a_file", None, None]
    assert [source.path for source in sources] == [
        "fifo.txt",
        "zero.txt",
        "socket.txt",
        "hard.txt",
        "link.txt",
    ]


@pytest.mark.parametrize("replacement", ["fifo", "device", "socket", "folder", "link", "nothing"])
def test_what_a_file_was_exchanged_for_after_it_was_found_is_not_read(replacement: str) -> None:
    Path("in").mkdir()
    Path("in/a.txt").write_text("a")
    (found,) = find_files(["in"], OPTIONS)
    Path("in/a.txt").unlink()
    Path("secret.txt").write_text("secret")
    with socket.socket(socket.AF_UNIX) as listening:
        make = {
            "fifo": lambda: os.mkfifo("in/a.txt"),
            "device": lambda: Path("in/a.txt").symlink_to("/dev/zero"),
            "socket": lambda: listening.bind("in/a.txt"),
            "folder": lambda: Path("in/a.txt").mkdir(),
            "link": lambda: Path("in/a.txt").symlink_to("../secret.txt"),
            "nothing": lambda: None,
        }
        make[replacement]()
        assert isinstance(found, FoundFile)
        source = read_found(found)
    assert codes([source]) == ["not_found" if replacement == "nothing" else "not_a_file"]


def test_a_folder_that_becomes_a_link_leads_nowhere() -> None:
    for name in (
        "in/a/x.txt",
        "in/a/y.txt",
        "in/b/c/x.txt",
        "outside/x.txt",
        "outside/y.txt",
        "outside/c/x.txt",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    sources = read_sources(["in"], OPTIONS)
    assert next(sources).document == Document.of("in/a/x.txt")
    for name in ("a", "b"):
        Path(f"in/{name}").rename(f"moved-{name}")
        Path(f"in/{name}").symlink_to("../outside")
    rest = list(sources)
    assert [(source.path, source.document) for source in rest] == [("in/a/y.txt", None), ("in/b", None)]
    assert set(codes(rest)) <= {"not_a_file", "not_found"}


def test_links_in_a_circle_end_the_walk() -> None:
    Path("in/a").mkdir(parents=True)
    Path("in/a/up").symlink_to("..")
    Path("in/a/self").symlink_to("self")
    Path("in/a/x.txt").write_text("x")
    assert [source.path for source in read("in")] == ["in/a/x.txt"]


def test_a_path_with_dots_is_read_where_it_was_named_and_no_further() -> None:
    Path("in").mkdir()
    Path("a.txt").write_text("a")
    assert read("in/../a.txt")[0].document == Document.of("a")
    assert read("in/..")[0].path == "in/../a.txt"


def test_what_may_not_be_read_is_unreadable_and_its_neighbours_are_read() -> None:
    for name in ("in/a.txt", "in/closed/b.txt", "in/listed/c.txt", "in/z.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    Path("in/a.txt").chmod(0)
    Path("in/closed").chmod(0)
    Path("in/listed").chmod(0o444)
    Path.cwd().chmod(0o755)
    with as_nobody():
        sources = read("in")
    for name in ("in/closed", "in/listed"):
        Path(name).chmod(0o755)
    assert [(source.path, source.error and source.error.code) for source in sources] == [
        ("in/a.txt", "unreadable"),
        ("in/closed", "unreadable"),
        ("in/listed/c.txt", "unreadable"),
        ("in/z.txt", None),
    ]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so be someone else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# Files of odd sizes, and files that do not stay as they are.


def test_a_file_of_five_gigabytes_is_refused_without_being_read() -> None:
    with Path("sparse.txt").open("wb") as file:
        file.truncate(5_000_000_000)
    started = time.monotonic()
    (source,) = read("sparse.txt")
    assert (codes([source]), source.n_bytes) == (["too_large"], 5_000_000_000)
    assert time.monotonic() - started < 30  # reading it takes minutes


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("with Path('a.txt').open('a') as file: file.write('more')", "changed"),
        ("os.truncate('a.txt', 3)", "changed"),
        ("with Path('a.txt').open('r+') as file: file.write('B')", "changed"),
        ("Path('a.txt').unlink()", None),
    ],
)
def test_a_text_that_changes_while_it_is_read_is_refused(change: str, code: str | None) -> None:
    Path("a.txt").write_text("Ann met Bo. " * 1000)
    os.utime("a.txt", (1, 1))
    with at_the_first_read(lambda: exec(change)):  # noqa: S102
        (source,) = read("a.txt")
    assert codes([source]) == [code]  # what is gone from its folder is whole while it is open


@contextmanager
def at_the_first_read(act: Callable[[], None]) -> Iterator[None]:
    """Do something when this process has opened a file and is about to read from it."""

    def on_event(frame: object, event: str, called: object) -> None:
        if event == "c_call" and getattr(called, "__name__", "") == "read":
            sys.setprofile(None)
            act()

    sys.setprofile(on_event)
    try:
        yield
    finally:
        assert sys.getprofile() is None, "nothing was read"


def test_records_that_are_added_while_a_file_is_read_are_not_waited_for() -> None:
    """A job's own output may land in the folder that it reads."""
    Path("a.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')
    sources = read_sources(["a.jsonl"], OPTIONS)
    texts = []
    for source in sources:
        assert source.document
        texts.append(source.document.text)
        with Path("a.jsonl").open("a") as file:
            file.write('{"text": "more"}\n')
    assert texts == ["a", "b"]


@pytest.mark.parametrize("n_bytes", [5, 0])
def test_records_that_vanish_while_a_file_is_read_are_told(n_bytes: int) -> None:
    with Path("a.jsonl").open("w") as file:
        file.writelines(f'{{"id": {i}, "text": "{"x" * 1000}"}}\n' for i in range(1000))
    sources = read_sources(["a.jsonl"], OPTIONS)
    assert next(sources).record == "0"
    os.truncate("a.jsonl", n_bytes)
    rest = list(sources)
    assert rest[-1].error is not None
    assert (rest[-1].error.code, rest[-1].path, rest[-1].record) == ("changed", "a.jsonl", None)


def test_standard_input_that_does_not_wait_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        later = threading.Thread(target=lambda: (os.write(writer, b"Ann met Bo."), os.close(writer)))
        sources = read_sources(["-"], OPTIONS)
        later.start()
        assert next(sources).document == Document.of("Ann met Bo.")
        later.join()


def test_a_regular_file_that_has_nothing_to_say_yet_is_unreadable() -> None:
    kernel_log = Path("/proc/kmsg")
    if not os.access(kernel_log, os.R_OK):
        pytest.skip("only root may read the kernel's log")
    with open_regular(Location(kernel_log)) as file:
        while file.read(1_000_000):
            pass
        source = read_found(FoundFile("kmsg.txt", Location(kernel_log), "text/plain"))
    assert codes([source]) == ["unreadable"]


# Bytes that are no text, or not the text that they seem to be.


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("zeros", bytes(10_000)),
        ("utf-32 without a mark", "Ann met Bo.".encode("utf-32-le")),
        ("tar", b"letter.txt".ljust(257, b"\0") + b"ustar\x0000" + b"Ann met Bo. " * 2000),
        ("program", Path(sys.executable).read_bytes()[:500_000]),
        ("workbook", b"PK\x03\x04" + bytes(22) + b"\x08\0\0\0xl/a.xml"),
    ],
)
def test_binary_files_under_the_name_of_texts_are_unsupported(name: str, data: bytes) -> None:
    Path("a.txt").write_bytes(data)
    (source,) = read("a.txt")
    assert source.error is not None
    assert source.error.code == "unsupported"
    assert source.file_sha256 is not None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ebcdic", ("The tenant, John Smith of London, pays 500.\n" * 50).encode("cp037")),
        ("cut inside its only letter", b"cost 5 \xe2\x82"),
        ("cut inside its third letter", "Zoë Köln €".encode()[:-1]),
        ("overlong slash", b"../..\xc0\xaf../etc/passwd"),
        ("overlong slash of three bytes", b"../..\xe0\x80\xaf../etc/passwd"),
        ("Java's NUL", "Zoë, ".encode() + b"\xc0\x80"),
        ("CESU-8", b"Ann \xed\xa0\xbd\xed\xb8\x80 Bo"),
        ("lone surrogate", b"Ann \xed\xa0\xbd Bo"),
        ("mostly UTF-8", "Zoë in Köln, François à Orléans.\n".encode() * 9 + "Zoë.".encode("cp1252")),
        ("mostly cp1252", "Zoë in Köln, François à Orléans.\n".encode("cp1252") * 9 + "Zoë.".encode()),
        ("odd UTF-16", codecs.BOM_UTF16_BE + "Ann".encode("utf-16-be") + b"\0"),
        ("UTF-32 beyond Unicode", codecs.BOM_UTF32_LE + b"\0\0\x11\0"),
    ],
)
def test_bytes_that_a_guess_would_turn_into_other_letters_are_undecodable(name: str, data: bytes) -> None:
    assert refusal(data) == "undecodable"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("日本の首相は東京で記者会見を行い、", "iso2022_jp", "iso2022_jp_2"),
        ("한국 총리는 서울에서 기자회견을 열었다.", "iso2022_kr", "iso2022_kr"),
        ("中国总理在北京举行记者会，说明经济政策。", "gb18030", "gb18030"),
        ("臺灣總理在臺北舉行記者會，說明經濟政策。", "big5", "big5"),
        ("한국 총리는 서울에서 기자회견을 열었다.", "cp949", "cp949"),
        ("日本の首相は東京で記者会見を行い、", "euc_jp", "euc_jp"),
        ("中国总理在北京举行记者会，说明经济政策。", "utf-16-le", "utf-16-le"),
        ("日本の首相は東京で記者会見を行い、", "utf-16-be", "utf-16-be"),
        ("Ann\x1b[1m met\x1b[0m Bo for $5", "ascii", "utf-8"),
    ],
)
def test_other_encodings_of_asia_and_of_terminals_are_told_apart(
    text: str, encoding: str, found: str
) -> None:
    decoded = decode((text * 10).encode(encoding))
    assert (decoded.text, decoded.encoding) == (text * 10, found)


@pytest.mark.parametrize(
    "data",
    [
        b"a" * 5_000_000 + b"\ncaf\xe9\n",
        (b"a" * 5_000 + b"\n") * 1_000 + b"caf\xe9\n",
        b"\xe9" * 5_000_000,
        bytes(range(128, 256)) * 40_000,
        b"a\xe9\n" * 1_500_000,
        b"\n" * 5_000_000 + b"\xe9",
        b"\xc0\xaf" * 2_500_000,
        b"\x1b$" + b"a" * 5_000_000,
    ],
    ids=["line", "lines", "letters", "junk", "short", "empty", "overlong", "escape"],
)
def test_no_bytes_take_long_to_guess(data: bytes) -> None:
    started = time.monotonic()
    try:
        decode(data)
    except DocumentError as error:
        assert error.code == "undecodable"  # noqa: PT017 either outcome will do, in time
    assert time.monotonic() - started < 60  # a second on a quiet machine; quadratic time would be hours


# Records.


def test_a_field_that_is_there_twice_is_refused_where_it_matters() -> None:
    lines = [
        '{"text": "a", "text": "b"}',
        '{"id": 1, "text": "a", "id": 2}',
        '{"text": "a", "meta": {"x": 1, "x": 2}, "y": 1, "y": 2}',
        '{"text": "a", "more": {"text": "b"}}',
    ]
    Path("a.jsonl").write_text("\n".join(lines))
    sources = read("a.jsonl")
    assert codes(sources) == ["bad_json", "bad_json", None, None]
    assert sources[0].error is not None
    assert sources[0].error.detail == "the field 'text' is there more than once"


def test_records_of_any_shape_are_documents_or_fail_alone() -> None:
    many = '{"text": "ok", ' + ", ".join(f'"key{i}": {i}' for i in range(1_000_000)) + "}"
    lines = [
        many,
        '{"text": "a", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"x":' * 100_000 + "1" + "}" * 100_000,
        '{"text": "ok", "x": [NaN, Infinity, -Infinity, 1e999999, -0.0]}',
        '{"text": "ok", "x": ' + "9" * 4000 + "}",
        '{"text": "a", "x": ' + "9" * 5000 + "}",
        r'{"text": "\ud83d\ude00 \ude00\ud83d \u0000"}',
        '{"text": "a"} {"text": "b"}',
        '{"text": "tab\there"}',
        "{'text': 'a'}",
        '{"text": "a",}',
        '"text"',
        "null",
        '{"text": ["a"]}',
        '{"Text": "a"}',
        '{"id": {"a": 1}, "text": "last"}',
    ]
    Path("a.jsonl").write_text("\n".join(lines))
    sources = read("a.jsonl")
    assert [
        source.document.text if source.document else source.error and source.error.code for source in sources
    ] == [
        *("ok", "bad_json", "bad_json", "ok", "ok", "bad_json", "\U0001f600 \ufffd\ufffd \ufffd"),
        *(
            "bad_json",
            "bad_json",
            "bad_json",
            "bad_json",
            "bad_json",
            "bad_json",
            "missing_text",
            "missing_text",
        ),
        "last",
    ]
    assert [source.record for source in sources] == [str(number) for number in range(1, 17)]


def test_a_line_of_a_hundred_megabytes_is_passed_over_and_the_next_is_read() -> None:
    with Path("a.jsonl").open("wb") as file:
        file.seek(100_000_000)
        file.write(b'\n{"text": "ok"}\n')
    assert codes(read("a.jsonl")) == ["too_large", None]

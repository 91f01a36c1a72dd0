import errno
import gc
import hashlib
import json
import os
import tracemalloc
from collections import deque
from pathlib import Path

import pytest

from worker.documents import Document, ReadOptions, Skipped, Source, read_sources
from worker.documents.opening import document_error
from worker.errors import NotFoundError

OPTIONS = ReadOptions()


def read(*paths: str, options: ReadOptions = OPTIONS) -> list[Source]:
    return list(read_sources(paths, options))


def codes(sources: list[Source]) -> list[str | None]:
    return [source.error and source.error.code for source in sources]


def test_a_text_file_becomes_a_source_with_its_document() -> None:
    data = "\ufeffAnn Müller\r\n".encode()
    Path("a.txt").write_bytes(data)
    assert read("a.txt") == [
        Source(
            "a.txt",
            media_type="text/plain",
            encoding="utf-8",
            file_sha256=hashlib.sha256(data).hexdigest(),
            n_bytes=len(data),
            document=Document.of("Ann Müller\r\n"),
        )
    ]


def test_a_guessed_encoding_is_on_the_source() -> None:
    Path("a.md").write_bytes("Signé par François Müller à Orléans.".encode("cp1252"))
    (source,) = read("a.md")
    assert (source.media_type, source.encoding) == ("text/markdown", "cp1252")
    assert source.encoding_confidence is not None


def test_an_empty_file_is_an_empty_document() -> None:
    Path("a.txt").touch()
    (source,) = read("a.txt")
    assert source.document == Document.of("")


def test_each_problem_is_a_source_with_its_reason_and_the_others_go_on() -> None:
    Path("a.txt").write_bytes(b"x" * 101)
    Path("b.txt").write_bytes("François à Orléans, ".encode() + b"\xe9!")
    Path("c.png").touch()
    Path("d.txt").write_bytes(b"\x7fELF ...")
    Path("e.txt").write_bytes(b"x" * 100)
    os.mkfifo("f.txt")
    sources = read(
        *(f"{name}" for name in ["a.txt", "b.txt", "c.png", "d.txt", "e.txt", "f.txt"]),
        options=ReadOptions(max_file_bytes=100),
    )
    assert codes(sources) == ["too_large", "undecodable", "unsupported", "unsupported", None, "not_a_file"]
    assert sources[0].n_bytes == 101
    assert sources[1].file_sha256
    assert not any("François" in str(source.error) for source in sources)


def test_a_file_of_another_program_is_told_what_to_save_it_as() -> None:
    Path("old.DOC").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    (source,) = read("old.DOC")
    assert source.error is not None
    assert (source.error.code, source.error.detail) == (
        "unsupported",
        "no reader for .doc files: save it as .docx",
    )


def test_a_file_that_went_away_or_became_a_link_is_not_read() -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        Path(name).write_text(name)
    sources = read_sources(["."], OPTIONS)
    assert next(sources).document == Document.of("a.txt")
    Path("b.txt").unlink()
    Path("c.txt").unlink()
    Path("c.txt").symlink_to("/etc/passwd")
    assert codes(list(sources)) == ["not_found", "not_a_file"]


def test_what_the_system_refuses_is_unreadable() -> None:
    assert document_error(PermissionError(errno.EACCES, "Permission denied")).code == "unreadable"
    assert document_error(OSError(errno.EIO, "Input/output error")).detail == "Input/output error"


def test_a_missing_path_is_an_error_before_anything_is_read() -> None:
    Path("a.txt").touch()
    with pytest.raises(NotFoundError):
        read_sources(["a.txt", "none.txt"], OPTIONS)


def test_standard_input_is_plain_text_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.txt").write_text("a")
    Path("input").write_text("Zoë\n")
    with Path("input").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        first, source, last = read("a.txt", "-", "a.txt")
    assert (source.path, source.document, source.media_type) == ("-", Document.of("Zoë\n"), "text/plain")
    assert first == last
    with Path("input").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert codes(read("-", options=ReadOptions(max_file_bytes=4))) == ["too_large"]


def test_standard_input_that_is_closed_is_a_failed_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)  # as Python has it then
    assert codes(read("-")) == ["unreadable"]


def test_skipped_files_are_told() -> None:
    for name in ("in/a.png", "in/b.txt", "in/c.jsonl"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    heard: list[Skipped] = []
    assert len(list(read_sources(["in"], OPTIONS, heard.append))) == 1
    assert heard == [Skipped("in/a.png", ".png"), Skipped("in/c.jsonl", "no records")]


def write_lines(*lines: bytes | str | dict[str, object]) -> None:
    encoded = [
        line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
        for line in lines
    ]
    Path("r.jsonl").write_bytes(b"\n".join(encoded))


def test_each_record_is_a_source_named_by_its_id_or_line() -> None:
    write_lines(
        b'\xef\xbb\xbf{"id": "x/1", "text": "Zo\xc3\xab"}\r',
        "",
        {"text": "b"},
        {"id": 7, "text": ""},
        {"id": [], "text": "c"},
    )
    sources = read("r.jsonl")
    assert [source.record for source in sources] == ["x/1", "3", "7", "5"]
    assert [source.document and source.document.text for source in sources] == ["Zoë", "b", "", "c"]
    assert {(source.path, source.media_type, source.encoding) for source in sources} == {
        ("r.jsonl", "application/jsonl", "utf-8")
    }


def test_a_bad_line_fails_alone() -> None:
    write_lines(
        {"id": "a", "text": "ok"},
        "{",
        "[]",
        {"id": "d", "body": "no text"},
        {"id": "e", "text": None},
        b'{"text": "\xe9"}',
        "[" * 100_000,
        '{"text": "a", "n": ' + "9" * 5000 + "}",
        {"id": "i", "text": "x" * 200_000},
        {"id": "j", "text": "ok"},
    )  # fmt: skip
    sources = read("r.jsonl", options=ReadOptions(max_file_bytes=150_000))
    assert codes(sources) == [
        None,
        "bad_json",
        "bad_json",
        "missing_text",
        "missing_text",
        "undecodable",
        "bad_json",
        "bad_json",
        "too_large",
        None,
    ]
    assert [source.record for source in sources] == ["a", "2", "3", "d", "e", "6", "7", "8", "9", "j"]


def test_the_fields_and_the_encoding_of_records_can_be_named() -> None:
    write_lines('{"key": "k", "körper": "Zoë"}'.encode("cp1252"))
    options = ReadOptions(encoding="cp1252", text_field="körper", id_field="key")
    (source,) = read("r.jsonl", options=options)
    assert (source.record, source.document, source.encoding) == ("k", Document.of("Zoë"), "cp1252")


@pytest.mark.parametrize("encoding", [None, "utf-16", "utf-16-le", "cp037"])
def test_records_in_wide_characters_are_refused_as_one_source(encoding: str | None) -> None:
    write_lines('{"text": "a"}\n'.encode("utf-16"))
    assert codes(read("r.jsonl", options=ReadOptions(encoding=encoding))) == ["undecodable"]


def test_surrogates_and_nul_in_a_record_are_replaced_one_for_one() -> None:
    write_lines(r'{"id": "\ud800", "text": "\u0000\udc00\ud83d\ude00"}')
    (source,) = read("r.jsonl")
    assert source.document == Document.of("\ufffd\ufffd\U0001f600")
    assert source.record == "\ufffd"


def test_a_long_line_is_skipped_without_being_held() -> None:
    with Path("r.jsonl").open("wb") as file:
        file.write(b'{"text": "')
        for _ in range(40):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n{"id": "last", "text": "ok"}')
    sources, peak = peak_memory("r.jsonl", options=ReadOptions(max_file_bytes=1_000_000))
    assert sources == 2
    assert peak < 10_000_000


def test_memory_does_not_grow_with_the_number_of_files() -> None:
    def make(name: str, n_files: int) -> None:
        for i in range(n_files):
            folder = Path(name) / str(i // 100)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{i}.txt").write_text("x" * 20_000)

    make("few", 100)
    make("some", 600)
    make("many", 2000)
    read("few")
    assert peak_memory("few")[1] < 2_000_000
    _, some = peak_memory("some")
    n_sources, many = peak_memory("many")
    assert n_sources == 2000
    assert many < some + 12_000_000  # of 28 million characters more


def peak_memory(*paths: str, options: ReadOptions = OPTIONS) -> tuple[int, int]:
    gc.collect()
    tracemalloc.start()
    try:
        counted = deque(enumerate(read_sources(paths, options), start=1), maxlen=1)
        return counted[0][0], tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

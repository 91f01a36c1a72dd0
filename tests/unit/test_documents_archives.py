"""Compressed files and archives: read as what is in them, within bounds."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest

from worker.documents import Document, ReadOptions, Skipped, Source
from worker.documents.file_reading import read_file
from worker.documents.files import FoundFile, find_files
from worker.documents.visit import Visit

OPTIONS = ReadOptions()


def read(*paths: str, options: ReadOptions = OPTIONS, skipped: list[Skipped] | None = None) -> list[Source]:
    """In this process: processes are another file's subject."""
    found_sources: list[Source] = []
    for found in find_files(paths, options):
        for result in read_file(found, options, Visit()) if isinstance(found, FoundFile) else [found]:
            if isinstance(result, Source):
                found_sources.append(result)
            elif isinstance(result, Skipped) and skipped is not None:
                skipped.append(result)
    return found_sources


def by_path(sources: list[Source]) -> dict[str, str | None]:
    return {s.path: s.document.text if s.document else s.error and s.error.code for s in sources}


def zipped(members: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_a_gzip_file_is_what_is_compressed_in_it() -> None:
    Path("a.txt.gz").write_bytes(gzip.compress("Zoë".encode("utf-16")))
    Path("b.jsonl.gz").write_bytes(gzip.compress(b'{"id": "x", "text": "Ann"}\n{"text": "Bo"}'))
    Path("c.csv.gz").write_bytes(gzip.compress(b"id;text\n1;Ann\n") + gzip.compress(b"2;Bo\n"))
    (text,) = read("a.txt.gz")
    data = Path("a.txt.gz").read_bytes()
    assert text == Source(
        "a.txt.gz",
        media_type="text/plain",
        encoding="utf-16",
        file_sha256=hashlib.sha256(data).hexdigest(),
        n_bytes=len(data),
        document=Document.of("Zoë"),
    )
    assert [(s.record, s.document and s.document.text) for s in read("b.jsonl.gz", "c.csv.gz")] == [
        ("x", "Ann"),
        ("2", "Bo"),
        ("1", "Ann"),
        ("2", "Bo"),
    ]


def test_bad_gzip_files_fail_each_with_a_reason() -> None:
    whole = gzip.compress(os.urandom(100_000).hex().encode())
    Path("cut.txt.gz").write_bytes(whole[:-5000])
    Path("odd.txt.gz").write_bytes(whole[:9000] + b"!!" + whole[9002:])
    Path("none.txt.gz").write_bytes(b"\x1f\x8b plain")
    Path("image.png.gz").write_bytes(gzip.compress(b"\x89PNG"))
    Path("zip.zip.gz").write_bytes(gzip.compress(zipped({"a.txt": "x"})))
    sources = read("cut.txt.gz", "odd.txt.gz", "none.txt.gz", "image.png.gz", "zip.zip.gz")
    assert list(by_path(sources).values()) == [*["damaged"] * 3, "unsupported", "too_complex"]


def test_what_is_no_document_in_a_gzip_file_of_a_folder_is_passed_over() -> None:
    Path("in").mkdir()
    Path("in/a.png.gz").write_bytes(gzip.compress(b"\x89PNG"))
    Path("in/b.tar.gz").write_bytes(gzip.compress(b"letter.txt".ljust(257, b"\0") + b"ustar\x0000"))
    skipped: list[Skipped] = []
    assert read("in", skipped=skipped) == []
    assert skipped == [Skipped("in/a.png.gz", ".png.gz"), Skipped("in/b.tar.gz", ".tar.gz")]


def test_an_archive_is_a_folder() -> None:
    Path("in").mkdir()
    inner = zipped({"deep.txt": "deep", "n.jsonl": '{"text": "r"}'}, zipfile.ZIP_STORED)
    members: dict[str, bytes | str] = {
        "b/z.txt": "z",
        "a.md": "# a",
        ".hidden": "h",
        "__MACOSX/._a.md": "m",
        "c.png": b"\x89PNG",
        "README": "r",
        "bad.txt": b"\xff\xfe\x00\xd8\x01",
        "inner.zip": inner,
    }
    Path("in/x.zip").write_bytes(zipped(members))
    skipped: list[Skipped] = []
    assert by_path(read("in", skipped=skipped)) == {
        "in/x.zip/a.md": "# a",
        "in/x.zip/b/z.txt": "z",
        "in/x.zip/bad.txt": "undecodable",
        "in/x.zip/inner.zip/deep.txt": "deep",
        "in/x.zip/inner.zip/n.jsonl": "r",
    }
    assert {(s.path, s.reason) for s in skipped} == {
        ("in/x.zip/.hidden", "hidden"),
        ("in/x.zip/__MACOSX/._a.md", "hidden"),
        ("in/x.zip/README", "no suffix"),
        ("in/x.zip/c.png", ".png"),
    }
    (member,) = [s for s in read("in") if s.path.endswith("a.md")]
    assert member.file_sha256 == hashlib.sha256(b"# a").hexdigest()


def test_patterns_choose_in_archives_as_in_folders() -> None:
    Path("in").mkdir()
    Path("in/x.zip").write_bytes(zipped({"a.log": "log", "b.txt": "text"}))
    assert by_path(read("in", options=ReadOptions(include=("*.log",)))) == {"in/x.zip/a.log": "log"}
    assert len(read("in", options=ReadOptions(include=("*.zip",)))) == 2


def test_no_name_in_an_archive_leads_out_of_it() -> None:
    names = ["../../etc/passwd.txt", "/etc/shadow.txt", "a\\..\\b.txt", "c/./../d.txt"]
    Path("x.zip").write_bytes(zipped(dict.fromkeys(names, "x")))
    assert sorted(by_path(read("x.zip"))) == [
        "x.zip/a/b.txt",
        "x.zip/c/d.txt",
        "x.zip/etc/passwd.txt",
        "x.zip/etc/shadow.txt",
    ]


def test_a_link_in_an_archive_is_passed_over() -> None:
    info = zipfile.ZipInfo("link.txt")
    info.external_attr = 0o120777 << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    Path("x.zip").write_bytes(data.getvalue())
    skipped: list[Skipped] = []
    assert read("x.zip", skipped=skipped) == []
    assert skipped == [Skipped("x.zip/link.txt", "symlink")]


def test_members_that_cannot_be_read_fail_each_with_a_reason() -> None:
    data = bytearray(zipped({"a.txt": "Ann" * 100, "b.txt": os.urandom(500).hex(), "c.txt": "Cy" * 100}))
    locals_ = [i for i in range(len(data)) if data[i : i + 4] == b"PK\x03\x04"]
    centrals = [i for i in range(len(data)) if data[i : i + 4] == b"PK\x01\x02"]
    data[centrals[0] + 8] |= 1  # encrypted
    data[locals_[1] + 60] ^= 0xFF  # damaged
    data[centrals[2] + 10 : centrals[2] + 12] = struct.pack("<H", 99)  # compressed in an unknown way
    Path("x.zip").write_bytes(data)
    assert list(by_path(read("x.zip")).values()) == ["encrypted", "damaged", "unsupported"]


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04" + bytes(20), b"PK\x05\x06", zipped({"a.txt": "x"})[:-10]],
    ids=["no directory", "no archive", "cut"],
)
def test_half_an_archive_is_one_source_with_a_reason(data: bytes) -> None:
    Path("x.zip").write_bytes(data)
    assert by_path(read("x.zip")) == {"x.zip": "damaged"}


def test_archives_nested_too_deep_are_refused() -> None:
    data = zipped({"a.txt": "x"})
    for _ in range(4):
        data = zipped({"z.zip": data, "b.txt": "b"})
    Path("x.zip").write_bytes(data)
    assert list(by_path(read("x.zip")).values()).count("b") == 3
    assert by_path(read("x.zip"))["x.zip/z.zip/z.zip/z.zip"] == "too_complex"


def test_a_bomb_is_refused_before_it_has_gone_off() -> None:
    bomb = zipped({f"{i}.txt": bytes(49_000_000) for i in range(5)})
    assert len(bomb) < 300_000
    Path("x.zip").write_bytes(bomb)
    codes = list(by_path(read("x.zip")).values())
    assert codes == ["unsupported", "unsupported", "too_large", "too_large", "too_large"]
    with gzip.open("x.jsonl.gz", "wb", compresslevel=1) as file:
        for _ in range(130):
            file.write(b" " * 1_000_000)
    (source,) = read("x.jsonl.gz")
    assert source.error is not None
    assert source.error.code == "too_large"


def test_a_member_larger_than_a_file_may_be_fails_alone() -> None:
    Path("x.zip").write_bytes(zipped({"a.txt": "x" * 200, "b.txt": "ok"}))
    assert list(by_path(read("x.zip", options=ReadOptions(max_file_bytes=100))).values()) == [
        "too_large",
        "ok",
    ]


def test_a_reading_goes_on_where_another_ended(tmp_path: Path) -> None:
    Path("x.zip").write_bytes(zipped({f"{i}.jsonl": f'{{"text": "{i}"}}\n{{"text": "b"}}' for i in range(3)}))
    (found,) = find_files(["x.zip"], OPTIONS)
    assert isinstance(found, FoundFile)
    visit = Visit(start=2)
    given = [r for r in read_file(found, OPTIONS, visit) if not visit.is_passing]
    assert [r.path for r in given] == ["x.zip/1.jsonl"] * 2 + ["x.zip/2.jsonl"] * 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.zip", zipped({"a.txt": "Ann", "b.txt": "Bo"})),
        ("x.jsonl.gz", gzip.compress(b'{"text": "Ann"}\n' * 2)),
    ],
    ids=[
        "zip",
        "gzip",
    ],  # the data holds the time: processes that collect in different seconds would name it otherwise
)
def test_what_is_written_to_while_it_is_read_has_changed(name: str, data: bytes) -> None:
    Path(name).write_bytes(data)
    (found,) = find_files([name], OPTIONS)
    assert isinstance(found, FoundFile)
    results = read_file(found, OPTIONS, Visit())
    first = next(results)
    os.utime(name, (1, 1))
    *_, last = results
    assert isinstance(first, Source)
    assert isinstance(last, Source)
    assert first.document == Document.of("Ann")
    assert (last.path, last.error and last.error.code) == (name, "changed")


def test_a_program_of_others_makes_archives_too() -> None:
    Path("a.txt").write_text("Ann")
    subprocess.run(["python3", "-m", "zipfile", "-c", "x.zip", "a.txt"], check=True)
    subprocess.run(["gzip", "a.txt"], check=True)
    assert by_path(read("x.zip", "a.txt.gz")) == {"x.zip/a.txt": "Ann", "a.txt.gz": "Ann"}


def test_other_files_in_the_form_of_an_archive_are_no_folders() -> None:
    Path("in").mkdir()
    Path("in/app.jar").write_bytes(zipped({"README.txt": "x"}))
    Path("in/book.xlsx").write_bytes(zipped({"xl/workbook.xml": "x"}))
    skipped: list[Skipped] = []
    assert read("in", skipped=skipped) == []
    assert [s.reason for s in skipped] == [".jar", ".xlsx"]

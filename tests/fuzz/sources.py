"""Targets: any bytes as a submitted file become sources, each with a text that can be stored or with its error."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.fuzz.target import Target
from worker.documents import FoundFile, ReadOptions, Source, find_files, read_sources
from worker.documents.file_reading import read_file
from worker.documents.visit import Visit

_MAX_BYTES = 1500
#: Of `--encoding`; None: found out.
_ENCODINGS = (
    *(None, None, None, "utf-8", "cp1252", "utf-16", "utf-16-le", "utf-32", "utf-7", "ascii", "utf-8-sig"),
    *("cp932", "gb18030", "big5hkscs", "iso2022_jp", "iso2022_kr", "hz", "cp037", "punycode", "idna"),
    *("unicode_escape", "raw_unicode_escape", "johab", "shift_jisx0213", "euc_jis_2004"),
)


def _text_file(data: bytes, folder: Path) -> None:
    (source,) = _read(data, folder / "a.txt")
    _check(source)


def _records(data: bytes, folder: Path) -> None:
    sources = list(_read(data, folder / "a.jsonl"))
    for source in sources:
        _check(source)
    lines = [line for line in data[1:].split(b"\n") if line.strip()]
    assert len(sources) == len(lines) or [s.record for s in sources] == [None], "a line is not accounted for"


def _table(data: bytes, folder: Path) -> None:
    for source in _read(data, folder / "a.csv"):
        _check(source)


def _compressed(name: str) -> Callable[[bytes, Path], None]:
    """In this process, where a fuzzer sees the way; elsewhere such files are read by processes."""

    def check(data: bytes, folder: Path) -> None:
        path = folder / name
        path.write_bytes(data)
        options = ReadOptions(max_file_bytes=_MAX_BYTES)
        (found,) = find_files([path], options)
        assert isinstance(found, FoundFile)
        for result in read_file(found, options, Visit()):
            if isinstance(result, Source):
                _check(result)
            assert result.path.startswith(found.path), "a way out"
            assert ".." not in result.path.removeprefix(found.path).split("/"), "a way out"

    return check


def _zip(members: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


def _read(data: bytes, path: Path) -> Iterator[Source]:
    """Under options that the first byte chooses."""
    path.write_bytes(data[1:])
    encoding = _ENCODINGS[data[0] % len(_ENCODINGS)] if data else None
    return read_sources([path], ReadOptions(encoding=encoding, max_file_bytes=_MAX_BYTES))


def _check(source: Source) -> None:
    if source.error:
        assert re.fullmatch("[a-z_]+", source.error.code), "no code"
        assert source.error.detail.isprintable(), "a message that a terminal would obey"
        return
    assert source.document is not None
    assert "\0" not in source.document.text, "PostgreSQL cannot store it"
    encoded = source.document.text.encode()  # no lone surrogate
    assert source.document.sha256 == hashlib.sha256(encoded).hexdigest(), "another hash"
    assert source.encoding is not None
    assert codecs.lookup(source.encoding).name == source.encoding, "the encoding has another name"


_FRENCH = "François a signé à Orléans l’été dernier ; coût : 5 000 €.\n"
SOURCE_TARGETS = {
    "text-file": Target(
        _text_file,
        (
            b"",
            b"\x00" + _FRENCH.encode(),
            b"\x00" + _FRENCH.encode("cp1252"),
            b"\x00" + _FRENCH.encode("utf-16"),
            b"\x00" + _FRENCH.encode("utf-16-be"),
            b"\x00" + _FRENCH.encode()[:-4],
            b"\x00" + "日本の首相は東京で記者会見を行い。\n".encode("cp932"),
            b"\x00" + "日本の首相は東京で".encode("iso2022_jp"),
            b"\x00" + "Президент встретился с министром в Москве\r\n".encode("koi8-r"),
            b"\x00%PDF-1.7\x00PK\x03\x04",
            b"\x05" + _FRENCH.encode("utf-16"),
            b"\x12Zo-qja",
            b"\x13xn--mller-kva.example",
            b"\x14\\N{BULLET}\\ud800\\x",
        ),
    ),
    "table": Target(
        _table,
        (
            b'\x00id,text,n\r\n1,"Zo\xc3\xab ""met""\r\nBo",x\r\n\r\n2,a\n3,"b" c,d\n4,"open',
            b"\x00id;body\n1;a,b\n2;caf\xe9\n",
            b"\x00\xef\xbb\xbftext\rAnn\rBo\x00\r",
            b"\x00" + 'id\ttext\n1\tZoë "met" Bo\n'.encode("utf-16"),
            b'\x00id\ttext\n1\t"a"b\n',
            b'\x04text,text,"a\\"b"\n' + b"a" * 1600 + b",b\n",
        ),
    ),
    "archive": Target(
        _compressed("a.zip"),
        (
            _zip({"a.txt": _FRENCH.encode(), "b/c.csv": b"id,text\n1,x\n", ".x": b"", "../../d.md": b"y"}),
            _zip({"z.zip": _zip({"z.zip": _zip({"a.txt": b"deep"})}), "n.jsonl": b'{"text": "x"}\n{'}),
            b"PK\x05\x06" + bytes(18),
            _zip({"": b"no name", "/": b"", "a\n.txt": b"x"}),
        ),
    ),
    "gzip": Target(
        _compressed("a.jsonl.gz"),
        (gzip.compress(b'{"text": "Ann"}\n{}'), gzip.compress(_FRENCH.encode("utf-16")), b"\x1f\x8b\x08"),
    ),
    "records": Target(
        _records,
        (
            b'\x00{"id": "a", "text": "Zo\xc3\xab"}\r\n\n{"text": "\\ud800\\u0000"}\n[]\n{\n{"text": 1}',
            b'\x04{"text": "caf\xe9", "id": 12, "n": [1e999, NaN, -Infinity]}\n{"text": "a", "text": "b"}',
            b'\x00\xef\xbb\xbf{"text": "' + b"a" * 1600 + b'"}\n' + b"[" * 1200 + b"\n" + b"9" * 1300,
        ),
    ),
}

"""Words that stand in documents and in names, and the search for them in whatever a run leaves behind."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import redis
from sqlalchemy import MetaData, select

from worker.store import Database

#: In every text, and an entity of those that are read; in the names of files; in those of records.
TEXT, FILE, RECORD = "Xylomarquez", "Ophirmandel", "Quillobarth"


def found(haystack: str | bytes, *canaries: str) -> list[str]:
    """The canaries that are in there, whatever their case; in UTF-8, UTF-16 or base64."""
    data = haystack.encode(errors="surrogatepass") if isinstance(haystack, str) else haystack
    return [canary for canary in canaries if _is_in(data, canary)]


def columns_with(db: Database, *canaries: str) -> set[tuple[str, str, str]]:
    """(canary, table, column) of every cell of the database that holds one."""
    with db.read() as connection:
        tables = MetaData()
        tables.reflect(connection)
        return {
            (canary, table.name, column)
            for table in tables.sorted_tables
            for row in connection.execute(select(table)).mappings()
            for column, value in row.items()
            for canary in found(str(value), *canaries)
        }


def files_with(folder: Path, *canaries: str) -> list[Path]:
    """Files anywhere under the folder that hold one, or are named so."""
    return [
        path
        for path in folder.rglob("*")
        if found(str(path), *canaries) or (path.is_file() and found(path.read_bytes(), *canaries))
    ]


def shown_by(process: psutil.Process) -> str:
    """All that other users of the machine, or of the account, see of a process and those that it started."""
    seen = []
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
            seen += [*one.cmdline(), *(f"{name}={value}" for name, value in one.environ().items())]
            seen += [path.read_text() for path in Path(f"/proc/{one.pid}/task").glob("*/comm")]
    return "\n".join(seen)


class Eavesdropper:
    """Every command that anyone sends to a Redis while the block lasts: messages, events and all."""

    def __init__(self, url: str) -> None:
        self.heard: list[str] = []
        self._client = redis.Redis.from_url(url, socket_timeout=None)  # it may be silent for long
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._is_listening = threading.Event()
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_listening.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._client.echo("the end")
        self._thread.join(30)
        self._client.close()

    def commands(self) -> set[str]:
        return {command.split(maxsplit=1)[0].upper() for command in self.heard if command}

    def _listen(self) -> None:
        with self._client.monitor() as monitor:  # type: ignore[no-untyped-call]
            self._is_listening.set()
            while not self._is_over.is_set():
                self.heard.append(monitor.next_command()["command"])


def everything_in(client: redis.Redis) -> Iterator[bytes]:
    """Every key with its value, as it lies in Redis."""
    for key in client.scan_iter("*"):
        yield key
        match client.type(key):
            case b"string":
                yield client.get(key)  # type: ignore[misc]
            case b"list":
                yield from client.lrange(key, 0, -1)  # type: ignore[misc]
            case b"set":
                yield from client.smembers(key)  # type: ignore[misc]
            case b"hash":
                for field, value in client.hgetall(key).items():
                    yield from (field, value)  # type: ignore[misc]
            case b"zset":
                yield from client.zrange(key, 0, -1)  # type: ignore[misc]
            case other:
                raise AssertionError(f"what is a {other!r}?")


def _is_in(data: bytes, canary: str) -> bool:
    plain = [canary.lower().encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    lower = data.lower()
    return any(word in lower for word in plain) or any(word in data for word in _in_base64(canary.encode()))


def _in_base64(word: bytes) -> Iterator[bytes]:
    """What base64 makes of the word wherever it begins; of the first and last letters only whole bits count."""
    for n_before in range(3):
        code = base64.b64encode(bytes(n_before) + word)
        yield code[-(-n_before * 8 // 6) : (n_before + len(word)) * 8 // 6]

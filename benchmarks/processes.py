"""Every contender in a process of its own, so that memory is its own; the parent has them read in turns."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_spawn = get_context("spawn")


class LostError(Exception):
    """A process could not do what it was told; the message is its traceback."""


class Process:
    """Holds what `open` returns and calls its methods on demand.

    Args:
        open: a function of a module.
        arguments: its arguments.
        threads: what libraries that read OMP_NUM_THREADS are told. Tokenizers have one, as in nerq's workers.
    """

    def __init__(self, open: Callable[..., Any], *arguments: Any, threads: int | None = None) -> None:  # noqa: A002
        self._pipe, far_end = _spawn.Pipe()
        told = {"OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"} if threads else {}
        self._process = _spawn.Process(target=_serve, args=(far_end, open, arguments), daemon=True)
        with _environment(told):
            self._process.start()
        far_end.close()
        self.pid = self._process.pid

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method there and wait for what it returns.

        Raises:
            LostError: it raised something, or the process is gone.
        """
        self.begin(method, *arguments)
        return self.answer()

    def begin(self, method: str, *arguments: Any) -> None:
        """Call a method there; its answer is to be fetched later."""
        self._pipe.send((method, arguments))

    def answer(self) -> Any:
        """What the method that was begun returned.

        Raises:
            LostError: as `call`.
        """
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise LostError("the process is gone") from None
        if isinstance(answer, _Failure):
            raise LostError(answer.traceback)
        return answer

    def end(self) -> None:
        """Let it go."""
        self._pipe.close()
        self._process.join(20)
        if self._process.is_alive():
            self._process.kill()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Of this process, and so of those that it starts meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@dataclass(frozen=True, slots=True)
class _Failure:
    traceback: str


def _serve(pipe: Connection, open: Callable[..., Any], arguments: Sequence[Any]) -> None:  # noqa: A002
    opened: Any = None
    while True:
        try:
            method, given = pipe.recv()
        except EOFError:
            return
        try:
            if opened is None:
                opened = open(*arguments)
            answer = getattr(opened, method)(*given)
        except Exception:
            answer = _Failure(traceback.format_exc(limit=-6))
        pipe.send(answer)


def forget_peak() -> None:
    """Measure the peak anew from now on, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """The most memory that this process has held: of its own, not of the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak

"""Every contender in a process of its own, so that memory is its own; the parent has them read in turns."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
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
        threads: what libraries that read OMP_NUM_THREADS are told.
    """

    def __init__(self, open: Callable[..., Any], *arguments: Any, threads: int | None = None) -> None:  # noqa: A002
        self._pipe, far_end = _spawn.Pipe()
        before = os.environ.get("OMP_NUM_THREADS")
        if threads:
            os.environ["OMP_NUM_THREADS"] = str(threads)
        self._process = _spawn.Process(target=_serve, args=(far_end, open, arguments), daemon=True)
        self._process.start()
        far_end.close()
        if threads:
            os.environ.pop("OMP_NUM_THREADS")
            if before is not None:
                os.environ["OMP_NUM_THREADS"] = before
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


def peak_bytes() -> int:
    """The most memory that this process has held: of its own, not of the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak

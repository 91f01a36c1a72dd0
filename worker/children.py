"""What processes have in common that nerq starts for a part of its work: each ends with its parent, by it alone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

#: PR_SET_PDEATHSIG of <sys/prctl.h>: the signal that the kernel sends when the parent is gone.
_PARENT_DEATH_SIGNAL = 1


def die_with_parent(parent_pid: int) -> None:
    """For a process that has nothing to put in order: the kernel ends it when its parent is gone.

    Where the kernel cannot do that, the end of the pipe tells.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """While a child starts, Ctrl-C and SIGTERM wait.

    Ctrl-C goes to all of a terminal's processes: a child that starts with it blocked leaves it to us. And a start that
    is broken off before the child was told what it is for leaves one that complains on the terminal.
    """
    # Else multiprocessing starts it together with the first child, and unblocks the signal in doing so.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _handlers_held():
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handlers_held() -> Iterator[None]:
    """Hold handlers back that are written in Python: the kernel gives the signal to any thread that takes it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run in the main thread alone
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    held = {number: handler for number, handler in before.items() if callable(handler)}
    for number in held:
        signal.signal(number, lambda which, _frame: came.append(which))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for which in came:
            signal.raise_signal(which)

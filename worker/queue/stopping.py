"""A polite end of a model process: at the next pack, never in the middle of a commit."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

#: Seconds a process has to give its batch back before the kernel ends it.
CUT_S = 8.0
#: Sent by a worker that stops to its children: who only pauses need not, and who reads goes on reading.
LEAVING = signal.SIGUSR2
#: Exit status of a process that was asked to stop.
EXIT_STOPPED = 143
#: Seconds between two looks at the request while there is nothing to do.
_NAP_S = 0.1
#: PR_SET_PDEATHSIG of <sys/prctl.h>: the signal that the kernel sends when the parent is gone.
_PARENT_DEATH_SIGNAL = 1


def end_with_parent(parent_pid: int) -> None:
    """Be told of the parent's death by SIGTERM, so that the batch in hand is given back.

    Where the kernel cannot do that, the end of the pipe tells, after the batch.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent_pid:
        sys.exit(EXIT_STOPPED)


class StopRequest:
    """Whether this process was asked to stop; `check` is called where stopping is safe."""

    def __init__(self) -> None:
        self.is_set = False

    def check(self) -> None:
        """End the batch here if a stop was asked for.

        Raises:
            SystemExit: it was; not an Exception, so that no handler in between takes it for a failure.
        """
        if self.is_set:
            raise SystemExit(EXIT_STOPPED)


def pause(seconds: float, is_over: Callable[[], bool]) -> None:
    """Wait so long, or until it is over.

    In short naps: an event may not be set from the handler of a signal that interrupts its own wait.
    """
    end_at = time.monotonic() + seconds
    while not is_over() and (left_s := end_at - time.monotonic()) > 0:
        time.sleep(min(left_s, _NAP_S))


@contextlib.contextmanager
def stop_at_next_pack() -> Iterator[StopRequest]:
    """While inside, SIGTERM only sets the request; a process that is stuck is ended by an alarm after CUT_S.

    Outside of the main thread signals cannot be handled: the request is then never set.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def ask(_signal: int, _frame: FrameType | None) -> None:
        request.is_set = True
        signal.setitimer(signal.ITIMER_REAL, CUT_S)

    before = signal.signal(signal.SIGTERM, ask)
    alarm = signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        yield request
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGTERM, before)

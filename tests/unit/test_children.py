"""What processes that nerq starts have in common."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: The signal goes to a thread that does not block it, as the kernel may choose.
_PROGRAM = """
import signal, threading
from worker.children import interrupts_held

def interrupt():
    go.wait()
    signal.pthread_kill(threading.get_ident(), signal.{number})

def stop(number, frame):
    raise KeyboardInterrupt

signal.signal(signal.{number}, stop)
go = threading.Event()
thread = threading.Thread(target=interrupt)
thread.start()
try:
    with interrupts_held():
        go.set()
        thread.join()
        print("begun", flush=True)
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(signal.{number}) is stop)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupt_waits_until_a_child_has_begun(number: str) -> None:
    program = _PROGRAM.format(number=number)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("begun\ninterrupted True\n", "")

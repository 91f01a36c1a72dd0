"""The command line as tests call it: in this process, as a process of its own, or in a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from click.testing import CliRunner, Result

from cli.main import nerq
from tests.services import wait_until

ROOT = Path(__file__).parent.parent
NERQ = [sys.executable, "-m", "cli"]
#: A model process opens its libraries in this time even on a busy machine.
PATIENCE_S = 100.0


def invoke(*arguments: str, stdin: str | bytes | None = None) -> Result:
    """Run a command in this process; logging is as before afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        return CliRunner().invoke(nerq, arguments, input=stdin)
    finally:
        root.handlers[:], level = before
        root.setLevel(level)


def json_lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def environment(**settings: str) -> dict[str, str]:
    """The environment of a process in which this source tree can be imported."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NERQ_")}
    return {**kept, "PYTHONPATH": str(ROOT), "NERQ_PROCESSES": "1", **settings}


def run(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own, with pipes."""
    return subprocess.run(
        [*NERQ, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(**settings),
    )


#: Makes the terminal on its standard input its own, so that Ctrl-C typed there reaches it, then becomes the command.
#: Where the tests run in the background, SIGINT is ignored and stays so in children: not in a terminal.
_TAKE_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A command that runs in a terminal of its own."""

    def __init__(self, *arguments: str, columns: int = 100, **settings: str) -> None:
        self.seen = ""
        self.screen, far_end = pty.openpty()
        fcntl.ioctl(far_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *NERQ, *arguments],
            stdin=far_end,
            stdout=far_end,
            stderr=far_end,
            start_new_session=True,
            env={**environment(), "TERM": "xterm-256color", **settings},
        )
        os.close(far_end)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def read_until(self, text: str) -> None:
        """Wait until the text was shown; fails at the deadline."""
        wait_until(lambda: text in self.seen, PATIENCE_S, f"{text!r} on the screen")

    def finish(self) -> int:
        """Read to the end; the exit code."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def press(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE_S)
        os.close(self.screen)

    def _read(self) -> None:
        """Take what is shown, always: a command whose terminal is full stands still."""
        with contextlib.suppress(OSError):  # Linux's way to say that the other side is closed
            while shown := os.read(self.screen, 65536):
                self.seen += shown.decode(errors="replace")


def write_documents(folder: Path, texts: Mapping[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder

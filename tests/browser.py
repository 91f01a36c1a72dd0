"""A headless Chromium that says what a page asked for and complained about; spoken to over a pipe."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.services import missing_service, wait_until

#: What the browser wants to know of keys that are no letters.
_KEY_CODES = {
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    "Home": 36,
    "End": 35,
    "ArrowUp": 38,
    "ArrowDown": 40,
    "/": 191,
}


def find_chromium() -> str:
    """Its path, or the test is skipped."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing_service("no chromium")
    raise AssertionError


class Browser:
    """One tab, and all events that it sent."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb")
        self._buffer = b""
        self._n_sent = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []

    def start(self) -> None:
        """Open the tab and listen to it."""
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def close(self) -> None:
        """Close the pipes, which ends the browser."""
        self._commands.close()
        self._answers.close()

    def open(self, path: Path) -> None:
        """Load the file and wait until the page says that it is complete."""
        self.send("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._note(self._receive())

    def resize(self, width: int) -> None:
        """Show the page in a window of so many pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )

    def prefer(self, theme: str) -> None:
        """Show the page to somebody who likes `light` or `dark` pages."""
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.send("Emulation.setEmulatedMedia", media="", features=features)

    def press(self, *keys: str) -> None:
        """Press keys by their names, such as `Tab`, `Enter`, `ArrowDown`, `n`."""
        for key in keys:
            text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
            code = _KEY_CODES.get(key, ord(key[0].upper()))
            self.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def write(self, text: str) -> None:
        """Type text where the focus is."""
        self.send("Input.insertText", text=text)

    def wait_for(self, script: str) -> None:
        """Wait until an expression is true in the page; fails at the deadline."""
        wait_until(lambda: self.evaluate(script) is True, 20, script)

    @contextmanager
    def printing(self, width: int) -> Iterator[None]:
        """Show the page as it is printed on paper of so many pixels, by somebody who likes dark pages."""
        self.resize(width)
        dark = {"name": "prefers-color-scheme", "value": "dark"}
        self.send("Emulation.setEmulatedMedia", media="print", features=[dark])
        yield
        self.send("Emulation.setEmulatedMedia", media="", features=[])

    def evaluate(self, script: str) -> Any:
        """What an expression is worth in the page."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command to the tab, and its answer."""
        return self._send(method, self._session, **parameters)

    def _send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._n_sent += 1
        message = {"id": self._n_sent, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._commands.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._n_sent:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self.events.append(message)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            read = os.read(self._answers.fileno(), 1 << 16)
            assert read, "chromium went away"
            self._buffer += read
        message, self._buffer = self._buffer.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own; ends with the block."""
    ends, commands = os.pipe()
    answers, begins = os.pipe()
    # It reads commands from its descriptor 3 and writes answers to 4; the pipes must not be these already.
    for_browser, from_browser = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (ends, begins))
    line = f'exec "$@" 3<&{for_browser} 4>&{from_browser}'
    process = subprocess.Popen(
        [
            "bash",
            "-c",
            line,
            "chromium",
            find_chromium(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={profile}",
            "--remote-debugging-pipe",
        ],
        pass_fds=(for_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for end in (ends, begins, for_browser, from_browser):
        os.close(end)
    browser = Browser(commands, answers)
    try:
        browser.start()
        yield browser
    finally:
        browser.close()
        process.terminate()
        process.wait()

"""Flower as a process of its own, and what it serves to a browser."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.command_line import PATIENCE_S, environment
from tests.services import free_port, wait_until

_LOGIN = "nerq:open sesame"
#: Flower asks nobody for a password here.
OPEN = ("/metrics", "/healthcheck")
_TABLE = (
    "/tasks/datatable?draw=1&start=0&length=1000&order%5B0%5D%5Bcolumn%5D=0&columns%5B0%5D%5Bdata%5D=name"
)
_PAGES = ("/", "/?json=1", "/tasks", _TABLE, "/broker", "/api/workers", "/api/tasks", "/api/task/types")


class Flower:
    """What it has heard of since it began, asked for with the password unless a test says otherwise."""

    def __init__(self, port: int, pid: int, log_path: Path) -> None:
        self._port = port
        self._log_path = log_path
        self.pid = pid

    def log(self) -> str:
        return self._log_path.read_text()

    def answers(self) -> bool:
        try:
            return self.get("/healthcheck")[0] == 200
        except ConnectionRefusedError:
            return False

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Batches by the ids of their messages."""
        return dict(json.loads(self.get("/api/tasks")[1]))

    def workers(self) -> list[str]:
        """Those that gave a sign of life."""
        return [worker["hostname"] for worker in json.loads(self.get("/?json=1")[1])["data"]]

    def knows_the_end_of_all(self) -> bool:
        """Whether it saw batches read and batches whose process died, and none is left."""
        seen: set[str] = {task["state"] for task in self.tasks().values()}
        return seen == {"SUCCESS", "FAILURE"}

    def paths(self) -> list[str]:
        """Every page that shows something of workers or batches.

        Not the one about a single worker: it is made of the answers to orders, and workers take none.
        """
        ids = self.tasks()
        return [*_PAGES, *OPEN, *(f"{page}/{id_}" for id_ in ids for page in ("/task", "/api/task/info"))]

    def get(self, path: str, login: str | None = _LOGIN) -> tuple[int, str]:
        """The status and the page."""
        headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@contextmanager
def running_flower(broker: str, log_path: Path) -> Iterator[Flower]:
    """Flower, as README.md starts it, for the length of a block."""
    port = free_port()
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.queue.flower", f"--port={port}"],
            env=environment(NERQ_BROKER=broker, FLOWER_BASIC_AUTH=_LOGIN),
            stdout=log,
            stderr=log,
        )
    try:
        flower = Flower(port, process.pid, log_path)
        wait_until(flower.answers, PATIENCE_S, "an answer of Flower")
        yield flower
    finally:
        process.kill()
        process.wait()

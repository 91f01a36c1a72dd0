"""Signals at named points of nerq, sent from inside its processes, though nerq knows nothing of them.

Through inside/sitecustomize.py each process of a worker, spawned ones too, wraps functions as their modules are
imported. The first process that comes to a point sends the signal; a marker file sees to it that it is the only one.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_ROOT = Path(__file__).parents[2]
#: The environment variable from which a process learns where, whom and with what to strike.
_PLAN = "CRASH_PLAN"


class Victim(Enum):
    """Who gets the signal."""

    SELF = "self"  #: the process that comes to the point
    PARENT = "parent"  #: the worker, or the `nerq submit`, that started it
    ALL = "all"  #: the whole process group, as when a machine loses its power


@dataclass(frozen=True, slots=True)
class Point:
    """A moment: before or after a call of a function, the latter only for some results."""

    module: str
    function: str
    is_after: bool
    applies: Callable[[Any], bool] = lambda _: True


def before(module: str, function: str) -> Point:
    return Point(module, function, is_after=False)


def after(module: str, function: str, applies: Callable[[Any], bool] = lambda _: True) -> Point:
    return Point(module, function, is_after=True, applies=applies)


def _found_any(lost: Any) -> bool:
    return bool(lost.n_queued)


POINTS: Mapping[str, Point] = {
    # In a model process.
    "before claim": before("worker.store.extractions", "claim"),
    "after claim": after("worker.store.extractions", "claim", bool),
    "after recognition": after("worker.queue.reading", "read_all"),
    # Its entities are in, that it is done is not.
    "in the transaction of finish": before("worker.store.extractions", "_result_row"),
    "before finish": before("worker.store.extractions", "finish"),
    "after commit": after("worker.store.extractions", "finish"),
    "before ack": after("worker.queue.child", "ModelProcess.handle"),
    "before the answer": after("worker.queue.child", "ModelProcess.extract"),
    # In a worker.
    "between pop and unacked": before("kombu.transport.redis", "QoS.append"),
    "at ack": before("kombu.transport.redis", "QoS.ack"),
    "in the transaction of reclaim": after("worker.store.losses", "take_from_dead", _found_any),
    "between reclaim and sending": after("worker.queue.recovery", "reclaim_lost", _found_any),
    "before sending again": after("worker.store.announcements", "announce_again", bool),
    # In whoever sends.
    "between announcing and sending": before("worker.queue.app", "BrokerQueue.send"),
    "after sending": after("worker.queue.app", "BrokerQueue.send"),
    # In a process that reads files; twice, for two of them one after the other.
    "in a reader": before("worker.documents.formats", "extract"),
    "in the next reader": before("worker.documents.formats", "extract"),
    # In whoever submits.
    "in the transaction of submit": after("worker.store.sources", "_put_sources"),
    "between insert and announcing": after("worker.store.sources", "add_sources"),
}


class Crash:
    """The test's side: one signal at each of some points, to the first process that comes there."""

    def __init__(
        self,
        folder: Path,
        *points: str,
        victim: Victim = Victim.SELF,
        number: signal.Signals = signal.SIGKILL,
    ) -> None:
        self._markers = {point: folder / f"struck {point}" for point in points}
        plan = {
            "victim": victim.value,
            "signal": int(number),
            "markers": {point: str(marker) for point, marker in self._markers.items()},
        }
        self.environment = {
            _PLAN: json.dumps(plan),
            "PYTHONPATH": f"{Path(__file__).parent / 'inside'}{os.pathsep}{_ROOT}",
        }

    @property
    def prefix(self) -> Sequence[str]:
        """The environment as a command, for `running_worker(prefix=...)`."""
        return ["env", *(f"{name}={value}" for name, value in self.environment.items())]

    def struck(self) -> list[str]:
        """The points where it has happened."""
        return [point for point, marker in self._markers.items() if marker.exists()]

    @property
    def is_over(self) -> bool:
        """Whether it has happened at all points."""
        return len(self.struck()) == len(self._markers)


def install() -> None:
    """Arm the points that the environment names, if any."""
    if _PLAN in os.environ:
        plan = json.loads(os.environ[_PLAN])
        strike = functools.partial(_strike, Victim(plan["victim"]), plan["signal"])
        traps = [
            (POINTS[point], functools.partial(strike, marker)) for point, marker in plan["markers"].items()
        ]
        sys.meta_path.insert(0, _Armer(traps))


def _strike(victim: Victim, number: int, marker: str) -> None:
    # Those who strike live in process groups of their own: a parent outside of it is the test, or init.
    if victim is Victim.PARENT and os.getpgid(os.getppid()) != os.getpgrp():
        return
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    match victim:
        case Victim.SELF:
            os.kill(os.getpid(), number)
        case Victim.PARENT:
            os.kill(os.getppid(), number)
        case Victim.ALL:
            os.killpg(os.getpgrp(), number)


class _Armer(MetaPathFinder):
    """Finds modules as Python would, and wraps functions in them before anyone has a reference to these."""

    def __init__(self, traps: Sequence[tuple[Point, Callable[[], None]]]) -> None:
        self._traps = traps

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        traps = [trap for trap in self._traps if trap[0].module == name]
        spec = PathFinder.find_spec(name, path, target) if traps else None
        if spec is not None and spec.loader is not None:
            spec.loader = _ArmingLoader(spec.loader, traps)
        return spec


class _ArmingLoader(Loader):
    def __init__(self, loader: Loader, traps: Sequence[tuple[Point, Callable[[], None]]]) -> None:
        self._loader = loader
        self._traps = traps

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        for point, strike in self._traps:
            *path, name = point.function.split(".")
            owner = functools.reduce(getattr, path, module)
            setattr(owner, name, _armed(getattr(owner, name), point, strike))


def _armed(function: Callable[..., Any], point: Point, strike: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not point.is_after:
            strike()
        result = function(*args, **kwargs)
        if point.is_after and point.applies(result):
            strike()
        return result

    return call

"""The processes of one training run, as torchrun or `accelerate launch` starts them: one for each GPU."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self, TypeVar

import torch
import torch.distributed as dist

from worker.errors import EXIT_FAILURES, EXIT_INTERRUPTED, NerqError, SettingsError

T = TypeVar("T")

#: How long a process waits for the others, who wait while the first one asks a teacher or scores. When a process ends
#: its connections end too, which is noticed at once.
_PATIENCE = timedelta(days=7)


def is_first() -> bool:
    """Whether this process is the one that speaks and writes; the only one is."""
    return _number("WORLD_SIZE", 1) == 1 or _number("RANK", 0) == 0


class Processes:
    """What the processes of a run settle with one another; use as a context manager.

    With one process nothing happens. With several each must come to the same calls in the same order. The first one
    speaks for all: where a run fails or is interrupted, the others end with SystemExit and say nothing. Only a process
    that fails between two such calls tells its own error, and the others end because they have lost it.

    Attributes:
        count: how many there are.
        rank: the number of this one, from 0.
    """

    def __init__(self, count: int, rank: int) -> None:
        self.count = count
        self.rank = rank
        self._handlers: dict[signal.Signals, Any] = {}

    @classmethod
    def launched(cls) -> Self:
        """The processes that the launcher of this one has started."""
        return cls(_number("WORLD_SIZE", 1), 0 if is_first() else _number("RANK", 0))

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    def __enter__(self) -> Self:
        if self.count > 1:
            _connect(self.count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.count == 1:
            return
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if error is None:
            dist.destroy_process_group()
        elif isinstance(error, KeyboardInterrupt) and not self.is_first:
            raise SystemExit(EXIT_INTERRUPTED) from error
        elif _is_lost_connection(error):
            if not self.is_first:
                raise SystemExit(EXIT_FAILURES) from error
            raise NerqError("Another process of this run has ended; it says why.") from error

    def first(self, make: Callable[[], T]) -> T:
        """What the first process makes, given to all: picklable."""
        if self.count == 1:
            return make()
        value, error = _attempt(make) if self.is_first else (None, None)
        values: list[Any] = self._share(value, error)
        made: T = values[0]
        return made

    def each(self, make: Callable[[], T]) -> T:
        """What each process makes for itself, once all have made it."""
        if self.count == 1:
            return make()
        value, error = _attempt(make)
        self._share(None, error)
        return value  # type: ignore[return-value]  # without an error there is one

    def wait(self) -> None:
        """Until all have come here."""
        self.each(lambda: None)

    def total(self, value: float) -> float:
        """The sum of the processes' values."""
        if self.count == 1:
            return value
        values = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(values)
        return float(values)

    @contextmanager
    def orderly_end(self) -> Iterator[None]:
        """While it lasts a launcher's SIGTERM is an error like any other; later no signal disturbs the cleaning up.

        A launcher sends it where another process has failed. Nothing else ends a process that waits for a GPU which
        waits for that other: then the launcher kills it, and the work folder stays as after any kill.
        """
        if self.count == 1:
            yield
            return
        self._handle(signal.SIGTERM, _end)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._handle(number, signal.SIG_IGN)

    def _handle(self, number: signal.Signals, handler: Any) -> None:
        self._handlers.setdefault(number, signal.getsignal(number))
        signal.signal(number, handler)

    def _share(self, value: Any, error: NerqError | None) -> list[Any]:
        """Every process's value; an error of any ends all."""
        shared: list[Any] = [None] * self.count
        dist.all_gather_object(shared, (value, error))
        failed = next((rank for rank, (_, error) in enumerate(shared) if error), None)
        if failed is None:
            return [value for value, _ in shared]
        if not self.is_first:
            self._end_after_first(shared[failed][1])
        if error:
            raise error
        raise NerqError(f"Process {failed}: {shared[failed][1]}")

    def _end_after_first(self, error: NerqError) -> NoReturn:
        """A launcher that sees one end ends the others, which might not have told the error by then."""
        try:
            dist.all_gather_object([None] * self.count, None)
        except RuntimeError as lost:
            if not _is_lost_connection(lost):
                raise
        raise SystemExit(error.exit_code) from error


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable) or str(default)
    if not value.isdecimal():
        raise SettingsError(f"{variable} is {value!r}, which is no number.")
    return int(value)


def _connect(count: int) -> None:
    n_gpus = torch.cuda.device_count()
    n_here = _number("LOCAL_WORLD_SIZE", count)
    if 0 < n_gpus < n_here:
        raise SettingsError(
            f"{n_here} processes were started for {n_gpus} GPUs on this machine; start one for each GPU."
        )
    try:
        # What is agreed on goes through gloo, since it waits long; NCCL averages the gradients.
        dist.init_process_group("cpu:gloo,cuda:nccl" if n_gpus else "gloo", timeout=_PATIENCE)
    except (ValueError, RuntimeError) as error:
        raise SettingsError(
            f"WORLD_SIZE asks for {count} processes that cannot find one another; "
            f"start them with torchrun or `accelerate launch`. {error}"
        ) from error
    if n_gpus:
        torch.cuda.set_device(_number("LOCAL_RANK", 0))


def _attempt(make: Callable[[], T]) -> tuple[T | None, NerqError | None]:
    try:
        return make(), None
    except NerqError as error:
        return None, error


def _is_lost_connection(error: BaseException) -> bool:
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error))


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)

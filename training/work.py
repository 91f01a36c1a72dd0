"""The folder beside a run's output that holds what an interrupted run is resumed from."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from worker.errors import InputError

#: Written into a checkpoint of the Trainer once it is whole, with the seconds of work so far: a kill may come in the
#: middle of one.
_WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Leftover:
    """The epochs of an interrupted run that cannot be resumed, which are thrown away."""

    n_epochs: int
    differences: tuple[
        str, ...
    ]  #: what it was made with, where the new run differs: `epochs was 8`; none: on demand


class WorkFolder:
    """`.NAME.work` beside the output: the Trainer's checkpoints and the folder that will be the output.

    Use as a context manager. It is locked while a run is in it. A run that fails before its first epoch is done
    leaves nothing; later the folder is kept, to be resumed. Of several processes of a run one takes it and writes.

    Attributes:
        folder: itself.
        checkpoint: the folder that becomes the output.
        epochs: the Trainer's checkpoints.
        leftover: what `begin` will throw away, if anything.
    """

    def __init__(
        self, folder: Path, lock: IO[str] | None, run: Mapping[str, Any], *, restart: bool = False
    ) -> None:
        self.folder = folder
        self._lock = lock
        self._run = run
        self._started = time.monotonic()
        self.checkpoint = folder / "checkpoint"
        self.epochs = folder / "epochs"
        before = _read_run(folder)
        self._is_resumable = before == run and not restart
        self.leftover = None
        if not self._is_resumable and (whole := self._whole()):
            self.leftover = Leftover(len(whole), _differences(before, run))
        last = self.last_epoch()
        self._seconds_before = float((last / _WHOLE).read_text("ascii")) if last else 0.0

    @classmethod
    def beside(cls, output: Path, run: Mapping[str, Any], *, restart: bool = False) -> WorkFolder:
        """Take the folder. What is in it is resumed if it is of the same run and not `restart`.

        Args:
            output: what the run makes.
            run: what decides how it comes out, in two levels; JSON-able.

        Raises:
            InputError: another run is in it, or it cannot be made.
        """
        folder = _folder_of(output)
        try:
            return cls(folder, _lock(folder), json.loads(json.dumps(run)), restart=restart)
        except BlockingIOError:
            raise InputError(f"Another run is training {output} now.") from None
        except OSError as error:
            raise InputError(f"There is no place to work beside {output}: {error}") from error

    @classmethod
    def shared(cls, output: Path, run: Mapping[str, Any]) -> WorkFolder:
        """The folder that another process of the same run has taken, to read in."""
        return cls(_folder_of(output), None, run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is None:
            return
        if not self._whole():
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    @property
    def seconds(self) -> float:
        """How long the run has worked, up to its last whole epoch before an interruption and since it went on."""
        return self._seconds_before + time.monotonic() - self._started

    def begin(self) -> None:
        """Throw away the epochs of another run, if there are any: this one is about to make its own."""
        if not self._is_resumable:
            discarded = self.folder / "discarded"
            shutil.rmtree(discarded, ignore_errors=True)
            if self.epochs.exists():
                self.epochs.rename(discarded)  # at once: no half of them may be taken for something whole
            shutil.rmtree(discarded, ignore_errors=True)
            part = self.folder / "run.json.part"
            part.write_text(json.dumps(self._run), encoding="ascii")
            part.replace(self.folder / "run.json")
            self._is_resumable = True

    def last_epoch(self) -> Path | None:
        """The Trainer's last whole checkpoint of this run."""
        whole = self._whole() if self._is_resumable else {}
        return whole[max(whole)] if whole else None

    def epoch_of(self, step: int) -> Path:
        """The Trainer's checkpoint of this step."""
        return self.epochs / f"checkpoint-{step}"

    def mark_whole(self, step: int, kept: Collection[int]) -> None:
        """The checkpoint of this step is written and may be resumed from; remove all but this and `kept`."""
        part = self.epoch_of(step) / f"{_WHOLE}.part"
        part.write_text(str(self.seconds), encoding="ascii")
        part.replace(part.with_name(_WHOLE))
        for path in self.epochs.glob("checkpoint-*"):
            if _step(path) not in {step, *kept}:
                (path / _WHOLE).unlink(missing_ok=True)
                shutil.rmtree(path)

    def finish(self, output: Path, *, overwrite: bool) -> None:
        """Make the checkpoint the output, in place of what was there, and remove the rest.

        Raises:
            InputError: the output exists, though `overwrite` is not set: it came into being during the run.
        """
        if output.exists():
            if not overwrite:
                raise InputError(
                    f"{output} was made by someone else meanwhile. The new model is in {self.checkpoint}; "
                    "the same command goes on with it once that is away, or with --overwrite."
                )
            output.rename(self.folder / "replaced")
        self.checkpoint.rename(output)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _whole(self) -> dict[int, Path]:
        """The whole checkpoints by step, whichever run they are of."""
        return {_step(path.parent): path.parent for path in self.epochs.glob(f"checkpoint-*/{_WHOLE}")}


def _folder_of(output: Path) -> Path:
    return output.with_name(f".{output.name}.work")


def _lock(folder: Path) -> IO[str]:
    """The open lock file of the folder, which is made if need be. Raises BlockingIOError if it is taken."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = (folder / "lock").open("w", encoding="ascii")
        except FileNotFoundError:  # a run that came to its end has just removed the folder
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (folder / "lock").exists() and os.path.samestat(
                os.fstat(lock.fileno()), (folder / "lock").stat()
            ):
                return lock
        except FileNotFoundError:
            pass
        except BaseException:
            lock.close()
            raise
        lock.close()


def _read_run(folder: Path) -> dict[str, Any]:
    try:
        run = json.loads((folder / "run.json").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return {}
    return run if isinstance(run, dict) else {}


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    for part, values in now.items():
        old = before.get(part)
        if part == "options" and isinstance(old, dict):
            found += [f"{name} was {old.get(name)}" for name in values if old.get(name) != values[name]]
        elif old != values:
            found.append(f"other {part}")
    return tuple(found)


def _step(path: Path) -> int:
    return int(path.name.rpartition("-")[2])

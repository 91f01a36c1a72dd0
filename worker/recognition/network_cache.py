"""Converted networks on disk, in a folder of the user's own: each whole or not at all, and checked when it is read."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import openvino
from filelock import FileLock

_FILES: Final = ("network.xml", "network.bin")
_DIGESTS: Final = "sha256.json"
#: Seconds that a process waits for another one's conversion before it converts for itself.
_PATIENCE_S = 600.0
#: A network that nobody has read for so long is removed, in seconds: its model or its OpenVINO was replaced.
_UNUSED_S = 60 * 24 * 3600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NetworkCache:
    """Networks by their key. None of its methods fails for want of a folder that can be read or written."""

    folder: Path | None  #: None: this user has no place for a cache

    @classmethod
    def of_this_user(cls) -> NetworkCache:
        """`$XDG_CACHE_HOME/nerq/openvino`, or the same in `~/.cache`."""
        home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
        try:
            home = home.expanduser()
        except RuntimeError:  # there is no home
            return cls(None)
        return cls(home / "nerq" / "openvino" if home.is_absolute() else None)

    def read(self, core: openvino.Core, key: str) -> openvino.Model | None:
        """The network as it was written; None if it is not there or was damaged since."""
        if self.folder is None:
            return None
        place = self.folder / key
        try:
            if json.loads((place / _DIGESTS).read_text()) != _digests(place):
                return None
            network = core.read_model(place / "network.xml")
        except (OSError, ValueError, RuntimeError):  # another process may be replacing it at this moment
            return None
        with suppress(OSError):  # the folder may be another user's
            os.utime(place)  # it is in use
        return network

    @contextmanager
    def held(self, key: str) -> Iterator[bool]:
        """Keep other processes from writing this network; False where that cannot be had, which is said once."""
        lock = None
        try:
            if self.folder is None:
                raise FileNotFoundError("there is no home folder")
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(self.folder / f"{key}.lock", timeout=_PATIENCE_S)
            lock.acquire()
        except (
            OSError,
            NotImplementedError,
        ) as error:  # a Timeout too; NotImplementedError on some file systems
            lock = None
            _say_there_is_none(error)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()

    def write(self, network: openvino.Model, key: str) -> None:
        """Keep a network; call it while the key is held."""
        if self.folder is None:
            return
        place, part = self.folder / key, self.folder / f"{key}.part"
        try:
            if place.exists():
                _log.warning("a damaged network was converted anew", extra={"network": key})
            _remove(part)  # what a killed process has left
            part.mkdir()
            openvino.save_model(network, part / _FILES[0], compress_to_fp16=False)
            (part / _DIGESTS).write_text(json.dumps(_digests(part)))
            _remove(place)
            part.rename(place)
        except (
            OSError,
            RuntimeError,
        ) as error:  # RuntimeError is OpenVINO's way of saying that there is no room
            _say_there_is_none(error)
            with suppress(OSError):
                _remove(part)
        _remove_unused(self.folder)


def _remove_unused(folder: Path) -> None:
    with suppress(OSError):
        for place in folder.iterdir():
            if place.is_dir() and place.stat().st_mtime < time.time() - _UNUSED_S:
                _remove(place)


def _remove(place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)


def _digests(place: Path) -> dict[str, str]:
    digests = {}
    for name in _FILES:
        with (place / name).open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _say_there_is_none(error: Exception) -> None:
    _log.warning(
        "no cache for converted networks, so that each start takes seconds longer; set XDG_CACHE_HOME to a folder "
        "that can be written: %s",
        error,
    )

"""Names of processes, such that another process on the same host can tell whether one is gone."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
from pathlib import Path

import psutil

#: Seconds by which the start of a process may be told differently by two readings.
_START_TOLERANCE_S = 2


@functools.cache
def host_name() -> str:
    """The host's name and, after a dash, six digits for this boot and this process namespace.

    Containers, or cloned machines, that share a host name cannot see each other's processes: to each, the
    other's would look dead. The digits tell them apart.
    """
    namespace = [_read("/proc/sys/kernel/random/boot_id"), _link("/proc/self/ns/pid")]
    digits = hashlib.sha256("\n".join(namespace).encode()).hexdigest()[:6]
    return f"{platform.node() or 'localhost'}-{digits}"


def process_name(pid: int | None = None) -> str:
    """`host:pid:start` of a living process, this one by default; `start` is in seconds since the boot.

    Raises:
        psutil.NoSuchProcess: there is no such process.
    """
    pid = os.getpid() if pid is None else pid
    return f"{host_name()}:{pid}:{_started(pid)}"


def is_gone(name: str) -> bool:
    """Whether the named process lived on this host and is dead; of other hosts nothing is known."""
    host, _, rest = name.partition(":")
    pid, _, started = rest.partition(":")
    if host != host_name() or not (pid.isdecimal() and started.lstrip("-").isdecimal()):
        return False
    try:
        if psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE:
            return True
        return abs(_started(int(pid)) - int(started)) > _START_TOLERANCE_S
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _started(pid: int) -> int:
    # Both readings add the same clock, so that setting the clock does not change the difference.
    return round(psutil.Process(pid).create_time() - psutil.boot_time())


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""

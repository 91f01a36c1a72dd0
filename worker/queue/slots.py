"""Cores and GPUs, shared out to model processes without importing torch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.errors import SettingsError
from worker.settings import Settings

#: What numerical libraries read when they are loaded.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


#: What a process needs on a CPU: network, packs and text; a large model needs more, see NERQ_PROCESSES.
_BYTES_OF_A_PROCESS = 1 << 30
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True)
class Slot:
    """Place of one model process: a GPU (by index or UUID) or none, and its share of the CPU's threads."""

    gpu: str | None
    threads: int

    @property
    def device(self) -> str:
        """`cuda` or `cpu`, as a recogniser takes it."""
        return "cpu" if self.gpu is None else "cuda"

    @property
    def label(self) -> str:
        """The slot for people: `cpu, 2 threads` or `gpu 0`."""
        return f"cpu, {self.threads} threads" if self.gpu is None else f"gpu {self.gpu}"

    def pin(self) -> None:
        """Let this process see its own share only. Call it before any numerical library is loaded."""
        os.environ["CUDA_VISIBLE_DEVICES"] = self.gpu or ""
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        for variable in _THREAD_VARIABLES:
            os.environ[variable] = str(self.threads)


def plan_slots(
    settings: Settings, gpus: str | None = None, per_gpu: int = 1, processes: int | None = None
) -> tuple[Slot, ...]:
    """One slot for each model process.

    `gpus` is `all`, `none` or indices such as `0,2`; None takes all there are, or the CPU.
    `processes` counts CPU processes and is ignored with GPUs.

    Raises:
        SettingsError: GPUs were asked for that this machine does not have.
    """
    chosen = _choose_gpus(gpus)
    cores = usable_cores()
    n_slots = len(chosen) * per_gpu or processes or settings.processes or _cpu_processes(cores)
    threads = settings.threads or max(1, cores // n_slots)
    if chosen:
        return tuple(Slot(gpu, threads) for gpu in chosen for _ in range(per_gpu))
    return (Slot(None, threads),) * n_slots


def _cpu_processes(cores: int) -> int:
    """As many as get two cores and a gigabyte each.

    On two cores, two processes of one thread read 5 % more than one of two threads, in twice the memory (280 MB each
    with a model of 22 M parameters), and a long document, which no two processes share, takes twice as long. More
    threads than two wait for each other: a window of so small a network has no work for many.
    """
    return max(1, min(cores // 2, usable_memory() // _BYTES_OF_A_PROCESS))


def usable_memory() -> int:
    """Bytes that this machine has, or that the container may use."""
    import psutil

    total = int(psutil.virtual_memory().total)
    try:
        limit = _CGROUP_LIMIT.read_text().strip()
    except OSError:  # no Linux, or an old one
        return total
    return min(total, int(limit)) if limit.isdecimal() else total


def usable_cores() -> int:
    """Cores that this process may use: by affinity and by the container's quota."""
    from celery.utils.sysinfo import cpu_budget

    return int(cpu_budget().count)


def find_gpus() -> tuple[str, ...]:
    """The GPUs of this machine as CUDA_VISIBLE_DEVICES names them, which is obeyed where it is set."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(
            name.strip() for name in visible.split(",") if name.strip() not in ("", "-1", "NoDevFiles")
        )
    listing = _nvidia_smi()
    if listing is not None:
        return parse_gpu_list(listing)
    devices = sorted(int(p.name[6:]) for p in Path("/dev").glob("nvidia[0-9]*") if p.name[6:].isdecimal())
    return tuple(str(number) for number in range(len(devices)))


def parse_gpu_list(listing: str) -> tuple[str, ...]:
    """GPUs of `nvidia-smi -L` by index; a partitioned one (MIG) gives the UUIDs of its parts instead."""
    gpus: list[list[str]] = []
    for line in listing.splitlines():
        if whole := re.match(r"GPU (\d+):", line):
            gpus.append([whole[1]])
        elif gpus and (part := re.match(r"\s+MIG .*\(UUID: (MIG-[^)]+)\)", line)):
            gpus[-1] = [name for name in gpus[-1] if name.startswith("MIG-")] + [part[1]]
    return tuple(name for names in gpus for name in names)


def _choose_gpus(gpus: str | None) -> Sequence[str]:
    if gpus == "none":
        return ()
    found = find_gpus()
    if gpus is None:
        return found
    if not found:
        raise SettingsError(
            f"--gpus {gpus}: this machine has no GPU that can be seen (nvidia-smi -L lists none)"
        )
    if gpus == "all":
        return found
    wanted = [part.strip() for part in gpus.split(",")]
    if not all(part.isdecimal() for part in wanted) or len(set(wanted)) != len(wanted):
        raise SettingsError(f"--gpus {gpus}: give `all`, `none` or numbers such as 0,2")
    if too_high := [part for part in wanted if int(part) >= len(found)]:
        raise SettingsError(
            f"--gpus {gpus}: no GPU {', '.join(too_high)}; this machine has 0 to {len(found) - 1}"
        )
    return [found[int(part)] for part in wanted]


def _nvidia_smi() -> str | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        done = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603 - our own words
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout

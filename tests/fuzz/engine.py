"""`python -m tests.fuzz.engine TARGET CORPUS [libFuzzer's options]`: one target under atheris, until a finding."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["worker"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    target = TARGETS[name]
    memory = Path("/dev/shm")  # noqa: S108 files that are never read again need no disk
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        atheris.Setup([sys.argv[0], *arguments], lambda data: target.check(data, Path(folder)))
        atheris.Fuzz()

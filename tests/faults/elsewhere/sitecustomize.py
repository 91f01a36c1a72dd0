"""Imported by every Python process that has this folder on its path: another clock, or less patience.

`WORKER_CLOCK` names a file with the seconds by which its clock is wrong, read at every look at the clock.
`WORKER_SILENCE_S` takes the place of the seconds that a silent database is waited for.
"""

from __future__ import annotations

import datetime
import os
import time
from pathlib import Path

_right_time, _right_time_ns = time.time, time.time_ns
_right_datetime = datetime.datetime


def _error_s() -> float:
    return float(Path(os.environ["WORKER_CLOCK"]).read_text() or 0)


class _WrongDatetime(_right_datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return _right_datetime.now(tz) + datetime.timedelta(seconds=_error_s())

    @classmethod
    def utcnow(cls) -> datetime.datetime:  # type: ignore[override]
        return cls.now(datetime.UTC).replace(tzinfo=None)


if "WORKER_CLOCK" in os.environ:
    time.time = lambda: _right_time() + _error_s()
    time.time_ns = lambda: _right_time_ns() + int(_error_s() * 1e9)
    datetime.datetime = _WrongDatetime  # type: ignore[misc]

if "WORKER_SILENCE_S" in os.environ:
    import worker.store.silence

    worker.store.silence.SILENCE_S = float(os.environ["WORKER_SILENCE_S"])

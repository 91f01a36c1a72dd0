"""PostgreSQL connections that are given up when nothing is heard from the server for too long.

Keepalives notice a network that is gone. They notice neither a server that stands still, nor a proxy that goes on
confirming packets which it no longer passes on: without this, a statement would wait for ever.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

_T = TypeVar("_T")

#: Seconds without a byte from the server. The longest statement, one that sums up a large database, says nothing
#: until it is done.
SILENCE_S = 300.0


class ListeningConnection(psycopg.Connection[Any]):
    """A connection that does not wait for ever."""

    def wait(self, gen: PQGen[_T], *args: Any, **options: Any) -> _T:
        """Wait for an operation; psycopg does all its waiting here, but for that of connecting.

        Raises:
            psycopg.OperationalError: the server was silent for too long; the connection is closed.
        """
        return super().wait(self._while_heard(gen), *args, **options)

    def _while_heard(self, operation: PQGen[_T]) -> PQGen[_T]:
        heard_at = time.monotonic()
        try:
            wanted = next(operation)
            while True:
                ready = yield wanted
                if ready:
                    heard_at = time.monotonic()
                elif time.monotonic() - heard_at > SILENCE_S:
                    self.close()
                    raise psycopg.OperationalError(f"no answer for {SILENCE_S:.0f} s")
                wanted = operation.send(ready)
        except StopIteration as end:
            result: _T = end.value
            return result

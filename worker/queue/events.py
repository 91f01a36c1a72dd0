"""Signs of life for those who watch the queue, such as Flower; what becomes of batches, Celery tells by itself."""

from __future__ import annotations

import contextlib

from celery.utils.sysinfo import load_average
from celery.worker import state
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from worker.queue.app import NerqApp


class Pulse:
    """A worker's heartbeat events, sent from a thread of their own.

    Celery would send them in the worker's only loop and try again until it succeeds: with Redis hanging, that loop
    would neither enforce time limits nor stop when told to.
    """

    def __init__(self, app: NerqApp, hostname: str, every_s: float) -> None:
        self._app = app
        self._hostname = hostname
        self._every_s = every_s

    def beat(self) -> None:
        """Publish one, if Redis is there; who does not listen misses it."""
        with (
            contextlib.suppress(KombuError, RedisError, OSError),
            self._app.events.default_dispatcher(self._hostname) as events,
        ):
            events.send(
                "worker-heartbeat",
                freq=self._every_s,
                active=len(state.active_requests),
                processed=state.all_total_count[0],
                loadavg=load_average(),
                **state.SOFTWARE_INFO,
            )

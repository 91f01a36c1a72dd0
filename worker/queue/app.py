"""The Celery app with its one task, and the queue as the rest of nerq sees it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from celery import Celery, signals
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from worker.errors import ServiceError, SettingsError
from worker.queue.message import QUEUE, TASK, BatchMessage, encode
from worker.queue.model_cache import OpenModel
from worker.queue.slots import Slot
from worker.settings import Settings

#: Seconds that a warm stop lets batches finish.
STOP_GRACE_S = 30.0
#: Seconds for reaching Redis, and for its answer: nothing blocks for ever.
_CONNECT_S, _ANSWER_S = 5.0, 10.0


class NerqApp(Celery):
    """A Celery app that a spawned child builds again from the same settings."""

    settings: Settings
    slots: tuple[Slot, ...]
    open_model: OpenModel | None

    def __reduce__(self) -> tuple[Callable[..., NerqApp], tuple[Any, ...]]:
        # Through the pipe to the child, which nobody else can read; never through argv or the environment.
        return make_app, (self.settings, self.slots, self.open_model)


def make_app(
    settings: Settings, slots: tuple[Slot, ...] = (), open_model: OpenModel | None = None
) -> NerqApp:
    """The app: for sending with settings alone, for a worker with its slots.

    Raises:
        SettingsError: there is no broker in the settings.
    """
    if settings.broker_url is None:
        raise SettingsError("NERQ_BROKER is not set: give the Redis URL, such as redis://localhost:6379/0")
    app = NerqApp("nerq", set_as_current=False)
    app.settings, app.slots, app.open_model = settings, slots, open_model
    app.conf.update(_configuration(settings))
    if slots:
        from worker.queue.task import add_task

        app.conf.broker_transport = "worker.queue.gate:Transport"
        add_task(app)
    signals.setup_logging.connect(_keep_logging, weak=False, dispatch_uid="nerq.logging")
    return app


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "broker_url": settings.broker_url,
        # Without it kombu takes any certificate; ssl_* parameters of the URL win.
        "broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_REQUIRED} if settings.is_broker_encrypted else None,
        "broker_connection_timeout": _CONNECT_S,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # What Redis refuses, since it is full or its disk is, passes too: else the worker would end.
        "broker_channel_error_retry": True,
        "broker_pool_acquire_timeout": 10,
        "broker_transport_options": {
            "global_keyprefix": "nerq:",
            "visibility_timeout": 3 * settings.time_limit_s,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": _ANSWER_S,
            "socket_connect_timeout": _CONNECT_S,
            "socket_keepalive": True,
            "health_check_interval": _ANSWER_S,
        },
        "accept_content": ["json"],
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "result_backend": None,
        "task_ignore_result": True,
        "task_default_queue": QUEUE,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.2, "interval_max": 0.2},
        # The database decides about another try, not the broker: a message is gone once its process is.
        "task_acks_late": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        "task_reject_on_worker_lost": False,
        "task_retry_on_worker_lost": False,
        "task_time_limit": settings.time_limit_s,
        "worker_pool": "prefork",
        "worker_pool_start_method": "spawn",
        "worker_proc_alive_timeout": 120,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_soft_shutdown_timeout": STOP_GRACE_S,
        # For Flower. Published, not queued: with nobody listening they are gone, and like messages they name ids only.
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }


def _keep_logging(**_: Any) -> None:
    """A receiver of this signal keeps Celery from setting up logging of its own."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """Messages in Redis: waiting, and taken by a worker that has not finished them."""

    n_waiting: int
    n_taken: int


class Sender(Protocol):
    """Where batches are sent to."""

    def send(self, batch: BatchMessage) -> None:
        """Send one batch. Raises ServiceError if it cannot be sent."""


class BrokerQueue:
    """The queue in Redis. Safe to use from several threads."""

    def __init__(self, app: NerqApp) -> None:
        self._app = app

    @classmethod
    def of(cls, settings: Settings) -> BrokerQueue:
        """The queue of these settings. Raises SettingsError without a broker."""
        return cls(make_app(settings))

    def send(self, batch: BatchMessage) -> None:
        """Put a batch into the queue.

        Raises:
            ServiceError: Redis is out of reach.
        """
        with _translated(self._app.settings):
            # The time limit is the worker's to set, not the sender's.
            self._app.send_task(TASK, args=(encode(batch),), queue=QUEUE, time_limit=None, ignore_result=True)

    def state(self) -> QueueState:
        """How many messages there are.

        Raises:
            ServiceError: Redis is out of reach.
        """
        with _translated(self._app.settings), self._app.connection_for_write() as connection:
            channel = connection.channel()  # one try, where default_channel would go on trying
            n_taken = channel.client.hlen(channel.unacked_key)
            return QueueState(n_waiting=channel._size(QUEUE), n_taken=n_taken)

    def check(self) -> None:
        """Reach Redis once.

        Raises:
            ServiceError: it is out of reach.
        """
        self.state()


@contextmanager
def _translated(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (KombuError, OperationalError, RedisError, OSError) as error:
        cause = error.__cause__ or error  # kombu wraps what redis-py raises
        raise ServiceError(f"Redis at {settings.broker_address} {_ailment(cause)}") from error


def _ailment(error: BaseException) -> str:
    if isinstance(error, OutOfMemoryError):
        return "is full: raise its maxmemory, or empty it; nerq sends again what is lost."
    if isinstance(error, ResponseError):
        return f"refuses: {error}"
    return f"is out of reach ({type(error).__name__}): start it, or correct NERQ_BROKER."

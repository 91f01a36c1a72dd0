"""The checks of `nerq doctor` that look at Redis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cli.protection_checks import broker_way_checks, redis_access_checks
from worker.errors import EXIT_FAILURES, EXIT_UNAVAILABLE

if TYPE_CHECKING:
    from redis import Redis

    from cli.checks import Check
    from worker.settings import Settings


def broker_checks(settings: Settings) -> Iterator[Check]:
    """Whether Redis answers, keeps what it is given and keeps strangers out."""
    from cli.checks import Check

    if settings.broker_url is None:
        yield Check(
            "broker", "ok", "none: `nerq submit` does the work on this machine (NERQ_BROKER sets one)"
        )
        return
    info = _info(settings.broker_url)
    if isinstance(info, str):
        advice = "Start Redis or correct NERQ_BROKER; until then `nerq submit` stores what is to be sent."
        yield Check(
            "broker", "failed", f"Redis at {settings.broker_address}: {info}", advice, EXIT_UNAVAILABLE
        )
        return
    yield Check("broker", "ok", f"Redis {info.get('redis_version', '')} at {settings.broker_address}")
    yield from _keeping(info)
    yield from redis_access_checks(settings.broker_url, info)
    yield from broker_way_checks(settings.broker_url)


def _info(url: str) -> Mapping[str, Any] | str:
    """What Redis says of itself, or why it does not."""
    import redis

    from cli.checks import PATIENCE_S

    client = redis.Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        client.ping()
        try:
            return {**client.info(), **_access(client)}
        except redis.exceptions.NoPermissionError:
            return {}
    except redis.exceptions.AuthenticationError:
        return "it refuses the user or the password"
    except redis.exceptions.RedisError as error:
        return f"it cannot be reached ({type(error).__name__})"
    finally:
        client.close()


def _keeping(info: Mapping[str, Any]) -> Iterator[Check]:
    from cli.checks import Check

    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        advice = "Set `maxmemory-policy noeviction`: any other policy may throw the queue itself away."
        yield Check("eviction", "failed", f"maxmemory-policy is {policy}", advice, EXIT_FAILURES)
    limit = info.get("maxmemory", 0)
    if 0 < limit <= info.get("used_memory", 0):
        advice = "Raise `maxmemory`, or empty Redis: nerq sends again what is lost."
        yield Check("memory", "failed", "Redis is full", advice, EXIT_UNAVAILABLE)
    if info.get("aof_enabled") == 0:
        advice = "Set `appendonly yes`: a restart then keeps the queue, else nerq has to send it again."
        yield Check("append log", "warning", "appendonly is off", advice)


def _access(client: Redis) -> Mapping[str, Any]:
    """Whom Redis lets in, if it says so."""
    from redis.exceptions import ResponseError

    try:
        return {str(name): value for name, value in client.config_get("bind", "protected-mode").items()}
    except ResponseError:  # a user of few rights, or a service that hides its configuration
        return {}

"""The value of a setting as it may be shown: of a URL, no user, password or option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

if TYPE_CHECKING:
    from worker.settings import Settings


def shown_value(settings: Settings, name: str) -> Any:
    """A number, a string or None.

    Raises:
        SettingsError: the database's URL cannot be taken apart.
    """
    value = getattr(settings, name)
    if not isinstance(value, SecretStr):
        return value
    shown = {"database": _database, "broker": _broker}.get(name)
    return shown(settings) if shown else "***"


def _database(settings: Settings) -> str:
    from worker.store.database import parse_url

    url = parse_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    return _address("postgresql", f"{url.host or ''}{f':{url.port}' if url.port else ''}", url.database or "")


def _broker(settings: Settings) -> str:
    parts = urlsplit(settings.broker_url or "")
    return _address(parts.scheme, settings.broker_address, parts.path.strip("/"))


def _address(scheme: str, host: str, database: str) -> str:
    return f"{scheme}://***@{host}/{database}"

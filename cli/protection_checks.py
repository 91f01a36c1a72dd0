"""The checks of `nerq doctor` that look at who else could read along, or hold the keys."""

from __future__ import annotations

import ipaddress
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cli.session import sqlite_path

if TYPE_CHECKING:
    from cli.checks import Check
    from worker.settings import Settings

#: sslmodes of PostgreSQL that verify the server's certificate.
_VERIFYING = {"verify-ca", "verify-full"}
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def is_here(host: str | None) -> bool:
    """Whether what goes to the host stays on this machine."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, which may lead anywhere
        return False


def file_checks(settings: Settings) -> Iterator[Check]:
    """Whether the database file and a password in nerq.toml are for their owner's eyes only."""
    database = sqlite_path(settings)
    if database:
        yield from _database_file_checks(database)
    toml = Path("nerq.toml")
    if toml.exists() and _mode(toml) & _FOR_OTHERS and _holds_password(toml):
        finding = "nerq.toml holds a password and can be read by others"
        yield _warning("password", finding, "Type `chmod 600 nerq.toml`, or move the password to ~/.pgpass.")


def _database_file_checks(database: Path) -> Iterator[Check]:
    files = [database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))]
    open_files = [file.name for file in files if file.exists() and _mode(file) & _FOR_OTHERS]
    if open_files:
        finding = f"texts can be read by others: {', '.join(open_files)}"
        yield _warning(
            "file mode", finding, f"Type `chmod 600 {' '.join(open_files)}` in {database.absolute().parent}."
        )
    folder = database.absolute().parent
    if folder.exists() and _mode(folder) & _MAY_WRITE and not _mode(folder) & stat.S_ISVTX:
        finding = f"others may put another database in its place: {folder}"
        yield _warning("folder", finding, f"Type `chmod go-w {folder}`.")


def postgresql_checks(settings: Settings) -> Iterator[Check]:
    """Whether the way to PostgreSQL is encrypted, and leads to the right server."""
    from worker.store.database import parse_url

    url = parse_url(settings.database_url)
    if url.get_backend_name() != "postgresql":
        return
    host = url.host or _one(url.query.get("host")) or os.environ.get("PGHOST")
    mode = _one(url.query.get("sslmode")) or os.environ.get("PGSSLMODE", "prefer")
    if is_here(host) or mode in _VERIFYING:
        return
    advice = "Add `?sslmode=verify-full&sslrootcert=system` (or your authority's file) to NERQ_DATABASE."
    yield _warning(
        "encryption", f"texts go to another host with sslmode={mode}: anyone may answer there", advice
    )


def broker_way_checks(url: str) -> Iterator[Check]:
    """Whether the way to Redis is encrypted, and leads to the right server."""
    parts = urlsplit(url)
    if is_here(parts.hostname):
        return
    if parts.scheme != "rediss":
        advice = "Let Redis speak TLS, and write rediss:// in NERQ_BROKER."
        yield _warning("encryption", "the password of Redis goes to another host in the clear", advice)
    elif parse_qs(parts.query).get("ssl_cert_reqs", ["required"])[-1] != "required":
        advice = "Take ssl_cert_reqs out of NERQ_BROKER; ssl_ca_certs=FILE names an authority of your own."
        yield _warning(
            "encryption", "the certificate of Redis is not verified: anyone may answer there", advice
        )


def redis_access_checks(url: str, config: Mapping[str, Any]) -> Iterator[Check]:
    """Whether strangers are kept out of Redis; `config` is what it says of `bind` and `protected-mode`, if anything."""
    parts = urlsplit(url)
    if parts.password:
        return
    advice = (
        "Give Redis a password or an ACL user, and put it into NERQ_BROKER (or /run/secrets/nerq_broker)."
    )
    if not is_here(parts.hostname):
        yield _warning("password", "Redis on another host is open to everyone who reaches it", advice)
    elif config.get("protected-mode") == "no" and not _binds_here_only(str(config.get("bind", ""))):
        yield _warning("password", "Redis on this host is open to everyone who reaches the host", advice)


def _binds_here_only(bind: str) -> bool:
    addresses = [address.removeprefix("-") for address in bind.split()]
    return bool(addresses) and all(map(is_here, addresses))


def _holds_password(toml: Path) -> bool:
    try:
        values = tomllib.loads(toml.read_text("utf-8"))
    except (OSError, ValueError):  # said by those who read the settings
        return False
    urls = [urlsplit(value) for value in values.values() if isinstance(value, str) and "://" in value]
    return any(url.password or "password" in parse_qs(url.query) for url in urls)


def _mode(path: Path) -> int:
    return path.stat().st_mode


def _one(value: str | tuple[str, ...] | None) -> str | None:
    return value[-1] if isinstance(value, tuple) else value


def _warning(name: str, finding: str, advice: str) -> Check:
    from cli.checks import Check

    return Check(name, "warning", finding, advice)

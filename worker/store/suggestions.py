"""Names that a shell may offer: of jobs and models, tags, and paths of documents; never what stands in a document."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.pool import NullPool

from worker.store.database import Database, parse_url
from worker.store.schema import job, model, source

Kind = Literal["job", "model", "document"]

#: Nobody waits for a shell longer than that. PostgreSQL's driver connects in whole seconds, two at least.
_QUERY_S = 0.5
_CONNECT_S = 2
#: Names of one kind, the latest.
_MOST = 100
_STEPS_BETWEEN_LOOKS = 10_000


def suggest(url: str, kind: Kind, beginning: str) -> list[str]:
    """Names that begin so, the latest first; a path may begin at any of its folders.

    Makes no database and waits for none.

    Raises:
        NerqError: the database does not answer at once.
    """
    with closing(Database(_hasty_engine(url))) as database, database.read() as connection:
        return list(dict.fromkeys(_QUERIES[kind](connection, beginning)))[:_MOST]


def known_tags(url: str) -> list[tuple[str, ...]]:
    """The tags of each model that has read here. As `suggest` otherwise."""
    with closing(Database(_hasty_engine(url))) as database, database.read() as connection:
        return [tuple(tags) for tags in connection.execute(select(model.c.labels)).scalars()]


def _jobs(connection: Connection, beginning: str) -> Iterator[str]:
    query = select(job.c.name).where(job.c.name.is_not(None)).order_by(job.c.id.desc())
    query = query.where(func.substr(job.c.name, 1, len(beginning)) == beginning).limit(_MOST)
    yield from connection.execute(query).scalars()


def _models(connection: Connection, beginning: str) -> Iterator[str]:
    names = connection.execute(select(model.c.name).order_by(model.c.created_at.desc())).scalars()
    yield from (name for name in names if name.startswith(beginning))


def _documents(connection: Connection, beginning: str) -> Iterator[str]:
    query = select(source.c.path).where(source.c.document_id.is_not(None)).order_by(source.c.id.desc())
    if beginning:
        query = query.where(source.c.path.contains(beginning, autoescape=True))
    for path in connection.execute(query.limit(_MOST)).scalars():
        if path.startswith(beginning):
            yield path
        elif (before := path.find("/" + beginning)) >= 0:
            yield path[before + 1 :]


_QUERIES = {"job": _jobs, "model": _models, "document": _documents}


def _hasty_engine(url: str) -> Engine:
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        limits = {
            "connect_timeout": _CONNECT_S,
            "options": f"-c statement_timeout={round(1000 * _QUERY_S)}",
        }
        return create_engine(parsed, poolclass=NullPool, hide_parameters=True, connect_args=limits)
    file = f"sqlite+pysqlite:///file:{quote(str(parsed.database))}?mode=ro&uri=true"
    engine = create_engine(file, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": _QUERY_S})
    event.listen(engine, "connect", _give_up_in_time)
    return engine


def _give_up_in_time(connection: Any, _record: Any) -> None:
    deadline = time.monotonic() + _QUERY_S
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)

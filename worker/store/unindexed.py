"""A hint for SQLite's planner, which knows of no table how large it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class unindexed(FunctionElement[str]):  # noqa: N801 - reads as an SQL function
    """The value itself, which SQLite does not look up in an index; PostgreSQL decides by its statistics."""

    inherit_cache = True


@compiles(unindexed)
def _as_it_is(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    (clause,) = element.clauses
    return compiler.process(clause, **options)


@compiles(unindexed, "sqlite")
def _sqlite_plus(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    (clause,) = element.clauses
    return f"+{compiler.process(clause, **options)}"

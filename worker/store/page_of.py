"""The page on which something begins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class page_of(FunctionElement[int]):  # noqa: N801 - reads as the SQL function that it is
    """(page_starts, start) -> the number of the page that the character is on, from 1; NULL without pages."""

    type = Integer()
    inherit_cache = True


@compiles(page_of, "sqlite")
def _sqlite_page(element: page_of, compiler: SQLCompiler, **options: Any) -> str:
    starts, start = (compiler.process(clause, **options) for clause in element.clauses)
    pages = f"SELECT count(*) FROM json_each({starts}) AS page WHERE page.value <= {start}"  # noqa: S608 - SQL made of SQL
    return f"CASE WHEN {starts} IS NOT NULL THEN ({pages}) END"


@compiles(page_of, "postgresql")
def _postgresql_page(element: page_of, compiler: SQLCompiler, **options: Any) -> str:
    starts, start = (compiler.process(clause, **options) for clause in element.clauses)
    pages = f"json_array_elements_text({starts}) AS page (first) WHERE CAST(page.first AS bigint) <= {start}"
    return f"CASE WHEN {starts} IS NOT NULL THEN (SELECT count(*) FROM {pages}) END"  # noqa: S608 - SQL made of SQL

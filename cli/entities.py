"""`nerq entities`: find and count stored entities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import click

from cli.options import split_labels
from cli.quantity import count
from cli.render import Column, Format, Row, render_rows, with_record
from cli.session import stored

if TYPE_CHECKING:
    from worker.store import Database, EntityQuery

CountBy = Literal["label", "text", "document"]


def _score(value: float) -> str:
    return f"{value:.3f}"


ENTITY_COLUMNS = (
    Column("id", in_table=False),
    Column("document_id", "document", right=True),
    Column("path", joined=with_record, cut="left"),
    Column("record", in_table=False),
    Column("start", right=True),
    Column("end", right=True),
    Column("label"),
    Column("text", cut="right"),
    Column("score", right=True, shown=_score),
    Column("model_id", in_table=False),
)
COUNT_COLUMNS: dict[str, tuple[Column, ...]] = {
    "label": (Column("n", right=True, shown=count), Column("label")),
    "text": (
        Column("n", right=True, shown=count),
        Column("text", cut="right"),
        Column("name", in_table=False),
    ),
    "document": (
        Column("n", right=True, shown=count),
        Column("document_id", "document", right=True),
        Column("path", cut="left"),
    ),
}


@click.command("entities")
@click.option("--job", metavar="JOB", help="Only in the documents of this job: its number, name, or 'last'.")
@click.option(
    "--document", metavar="DOCUMENT", help="Only in this document: its id, path, or a unique end of its path."
)
@click.option(
    "--label", multiple=True, callback=split_labels, metavar="LABEL", help="Only these labels, e.g. PER,ORG."
)
@click.option("--text", help="Only entities that read exactly like this.")
@click.option("--like", help="Only entities that contain this; case and line breaks do not matter.")
@click.option("--min-score", type=click.FloatRange(0, 1), help="Only entities at least this probable.")
@click.option("--model", metavar="MODEL", help="Only what this model found: its name or the start of its id.")
@click.option(
    "--count-by", type=click.Choice(["label", "text", "document"]), help="Count instead of listing."
)
@click.option("--limit", type=click.IntRange(min=0), help="At most this many rows.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv"]),
    default="table",
    show_default=True,
    help="How to write the rows.",
)
@click.option("--json", "as_json", is_flag=True, help="Same as --format jsonl.")
@click.option(
    "--excel-safe",
    is_flag=True,
    help="In csv, put ' before a cell that a spreadsheet would run as a formula.",
)
def command(
    form: Format, as_json: bool, excel_safe: bool, count_by: CountBy | None, **conditions: Any
) -> None:
    """Find and count stored entities.

    \b
    Examples:
      nerq entities --job last --label ORG,PER --min-score 0.9
      nerq entities --like "acme" --count-by document
      nerq entities --job 7 --count-by text --limit 20
      nerq entities --format csv > entities.csv
      nerq entities --json | jq -r .text | sort | uniq -c

    Every condition narrows the answer. Offsets count the characters of the document, START included, END not.
    With --count-by text, spellings that differ in case or line breaks only are counted together. csv is
    written as it is stored: add --excel-safe when the file is for a spreadsheet, where a name that begins
    with = + - @ may run as a formula. A record of a JSON Lines file is shown as file#record.
    """
    if excel_safe and form != "csv":
        raise click.UsageError("--excel-safe is for --format csv.")
    if as_json and form not in ("table", "jsonl"):
        raise click.UsageError(f"--json is --format jsonl; it does not go with --format {form}.")
    with stored() as database:
        query = _query(database, **conditions)
        rows, columns = _counts(database, query, count_by) if count_by else _entities(database, query)
        render_rows(rows, columns, "jsonl" if as_json else form, "No entity matches.", excel_safe)


def _query(
    database: Database,
    job: str | None,
    document: str | None,
    label: tuple[str, ...],
    model: str | None,
    **same: Any,
) -> EntityQuery:
    from cli.choose import find_model
    from worker import store

    return store.EntityQuery(
        job_id=store.find_job(database, job).id if job else None,
        document_id=store.find_document(database, document).id if document else None,
        model_id=find_model(database, model).id if model else None,
        labels=label,
        **same,
    )


def _entities(database: Database, query: EntityQuery) -> tuple[Iterator[Row], tuple[Column, ...]]:
    from worker import store

    keys = [column.key for column in ENTITY_COLUMNS]
    rows = ({key: getattr(row, key) for key in keys} for row in store.find_entities(database, query))
    return rows, ENTITY_COLUMNS


def _counts(database: Database, query: EntityQuery, by: CountBy) -> tuple[Iterator[Row], tuple[Column, ...]]:
    from worker import store

    rows = store.count_entities(database, query, by)
    if by == "label":
        return ({"label": row.key, "n": row.n} for row in rows), COUNT_COLUMNS[by]
    if by == "text":
        return ({"text": row.text, "name": row.key, "n": row.n} for row in rows), COUNT_COLUMNS[by]
    return ({"document_id": row.document_id, "path": row.key, "n": row.n} for row in rows), COUNT_COLUMNS[by]

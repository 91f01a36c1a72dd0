"""`nerq entities`: find and count stored entities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cli import output
from cli.entity_options import condition_options
from cli.entity_rows import count_columns, count_rows, entity_columns, entity_rows
from cli.models import warn_of_unknown_labels
from cli.quantity import count
from cli.render import Column, Format, Row, render_rows
from cli.session import stored
from cli.surroundings import Nearness, Surroundings

if TYPE_CHECKING:
    from worker.store import CountKey, Database, EntityQuery, EntityRow


@click.command("entities")
@condition_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv", "parquet"]),
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
@click.option("--bom", is_flag=True, help="In csv, begin with the mark by which Excel knows UTF-8.")
@click.option(
    "--output",
    "-o",
    "target",
    metavar="PATH",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where parquet goes; the other formats go to standard output.",
)
def command(
    form: Format | Literal["parquet"],
    as_json: bool,
    excel_safe: bool,
    bom: bool,
    target: Path | None,
    near: str | None,
    cooccur: tuple[str, ...],
    within: Any,
    context: int | None,
    count_by: tuple[CountKey, ...],
    **conditions: Any,
) -> None:
    """Find and count stored entities.

    \b
    Examples:
      nerq entities --job last --label ORG,PER --min-score 0.9
      nerq entities --name "new york" --context 40
      nerq entities --label PER --near terminated --document 'contracts/*.txt'
      nerq entities --label PER --cooccur ORG --within 100
      nerq entities --like "acme" --count-by document
      nerq entities --job 7 --count-by text,label --limit 20
      nerq entities --sort=-score,text --limit 50 --offset 50
      nerq entities --since 2026-01-01 --format csv --excel-safe --bom > entities.csv
      nerq entities --json | jq -r .text | sort | uniq -c
      nerq entities --format parquet -o entities.parquet

    Every condition narrows the answer. Offsets count the characters of the document, START included, END not.
    With --count-by text, spellings that differ in case, spaces or line breaks only are counted together, and an
    entity counts by job for each job that asked for it. In a pattern of --document * and ? stand for characters of
    one name, ** for any. Pages, where documents have them, are in all formats but the table. csv is written as it
    is stored: add --excel-safe when the file is for a spreadsheet, where a name that begins with = + - @ may run as
    a formula. A record of a CSV or JSON Lines file is file#record; the file stands for all of them. Rows are written
    while they are found, however many they are.
    """
    _refuse_misfits(form, as_json, excel_safe or bom, target)
    nearness = Nearness(near, cooccur, "sentence" if within is None else within)
    _refuse_contradictions(nearness, within, context, count_by, conditions)
    with stored() as database:
        query = _query(database, beside=cooccur, **conditions)
        warn_of_unknown_labels(database, (*query.labels, *cooccur))
        surroundings = Surroundings(database, nearness)
        if count_by:
            rows = _counts(database, query, surroundings, nearness, count_by)
            columns = count_columns(count_by)
        else:
            found = _found(database, query, surroundings, nearness)
            rows, columns = entity_rows(found, surroundings, context), entity_columns(context)
        _write(rows, columns, "jsonl" if as_json else form, target, excel_safe, bom)


def _refuse_misfits(form: str, as_json: bool, is_for_excel: bool, target: Path | None) -> None:
    if is_for_excel and form != "csv":
        raise click.UsageError("--excel-safe and --bom are for --format csv.")
    if as_json and form not in ("table", "jsonl"):
        raise click.UsageError(f"--json is --format jsonl; it does not go with --format {form}.")
    if (form == "parquet") != (target is not None):
        raise click.UsageError(
            "--format parquet and -o PATH belong together; the other formats are for > PATH."
        )


def _refuse_contradictions(
    nearness: Nearness, within: Any, context: int | None, by: Sequence[str], conditions: dict[str, Any]
) -> None:
    if nearness.text is not None and not nearness.text.strip():
        raise click.UsageError("--near needs a text.")
    if within is not None and nearness.text is None and not nearness.labels:
        raise click.UsageError("--within says what --near and --cooccur mean: give one of them.")
    if by and (context is not None or conditions["sort"] or conditions["after"] is not None):
        raise click.UsageError("--context, --sort and --after are for lists, not for --count-by.")
    if "job" in by and nearness.needs_texts:
        raise click.UsageError(
            "--count-by job does not go with --near, nor with --cooccur but within a document."
        )
    if conditions["after"] is not None and conditions["sort"]:
        raise click.UsageError("--after goes on in the order of documents; with --sort use --offset.")


def _query(
    database: Database,
    jobs: tuple[str, ...],
    documents: tuple[str, ...],
    label: tuple[str, ...],
    model: str | None,
    **same: Any,
) -> EntityQuery:
    from cli.choose import find_model
    from worker import store
    from worker.store.globs import is_glob

    job_ids = tuple(store.find_job(database, job).id for job in jobs)
    files = {
        document
        for document in documents
        if is_glob(document) or store.is_file_of_records(database, document, job_ids)
    }
    return store.EntityQuery(
        job_ids=job_ids,
        document_ids=tuple(
            store.find_document(database, name, job_ids).id for name in documents if name not in files
        ),
        paths=tuple(files),
        model_id=find_model(database, model).id if model else None,
        labels=label,
        **same,
    )


def _found(
    database: Database, query: EntityQuery, surroundings: Surroundings, nearness: Nearness
) -> Iterator[EntityRow]:
    from dataclasses import replace

    from worker import store

    if not nearness.needs_texts:
        return store.find_entities(database, query)
    candidates = store.find_entities(database, replace(query, limit=None, offset=0))
    return _page(filter(surroundings.is_near, candidates), query)


def _counts(
    database: Database,
    query: EntityQuery,
    surroundings: Surroundings,
    nearness: Nearness,
    by: Sequence[CountKey],
) -> Iterator[Row]:
    from dataclasses import replace

    from cli.entity_counting import count_listed
    from worker import store

    if not nearness.needs_texts:
        return count_rows(store.count_entities(database, query, by), by)
    found = _found(database, replace(query, limit=None, offset=0), surroundings, nearness)
    return count_rows(_page(count_listed(database, found, by), query), by)


def _page(rows: Iterator[Any], query: EntityQuery) -> Iterator[Any]:
    return islice(rows, query.offset, None if query.limit is None else query.offset + query.limit)


def _write(
    rows: Iterator[Row],
    columns: Sequence[Column],
    form: Format | Literal["parquet"],
    target: Path | None,
    excel_safe: bool,
    bom: bool,
) -> None:
    if form == "parquet":
        from cli.entity_parquet import write_parquet

        assert target is not None  # noqa: S101 - asked for together with the format
        n_rows = write_parquet(rows, columns, target)
        output.say(f"Wrote {target} (parquet): {count(n_rows, 'row')}.")
        return
    if bom:
        output.write("\ufeff")
    render_rows(rows, columns, form, "No entity matches.", excel_safe)

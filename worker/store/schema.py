"""The tables. Their names and states are the README's words; `migrations/` builds them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

#: Every string compares and sorts by code point on both databases.
STRING: TypeEngine[str] = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
#: SQLite gives out row numbers only to a column of type INTEGER.
KEY: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")
#: Seconds since 1970-01-01 UTC, by the database's clock.
TIME = Double
JSON_VALUE = JSON(none_as_null=True)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

model = Table(
    "model",
    metadata,
    Column("id", STRING, primary_key=True),
    Column("name", STRING, nullable=False),
    Column("path", STRING, nullable=False),
    Column("labels", JSON_VALUE, nullable=False),
    Column("details", JSON_VALUE, nullable=False),
    Column("created_at", TIME, nullable=False),
    CheckConstraint("length(id) = 64", name="id"),
)

job = Table(
    "job",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("name", STRING, unique=True),
    Column("model_id", STRING, ForeignKey("model.id"), nullable=False, index=True),
    Column("created_at", TIME, nullable=False),
    Column("closed_at", TIME),
    Column("cancelled_at", TIME),
    Column("options", JSON_VALUE, nullable=False),
    Column("skipped", JSON_VALUE, nullable=False),
    sqlite_autoincrement=True,
)

document = Table(
    "document",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("sha256", STRING, unique=True, nullable=False),
    Column("n_chars", Integer, nullable=False),
    # Last, so that SQLite reads the columns before it without walking through a long text.
    Column("text", STRING, nullable=False),
    CheckConstraint("length(sha256) = 64", name="sha256"),
    # An id that someone has noted never comes to mean another document, nor a stale attempt another extraction.
    sqlite_autoincrement=True,
)

source = Table(
    "source",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("job_id", KEY, ForeignKey("job.id"), nullable=False),
    Column("document_id", KEY, ForeignKey("document.id")),
    Column("path", STRING, nullable=False),
    Column("record", STRING),
    Column("media_type", STRING),
    Column("encoding", STRING),
    Column("encoding_confidence", Double),
    Column("file_sha256", STRING),
    Column("n_bytes", BigInteger),
    Column("page_starts", JSON_VALUE),
    Column("metadata", JSON_VALUE),
    Column("error_code", STRING),
    Column("error_detail", STRING),
    CheckConstraint("(document_id IS NULL) <> (error_code IS NULL)", name="document_or_error"),
    Index(None, "job_id", "document_id"),
    # A job's sources in the order of submission, some at a time.
    Index(None, "job_id", "id"),
    Index(None, "document_id", "job_id"),
    # A path may be longer than an entry of PostgreSQL's B-tree; equality is all that is asked of it.
    Index(None, "path", postgresql_using="hash"),
)

_OPEN = text("status IN ('queued', 'running')")
_HIDDEN = text("status <> 'done' AND n_entities IS NOT NULL")

extraction = Table(
    "extraction",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("document_id", KEY, ForeignKey("document.id"), nullable=False),
    Column("model_id", STRING, ForeignKey("model.id"), nullable=False),
    Column("status", STRING, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("claimed_with", Integer),
    Column("worker", STRING),
    Column("lease_until", TIME),
    Column("queued_at", TIME, nullable=False),
    Column("dispatched_at", TIME),
    Column("started_at", TIME),
    Column("finished_at", TIME),
    Column("error_code", STRING),
    Column("error_detail", STRING),
    Column("n_words", Integer),
    Column("n_words_read", Integer),
    Column("n_windows", Integer),
    Column("n_pieces", Integer),
    Column("n_entities", Integer),
    Column("engine", STRING),
    Column("precision", STRING),
    Column("nerq_version", STRING),
    Column("seconds", Double),
    CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="status"),
    CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name="lease"),
    CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="error"),
    UniqueConstraint("document_id", "model_id"),
    # Serves the queue: queued and not yet announced in id order, and the few that run. Final rows are not in it.
    Index("ix_extraction_open", "status", "dispatched_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    # What was done once and is not now: its entities are there, and not to be seen.
    Index("ix_extraction_hidden", "id", sqlite_where=_HIDDEN, postgresql_where=_HIDDEN),
    sqlite_autoincrement=True,
)

#: To be asked beside the status, word for word as in the index: only so do both databases see that it serves.
IS_OPEN = extraction.c.status.in_([literal_column("'queued'"), literal_column("'running'")])

#: To be asked word for word as in its index, too.
IS_HIDDEN = and_(extraction.c.status != literal_column("'done'"), extraction.c.n_entities.is_not(None))

#: A longer text does not fit an entry of PostgreSQL's B-tree (2,704 bytes) together with its folded name.
MAX_INDEXED_CHARS = 150
_SHORT = text(f"length(text) <= {MAX_INDEXED_CHARS}")
_LONG = text(f"length(text) > {MAX_INDEXED_CHARS}")

entity = Table(
    "entity",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("extraction_id", KEY, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("label", STRING, nullable=False),
    Column("text", STRING, nullable=False),
    Column("name", STRING, nullable=False),
    Column("score", Double, nullable=False),
    CheckConstraint('start >= 0 AND "end" > start', name="span"),
    CheckConstraint('length(text) = "end" - start', name="text"),
    # PostgreSQL looks at each row of a COPY on its own for a foreign key; triggers look at all of them at once.
    ForeignKeyConstraint(["extraction_id"], ["extraction.id"], ondelete="CASCADE", info={"only": "sqlite"}),
    UniqueConstraint("extraction_id", "start", "end", "label"),
    Index(None, "label", "extraction_id", "start", "end"),
    # Names are counted with all their spellings from this index alone.
    Index(
        "ix_entity_spelling", "name", "text", "extraction_id", sqlite_where=_SHORT, postgresql_where=_SHORT
    ),
    Index("ix_entity_long", "name", sqlite_where=_LONG, postgresql_where=_LONG),
)

#: To be asked word for word as in the two indexes of names.
IS_SHORT = func.length(entity.c.text) <= literal_column(str(MAX_INDEXED_CHARS))
IS_LONG = func.length(entity.c.text) > literal_column(str(MAX_INDEXED_CHARS))

worker = Table(
    "worker",
    metadata,
    Column("name", STRING, primary_key=True),
    Column("host", STRING, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("device", STRING, nullable=False),
    Column("started_at", TIME, nullable=False),
    Column("seen_at", TIME, nullable=False, index=True),
    Column("note", STRING),
)

evaluation = Table(
    "evaluation",
    metadata,
    Column("id", KEY, primary_key=True),
    Column("created_at", TIME, nullable=False),
    Column("job_id", KEY, ForeignKey("job.id", ondelete="SET NULL"), index=True),
    # No reference: a model may be evaluated that no job has named.
    Column("model_id", STRING, nullable=False),
    Column("model_name", STRING, nullable=False),
    Column("gold", JSON_VALUE, nullable=False),
    Column("settings", JSON_VALUE, nullable=False),
    Column("nerq_version", STRING, nullable=False),
    Column("precision", Double, nullable=False),
    Column("recall", Double, nullable=False),
    Column("f1", Double, nullable=False),
    Column("figures", JSON_VALUE, nullable=False),
    CheckConstraint("length(model_id) = 64", name="model_id"),
)


def is_built_on(dialect: str, item: SchemaItem) -> bool:
    """Whether the migrations build this part of a table on that kind of database."""
    return bool(item.info.get("only", dialect) == dialect)

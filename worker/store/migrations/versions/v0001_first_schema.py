"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STRING = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_VALUE = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "document",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sha256", STRING, nullable=False),
        sa.Column("n_chars", sa.Integer(), nullable=False),
        sa.Column("text", STRING, nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name="ck_document_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint("sha256", name="uq_document_sha256"),
    )
    op.create_table(
        "model",
        sa.Column("id", STRING, nullable=False),
        sa.Column("name", STRING, nullable=False),
        sa.Column("path", STRING, nullable=False),
        sa.Column("labels", JSON_VALUE, nullable=False),
        sa.Column("details", JSON_VALUE, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.CheckConstraint("length(id) = 64", name="ck_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_model"),
    )
    op.create_table(
        "worker",
        sa.Column("name", STRING, nullable=False),
        sa.Column("host", STRING, nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("device", STRING, nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("note", STRING, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_worker"),
    )
    op.create_index("ix_worker_seen_at", "worker", ["seen_at"], unique=False)
    op.create_table(
        "extraction",
        sa.Column("id", KEY, nullable=False),
        sa.Column("document_id", KEY, nullable=False),
        sa.Column("model_id", STRING, nullable=False),
        sa.Column("status", STRING, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("claimed_with", sa.Integer(), nullable=True),
        sa.Column("worker", STRING, nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("queued_at", sa.Double(), nullable=False),
        sa.Column("dispatched_at", sa.Double(), nullable=True),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("error_code", STRING, nullable=True),
        sa.Column("error_detail", STRING, nullable=True),
        sa.Column("n_words", sa.Integer(), nullable=True),
        sa.Column("n_words_read", sa.Integer(), nullable=True),
        sa.Column("n_windows", sa.Integer(), nullable=True),
        sa.Column("n_pieces", sa.Integer(), nullable=True),
        sa.Column("n_entities", sa.Integer(), nullable=True),
        sa.Column("engine", STRING, nullable=True),
        sa.Column("precision", STRING, nullable=True),
        sa.Column("nerq_version", STRING, nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="ck_extraction_error"),
        sa.CheckConstraint("(status = 'running') = (lease_until IS NOT NULL)", name="ck_extraction_lease"),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="ck_extraction_status"
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_extraction_document_id"),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_extraction_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_extraction"),
        sa.UniqueConstraint("document_id", "model_id", name="uq_extraction_document_id_model_id"),
    )
    is_open = sa.text("status IN ('queued', 'running')")
    op.create_index(
        "ix_extraction_open",
        "extraction",
        ["status", "dispatched_at", "id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "job",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", STRING, nullable=True),
        sa.Column("model_id", STRING, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.Column("cancelled_at", sa.Double(), nullable=True),
        sa.Column("options", JSON_VALUE, nullable=False),
        sa.Column("skipped", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_job_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("name", name="uq_job_name"),
    )
    op.create_index("ix_job_model_id", "job", ["model_id"], unique=False)
    op.create_table(
        "entity",
        sa.Column("id", KEY, nullable=False),
        sa.Column("extraction_id", KEY, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("label", STRING, nullable=False),
        sa.Column("text", STRING, nullable=False),
        sa.Column("name", STRING, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.CheckConstraint('length(text) = "end" - start', name="ck_entity_text"),
        sa.CheckConstraint('start >= 0 AND "end" > start', name="ck_entity_span"),
        sa.ForeignKeyConstraint(
            ["extraction_id"], ["extraction.id"], name="fk_entity_extraction_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_entity"),
        sa.UniqueConstraint(
            "extraction_id", "start", "end", "label", name="uq_entity_extraction_id_start_end_label"
        ),
    )
    op.create_index(
        "ix_entity_label_extraction_id_start_end", "entity", ["label", "extraction_id", "start", "end"]
    )
    op.create_index("ix_entity_name", "entity", ["name"], unique=False)
    op.create_table(
        "source",
        sa.Column("id", KEY, nullable=False),
        sa.Column("job_id", KEY, nullable=False),
        sa.Column("document_id", KEY, nullable=True),
        sa.Column("path", STRING, nullable=False),
        sa.Column("record", STRING, nullable=True),
        sa.Column("media_type", STRING, nullable=True),
        sa.Column("encoding", STRING, nullable=True),
        sa.Column("encoding_confidence", sa.Double(), nullable=True),
        sa.Column("file_sha256", STRING, nullable=True),
        sa.Column("n_bytes", sa.BigInteger(), nullable=True),
        sa.Column("page_starts", JSON_VALUE, nullable=True),
        sa.Column("error_code", STRING, nullable=True),
        sa.Column("error_detail", STRING, nullable=True),
        sa.CheckConstraint(
            "(document_id IS NULL) <> (error_code IS NULL)", name="ck_source_document_or_error"
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_source_document_id"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_source_job_id"),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
    )
    op.create_index("ix_source_document_id_job_id", "source", ["document_id", "job_id"], unique=False)
    op.create_index("ix_source_job_id_document_id", "source", ["job_id", "document_id"], unique=False)
    op.create_index("ix_source_job_id_id", "source", ["job_id", "id"], unique=False)
    op.create_index("ix_source_path", "source", ["path"], unique=False, postgresql_using="hash")

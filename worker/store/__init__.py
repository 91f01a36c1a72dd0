"""Every SQL statement of nerq: jobs, sources, documents, extractions, entities.

One function for each thing that nerq asks of the database or tells it; the first argument is the open
`Database`. SQLite and PostgreSQL give the same answers.

- `rows` the values that go in and come out; `schema` the tables; `migrations/` their history
- `database` opening, and the two kinds of transaction; `migration` the schema's version; `driver_errors`
  their translation
- `jobs`, `sources`, `progress` what `nerq submit`, `cancel`, `retry` and `status` do
- `announcements`, `extractions`, `losses`, `workers` what the queue does
- `entities`, `entity_counts`, `entity_conditions`, `documents`, `pages`, `overview`, `models` what is asked of the
  results; `evaluations` how good they were
- `purge` what is to be forgotten
- `clock`, `names`, `globs`, `page_of`, `transitions`, `streaming`, `unindexed`, `chunks`, `upsert` what several of
  these share, each one thing
"""

from worker.store.announcements import announce, announce_again, open_work, unannounce
from worker.store.answers import (
    CountKey,
    CountRow,
    DocumentRow,
    EntityQuery,
    EntityRow,
    ErrorRow,
    GoldFile,
    JobDocument,
    ModelRow,
    NewEvaluation,
    ReadingRow,
    SortKey,
    StoredEvaluation,
    WorkerRow,
)
from worker.store.database import Database
from worker.store.documents import document_readings, find_document, is_file_of_records, job_documents
from worker.store.entities import document_entities, find_entities
from worker.store.entity_counts import count_entities
from worker.store.evaluations import add_evaluation, delete_evaluations, find_evaluation, list_evaluations
from worker.store.extractions import claim, fail, finish, give_back, refuse, renew
from worker.store.jobs import cancel_job, close_job, create_job, find_job, list_jobs, retry_job
from worker.store.losses import reclaim, running_workers
from worker.store.migration import migration_state, open_database, upgrade_database
from worker.store.models import list_models
from worker.store.names import fold_name
from worker.store.overview import NameRow, Overview, job_overview
from worker.store.pages import document_pages
from worker.store.progress import job_errors, job_progress
from worker.store.purge import Doomed, Purged, find_doomed, purge, purge_extent, scrub
from worker.store.rows import (
    Added,
    Announced,
    Claimed,
    ClaimedBatch,
    ExtractionStatus,
    Finished,
    Job,
    MigrationState,
    ModelFacts,
    NewDocument,
    NewEntity,
    NewSource,
    OpenWork,
    Progress,
    Reclaimed,
    RunFacts,
)
from worker.store.sources import add_sources
from worker.store.workers import beat, leave, live_workers

__all__ = [
    "Added",
    "Announced",
    "Claimed",
    "ClaimedBatch",
    "CountKey",
    "CountRow",
    "Database",
    "DocumentRow",
    "Doomed",
    "EntityQuery",
    "EntityRow",
    "ErrorRow",
    "ExtractionStatus",
    "Finished",
    "GoldFile",
    "Job",
    "JobDocument",
    "MigrationState",
    "ModelFacts",
    "ModelRow",
    "NameRow",
    "NewDocument",
    "NewEntity",
    "NewEvaluation",
    "NewSource",
    "OpenWork",
    "Overview",
    "Progress",
    "Purged",
    "ReadingRow",
    "Reclaimed",
    "RunFacts",
    "SortKey",
    "StoredEvaluation",
    "WorkerRow",
    "add_evaluation",
    "add_sources",
    "announce",
    "announce_again",
    "beat",
    "cancel_job",
    "claim",
    "close_job",
    "count_entities",
    "create_job",
    "delete_evaluations",
    "document_entities",
    "document_pages",
    "document_readings",
    "fail",
    "find_document",
    "find_doomed",
    "find_entities",
    "find_evaluation",
    "find_job",
    "finish",
    "fold_name",
    "give_back",
    "is_file_of_records",
    "job_documents",
    "job_errors",
    "job_overview",
    "job_progress",
    "leave",
    "list_evaluations",
    "list_jobs",
    "list_models",
    "live_workers",
    "migration_state",
    "open_database",
    "open_work",
    "purge",
    "purge_extent",
    "reclaim",
    "refuse",
    "renew",
    "retry_job",
    "running_workers",
    "scrub",
    "unannounce",
    "upgrade_database",
]

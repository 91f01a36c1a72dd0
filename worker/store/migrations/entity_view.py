"""The view for people who ask in SQL: an entity of each source of each job in a row, with all its names.

Only of extractions that are done, and the same on both databases. Its columns are described in the README.
"""

from __future__ import annotations

_VIEW = """
CREATE VIEW entity_view AS
SELECT
    entity.id,
    job.id AS job_id,
    job.name AS job,
    source.path,
    source.record,
    CASE WHEN source.page_starts IS NOT NULL THEN ({page}) END AS page,
    source.document_id,
    entity.label,
    entity.text,
    entity.name,
    entity.start,
    entity."end",
    entity.score,
    model.id AS model_id,
    model.name AS model,
    {finished_at} AS finished_at
FROM entity
JOIN extraction ON extraction.id = entity.extraction_id
JOIN source ON source.document_id = extraction.document_id
JOIN job ON job.id = source.job_id AND job.model_id = extraction.model_id
JOIN model ON model.id = extraction.model_id
WHERE extraction.status = 'done'
"""

CREATE_VIEW = {
    "sqlite": _VIEW.format(
        # No count(*): DuckDB, which reads SQLite's files, hands it on under another name.
        page="SELECT count(page.value) FROM json_each(source.page_starts) AS page WHERE page.value <= entity.start",
        finished_at="strftime('%Y-%m-%dT%H:%M:%SZ', extraction.finished_at, 'unixepoch')",
    ),
    "postgresql": _VIEW.format(
        page="SELECT count(page.first) FROM json_array_elements_text(source.page_starts) AS page (first)"
        " WHERE CAST(page.first AS bigint) <= entity.start",
        finished_at="to_char(to_timestamp(extraction.finished_at) AT TIME ZONE 'UTC',"
        """ 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
    ),
}

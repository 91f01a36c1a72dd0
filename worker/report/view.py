"""Content -> what the template shows: headline, notes, charts, the script's index, where it all comes from."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from worker.html.section import Section
from worker.html.wording import count, plain, whole
from worker.report.content import Content, Entry
from worker.report.embedding import embedded
from worker.report.sections import make_sections
from worker.report.wording import moment, one_line
from worker.store import ExtractionStatus
from worker.version import nerq_version


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the headline."""

    name: str
    value: str
    sentence: str


@dataclass(frozen=True, slots=True)
class View:
    """The page, but for its style and script."""

    title: str
    subtitle: str
    figures: Sequence[Figure]
    notes: Sequence[str]
    sections: Sequence[Section]
    n_names: int
    n_documents: int
    has_pages: bool
    index: Markup
    texts: Sequence[tuple[int, Markup]]
    command: str
    provenance: Sequence[tuple[str, str]]


def make_view(content: Content, page: str) -> View:
    """`page` is the name of the file, for the command that makes it again."""
    job = content.progress.job
    return View(
        title=job.name or f"Job {job.id}",
        subtitle=f"{content.folder or f'Job {job.id}'}, read by model {job.model_name}, {moment(job.created_at)}",
        figures=list(_figures(content)),
        notes=list(_notes(content)),
        sections=make_sections(content),
        n_names=len(content.overview.names),
        n_documents=len(content.entries),
        has_pages=any(entry.n_pages for entry in content.entries),
        index=embedded(_index(content)),
        texts=[(i, entry.text) for i, entry in enumerate(content.entries) if entry.text is not None],
        command=shlex.join(("nerq", "report", str(job.id), "-o", page, "--overwrite")),
        provenance=list(_provenance(content)),
    )


def _figures(content: Content) -> Iterator[Figure]:
    progress, overview = content.progress, content.overview
    n_done = progress.states[ExtractionStatus.DONE]
    n_failed = progress.states[ExtractionStatus.FAILED] + progress.n_failed_sources
    labels = count(len(overview.labels), "label")
    yield Figure(
        "Entities", whole(sum(overview.labels.values())), f"in {count(n_done, 'document')}, under {labels}"
    )
    yield Figure("Names", whole(overview.n_names), "that differ in more than case and spaces")
    yield Figure("Documents read", whole(n_done), f"of {whole(n_done + n_failed + _n_open(content))}")
    yield Figure("Failed", whole(n_failed), "could not be read" if n_failed else "nothing failed")


def _n_open(content: Content) -> int:
    """Documents that are neither done nor failed."""
    final = (ExtractionStatus.DONE, ExtractionStatus.FAILED)
    return sum(n for status, n in content.progress.states.items() if status not in final)


def _notes(content: Content) -> Iterator[str]:
    """What a reader must know to take nothing for all."""
    progress, limits, job = content.progress, content.limits, content.progress.job
    if progress.finished_at is None:
        yield "The job was not finished when this page was made: it shows what had been read by then."
    if job.skipped:
        skipped = ", ".join(f"{whole(n)} {reason}" for reason, n in sorted(job.skipped.items()))
        yield f"Passed over in the submitted folders: {skipped}."
    if n := content.n_documents_left_out:
        yield (
            f"The list holds the first {count(content.n_documents, 'document')}; {_are(n)} not in it. Figures, charts "
            "and names are those of all."
        )
    if n := content.n_texts_left_out:
        yield (
            f"The {'text' if n == 1 else 'texts'} of {count(n, 'document')} {'is' if n == 1 else 'are'} not in this "
            f"page, which holds {whole(limits.chars)} characters at most, {whole(limits.chars_of_one)} of one "
            "document: `nerq show DOCUMENT` shows it."
        )
    if n := content.n_failures_left_out:
        yield f"{_are(n)} not in the list of what failed: `nerq errors {job.id}` names all."
    if n := content.n_names_left_out:
        yield (
            f"The table holds the most frequent {count(len(content.overview.names), 'name')}; {_are(n)} not in it: "
            f"`nerq entities --job {job.id} --count-by text` counts all."
        )


def _are(n: int) -> str:
    return f"{whole(n)} more {'is' if n == 1 else 'are'}"


def _index(content: Content) -> Mapping[str, Any]:
    """What the lists are made of; labels and documents are numbers in their lists."""
    number = {label: i for i, label in enumerate(content.labels)}
    return {
        "labels": [plain(label) for label in content.labels],
        "names": [
            [
                one_line(name.text),
                number.get(name.label, -1),
                name.n,
                name.n_documents,
                round(name.mean_score, 4),
                round(name.least_score, 4),
                name.n_spellings,
                content.places.get((name.label, name.name), []),
            ]
            for name in content.overview.names
        ],
        "documents": [_document(entry, number) for entry in content.entries],
    }


def _document(entry: Entry, number: Mapping[str, int]) -> Mapping[str, Any]:
    return {
        "name": entry.name,
        "also": entry.also,
        "state": entry.state,
        "reason": plain(entry.reason),
        "chars": entry.n_chars,
        "pages": entry.n_pages,
        "labels": {number[label]: n for label, n in entry.labels.items() if label in number},
        "text": entry.text is not None,
    }


def _provenance(content: Content) -> Iterator[tuple[str, str]]:
    job = content.progress.job
    yield "job", f"{job.id}" + (f" {job.name}" if job.name else "")
    yield "folder", content.folder or "none in common"
    yield "model", job.model_name
    yield "model id", job.model_id
    yield "submitted", moment(job.created_at)
    yield "finished", moment(content.progress.finished_at) or "not yet"
    yield "sources", whole(content.progress.n_sources)
    yield "characters", whole(content.progress.n_chars_total)
    yield "nerq", nerq_version()

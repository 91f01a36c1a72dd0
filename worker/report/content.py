"""What the page shows, taken from the database within limits; what they leave out is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from markupsafe import Markup

from worker import store
from worker.export.selection import source_name
from worker.html.wording import plain
from worker.pages import find_page
from worker.report.embedding import embedded
from worker.report.passages import find_passages
from worker.store import Database, ErrorRow, ExtractionStatus, Job, JobDocument, Overview, Progress
from worker.store.paths import common_folder


@dataclass(frozen=True, slots=True)
class Limits:
    """What a browser can be asked to open."""

    documents: int = 2_000
    failures: int = 1_000
    names: int = 20_000
    chars: int = 40_000_000  #: of all texts together
    chars_of_one: int = 2_000_000


@dataclass(slots=True)
class Entry:
    """A document in the list, or a source that none came of; `text` is data for the script."""

    name: str
    state: str
    reason: str = ""
    n_chars: int = 0
    n_pages: int = 0
    labels: Counter[str] = field(default_factory=Counter)  #: entities by label
    also: list[str] = field(default_factory=list)  #: further sources with the same text
    text: Markup | None = None


@dataclass(slots=True)
class Content:
    """What is shown of a job; `places` says in which entries a (label, name) is, by their numbers."""

    progress: Progress
    overview: Overview
    limits: Limits
    folder: str  #: that all sources lay in, which is left out of their names
    entries: list[Entry] = field(default_factory=list)
    n_documents: int = 0  #: of the entries, those that are documents
    places: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  #: error code -> what one of its sources says
    n_failures_left_out: int = 0

    def name(self, source: JobDocument | ErrorRow) -> str:
        """As people know it in their folder."""
        path = source.path.removeprefix(self.folder) or source.path
        return plain(source_name(path, source.record))

    @property
    def labels(self) -> list[str]:
        """The most frequent first."""
        counts = self.overview.labels
        return sorted(counts, key=lambda label: (-counts[label], label))

    @property
    def n_documents_left_out(self) -> int:
        """Documents of the job that are not in the list."""
        return max(sum(self.progress.states.values()) - self.n_documents, 0)

    @property
    def n_texts_left_out(self) -> int:
        """Documents of the list whose text is too long for the page."""
        return sum(entry.text is None for entry in self.entries[: self.n_documents])

    @property
    def n_names_left_out(self) -> int:
        """Names that are too rare for the table."""
        return self.overview.n_names - len(self.overview.names)


def gather(
    db: Database, job: Job, limits: Limits, on_document: Callable[[int], None] = lambda _n: None
) -> Content:
    """What there is now; `on_document` is told how many documents were looked at.

    A document that several sources have is one entry.
    """
    overview = store.job_overview(db, job, limits.names)
    folder = common_folder(db, job.id)
    content = Content(store.job_progress(db, job.id), overview, limits, folder)
    failures = {(row.path, row.record): row for row in _failures(db, job, content)}
    _add_documents(db, job, content, failures, on_document)
    content.n_documents = len(content.entries)
    content.entries += [
        Entry(content.name(row), "failed", f"{row.code}: {row.detail}") for row in failures.values()
    ]
    return content


def _failures(db: Database, job: Job, content: Content) -> Iterator[ErrorRow]:
    """Those for which there is room; the others are counted."""
    for number, row in enumerate(store.job_errors(db, job.id)):
        content.reasons.setdefault(row.code, row.detail)
        if number < content.limits.failures:
            yield row
        else:
            content.n_failures_left_out += 1


def _add_documents(
    db: Database,
    job: Job,
    content: Content,
    failures: dict[tuple[str, str | None], ErrorRow],
    on_document: Callable[[int], None],
) -> None:
    """An entry for each document there is room for; its failures are taken out of those given."""
    names = {(row.label, row.name): number for number, row in enumerate(content.overview.names)}
    labels = {label: number for number, label in enumerate(content.labels)}
    numbers: dict[int, int] = {}
    n_chars = content.limits.chars
    with closing(store.job_documents(db, job.id)) as documents:
        for document in documents:
            failure = failures.pop((document.path, document.record), None)
            if document.document_id in numbers:
                content.entries[numbers[document.document_id]].also.append(content.name(document))
                continue
            if len(numbers) == content.limits.documents:
                break
            number = numbers[document.document_id] = len(numbers)
            entry = _entry(content.name(document), document, failure)
            if len(document.text) <= min(n_chars, content.limits.chars_of_one):
                n_chars -= len(document.text)
                entry.text = _text(document, labels, names)
            for key in {(e.label, store.fold_name(e.text)) for e in document.entities}:
                content.places.setdefault(key, []).append(number)
            content.entries.append(entry)
            on_document(len(numbers))


def _entry(name: str, document: JobDocument, failure: ErrorRow | None) -> Entry:
    reason = f"{failure.code}: {failure.detail}" if failure else ""
    n_pages = len(document.page_starts or ())
    is_done = document.status is ExtractionStatus.DONE
    labels = Counter(e.label for e in document.entities) if is_done else Counter[str]()
    return Entry(name, document.status.value, reason, len(document.text), n_pages, labels)


def _text(document: JobDocument, labels: dict[str, int], names: dict[tuple[str, str], int]) -> Markup:
    """Passages, and for each entity its label, score, name and page; -1 is what the page's lists do not hold."""
    entities = [
        [
            labels.get(e.label, -1),
            round(e.score, 4),
            names.get((e.label, store.fold_name(e.text)), -1),
            find_page(e.start, document.page_starts),
        ]
        for e in document.entities
    ]
    return embedded(
        {
            "passages": find_passages(document.text, document.entities, document.page_starts or ()),
            "entities": entities,
        }
    )

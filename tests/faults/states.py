"""The states of an extraction as README draws them, in plain Python: what the database is compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

#: A document and the model that reads it.
Key = tuple[str, str]
MAX_LOSSES = MAX_REFUSALS = 3


@dataclass
class Extraction:
    """One document read by one model."""

    status: str = "queued"
    attempt: int = 0
    losses: int = 0
    refusals: int = 0
    is_alone: bool = False
    is_announced: bool = False
    #: Of the attempt that runs: its worker, how many were claimed with it, whether its lease ran out.
    worker: str = ""
    n_claimed: int = 0
    is_expired: bool = False
    #: The attempt whose entities are stored.
    stored: int | None = None
    #: Jobs that wait for the answer.
    waiting: set[int] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        return self.status in ("queued", "running")

    def go_back(self) -> None:
        self.status, self.is_announced = "queued", False

    def renew(self, waiting: set[int]) -> None:
        """Queued with a clean record, for those who wait for it now."""
        self.go_back()
        self.losses = self.refusals = 0
        self.is_alone, self.waiting = False, waiting


@dataclass
class Job:
    model: str
    documents: set[str]
    is_closed: bool
    is_cancelled: bool = False


class States:
    """Every job and extraction, and what each event makes of them."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.all: dict[Key, Extraction] = {}

    def submit(self, id_: int, job: Job, again: bool) -> None:
        self.jobs[id_] = job
        renewed = {"cancelled", "done", "failed"} if again else {"cancelled"}
        for key in self._keys(job):
            if self.all.setdefault(key, Extraction()).status in renewed:
                self.all[key].renew(self._never_closed(key))
        self._wait_for(id_)

    def claim(self, keys: Sequence[Key], worker: str, is_repeated: bool) -> dict[Key, int]:
        """The attempts that begin."""
        named = [self.all[key] for key in keys]
        for one in named:
            if is_repeated and one.status == "running" and one.worker == worker:
                one.go_back()
        self._lose(one for one in named if one.is_expired)
        taken = [key for key in keys if self.all[key].status == "queued"]
        taken = [key for key in taken if len(keys) == 1 or not self.all[key].is_alone]
        for key in taken:
            one = self.all[key]
            one.status, one.attempt, one.worker = "running", one.attempt + 1, worker
            one.n_claimed, one.is_expired = len(taken), False
        return {key: self.all[key].attempt for key in taken}

    def held(self, key: Key, attempt: int) -> Extraction | None:
        """The extraction, if this attempt at it still counts."""
        one = self.all[key]
        return one if (one.status, one.attempt) == ("running", attempt) else None

    def reclaim(self, dead: Collection[str]) -> None:
        self._lose(one for one in self.all.values() if one.is_expired or one.worker in dead)

    def cancel(self, id_: int) -> None:
        job = self.jobs[id_]
        job.is_cancelled = True
        for key in self._keys(job):
            one = self.all[key]
            one.waiting.discard(id_)
            if one.is_open and not one.waiting:
                one.status = "cancelled"

    def retry(self, id_: int) -> None:
        job = self.jobs[id_]
        job.is_cancelled = False
        for key in self._keys(job):
            if self.all[key].status in ("failed", "cancelled"):
                self.all[key].renew(self._never_closed(key))
        self._wait_for(id_)

    def _lose(self, lost: Iterable[Extraction]) -> None:
        """What was claimed together is tried alone; what was alone loses a life."""
        for one in [one for one in lost if one.status == "running"]:
            one.losses += one.n_claimed == 1
            one.go_back()
            one.is_alone = True
            if one.losses >= MAX_LOSSES:
                one.status = "failed"

    def _wait_for(self, id_: int) -> None:
        """Who submits or retries waits for whatever of the job is open then."""
        for key in self._keys(self.jobs[id_]):
            if self.all[key].is_open:
                self.all[key].waiting.add(id_)

    def _never_closed(self, key: Key) -> set[int]:
        """Jobs whose submit was interrupted: they wait for their documents until they are cancelled."""
        jobs = self.jobs.items()
        return {
            id_ for id_, job in jobs if not (job.is_closed or job.is_cancelled) and key in self._keys(job)
        }

    @staticmethod
    def _keys(job: Job) -> list[Key]:
        return [(document, job.model) for document in sorted(job.documents)]

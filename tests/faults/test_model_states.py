"""Any order of submits, claims, ends, deaths, cancels and retries leaves what README's diagram says it leaves."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update

from tests.faults.states import MAX_LOSSES, MAX_REFUSALS, Extraction, Job, Key, States
from tests.samples import MODEL, OTHER_MODEL, RUN, failed_source, new_source
from tests.services import wait_until
from worker import store
from worker.store import Database, EntityQuery, ExtractionStatus, Finished, NewEntity
from worker.store.clock import now
from worker.store.schema import document, extraction, metadata

#: The same histories in every run; a failure says how to see it again.
SETTINGS = settings(
    max_examples=15,
    stateful_step_count=100,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)

TEXTS = ("Ada met Bob.", "Grace met Alan.")
MODELS = {model.id: model for model in (MODEL, OTHER_MODEL)}
WORKERS = ("host:1:1", "host:2:2")
#: Longer than any test; leases run out by the test's word.
_LEASE_S = 1e6

some_texts = st.sets(st.sampled_from(TEXTS), min_size=1)
#: An extraction by its id, and an attempt at it.
Attempt = tuple[int, int]


def one_of_each(some: list[Attempt]) -> list[Attempt]:
    """A worker holds one attempt at an extraction at a time."""
    return list(dict(some).items())


class History(RuleBasedStateMachine):
    """The store and the model of its states are told the same, and must agree after every step."""

    jobs: Bundle[int] = Bundle("jobs")
    attempts: Bundle[Attempt] = Bundle("attempts")

    def __init__(self, db: Database) -> None:
        super().__init__()
        self.db = db
        self.states = States()
        self.keys: dict[int, Key] = {}
        with db.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))

    @rule(
        target=jobs,
        texts=some_texts,
        model=st.sampled_from(sorted(MODELS)),
        again=st.booleans(),
        is_closed=st.sampled_from([True, True, True, False]),
    )
    def submit(self, texts: set[str], model: str, again: bool, is_closed: bool) -> int:
        """One that is not closed was interrupted after its sources were in."""
        self.let_time_pass()
        job = store.create_job(self.db, None, MODELS[model], {})
        paths = sorted(texts)
        store.add_sources(self.db, job, [new_source(t) for t in paths], again)
        store.add_sources(self.db, job, [new_source(paths[0]), failed_source("scan.txt")], again)
        if is_closed:
            store.close_job(self.db, job, {})
        self.states.submit(job, Job(model, texts, is_closed), again)
        query = select(extraction.c.id, document.c.text, extraction.c.model_id).join(document)
        with self.db.read() as connection:
            self.keys = {row.id: (row.text, row.model_id) for row in connection.execute(query)}
        return job

    @rule(limit=st.integers(1, 8))
    def announce(self, limit: int) -> None:
        for row in store.announce(self.db, limit):
            one = self.states.all[self.keys[row.id]]
            assert (one.status, one.is_announced, one.is_alone) == ("queued", False, row.alone)
            one.is_announced = True

    @rule(
        target=attempts,
        texts=some_texts,
        model=st.sampled_from(sorted(MODELS)),
        worker=st.sampled_from(WORKERS),
        is_repeated=st.booleans(),
    )
    def claim(self, texts: set[str], model: str, worker: str, is_repeated: bool) -> MultipleResults[Attempt]:
        """What is claimed and never ended has crashed."""
        wanted = {(text, model) for text in texts} & self.states.all.keys()
        ids = [id_ for id_, key in self.keys.items() if key in wanted]
        expected = self.states.claim(sorted(wanted), worker, is_repeated)
        batch = store.claim(self.db, ids, worker, _LEASE_S, MAX_LOSSES, is_repeated=is_repeated)
        claimed = batch.extractions if batch else ()
        assert {self.keys[one.id]: one.attempt for one in claimed} == expected
        assert all(one.text == self.keys[one.id][0] for one in claimed)
        return multiple(*((one.id, one.attempt) for one in claimed))

    @rule(some=st.lists(attempts, min_size=1, max_size=3).map(one_of_each))
    def finish(self, some: list[Attempt]) -> None:
        held = {attempt for attempt in some if self.held(attempt)}
        results = [Finished(id_, n, found(self.keys[id_], n), 3, 3, 1, 5, 0.1) for id_, n in some]
        assert store.finish(self.db, results, RUN) == {id_ for id_, _ in held}
        for one, (_, attempt) in self.those_held(held):
            one.status, one.stored = "done", attempt

    @rule(attempt=attempts)
    def fail(self, attempt: Attempt) -> None:
        one = self.held(attempt)
        assert store.fail(self.db, *attempt, "internal_error", "KeyError") == (one is not None)
        if one:
            one.status = "failed"

    @rule(some=st.lists(attempts, min_size=1, max_size=3).map(one_of_each))
    def give_back(self, some: list[Attempt]) -> None:
        store.give_back(self.db, some)
        for one, _ in self.those_held(some):
            one.go_back()

    @rule(attempt=attempts)
    def refuse(self, attempt: Attempt) -> None:
        store.refuse(self.db, [attempt], "There is no such folder.", MAX_REFUSALS)
        for one, _ in self.those_held([attempt]):
            one.go_back()
            one.refusals += 1
            if one.refusals >= MAX_REFUSALS:
                one.status = "failed"

    @rule(attempt=attempts)
    def renew(self, attempt: Attempt) -> None:
        one = self.held(attempt)
        assert store.renew(self.db, [attempt], _LEASE_S) == ({attempt[0]} if one else set())
        if one:
            one.is_expired = False

    @rule(attempt=attempts)
    def let_lease_run_out(self, attempt: Attempt) -> None:
        is_it = (extraction.c.id == attempt[0]) & (extraction.c.status == ExtractionStatus.RUNNING)
        with self.db.write() as connection:
            connection.execute(update(extraction).where(is_it).values(lease_until=now() - 1))
        one = self.states.all[self.keys[attempt[0]]]
        one.is_expired = one.status == "running"

    @rule(dead=st.sampled_from([set(), set(WORKERS)]))
    def recover(self, dead: set[str]) -> None:
        store.reclaim(self.db, MAX_LOSSES, dead)
        self.states.reclaim(dead)

    @rule(job=jobs)
    def cancel(self, job: int) -> None:
        before = self.n_of("cancelled")
        self.states.cancel(job)
        assert store.cancel_job(self.db, job) == self.n_of("cancelled") - before

    @rule(job=jobs)
    def retry(self, job: int) -> None:
        self.let_time_pass()
        before = self.n_of("queued")
        self.states.retry(job)
        assert store.retry_job(self.db, job) == self.n_of("queued") - before

    @rule(job=jobs)
    def status(self, job: int) -> None:
        progress = store.job_progress(self.db, job)
        told = self.states.jobs[job]
        states = [self.states.all[text, told.model].status for text in told.documents]
        assert {s.value: n for s, n in progress.states.items() if n} == Counter(states)
        is_finished = told.is_closed and not {"queued", "running"} & set(states)
        assert (progress.finished_at is not None) == (is_finished or told.is_cancelled)

    @invariant()
    def the_states_are_those_of_the_model(self) -> None:
        """With `attempt`, which in the model only grows: no event shrinks it."""
        e = extraction.c
        query = select(e.id, e.status, e.attempt, e.losses, e.refusals, e.alone, e.dispatched_at)
        with self.db.read() as connection:
            rows = {self.keys[row.id]: row for row in connection.execute(query)}
        assert rows.keys() == self.states.all.keys()
        for key, one in self.states.all.items():
            row = rows[key]
            assert (row.status, row.attempt, row.losses) == (one.status, one.attempt, one.losses), key
            assert (row.refusals, row.alone) == (one.refusals, one.is_alone), key
            if one.status == "queued":
                assert (row.dispatched_at is not None) == one.is_announced, key

    @invariant()
    def entities_are_seen_of_what_is_done_and_each_once(self) -> None:
        """Those of the attempt that ended it, and of no other."""
        seen = [(row.text, row.score, row.model_id) for row in store.find_entities(self.db, EntityQuery())]
        done = [(key, one.stored) for key, one in self.states.all.items() if one.status == "done"]
        assert sorted(seen) == sorted(
            (entity.text, entity.score, key[1])
            for key, attempt in done
            for entity in found(key, attempt or 0)
        )

    def teardown(self) -> None:
        """However it went on so far, a worker that lives brings every source to exactly one end."""
        if not self.keys:
            return
        store.reclaim(self.db, MAX_LOSSES, WORKERS)
        for id_ in self.keys:
            if batch := store.claim(self.db, [id_], "host:3:3", _LEASE_S):
                (one,) = batch.extractions
                store.finish(self.db, [Finished(one.id, one.attempt, [], 3, 3, 1, 5, 0.1)], RUN)
        for id_, job in self.states.jobs.items():
            progress = store.job_progress(self.db, id_)
            assert sum(n for status, n in progress.states.items() if status.is_final) == len(job.documents)
            assert (progress.n_failed_sources, progress.n_sources) == (1, len(job.documents) + 2)

    def held(self, attempt: Attempt) -> Extraction | None:
        return self.states.held(self.keys[attempt[0]], attempt[1])

    def those_held(self, some: object) -> list[tuple[Extraction, Attempt]]:
        return [(one, attempt) for attempt in some if (one := self.held(attempt))]  # type: ignore[attr-defined]

    def n_of(self, status: str) -> int:
        return sum(one.status == status for one in self.states.all.values())

    def let_time_pass(self) -> None:
        """Who waits for what is told by time; SQLite's clock has milliseconds."""
        with self.db.read() as connection:
            before = connection.execute(select(now())).scalar_one()
            wait_until(lambda: connection.execute(select(now())).scalar_one() > before)


def found(key: Key, attempt: int) -> list[NewEntity]:
    """What an attempt finds: told from any other attempt's by the score."""
    first, _, second = key[0].rstrip(".").split()
    spans = [(0, first), (len(key[0]) - len(second) - 1, second)]
    return [NewEntity(start, start + len(name), "PER", name, attempt / 1000) for start, name in spans]


@pytest.mark.timeout(600)
def test_any_history_leaves_the_states_of_the_diagram(db: Database) -> None:
    run_state_machine_as_test(lambda: History(db), settings=SETTINGS)  # type: ignore[arg-type]

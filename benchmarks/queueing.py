"""What queueing costs: one worker behind Redis and PostgreSQL against the recogniser in memory, on the same texts.

    python -m benchmarks.queueing
    python -m benchmarks.queueing --sizes 8 64 256      the worker with messages of so many documents at most

It starts private servers. Both sides hold their model already when the clock starts, and read in turns. The worker's
time is from the announcement of the job to its end in the database; the texts are in it by then, as with any queue.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import select

from benchmarks.corpus import make_corpora
from benchmarks.processes import Process
from cli.submission import open_model
from tests.services import PostgresServer, RedisServer, find_postgres, find_redis
from worker import store
from worker.queue.app import BrokerQueue, make_app
from worker.queue.dispatch import dispatch
from worker.queue.slots import plan_slots
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engines import open_engine
from worker.settings import Settings
from worker.store import ExtractionStatus
from worker.store.schema import extraction

#: The least share of the recogniser's speed in memory that the worker has to reach.
LEAST = 0.92
_ROOT = Path(__file__).parent.parent
_POLL_S = 0.02


class InMemory:
    """The recogniser in a process of its own, as the worker has it."""

    def __init__(self, model: str, threads: int, texts: Sequence[str]) -> None:
        checkpoint = Checkpoint.open(model)
        self._recognizer = Recognizer(checkpoint, open_engine(checkpoint, threads=threads, device="cpu"))
        self._texts = texts

    def time(self, n_documents: int, n_chars: int) -> float:
        """Seconds for all texts, read in batches of the size of the worker's."""
        started = time.perf_counter()
        for batch in _batches(self._texts, n_documents, n_chars):
            self._recognizer.recognize(batch)
        return time.perf_counter() - started


def main() -> int:
    """0 if the worker is fast enough."""
    options = _parse()
    (corpus,) = make_corpora([options.kind], options.words)
    texts = [*corpus.texts]
    threads = options.threads
    print(f"{len(texts):,} documents, {corpus.n_words:,} words, {threads} threads", flush=True)
    shares = []
    with private_servers() as (postgres, redis):
        memory = Process(InMemory, options.model, threads, texts, threads=threads)
        for size in options.sizes or [Settings().batch_documents]:
            name = postgres.create_database()
            settings = Settings(
                database=postgres.url(name),
                broker=redis.url,
                processes=1,
                threads=threads,
                batch_documents=size,
            )
            with _Worker(settings, options.model) as worker:
                worker.time(
                    texts, "first"
                )  # opens the model, and knows the words from then on, as memory does
                memory.call("time", size, settings.batch_chars)
                pairs = []
                for turn in range(options.rounds):
                    alone = memory.call("time", size, settings.batch_chars)
                    pairs.append((alone, worker.time(texts, str(turn), 0.8 * alone)))
            share = median(a / b for a, b in pairs)
            shares.append(share)
            print(
                f"up to {size} documents a message: in memory {median(a for a, _ in pairs):.2f} s, "
                f"through the queue {median(b for _, b in pairs):.2f} s, share {share:.3f} (at least {LEAST})",
                flush=True,
            )
        memory.end()
    return 0 if min(shares) >= LEAST else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="general", help="bundled name, folder or hub id")
    parser.add_argument("--kind", default="notes", help="of the documents")
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of either side")
    parser.add_argument("--sizes", nargs="+", type=int, help="documents of a message, at most; else as set")
    return parser.parse_args()


def _batches(texts: Sequence[str], n_documents: int, n_chars: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        if batch and (len(batch) == n_documents or sum(map(len, batch)) + len(text) > n_chars):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


@contextmanager
def private_servers() -> Iterator[tuple[PostgresServer, RedisServer]]:
    """Of their own, on free ports, gone afterwards."""
    postgres, redis = PostgresServer(find_postgres()), RedisServer(find_redis())
    try:
        postgres.start()
        redis.start()
        yield postgres, redis
    finally:
        postgres.remove()
        redis.remove()


@dataclass(slots=True)
class _Worker:
    """`nerq worker` and who submits to it."""

    settings: Settings
    model: str
    _process: Any = None
    _db: Any = None
    _queue: Any = None
    _log: Any = None

    def __enter__(self) -> _Worker:
        store.upgrade_database(self.settings.database_url)
        self._db = store.open_database(self.settings.database_url)
        self._queue = BrokerQueue(make_app(self.settings, plan_slots(self.settings)))
        values = {
            "NERQ_DATABASE": self.settings.database_url,
            "NERQ_BROKER": str(self.settings.broker_url),
            "NERQ_PROCESSES": "1",
            "NERQ_THREADS": str(self.settings.threads),
            "NERQ_BATCH_DOCUMENTS": str(self.settings.batch_documents),
            "NERQ_RECOVERY_S": "3600",  # else the worker itself may announce a job, before the clock starts
        }
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli", "worker", "--gpus", "none"],
            env={**os.environ, **values},
            cwd=_ROOT,
            stdout=self._log,
            stderr=self._log,
        )
        return self

    def time(self, texts: Sequence[str], mark: str, least_s: float = 0.0) -> float:
        """Seconds from the announcement to the end; marked, so that no text was ever read before.

        Before `least_s` it is not asked whether the work is done: whoever asks takes time from a processor that works.
        """
        job = store.create_job(self._db, None, open_model(self.model), {})
        marked = [f"{text}\n{mark}\n" for text in texts]
        sources = [
            store.NewSource(
                path=f"{i:06}.txt", document=store.NewDocument(hashlib.sha256(t.encode()).hexdigest(), t)
            )
            for i, t in enumerate(marked)
        ]
        store.add_sources(self._db, job, sources)
        store.close_job(self._db, job, {})
        started = time.perf_counter()
        dispatch(self._db, self.settings, self._queue)
        time.sleep(least_s)
        while self._has_work():
            if self._process.poll() is not None:
                sys.exit(f"the worker ended with {self._process.returncode}")
            time.sleep(_POLL_S)
        return time.perf_counter() - started

    def _has_work(self) -> bool:
        """By the cheapest question: to tell the progress of a job takes longer."""
        waiting = extraction.c.status.in_((ExtractionStatus.QUEUED, ExtractionStatus.RUNNING))
        with self._db.read() as connection:
            return connection.execute(select(extraction.c.id).where(waiting).limit(1)).first() is not None

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._log.close()
        self._db.close()


if __name__ == "__main__":
    sys.exit(main())

"""Storm after storm until the time is up, each with its own seed: `python -m tests.faults.chaos --minutes 10`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.storm import Storm, Toll
from tests.queue_work import make_settings
from tests.services import PostgresServer, RedisServer, find_postgres, find_redis
from worker import store


def main() -> int:
    """0 if no storm cost anything; a storm that did is named by its seed, with which it comes again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--faults", type=int, default=30, help="in one storm, over 300 documents")
    parser.add_argument("--seed", type=int, help="of the first storm; the others count on from it")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    deadline = time.monotonic() + 60 * arguments.minutes
    total, n_storms, n_bad = Toll(), 0, 0
    redis, postgres = RedisServer(find_redis()), PostgresServer(find_postgres())
    try:
        while n_storms == 0 or time.monotonic() < deadline:
            toll = _storm(redis, postgres, seed + n_storms, arguments.faults)
            print(f"seed {seed + n_storms}: {_describe(toll)}", flush=True)
            total.add(toll)
            n_bad += not toll.is_clean
            n_storms += 1
    finally:
        redis.remove()
        postgres.remove()
    print(f"\n{n_storms} storms: {_describe(total)}")
    for fault, n in sorted(total.faults.items()):
        print(f"{n:6}  {fault}")
    return 1 if n_bad else 0


def _storm(redis: RedisServer, postgres: PostgresServer, seed: int, n_faults: int) -> Toll:
    redis.start()
    redis.flush()
    postgres.start()
    name = postgres.create_database()
    url = postgres.url(name)
    store.upgrade_database(url)
    settings = make_settings(url, redis.url, max_losses=10_000)
    db = store.open_database(settings.database_url)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return Storm(settings, redis, postgres, seed).rage(db, n_faults, Path(folder))
    finally:
        db.close()
        postgres.start()
        postgres.drop_database(name)


def _describe(toll: Toll) -> str:
    return (
        f"{toll.faults.total()} faults, {toll.n_documents} documents, "
        f"{toll.n_lost} lost, {toll.n_doubled} doubled, {toll.n_wrong} wrong"
    )


if __name__ == "__main__":
    sys.exit(main())

"""Killed, emptied, crashed at random while it reads: what nerq stores is what a clean run stores."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.outcome import Outcome
from tests.faults.storm import Storm, Toll, compare
from tests.queue_work import make_settings
from tests.services import PostgresServer, RedisServer
from worker import store

SEED = 20261124
N_FAULTS = 14


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [SEED])
def test_a_storm_of_kills_leaves_what_a_clean_run_leaves(
    postgres_url: str, postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path, seed: int
) -> None:
    settings = make_settings(postgres_url, redis_server.url, max_losses=99)
    db = store.open_database(settings.database_url)
    toll = Storm(settings, redis_server, postgres_server, seed).rage(db, N_FAULTS, tmp_path)
    db.close()
    assert toll.faults.total() == N_FAULTS
    assert (toll.n_documents, toll.is_clean) == (300, True), toll


def test_what_a_storm_cost_is_counted_by_documents() -> None:
    clean: Outcome = {"document": [("a",), ("b",), ("c",)], "entity": [("a", 1), ("a", 2), ("b", 3)]}
    found: Outcome = {
        "document": [("a",), ("b",), ("c",)],
        "entity": [("a", 1), ("b", 3), ("b", 3), ("c", 4)],
    }
    assert compare(found, clean) == Toll(Counter(), 3, n_lost=1, n_doubled=1, n_wrong=1)
    assert compare(clean, clean).is_clean

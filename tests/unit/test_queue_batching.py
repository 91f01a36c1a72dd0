from hypothesis import given
from hypothesis import strategies as st

from worker.queue.batching import make_batches
from worker.store import Announced

announced = st.lists(
    st.builds(
        Announced,
        id=st.integers(1, 10**6),
        model_id=st.sampled_from(["m1", "m2"]),
        n_chars=st.integers(0, 30_000),
        alone=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda row: row.id,
)


@given(announced, st.integers(1, 60_000), st.integers(1, 10), st.integers(1, 4))
def test_every_extraction_is_in_one_batch_within_the_bounds(
    rows: list[Announced], max_chars: int, max_documents: int, spread: int
) -> None:
    by_id = {row.id: row for row in rows}
    batches = [
        [by_id[id_] for id_ in b.extractions] for b in make_batches(rows, max_chars, max_documents, spread)
    ]
    assert sorted(row.id for batch in batches for row in batch) == sorted(by_id)
    for batch in batches:
        assert len({row.model_id for row in batch}) == 1
        assert len(batch) <= max_documents
        assert len(batch) == 1 or not any(row.alone for row in batch)
        assert len(batch) == 1 or sum(row.n_chars for row in batch) <= max_chars


def test_work_is_shared_out_when_processes_wait_for_it() -> None:
    rows = [Announced(i, "m", 15_000, False) for i in range(1, 9)]
    assert [len(b.extractions) for b in make_batches(rows, 200_000, 64, spread=4)] == [2, 2, 2, 2]


def test_too_little_to_share_stays_together() -> None:
    rows = [Announced(i, "m", 100, False) for i in range(1, 9)]
    assert len(make_batches(rows, 200_000, 64, spread=4)) == 1

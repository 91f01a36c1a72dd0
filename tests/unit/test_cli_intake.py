"""Sources in chunks that are bounded, so that memory does not grow with the folder."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from cli.intake import CHUNK_CHARS, CHUNK_SOURCES, Intake, chunks
from worker.documents import Document, Source
from worker.errors import DocumentError
from worker.store import Added


def _source(length: int | None) -> Source:
    if length is None:
        return Source("bad.txt", error=DocumentError("undecodable", "not in any known encoding"))
    return Source("a.txt", encoding="utf-8", document=Document("x" * length, f"{length:064}"))


@given(st.lists(st.none() | st.sampled_from([0, 5, CHUNK_CHARS // 3, CHUNK_CHARS + 1]), max_size=40))
def test_every_source_is_in_one_chunk_in_order(lengths: list[int | None]) -> None:
    found = list(chunks(map(_source, lengths)))
    flat = [len(s.document.text) if s.document else None for chunk in found for s in chunk]
    assert flat == lengths
    for chunk in found:
        assert len(chunk) == 1 or sum(len(s.document.text) for s in chunk if s.document) <= CHUNK_CHARS


def test_many_small_sources_are_bounded_by_count() -> None:
    assert [len(chunk) for chunk in chunks(_source(1) for _ in range(2 * CHUNK_SOURCES + 1))] == [
        CHUNK_SOURCES,
        CHUNK_SOURCES,
        1,
    ]


def test_no_more_is_read_than_a_chunk_needs() -> None:
    n_read = 0

    def endless() -> Iterator[Source]:
        nonlocal n_read
        while True:
            n_read += 1
            yield _source(1)

    next(chunks(endless()))
    assert n_read <= CHUNK_SOURCES + 1


def test_sums() -> None:
    intake = Intake()
    (chunk,) = chunks(
        [
            _source(3),
            _source(None),
            Source("l.txt", "1", encoding="cp1252", encoding_confidence=0.7, document=Document.of("é")),
        ]
    )
    intake.note(chunk)
    intake.add(Added(n_sources=3, n_failed_sources=1, n_new=1, n_requeued=1))
    intake.add(Added(n_sources=1, n_done_before=1))
    assert (intake.n_sources, intake.n_chars, intake.n_to_do, intake.n_done_before) == (4, 4, 2, 1)
    assert (dict(intake.failures), dict(intake.guessed), intake.least_confidence) == (
        {"undecodable": 1},
        {"cp1252": 1},
        0.7,
    )

import pytest

from worker.annotations.tags import TagError, find_chunks, iob2_tags, recognise_scheme


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        ([["O", "O"]], "IOB2"),
        ([["B-PER", "I-PER", "O", "B-LOC"]], "IOB2"),
        ([["B-PER", "B-PER"]], "IOB2"),
        ([["I-PER", "I-PER", "O", "I-LOC"]], "IOB1"),
        ([["B-PER"], ["I-PER"]], "neither"),  # an entity does not go on over the end of a sentence
        ([["I-PER", "B-PER", "I-PER"]], "IOB1"),
        ([["I-PER", "I-LOC"]], "IOB1"),
        ([["B-PER", "E-PER"]], "BIOES"),
        ([["O", "S-PER"]], "BIOES"),
        ([["B-PER", "L-PER", "U-LOC"]], "BIOES"),
        ([["B-PER", "O", "I-PER"]], "neither"),
    ],
)
def test_the_scheme_is_recognised(sentences: list[list[str]], scheme: str) -> None:
    if scheme == "neither":
        with pytest.raises(TagError, match="neither IOB1 nor IOB2"):
            recognise_scheme(sentences)
    else:
        assert recognise_scheme(sentences) == scheme


@pytest.mark.parametrize(
    ("scheme", "tags", "chunks"),
    [
        ("IOB2", ["B-PER", "I-PER", "B-PER", "O", "B-LOC"], [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]),
        ("IOB1", ["I-PER", "I-PER", "B-PER", "O", "I-LOC"], [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]),
        ("IOB1", ["I-PER", "I-LOC"], [(0, 1, "PER"), (1, 2, "LOC")]),
        ("IOB1", ["B-PER", "O", "I-PER"], [(0, 1, "PER"), (2, 3, "PER")]),
        ("BIOES", ["B-PER", "I-PER", "E-PER", "S-PER", "O"], [(0, 3, "PER"), (3, 4, "PER")]),
        ("BIOES", ["B-PER", "L-PER", "U-B-2"], [(0, 2, "PER"), (2, 3, "B-2")]),
        ("IOB2", [], []),
    ],
)
def test_tags_become_entities(scheme: str, tags: list[str], chunks: list[tuple[int, int, str]]) -> None:
    assert find_chunks(tags, scheme) == chunks  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scheme", "tags", "position"),
    [
        ("IOB2", ["O", "I-PER"], 1),
        ("IOB2", ["B-PER", "I-LOC"], 1),
        ("IOB2", ["B-PER", "E-PER"], 1),
        ("IOB1", ["I-PER", "S-PER"], 1),
        ("BIOES", ["B-PER", "O"], 1),
        ("BIOES", ["B-PER", "B-PER"], 1),
        ("BIOES", ["O", "I-PER"], 1),
        ("BIOES", ["B-PER", "E-LOC"], 1),
        ("BIOES", ["O", "B-PER"], 1),
        ("IOB2", ["O", "PER"], 1),
        ("IOB2", ["B-"], 0),
        ("IOB2", ["X-PER"], 0),
        ("IOB2", ["o"], 0),
    ],
)
def test_a_tag_that_is_not_allowed_is_named_by_its_place(scheme: str, tags: list[str], position: int) -> None:
    with pytest.raises(TagError) as caught:
        find_chunks(tags, scheme)  # type: ignore[arg-type]
    assert caught.value.position == position


def test_entities_become_tags() -> None:
    assert iob2_tags(5, [(1, 3, "PER"), (3, 4, "PER")]) == ["O", "B-PER", "I-PER", "B-PER", "O"]

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.annotations import AnnotatedDocument, Span, read_annotations, write_conll
from worker.annotations.detokenise import is_finely_cut, join_sentences
from worker.errors import InputError, NotFoundError

FILE = Path("gold.conll")


def write(text: str | bytes) -> Path:
    FILE.write_bytes(text if isinstance(text, bytes) else text.encode())
    return FILE


def entities(document: AnnotatedDocument) -> list[tuple[str, str]]:
    return [(document.text[span.start : span.end], span.label) for span in document.spans]


def test_documents_sentences_and_entities_of_a_file_with_four_columns() -> None:
    file = read_annotations(
        write(
            "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\nGerman JJ B-NP B-MISC\n"
            "call NN I-NP O\n. . O O\n\nPeter NNP B-NP B-PER\nBlackburn NNP I-NP I-PER\n\n"
            "-DOCSTART- -X- -X- O\n\nBRUSSELS NNP B-NP B-LOC\n"
        )
    )
    assert (file.format, file.scheme, file.has_document_marks) == ("conll", "IOB2", True)
    first, second = file.documents
    assert first.text == "EU rejects German call.\nPeter Blackburn"
    assert entities(first) == [("EU", "ORG"), ("German", "MISC"), ("Peter Blackburn", "PER")]
    assert [len(sentence) for sentence in first.sentences or ()] == [5, 2]
    assert first.id is None
    assert not first.has_text
    assert entities(second) == [("BRUSSELS", "LOC")]


@pytest.mark.parametrize("separator", ["\t", " ", "   ", " \t "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_columns_line_ends_and_byte_order_marks(separator: str, end: str, mark: str) -> None:
    lines = [f"Zoë{separator}B-PER", f"läuft{separator}O", " ", f"Rom{separator}B-LOC"]
    file = read_annotations(write(mark + end.join(lines)))
    assert not file.has_document_marks
    (document,) = file.documents
    assert document.text == "Zoë läuft\nRom"
    assert entities(document) == [("Zoë", "PER"), ("Rom", "LOC")]


def test_iob1_is_recognised_and_read_as_it_says() -> None:
    file = read_annotations(write("Ann I-PER\nBo B-PER\nLi I-PER\n\nLi I-PER\n"))
    assert file.scheme == "IOB1"
    assert entities(file.documents[0]) == [("Ann", "PER"), ("Bo Li", "PER"), ("Li", "PER")]


@pytest.mark.parametrize(("begin", "end", "single"), ["BES", "BLU"])
def test_bioes_and_bilou_are_recognised(begin: str, end: str, single: str) -> None:
    text = f"Ann {begin}-PER\nvan I-PER\nLi {end}-PER\nRome {single}-LOC\n"
    for scheme in (None, "BIOES", "bilou"):
        file = read_annotations(write(text), scheme)
        assert file.scheme == "BIOES"
        assert entities(file.documents[0]) == [("Ann van Li", "PER"), ("Rome", "LOC")]


def test_a_forced_scheme_reads_what_fits_no_scheme_or_refuses_it() -> None:
    mixed = "Ann B-PER\nmet O\nBo I-PER\n"
    for scheme in (None, "IOB2"):
        with pytest.raises(InputError, match=r"gold\.conll:3: "):
            read_annotations(write(mixed), scheme)
    assert entities(read_annotations(write(mixed), "IOB1").documents[0]) == [("Ann", "PER"), ("Bo", "PER")]
    with pytest.raises(InputError, match="IOB7"):
        read_annotations(write(mixed), "IOB7")


def test_ids_of_documents() -> None:
    file = read_annotations(write("-DOCSTART- (1 EU)\nEU B-ORG\n-DOCSTART-\nUN B-ORG\n-DOCSTART- O\n"))
    assert [document.id for document in file.documents] == ["1 EU", None, None]
    assert [document.text for document in file.documents] == ["EU", "UN", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("Ann\n", r":1: one column"),
        ("Ann B-PER\n\nBo NNP B-PER\n", r":3: 3 columns, where the lines before have 2"),
        ("Ann B-PER\nBo PERSON\n", r":2: unknown tag 'PERSON'"),
        ("\tO\n", r":1: the word is empty"),
        ("Ann B-PER\nBo\tE-LOC\n", r":2: E-LOC is not allowed here"),
        (b"Ann B-PER\nZo\xeb B-PER\n", r":2: not UTF-8 \(byte 3"),
        ("Ann B-PER\n".encode("utf-16"), r":1: UTF-16"),
        ("\u00a0 B-PER\n", r":1: an entity begins or ends with white space"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_file_and_line(text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_annotations(write(text))


def test_a_missing_file_and_a_folder() -> None:
    with pytest.raises(NotFoundError, match=r"none\.conll"):
        read_annotations("none.conll")
    with pytest.raises(InputError, match="directory"):
        read_annotations(".")


def test_nul_becomes_the_replacement_character_one_for_one() -> None:
    (document,) = read_annotations(write("A\x00B B-PER\nx O\n")).documents
    assert document.text == "A\ufffdB x"


def test_documents_without_words_are_cut_at_white_space_and_at_their_entities() -> None:
    document = AnnotatedDocument(
        "a", "Berlin-based BMW\nrose.  New\nYork fell", None, (Span(0, 6, "LOC"), Span(24, 32, "LOC")), True
    )
    write_conll([document], FILE)
    assert FILE.read_text() == (
        "-DOCSTART- (a)\n\nBerlin\tB-LOC\n-based\tO\nBMW\tO\n\nrose.\tO\nNew\tB-LOC\nYork\tI-LOC\nfell\tO\n\n"
    )


@pytest.mark.parametrize(
    "document",
    [
        AnnotatedDocument("two\nlines", "a", None, (), True),
        AnnotatedDocument("x", "ab cd", (((0, 2), (3, 5)),), (Span(1, 5, "PER"),), False),
        AnnotatedDocument("x", "ab cd", (((0, 2),), ((3, 5),)), (Span(0, 5, "PER"),), False),
        AnnotatedDocument("x", "a\tb", (((0, 3),),), (), False),
        AnnotatedDocument("x", "-DOCSTART-", None, (), True),
    ],
)
def test_what_the_format_cannot_hold_is_refused_and_the_old_file_stays(document: AnnotatedDocument) -> None:
    FILE.write_text("old")
    with pytest.raises(InputError):
        write_conll([document], FILE)
    assert FILE.read_text() == "old"
    assert list(Path.cwd().iterdir()) == [FILE.absolute()]


WORD = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\x00"), min_size=1, max_size=6
).filter(lambda word: word == word.strip() and word != "-DOCSTART-")
IDS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), min_size=1)


@st.composite
def annotated_documents(draw: st.DrawFn) -> list[AnnotatedDocument]:
    texts = draw(
        st.lists(st.lists(st.lists(WORD, min_size=1, max_size=6), max_size=4), min_size=1, max_size=4)
    )
    finely = is_finely_cut(sentence for sentences in texts for sentence in sentences)
    documents = []
    for sentences in texts:
        joined = join_sentences(sentences, finely)
        spans = []
        for words in joined.sentences:
            cuts = sorted(draw(st.sets(st.integers(0, len(words)))))
            for first, end in pairwise(cuts):
                if label := draw(st.sampled_from([None, "PER", "B-X", "Ö"])):
                    spans.append(Span(words[first][0], words[end - 1][1], label))
        documents.append(AnnotatedDocument(draw(IDS), joined.text, joined.sentences, tuple(spans), False))
    return documents


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(annotated_documents())
def test_what_was_written_is_read(documents: list[AnnotatedDocument]) -> None:
    write_conll(documents, FILE)
    file = read_annotations(FILE)
    assert list(file.documents) == documents
    assert file.scheme == "IOB2"

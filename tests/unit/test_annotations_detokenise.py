import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.annotations.detokenise import is_finely_cut, join_sentences


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("He did n't say .", "He didn't say."),
        ("Mr. O'Brien ( AP ) , of Acme Inc. , left .", "Mr. O'Brien (AP), of Acme Inc., left."),
        ("Germany 's officers ' canteen", "Germany's officers' canteen"),
        ("the U.S. paid $ 3.5 million", "the U.S. paid $3.5 million"),
        ("A$ 1 = US$ 0.79 [ sic ]", "A$1 = US$0.79 [sic]"),
        ("rate ( % ) 2.95 %", "rate (%) 2.95%"),
        ("N/A cents / pound", "N/A cents/pound"),
        ("SOCCER - DUTCH RESULTS -- final", "SOCCER - DUTCH RESULTS -- final"),
        ('" We do n\'t , " he said .', '"We don\'t," he said.'),
        ('He said : " We can not .', 'He said: "We can not.'),
        ('the " high - performing " companies', 'the "high - performing" companies'),
        ("`` We do , '' he said", "``We do,'' he said"),
        ("He called it ' a joke ' .", "He called it 'a joke'."),
        ('( the " Loan " ) and ( " Bank " )', '(the "Loan") and ("Bank")'),
        ('Inc. (" Borrower ") ; the " Loan "),', 'Inc. ("Borrower"); the "Loan"),'),
        ("the “ Lender ” ’s share", "the “Lender”’s share"),
        ("Attendance : 200 ; Amount of Wire : $", "Attendance: 200; Amount of Wire: $"),
        (".", "."),
    ],
)
def test_words_are_joined_as_in_print(words: str, text: str) -> None:
    assert join_sentences([words.split()]).text == text


def test_a_sentence_stands_on_a_line_and_quotes_run_over_sentences() -> None:
    joined = join_sentences([["He", "said", ":", '"', "No", "."], [], ["Never", ".", '"'], ['"', "Yes", '"']])
    assert joined.text == 'He said: "No.\nNever."\n"Yes"'
    assert [len(sentence) for sentence in joined.sentences] == [6, 0, 3, 3]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Li - induced ( 1 . 25 mg ) , Parkinson ' s", "Li-induced (1.25 mg), Parkinson's"),
        ("$ 50 , 000 , 000 and 1 , 2", "$50,000,000 and 1, 2"),
        ("40 + / - 13 % ( P < . 01 )", "40 +/- 13% (P < .01)"),
        ("i . p . and the U . S . mail .", "i.p. and the U.S. mail."),
        ("O ' Brien @ svb at 10 : 30", "O'Brien@svb at 10:30"),
    ],
)
def test_words_cut_at_every_mark_are_put_together(words: str, text: str) -> None:
    assert join_sentences([words.split()], finely_cut=True).text == text


def test_how_finely_words_are_cut_is_seen_in_the_words() -> None:
    assert is_finely_cut([["1", ".", "25", "mg"], ["a", "b"]])
    assert is_finely_cut([["Parkinson", "'", "s", "disease"]])
    assert is_finely_cut([["the", "U", ".", "S", "."]])
    assert not is_finely_cut([["New", "York", "-", "based"]])
    assert not is_finely_cut([["1", ".", "2", "short-lived", "U.S.", "It", "'s"]])


WORD = st.one_of(
    st.sampled_from(
        [
            *"\"'().,;:!?-/%$&“”[]+@",
            "\u2018",
            "\u2019",
            "``",
            "''",
            "n't",
            "'s",
            "--",
            "...",
            '("',
            '")',
            "),",
            '",',
            "s",
            "O",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n"), min_size=1, max_size=5),
)


@settings(deadline=None)
@given(st.lists(st.lists(WORD)), st.booleans())
def test_offsets_are_exact_and_no_word_is_altered_whatever_the_words(
    sentences: list[list[str]], finely_cut: bool
) -> None:
    joined = join_sentences(sentences, finely_cut)
    assert [[joined.text[a:b] for a, b in sentence] for sentence in joined.sentences] == sentences
    gaps = joined.text
    for start, end in reversed([word for sentence in joined.sentences for word in sentence]):
        gaps = gaps[:start] + gaps[end:]
    assert set(gaps) <= {" ", "\n"}

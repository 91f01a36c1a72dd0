import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.documents.decoding import decode
from worker.errors import DocumentError

FRENCH = "François a signé à Orléans l’été dernier ; coût : 5 000 €.\n"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy. Prezident Václav Havel navštívil Plzeň a České Budějovice.\n"
RUSSIAN = "Президент встретился с министром в Москве, сообщает агентство.\n"
GREEK = "Ο πρωθυπουργός της Ελλάδας συναντήθηκε στην Αθήνα με τον υπουργό.\n"
JAPANESE = "日本の首相は東京で記者会見を行い、経済政策について説明した。\n"
TURKISH = "Sözleşme İstanbul'da yapıldı; kiracı, taşınmazı özenle kullanmayı ve geri vermeyi kabul eder.\n"

STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@settings(deadline=None)
@given(STORABLE.filter(lambda text: not text.startswith("\ufeff")))
def test_utf8_is_read_as_it_is(text: str) -> None:
    decoded = decode(text.encode())
    assert (decoded.text, decoded.encoding, decoded.confidence) == (text, "utf-8", None)


@settings(deadline=None)
@given(
    STORABLE.filter(lambda text: not text.startswith("\ufeff")),
    st.sampled_from(
        [
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
            (codecs.BOM_UTF32_LE, "utf-32-le"),
            (codecs.BOM_UTF32_BE, "utf-32-be"),
        ]
    ),
)
def test_a_byte_order_mark_decides_and_is_not_part_of_the_text(text: str, mark: tuple[bytes, str]) -> None:
    decoded = decode(mark[0] + text.encode(mark[1]))
    assert decoded.text == text
    assert decoded.confidence is None


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16", "koi8-r", "shift_jis", "UTF8", "latin1"])
def test_a_given_encoding_is_taken_at_its_word(encoding: str) -> None:
    text = "Москва" if encoding == "koi8-r" else "plain text"
    decoded = decode(text.encode(encoding), encoding)
    assert decoded.text == text
    assert decoded.encoding == codecs.lookup(encoding).name
    assert decoded.confidence is None


def test_a_given_encoding_that_does_not_fit_fails_with_the_place() -> None:
    with pytest.raises(DocumentError, match="not valid ascii at byte 3") as caught:
        decode("Zoë".encode()[:2] + b"-\xeb", "ascii")
    assert caught.value.code == "undecodable"


def test_newlines_are_kept_and_nul_is_replaced_one_for_one() -> None:
    assert decode(b"a\r\nb\rc\n\x00d\x0b").text == "a\r\nb\rc\n\ufffdd\x0b"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        ("“The Borrower’s obligations – as described – shall not exceed £5 million.”", "cp1252"),
        ("The price was £5 million.", "cp1252"),
        ("Patient: José Peña. Temp 38.5°C, 5 µg/ml, ½ tablet bid.", "cp1252"),
        ("A Câmara Municipal de São Paulo não aprovou a operação de crédito.", "cp1252"),
        ("Bolaget Ångström i Göteborg köper Östersunds största bank.", "cp1252"),
        ("François Hollande said he would travel to Washington to meet the President.", "cp1252"),
        (CZECH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp866"),
        (GREEK, "cp1253"),
        (TURKISH, "cp1254"),
        (JAPANESE, "cp932"),
    ],
)
@pytest.mark.parametrize("times", [1, 3000])
def test_other_encodings_are_guessed_with_a_confidence(text: str, encoding: str, times: int) -> None:
    decoded = decode((text * times).encode(encoding))
    assert (decoded.text, decoded.encoding) == (text * times, codecs.lookup(encoding).name)
    assert decoded.confidence is not None
    assert 0.8 <= decoded.confidence <= 1.0


def test_latin_1_is_read_as_its_superset_cp1252() -> None:
    text = "La señora Núñez vive en Málaga desde el año pasado."
    assert decode(text.encode("latin-1")).text == text


def test_a_dos_file_is_guessed_where_no_windows_encoding_fits() -> None:
    text = "Le café de François Müller à Orléans est déjà fermé."
    decoded = decode(text.encode("cp850"))
    assert decoded.encoding in ("cp437", "cp850", "cp852")
    assert "François Müller" in decoded.text


def test_the_only_letter_beyond_ascii_may_stand_at_the_end_of_a_long_file() -> None:
    text = "All work and no play.\n" * 20_000 + FRENCH
    assert decode(text.encode("cp1252")).text == text


def test_a_long_file_without_lines_is_guessed_too() -> None:
    for line, encoding in ((FRENCH, "cp1252"), (JAPANESE, "cp932"), (RUSSIAN, "cp1251")):
        text = (line * 3000).replace("\n", "")
        assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", [FRENCH, RUSSIAN, "plain\r\nASCII\n", GREEK])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_seen_by_its_nuls(text: str, encoding: str) -> None:
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding) == (text, encoding)
    assert decoded.confidence is not None


def test_some_nuls_in_a_text_are_not_utf16() -> None:
    assert decode(b"one\x00two\x00three, and so on until the end.").encoding == "utf-8"


@pytest.mark.parametrize(
    "data",
    [
        (FRENCH * 5).encode()[:-3],  # cut inside the euro sign
        (FRENCH + "x\n").encode().replace(b"x", b"\xe9") + FRENCH.encode(),
        codecs.BOM_UTF8 + b"caf\xe9",
        codecs.BOM_UTF16_LE + b"a\x00b",
        codecs.BOM_UTF16_LE + b"\x00\xd8a\x00",
    ],
)
def test_damaged_unicode_fails_and_is_not_turned_into_other_letters(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        decode(data)
    assert caught.value.code == "undecodable"


def test_bytes_that_are_no_text_fail() -> None:
    noise = bytes((i * i * 7 + i // 3) % 256 for i in range(5000))
    with pytest.raises(DocumentError, match="--encoding") as caught:
        decode(noise)
    assert caught.value.code == "undecodable"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_become_a_text_that_can_be_stored_or_an_error_of_the_document(data: bytes) -> None:
    try:
        text = decode(data).text
    except DocumentError:
        return
    assert "\x00" not in text
    text.encode()

"""A mail says its headers and what its reader sees."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from worker.documents.formats import Extracted, extract
from worker.documents.formats.media_types import EML
from worker.errors import DocumentError


def read(data: bytes | EmailMessage, encoding: str | None = None) -> Extracted:
    return extract(EML, data if isinstance(data, bytes) else bytes(data), encoding)


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    return message


def test_headers_are_lines_in_their_order_whatever_they_are_encoded_in() -> None:
    message = mail(
        Date="Mon, 01 Jan 2024 10:00:00 +0100",
        Subject="Übernahme der Müller & Söhne 日本 " * 5,
        To='b@y.example, "Lee, Ann" <c@z.example>',
        From="Zoë Müller <z@x.example>",
        X_Secret="no",
    )
    message.set_content("Body — of Zoë\n\nsecond\n")
    assert read(message).text == (
        "From: Zoë Müller <z@x.example>\n"
        'To: b@y.example, "Lee, Ann" <c@z.example>\n'
        f"Subject: {('Übernahme der Müller & Söhne 日本 ' * 5).strip()}\n"
        "Date: Mon, 01 Jan 2024 10:00:00 +0100\n\nBody — of Zoë\n\nsecond"
    )


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (b"caf\xc3\xa9", "café"),
        (b"M\xfcller trifft M\xf6ller in K\xf6ln", "Müller trifft Möller in Köln"),
        (b"=?utf-8?b?w6k=?=  =?utf-8?q?=20x?= y", "é x y"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?iso-8859-1*fr?q?caf=E9?=", "café"),
        (b"=?bogus?q?a?= =?utf-8?b?!!?=", "a"),
        (b"folded\r\n over lines", "folded over lines"),
    ],
)
def test_encoded_words(header: bytes, text: str) -> None:
    assert read(b"Subject: " + header + b"\r\n\r\n").text == f"Subject: {text}"


def test_plain_text_is_preferred_where_it_says_anything() -> None:
    both = mail(Subject="s")
    both.set_content("plain")
    both.add_alternative("<p>page</p>", subtype="html")
    assert read(both) == Extracted("Subject: s\n\nplain")
    empty = mail(Subject="s")
    empty.set_content("\n")
    empty.add_alternative("<p>page<br>two</p>", subtype="html")
    assert read(empty) == Extracted("Subject: s\n\npage\ntwo")


def test_attachments_are_noted_by_kind_and_forwarded_mails_read() -> None:
    message = mail(Subject="s")
    message.set_content("body")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Ann Lee.pdf")
    message.add_attachment("attached", filename="Ann Lee.txt")
    inner = mail(Subject="inner")
    inner.set_content("<p>forwarded</p>", subtype="html")
    message.add_attachment(inner)
    assert read(message) == Extracted(
        "Subject: s\n\nbody\n\nSubject: inner\n\nforwarded",
        notes=(
            "2 attachments were not read: application/pdf, text/plain; save them as files and submit those too",
        ),
    )


def test_what_is_a_message_but_no_mail_is_noted() -> None:
    status = b"Content-Type: message/delivery-status\n\nReporting-MTA: a\n\nFinal-Recipient: ann@b.example\n"
    inner = b"Content-Type: message/global\n\nSubject: inner\n\nforwarded\n"
    head = b"Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary=x\n\n"
    assert read(head + b"--x\n" + status + b"\n--x\n" + inner + b"\n--x--\n") == Extracted(
        "Subject: s\n\nSubject: inner\n\nforwarded",
        notes=(
            "1 attachment was not read: message/delivery-status; save them as files and submit those too",
        ),
    )


@pytest.mark.parametrize(
    ("charset", "body", "encoding"),
    [
        ("iso-8859-1", "Zoë “quoted”".encode("cp1252"), None),
        ("utf-8", "Zoë “quoted”".encode(), "cp437"),
        ("us-ascii", "Zoë “quoted”".encode(), None),
        ("", "Zoë “quoted”".encode("mac_roman"), "mac_roman"),
    ],
)
def test_charsets(charset: str, body: bytes, encoding: str | None) -> None:
    content_type = b"Content-Type: text/plain; charset=" + charset.encode() if charset else b"X: y"
    assert read(content_type + b"\r\n\r\n" + body, encoding).text == "Zoë “quoted”"


def test_an_encrypted_mail_is_one() -> None:
    with pytest.raises(DocumentError) as caught:
        read(b"Subject: s\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nabc")
    assert caught.value.code == "encrypted"


def test_parts_in_parts_without_end_are_damage() -> None:
    nested = b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(10_000))
    with pytest.raises(DocumentError) as caught:
        read(nested + b"Subject: deep\n\nx")
    assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"Content-Type: multipart/mixed\n\nno boundary",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nZo",
        b"Content-Transfer-Encoding: base64\n\n!!!",
        b"Content-Transfer-Encoding: uuencode\n\nnot that",
        b'Content-Type: text/plain; charset="\0"\n\nx',
        b"From: =?utf-8?b?\xff?=\n\nx",
        b"From: \xff\xff\xdd\xff\x53\xff\xaa\0\0p\n",
    ],
)
def test_odd_mails_are_read_as_far_as_they_go(data: bytes) -> None:
    assert "\0" not in read(data).text


@pytest.mark.parametrize(
    "kind", [b"m\x05ssage/rfc822", b"app\x1b[2Jl/x", b"a/\xff", b"a/", b"x/" + b"y" * 200]
)
def test_a_note_does_not_repeat_what_is_no_media_type(kind: bytes) -> None:
    assert read(b"Subject: s\nContent-Type: " + kind + b"\n\ntext").notes == (
        "1 attachment was not read: other kinds; save them as files and submit those too",
    )


def test_a_note_names_some_of_many_kinds() -> None:
    message = mail(Subject="s")
    message.set_content("b")
    for i in range(30):
        message.add_attachment(b"", maintype="a", subtype=f"k{i:02}")
    assert read(message).notes == (
        f"30 attachments were not read: {', '.join(f'a/k{i:02}' for i in range(10))}, other kinds; "
        "save them as files and submit those too",
    )

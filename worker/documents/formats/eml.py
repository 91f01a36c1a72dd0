"""A mail (EML) -> its headers and its text."""

from __future__ import annotations

import binascii
import re
from collections import Counter
from collections.abc import Iterator
from email import policy
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser

from worker.documents.formats.declared import decode_declared
from worker.documents.formats.extracted import Extracted
from worker.documents.formats.headers import header_text
from worker.documents.formats.html import extract_html
from worker.errors import DocumentError

_HEADERS = ("From", "To", "Cc", "Bcc", "Subject", "Date")
_SIGNATURES = frozenset(
    {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}
)
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
#: Other messages (a report of a delivery) are no mails, though they are parts in parts.
_MAILS = frozenset({"message/rfc822", "message/global", "message/news"})
#: RFC 6838, section 4.2. What else a part may say it is, a note would show to a terminal and to a database.
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
#: As many kinds of attachments are named.
_MAX_KINDS = 10
#: Mails forwarded in mails and parts in parts, deeper than which no mail program goes.
_MAX_DEPTH = 50


def extract_eml(data: bytes, encoding: str | None = None) -> Extracted:
    """From, To, Cc, Bcc, Subject and Date, a line each, then the text: what is plain before what is HTML.

    Mails that were forwarded as parts are read as well; attachments are not, and a note says what they are.
    `encoding` is for parts that do not say theirs.

    Raises:
        DocumentError: `damaged`, `encrypted` or `undecodable`.
    """
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        mail = _Mail(encoding)
        text = mail.text(message)
    except (RecursionError, MessageError) as error:
        raise DocumentError("damaged", "not a mail, or its parts stand in one another too deeply") from error
    return Extracted(text, notes=mail.notes())


class _Mail:
    """Reads parts of one mail and counts those that it leaves out."""

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding
        self._left_out: Counter[str] = Counter()

    def notes(self) -> tuple[str, ...]:
        n_left_out = self._left_out.total()
        if not n_left_out:
            return ()
        kinds = sorted(kind for kind in self._left_out if _MEDIA_TYPE.fullmatch(kind))[:_MAX_KINDS]
        if sum(self._left_out[kind] for kind in kinds) < n_left_out:
            kinds.append("other kinds")
        what = "attachment was" if n_left_out == 1 else "attachments were"
        return (f"{n_left_out} {what} not read: {', '.join(kinds)}; save them as files and submit those too",)

    def text(self, message: Message, depth: int = 0) -> str:
        """Headers and body."""
        parts = ["\n".join(_header_lines(message)), *self._body(message, depth)]
        return "\n\n".join(part for part in parts if part.strip())

    def _body(self, part: Message, depth: int) -> Iterator[str]:
        """The texts of a part and of those in it."""
        media_type = part.get_content_type()
        if depth > _MAX_DEPTH:
            raise DocumentError("damaged", f"its parts stand in one another more than {_MAX_DEPTH} deep")
        if media_type in _ENCRYPTED and part.get_param("smime-type") != "signed-data":
            raise DocumentError("encrypted", "an encrypted mail; save it decrypted and submit that")
        if media_type == "multipart/alternative" and part.is_multipart():
            yield from self._alternative(_parts(part), depth)
        elif media_type in _MAILS and part.is_multipart():
            yield from (self.text(inner, depth + 1) for inner in _parts(part))
        elif part.is_multipart() and part.get_content_maintype() != "message":
            for inner in _parts(part):
                yield from self._body(inner, depth + 1)
        elif media_type in ("text/plain", "text/html") and part.get_content_disposition() != "attachment":
            yield self._text_of(part, media_type)
        elif media_type not in _SIGNATURES:
            self._left_out[media_type] += 1

    def _alternative(self, choices: list[Message], depth: int) -> Iterator[str]:
        """The plain text where it says anything, else the last choice that does: the best, as its writer means."""
        plain = [choice for choice in choices if choice.get_content_type() == "text/plain"]
        rest = [choice for choice in reversed(choices) if choice.get_content_type() != "text/plain"]
        for choice in [*plain, *rest]:
            before = self._left_out.copy()
            if texts := [text for text in self._body(choice, depth + 1) if text.strip()]:
                yield from texts
                return
            self._left_out = before

    def _text_of(self, part: Message, media_type: str) -> str:
        payload = _payload(part)
        charset = part.get_content_charset()
        if media_type == "text/html":
            return extract_html(payload, self._encoding, charset).text
        text = decode_declared(payload, charset, None if charset else self._encoding).text
        return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, binascii.Error) as error:
        raise DocumentError("damaged", "a part of the mail is not encoded as it says") from error
    return payload if isinstance(payload, bytes) else b""


def _header_lines(message: Message) -> Iterator[str]:
    for wanted in _HEADERS:
        for name, value in message.raw_items():
            if name.lower() == wanted.lower() and (text := header_text(str(value))):
                yield f"{wanted}: {text}"

"""A document that is a ZIP archive of XML files (DOCX, ODT), read without unpacking it to memory."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from worker.documents.formats.xml_events import XmlHandler, parse_xml
from worker.errors import DocumentError

#: Of all that is read of one document, unpacked. A file of 1 MB can hold 1 GB of one letter.
MAX_UNPACKED_BYTES = 256 * 2**20
_CHUNK_BYTES = 65_536
_ENCRYPTED_FLAG = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError)


class Package:
    """The members of the archive by their names.

    Raises:
        DocumentError: `damaged`; from `read_xml` also `encrypted`, `too_large` or `unsupported`.
    """

    def __init__(self, data: bytes) -> None:
        self._n_unpacked = 0
        try:
            self._archive = zipfile.ZipFile(BytesIO(data))
            self.names = self._archive.namelist()
        except _BROKEN as error:
            raise DocumentError("damaged", "not a ZIP archive as documents are, or cut off") from error

    def read_xml(self, name: str, handler: XmlHandler, has_namespaces: bool = True) -> None:
        """Let the handler see the member's elements."""
        parse_xml(self._chunks(name), handler, has_namespaces)

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            info = self._archive.getinfo(name)
            if info.flag_bits & _ENCRYPTED_FLAG:
                raise DocumentError("encrypted", "its archive has a password; save a copy without one")
            if info.compress_type not in _METHODS:
                raise DocumentError("damaged", "it is compressed in a way that documents are not")
            with self._archive.open(info) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    self._count(len(chunk))
                    yield chunk
        except KeyError as error:
            raise DocumentError("damaged", "a part of the document is missing") from error
        except _BROKEN as error:
            raise DocumentError("damaged", "a part of the document cannot be unpacked") from error

    def _count(self, n_bytes: int) -> None:
        """What the archive says of its sizes may be a lie."""
        self._n_unpacked += n_bytes
        if self._n_unpacked > MAX_UNPACKED_BYTES:
            raise DocumentError("too_large", f"it unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB")

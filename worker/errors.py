"""Every error nerq raises, and what each one makes happen.

The class decides the outcome: stop at the start, fail one document, or put the work back in the queue.
A class docstring is the default message; it says what happened and what to do.
"""

from __future__ import annotations

from typing import ClassVar

#: Exit codes of the command line.
EXIT_OK = 0
EXIT_FAILURES = 1  #: Some documents failed, or a check failed.
EXIT_USAGE = 2  #: Wrong arguments (click's own code).
EXIT_UNAVAILABLE = 3  #: Settings, model or service.
EXIT_NOT_FOUND = 4  #: An input, job or document that does not exist.
EXIT_INTERRUPTED = 130  #: Ctrl-C.


class NerqError(Exception):
    """nerq could not do what it was asked to do."""

    exit_code: ClassVar[int] = EXIT_FAILURES

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class SettingsError(NerqError):
    """A setting is missing or wrong; correct the named NERQ_* variable or the line in nerq.toml."""

    exit_code = EXIT_UNAVAILABLE


class ModelError(NerqError):
    """The model cannot be opened; check the folder or hub id with `nerq models`."""

    exit_code = EXIT_UNAVAILABLE


class ServiceError(NerqError):
    """The database or the broker is out of reach; `nerq doctor` says which and what to do."""

    exit_code = EXIT_UNAVAILABLE


class InputError(NerqError):
    """The given file holds something that nerq cannot read; the message names the file and the line."""

    exit_code = EXIT_FAILURES


class NotFoundError(NerqError):
    """No such input, job or document."""

    exit_code = EXIT_NOT_FOUND


class DocumentError(NerqError):
    """This source or extraction fails; the rest of its batch goes on.

    `code` is a short lower-case word for machines (`undecodable`, `too_large`, `worker_lost`, ...), `detail` a
    sentence for people. Neither ever holds text of the document.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[type[DocumentError], tuple[str, str]]:
        return type(self), (self.code, self.detail)


class TransientError(NerqError):
    """Something that passes (a lost connection, a locked database); the work goes back to the queue."""

    exit_code = EXIT_UNAVAILABLE

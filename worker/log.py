"""Structured logs: ids and counts, never document text."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from worker.settings import Settings

#: Attributes that every LogRecord has; what else stands on a record was given by `extra=`.
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, event and the fields given by `extra=`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON; of an exception only the type, since its message may quote text."""
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **fields,
        }
        if record.exc_info and record.exc_info[0]:
            entry["exception"] = record.exc_info[0].__name__
        return json.dumps(entry, default=str)


class TextFormatter(logging.Formatter):
    """`12:00:01 INFO worker.queue: event key=value ...`, with the type of an exception, never its message."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line for people."""
        fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        line = f"{time} {record.levelname} {record.name}: {_printable(record.getMessage())}"
        line += "".join(f" {key}={_printable(str(value))}" for key, value in fields.items())
        if record.exc_info and record.exc_info[0]:
            line += f" exception={record.exc_info[0].__name__}"
        return line


def _printable(value: str) -> str:
    """The text without characters that would drive a terminal or end the line: a file name may hold them."""
    if value.isprintable():
        return value
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)


def set_up_logging(settings: Settings) -> None:
    """Send nerq's logs to standard error in the configured form. Call it once in each process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for noisy in ("alembic", "httpx", "huggingface_hub", "kombu", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

"""How a line of the log looks: as text for people, or as JSON for programs. Times in UTC."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from workbench.display.control_characters import json_as_text, shown_as_text


class SafeRecord(logging.LogRecord):
    """A record that is already fit to be written."""

    request_id: str | None
    trace: list[str]


class TextLine(logging.Formatter):
    """`2026-01-31T09:30:00.250Z WARNING workbench.server.hooks [id] message`, then the lines of a traceback.

    A message has one line, so that nobody can write a line of their own into the log.
    """

    def format(self, record: logging.LogRecord) -> str:
        assert isinstance(record, SafeRecord)
        request_id = f" [{record.request_id}]" if record.request_id else ""
        first = f"{_time(record)} {record.levelname} {record.name}{request_id} {record.getMessage()}"
        return "\n".join(shown_as_text(_one_line(line)) for line in (first, *record.trace))


class JsonLine(logging.Formatter):
    """One object a line; `request_id` and `traceback` only where there is one.

    Args:
        process: which of our processes writes.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        assert isinstance(record, SafeRecord)
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.request_id:
            line["request_id"] = record.request_id
        if record.trace:
            line["traceback"] = record.trace
        return json_as_text(json.dumps(line, ensure_ascii=False))


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _one_line(text: str) -> str:
    return "\\n".join(text.splitlines())

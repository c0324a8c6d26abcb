"""Reads and checks what BulkExport says about its files and jobs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from workbench.errors import TwilioError

_UNDER_WAY = frozenset({"Submitted", "Running"})


@dataclass(frozen=True)
class DayFile:
    """A day whose file is ready."""

    day: date
    created: str
    """When it was exported, as Twilio writes it."""
    size: int
    """Bytes."""

    @property
    def version(self) -> str:
        """A text that differs from that of a later export of the same day."""
        return f"{self.created}/{self.size}"


@dataclass(frozen=True)
class ExportJob:
    """An export that was requested."""

    job_sid: str
    first_day: str
    last_day: str
    queue_position: str | None = None
    estimated_completion: str | None = None
    statuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Days by status: Submitted, Running, Completed, CompletedEmptyRecords, Failed …"""

    @property
    def is_under_way(self) -> bool:
        """Whether more days of it are still to come; a new job has no statuses yet."""
        return not self.statuses or not _UNDER_WAY.isdisjoint(self.statuses)

    def days(self, status: str) -> set[date]:
        """The days with that status, as far as Twilio names them."""
        return {date.fromisoformat(day) for day in self.statuses.get(status, ())}


def read_day(entry: Mapping[str, Any]) -> DayFile:
    try:
        return DayFile(
            date.fromisoformat(str(entry["day"])),
            str(entry.get("create_date") or ""),
            int(entry.get("size") or 0),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise TwilioError("Twilio's list of exported days has an entry that is not a day.") from error


def read_job(entry: Mapping[str, Any]) -> ExportJob:
    """A job; its `details` may be missing, and a status may come without its days."""
    statuses: dict[str, tuple[str, ...]] = {}
    details = entry.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and isinstance(detail.get("status"), str):
            days = detail.get("days")
            named = [day for day in days if _is_day(day)] if isinstance(days, list) else []
            statuses[detail["status"]] = tuple(named)
    return ExportJob(
        job_sid=str(entry.get("job_sid") or ""),
        first_day=str(entry.get("start_day") or ""),
        last_day=str(entry.get("end_day") or ""),
        queue_position=entry.get("job_queue_position"),
        estimated_completion=entry.get("estimated_completion_time"),
        statuses=statuses,
    )


def _is_day(value: object) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return isinstance(value, str)

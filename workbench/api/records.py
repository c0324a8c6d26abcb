"""What is on record about one person, written as files to hand over; that it was done is audited."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.compliance.data_subject import DataSubject


def write_audited(
    installation: Installation, record: dict[str, Any], person: DataSubject, out: Path | str, what: str
) -> list[Path]:
    """Write a record as HTML and JSON into a folder; the paths."""
    from workbench.compliance.records import write_record

    name = f"{what}-{person.number[-4:]}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    paths = write_record(record, Path(out), name)
    note_export(installation, record, person, what)
    return paths


def note_export(installation: Installation, record: dict[str, Any], person: DataSubject, what: str) -> None:
    """Note in the audit trail that a record was handed out, and to whom."""
    from workbench.lake.audit import append_audit

    detail = {"what": f"{what} record", "messages": len(record.get("messages", ()))}
    actor = installation.actor
    installation.lake.write(
        lambda cursor: append_audit(cursor, "export", actor=actor, subject=person.masked, detail=detail)
    )

"""One opt-in or opt-out that somebody writes down by hand or by a program, with what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workbench.compliance.consent_files import (
    ConsentDefaults,
    ConsentFile,
    read_consent_line,
    save_consent_file,
)
from workbench.errors import UsageError
from workbench.lake.connect import Lake
from workbench.messaging.addresses import mask
from workbench.messaging.privacy import Privacy


@dataclass(frozen=True)
class RecordedConsent:
    """What is on record now."""

    contact: str
    """Masked."""
    kind: str
    scope: str
    happened_at: datetime
    is_new: bool
    """False where the same was on record already."""


def record_consent(
    lake: Lake, record: Mapping[str, str], defaults: ConsentDefaults, privacy: Privacy, way: str
) -> RecordedConsent:
    """Add one line to the ledger, checked as a line of a file is, with an audit row.

    Args:
        record: address, kind, scope, source, evidence, wording_version and date, as in a file.
        way: by which it came, for the trail: `HTTP interface`, `by hand`.

    Raises:
        UsageError: a value cannot be used, or nothing says where the person said it.
    """
    if not record.get("source", "").strip():
        raise UsageError("source is missing; say where they said it, as web form, phone call, paper form.")
    event = read_consent_line(record, defaults, privacy, way)
    added = save_consent_file(lake, ConsentFile(way, (event,), ()), str(defaults.actor))
    return RecordedConsent(mask(event.address), event.kind, event.scope, event.happened_at, added == 1)

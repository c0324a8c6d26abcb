"""The audits: what should not have been sent, shown row by row from the view that its metric counts.

An audit's view holds the offending messages themselves (see `sent_facts.sql`), so that its metric and its
rows cannot disagree. What the views stand on besides the log is made by ``workbench.compliance.checks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from workbench.errors import UnknownName


@dataclass(frozen=True)
class AuditCheck:
    """One question about the past, with the rows that answer it."""

    name: str
    metric: str
    """Counts them; its view holds them."""
    headline: str
    columns: Mapping[str, str]
    """What a row shows: column of the view and its label."""
    condition: LiteralString = "true"
    """Which rows of the view, where it holds more than the offending ones."""
    order: str = "sent_at desc"
    must_be_zero: bool = False
    one_per: LiteralString = ""
    """A column of which each value is shown once, with its first row; the metric then counts other things."""

    @property
    def counts_rows(self) -> bool:
        """Whether the metric is the number of these rows."""
        return not self.one_per


_WHO = {"contact": "Contact", "sender": "Sender", "sent_at": "Sent"}

_AUDITS = (
    AuditCheck(
        "after-opt-out",
        "messages_after_opt_out",
        "Messages after an opt-out",
        {**_WHO, "opted_out_at": "Opted out", "opt_out_source": "Said by"},
        must_be_zero=True,
    ),
    AuditCheck(
        "after-opt-out-elsewhere",
        "messages_after_opt_out_elsewhere",
        "Messages after an opt-out from another sender",
        {**_WHO, "opted_out_at": "Opted out", "opt_out_source": "Said by"},
    ),
    AuditCheck(
        "late-revocations",
        "revocations_late",
        "Opt-out requests past the deadline",
        {
            "contact": "Contact",
            "sender": "Sender",
            "date_created": "Written",
            "revocation": "Phrase",
            "revocation_language": "Language",
            "due_at": "Due",
            "state": "Decision",
        },
        condition="is_late",
        order="due_at",
    ),
    AuditCheck(
        "quiet-hours",
        "messages_in_quiet_hours",
        "Sends in quiet hours",
        {**_WHO, "zones": "Zones", "zone_source": "Known by", "rules": "Rules"},
    ),
    AuditCheck(
        "without-consent",
        "messages_without_consent",
        "Sends without consent on record",
        {**_WHO, "messaging_service_sid": "Service"},
    ),
    AuditCheck(
        "first-contact",
        "first_contacts_without_opt_out_line",
        "First contact without an opt-out line",
        {**_WHO, "messaging_service_sid": "Service"},
    ),
    AuditCheck(
        "unregistered",
        "messages_from_unregistered_senders",
        "Sends by unregistered senders",
        {**_WHO, "registration": "Registration", "registration_status": "Status"},
    ),
    AuditCheck(
        "frequency",
        "most_messages_in_a_week",
        "People with the most messages in a week",
        {"contact": "Contact", "messages_in_week": "Messages in 7 days", **_WHO},
        order="messages_in_week desc, sent_at desc",
        one_per="person",
    ),
)

#: The queue is no audit: what waits in it may be no breach at all.
WAITING_REVOCATIONS = AuditCheck(
    "waiting-revocations",
    "revocations_waiting",
    "Free-text revocations that nobody has decided on",
    {
        name: name
        for name in (
            "contact",
            "sender",
            "date_created",
            "revocation",
            "revocation_language",
            "body",
            "due_at",
        )
    },
    condition="state = 'waiting'",
    order="due_at, date_created",
)

AUDITS: dict[str, AuditCheck] = {audit.name: audit for audit in _AUDITS}


def find_audit(name: str) -> AuditCheck:
    """The audit of that name; raises UnknownName."""
    if name == WAITING_REVOCATIONS.name:
        return WAITING_REVOCATIONS
    if name not in AUDITS:
        raise UnknownName("audit", name, AUDITS)
    return AUDITS[name]

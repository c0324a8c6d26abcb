"""The audits: what should not have been sent, each counted once and shown row by row from the same view.

An audit's view holds the offending messages themselves (`041_audits.sql`), so that its metric and its rows
cannot disagree. What the views stand on besides the log is made by ``workbench.compliance.judging``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.errors import UnknownName
from workbench.metrics.kinds import Metric

AUDIT_METRICS = (
    Metric(
        name="messages_after_opt_out",
        label="Sent after opt-out",
        unit="count",
        description="Messages that went to people who had opted out of that sender or service, or of all.",
        numerator="count(*)",
        numerator_text="messages sent while an opt-out held for this sender, service or everything",
        excludes="Failed, canceled and waiting messages. Wishes in free words count once they are decided.",
        better="lower",
        view="audit_after_opt_out",
    ),
    Metric(
        name="messages_after_opt_out_elsewhere",
        label="Sent after opt-out elsewhere",
        unit="count",
        description="Messages that went to people who had opted out of another sender or service of ours.",
        numerator="count(*)",
        numerator_text="messages sent while an opt-out held for another of our senders or services only",
        excludes="Failed, canceled and waiting messages. Whether one opt-out ends all is for counsel.",
        better="lower",
        view="audit_after_opt_out_elsewhere",
    ),
    Metric(
        name="messages_in_quiet_hours",
        label="Sent in quiet hours",
        unit="count",
        description="Messages that went out while it was quiet hours where the recipient may be.",
        numerator="count(*)",
        numerator_text="messages sent outside of the allowed hours of quiet_hours.toml",
        excludes="Nothing is known of what a message was for: essential ones are counted too.",
        better="lower",
        view="audit_quiet_hours",
    ),
    Metric(
        name="messages_without_consent",
        label="Sent without consent on record",
        unit="count",
        description="Messages that went to people of whom no earlier opt-in is on record here.",
        numerator="count(*)",
        numerator_text="messages sent before or without an opt-in for this sender, service or everything",
        excludes="Consent that is kept elsewhere: bring it in with `workbench consent import`.",
        better="lower",
        view="audit_without_consent",
    ),
    Metric(
        name="first_contacts_without_opt_out_line",
        label="First contact without opt-out line",
        unit="count",
        description="First messages to somebody that do not say how to opt out.",
        numerator="count(*)",
        numerator_text="first messages of a sender or service to a contact without such words",
        excludes="Messages whose text is not here, and people written to before this log begins.",
        better="lower",
        view="audit_first_contact",
    ),
    Metric(
        name="messages_from_unregistered_senders",
        label="Sent by unregistered senders",
        unit="count",
        description="Messages to US numbers from senders without an approved campaign or verification.",
        numerator="count(*)",
        numerator_text="messages from long codes without a verified campaign, and unverified toll-free ones",
        excludes="Senders whose registration could not be read. It is judged as it stands now.",
        better="lower",
        view="audit_unregistered",
    ),
    Metric(
        name="messages_per_person",
        label="Messages per person",
        unit="ratio",
        description="How many messages went out per person that got any.",
        numerator="count(*)",
        denominator="count(distinct contact)",
        numerator_text="messages that went out",
        denominator_text="contacts that were sent at least one",
        excludes="Failed, canceled and waiting messages.",
        better="lower",
        is_additive=False,
        sample_of="people",
        view="audit_frequency",
    ),
    Metric(
        name="most_messages_in_a_week",
        label="Most messages in a week",
        unit="count",
        description="The most messages that one person got within seven days.",
        numerator="coalesce(max(messages_in_week), 0)",
        numerator_text="largest number of messages to one contact within seven days",
        excludes="Failed, canceled and waiting messages.",
        better="lower",
        is_additive=False,
        view="audit_frequency",
    ),
    Metric(
        name="revocations_waiting",
        label="Revocations waiting",
        unit="count",
        description="Messages that may ask in free words to be left alone, and that nobody has decided on.",
        numerator="count(*) filter (state = 'waiting')",
        numerator_text="inbound messages with a phrase of the list and no decision",
        better="lower",
        view="revocations",
    ),
    Metric(
        name="revocations_late",
        label="Opt-outs past the clock",
        unit="count",
        description="Wishes to be left alone that were not honoured within ten business days.",
        numerator="count(*) filter (is_late)",
        numerator_text="such messages undecided, or decided as opt-out, after the clock had run out",
        excludes="Messages that a person decided are no opt-out. Keywords take effect at once.",
        better="lower",
        view="revocations",
    ),
)


@dataclass(frozen=True)
class Audit:
    """One question about the past, with the rows that answer it."""

    name: str
    metric: str
    """Counts them; its view holds them."""
    headline: str
    columns: Mapping[str, str]
    """What a row shows: column of the view and its label."""
    condition: str = "true"
    """Which rows of the view, where it holds more than the offending ones."""
    order: str = "sent_at desc"
    must_be_zero: bool = False
    one_per: str = ""
    """A column of which each value is shown once, with its first row; the metric then counts other things."""

    @property
    def counts_rows(self) -> bool:
        """Whether the metric is the number of these rows."""
        return not self.one_per


_WHO = {"contact": "Contact", "sender": "Sender", "sent_at": "Sent"}

_AUDITS = (
    Audit(
        "after-opt-out",
        "messages_after_opt_out",
        "Messages after an opt-out",
        {**_WHO, "opted_out_at": "Opted out", "opt_out_source": "Said by"},
        must_be_zero=True,
    ),
    Audit(
        "after-opt-out-elsewhere",
        "messages_after_opt_out_elsewhere",
        "Messages after an opt-out from another sender",
        {**_WHO, "opted_out_at": "Opted out", "opt_out_source": "Said by"},
    ),
    Audit(
        "late-revocations",
        "revocations_late",
        "Opt-outs past the clock",
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
    Audit(
        "quiet-hours",
        "messages_in_quiet_hours",
        "Sends in quiet hours",
        {**_WHO, "zones": "Zones", "zone_source": "Known by", "rules": "Rules"},
    ),
    Audit(
        "without-consent",
        "messages_without_consent",
        "Sends without consent on record",
        {**_WHO, "messaging_service_sid": "Service"},
    ),
    Audit(
        "first-contact",
        "first_contacts_without_opt_out_line",
        "First contact without an opt-out line",
        {**_WHO, "messaging_service_sid": "Service"},
    ),
    Audit(
        "unregistered",
        "messages_from_unregistered_senders",
        "Sends by unregistered senders",
        {**_WHO, "registration": "Registration", "registration_status": "Status"},
    ),
    Audit(
        "frequency",
        "most_messages_in_a_week",
        "People with the most messages in a week",
        {**_WHO, "messages_in_week": "Messages in 7 days"},
        order="messages_in_week desc, sent_at desc",
        one_per="contact",
    ),
)

#: The queue is no audit: what waits in it may be no breach at all.
WAITING_REVOCATIONS = Audit(
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

AUDITS: dict[str, Audit] = {audit.name: audit for audit in _AUDITS}


def find_audit(name: str) -> Audit:
    """The audit of that name; raises UnknownName."""
    if name == WAITING_REVOCATIONS.name:
        return WAITING_REVOCATIONS
    if name not in AUDITS:
        raise UnknownName("audit", name, AUDITS)
    return AUDITS[name]

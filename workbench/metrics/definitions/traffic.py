"""Metrics of how much there is."""

from __future__ import annotations

from workbench.metrics.definitions.model import Metric

METRICS = (
    Metric(
        name="messages",
        label="Messages",
        unit="count",
        description="Messages in the log, both directions.",
        numerator="count(*)",
        numerator_text="all messages",
    ),
    Metric(
        name="segments",
        label="Segments",
        unit="count",
        description="Billing segments as Twilio counted them, both directions.",
        numerator="coalesce(sum(segments), 0)",
        numerator_text="sum of segments",
        excludes="Messages without a sender yet: Twilio says 0 segments until one is picked.",
    ),
    Metric(
        name="in_flight",
        label="In flight",
        unit="count",
        description="Outbound messages whose outcome is still to come.",
        numerator="count(*) filter ({in_flight})",
        numerator_text="accepted, scheduled, queued, sending, or `sent` for less than 72 hours",
    ),
    Metric(
        name="opt_outs",
        label="Opt-outs",
        unit="count",
        description="People who asked to stop with one of the keywords; each person counts once.",
        numerator="count(distinct contact) filter ({opt_out})",
        numerator_text="contacts with an inbound message that is a stop keyword",
        excludes="Opt-out requests in free words: those wait until a person decides them.",
        better="lower",
        is_additive=False,
    ),
)

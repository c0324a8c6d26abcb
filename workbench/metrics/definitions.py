"""Every metric and dimension, each defined once. Data, no code: pages, notebooks, reports and the command
line all compile these.

Base sets, over outbound messages: *final* (delivered, read, undelivered, failed, or `sent` for 72 hours),
*in flight* (not final yet). `canceled` is in neither. Expressions are SQL over the view `message_facts`,
which holds one row per message; `{final}` and its like are the named sets below.
"""

from __future__ import annotations

from workbench.messaging.status import DELIVERED
from workbench.metrics.audits import AUDIT_METRICS
from workbench.metrics.kinds import Dimension, Metric, Unit

__all__ = ["DIMENSIONS", "METRICS", "SETS", "Dimension", "Metric", "Unit"]


def _statuses(statuses: frozenset[str]) -> str:
    return ", ".join(f"'{status}'" for status in sorted(statuses))


#: Named sets of rows, usable in expressions as `{name}`.
SETS = {
    "outbound": "is_outbound",
    "final": "(is_outbound and is_final and status <> 'canceled')",
    "in_flight": "(is_outbound and not is_final)",
    "delivered": f"(is_outbound and status in ({_statuses(DELIVERED)}))",
    "undelivered": "(is_outbound and status = 'undelivered')",
    "failed": "(is_outbound and status = 'failed')",
    "unknown": "(is_outbound and is_final and status = 'sent')",
    "priced": "(spend is not null)",
    "opt_out": "(not is_outbound and keyword = 'opt-out')",
}


_FINAL_TEXT = "outbound messages with a final status (canceled ones excepted)"

_METRICS = (
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
        name="segments_per_message",
        label="Segments per message",
        unit="ratio",
        description="How many billing segments an outbound message takes on average.",
        numerator="sum(segments) filter ({final} and segments > 0)",
        denominator="count(*) filter ({final} and segments > 0)",
        numerator_text="segments of final outbound messages",
        denominator_text="final outbound messages with at least one segment",
        excludes="Messages in flight, canceled ones, and those without a segment count.",
        better="lower",
        is_additive=False,
    ),
    Metric(
        name="spend",
        label="Spend",
        unit="money",
        description="What Twilio charged for messages, carrier fees included, by currency.",
        numerator="sum(spend)",
        numerator_text="sum of prices, as positive amounts",
        excludes="Messages not priced yet (prices can take a day), and fees that Twilio books only as usage.",
    ),
    Metric(
        name="priced_share",
        label="Priced share",
        unit="rate",
        description="How much of the final outbound traffic has its price.",
        numerator="count(*) filter ({final} and {priced})",
        denominator="count(*) filter ({final})",
        numerator_text="final outbound messages with a price",
        denominator_text=_FINAL_TEXT,
        better="higher",
        is_additive=False,
    ),
    Metric(
        name="cost_per_delivered",
        label="Cost per delivered",
        unit="money",
        description="What one delivered message cost, everything else that was tried included.",
        numerator="sum(spend) filter ({outbound})",
        denominator="count(*) filter ({delivered})",
        numerator_text="spend on outbound messages of every outcome",
        denominator_text="delivered (or read) messages of the same days",
        excludes="Inbound messages. Days are those of creation, not of pricing.",
        better="lower",
        minimum_sample=30,
        is_additive=False,
    ),
    Metric(
        name="delivery_rate",
        label="Delivery rate",
        unit="rate",
        description="Share of finished outbound messages that a receipt says arrived.",
        numerator="count(*) filter ({delivered})",
        denominator="count(*) filter ({final})",
        numerator_text="delivered or read messages",
        denominator_text=_FINAL_TEXT,
        excludes="Messages in flight and canceled ones. Old `sent` ones count below the line only.",
        better="higher",
        minimum_sample=30,
        is_additive=False,
    ),
    Metric(
        name="failed_rate",
        label="Failed rate",
        unit="rate",
        description="Share of finished outbound messages that never left Twilio.",
        numerator="count(*) filter ({failed})",
        denominator="count(*) filter ({final})",
        numerator_text="failed messages",
        denominator_text=_FINAL_TEXT,
        excludes="Messages in flight and canceled ones. Refusals at the API leave no message and are not in.",
        better="lower",
        minimum_sample=30,
        is_additive=False,
    ),
    Metric(
        name="undelivered_rate",
        label="Undelivered rate",
        unit="rate",
        description="Share of finished outbound messages that the carrier says did not arrive.",
        numerator="count(*) filter ({undelivered})",
        denominator="count(*) filter ({final})",
        numerator_text="undelivered messages",
        denominator_text=_FINAL_TEXT,
        excludes="Messages in flight and canceled ones.",
        better="lower",
        minimum_sample=30,
        is_additive=False,
    ),
    Metric(
        name="unknown_rate",
        label="Unknown rate",
        unit="rate",
        description="Share of finished outbound messages that were sent and never got a receipt.",
        numerator="count(*) filter ({unknown})",
        denominator="count(*) filter ({final})",
        numerator_text="messages that stayed `sent` for 72 hours",
        denominator_text=_FINAL_TEXT,
        excludes="Messages in flight and canceled ones.",
        better="lower",
        minimum_sample=30,
        is_additive=False,
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
        excludes="Wishes in free words: those wait in the revocation queue for a person to read.",
        better="lower",
        is_additive=False,
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_METRICS, *AUDIT_METRICS)}

_LOCAL = "timezone($timezone, date_created)"

_DIMENSIONS = (
    Dimension("day", "Day", f"cast({_LOCAL} as date)", "calendar day of creation"),
    Dimension(
        "week", "Week", f"cast(date_trunc('week', {_LOCAL}) as date)", "Monday of the week of creation"
    ),
    Dimension("month", "Month", f"cast(date_trunc('month', {_LOCAL}) as date)", "first day of the month"),
    Dimension("hour", "Hour of day", f"extract(hour from {_LOCAL})", "0 to 23"),
    Dimension("weekday", "Weekday", f"extract(isodow from {_LOCAL})", "1 Monday to 7 Sunday"),
    Dimension("sender", "Sender", "sender", "our number, short code or name; empty until Twilio picks one"),
    Dimension(
        "sender_type", "Sender type", "sender_type", "long code, toll-free, short code, alphanumeric …"
    ),
    Dimension("country", "Country", "country", "country of the contact, ISO code"),
    Dimension("direction", "Direction", "direction", "inbound, outbound-api, outbound-call, outbound-reply"),
    Dimension("status", "Status", "status", "Twilio's status"),
    Dimension("error_code", "Error code", "error_code", "Twilio's error code; empty without an error"),
    Dimension("messaging_service", "Messaging service", "messaging_service_sid", "SID of the service"),
    Dimension("encoding", "Encoding", "encoding", "GSM-7 or UCS-2, from the body"),
    Dimension("currency", "Currency", "currency", "currency of the price"),
    Dimension(
        "outcome",
        "Outcome",
        "case when not is_outbound then 'received' when status = 'canceled' then 'canceled'"
        " when {delivered} then 'delivered' when {undelivered} then 'undelivered'"
        " when {failed} then 'failed' when {unknown} then 'unknown' else 'in flight' end",
        "what became of a message, in seven words",
    ),
)

DIMENSIONS: dict[str, Dimension] = {dimension.name: dimension for dimension in _DIMENSIONS}

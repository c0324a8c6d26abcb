"""What the catalog says about senders and services, to read numbers by: limits and names."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.lake.connect import Lake, Readable


@dataclass(frozen=True)
class Limit:
    """Segments per second that a sender may send, and who says so."""

    per_second: float
    source: str


def query_limits(lake: Lake) -> dict[str, Limit]:
    """Every sender's limit; the highest where several accounts share a sender."""
    rows = lake.rows(
        "select sender, max(mps_limit), arg_max(mps_limit_source, mps_limit) from senders "
        "where mps_limit is not null group by sender"
    )
    return {sender: Limit(float(limit), source or "") for sender, limit, source in rows}


def query_sender_names(lake: Readable) -> dict[str, str]:
    """Our senders by address, as people named them."""
    rows = lake.rows(
        "select sender, max(friendly_name) from senders where friendly_name <> '' group by sender"
    )
    return dict(rows)


def query_service_names(lake: Readable) -> dict[str, str]:
    """Messaging services by SID, as people named them."""
    rows = lake.rows(
        "select messaging_service_sid, max(friendly_name) from messaging_services "
        "where friendly_name is not null group by messaging_service_sid"
    )
    return dict(rows)


def query_batch_sizes(lake: Readable) -> dict[str, int]:
    """Batches that were sent from here by their names, with how many messages each has.

    Without the single answers of the inbox and of rules, which the outbox keeps under names of their own.
    """
    rows = lake.rows(
        "select batch, count(distinct message_sid) from outbox_events where message_sid is not null "
        "and not starts_with(batch, 'reply:') and not starts_with(batch, 'rule:') group by batch"
    )
    return {batch: int(messages) for batch, messages in rows}


def query_side_names(lake: Lake) -> dict[str, str]:
    """Senders and messaging services, as people named them."""
    rows = lake.rows(
        "select sender, max(friendly_name) from senders "
        "where friendly_name not in ('', sender) group by sender"
    )
    return dict(rows) | query_service_names(lake)

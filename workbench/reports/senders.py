"""Our own senders in a report: by the name that people gave them, and with their number in full.

They are what a business publishes, no data of a person; whoever reads the report must recognise them.
"""

from __future__ import annotations

from workbench.lake import Lake
from workbench.metrics.catalog import query_sender_names


def read_sender_names(lake: Lake) -> dict[str, str]:
    """Sender → its name at Twilio."""
    return query_sender_names(lake)


def read_own_senders(lake: Lake) -> frozenset[str]:
    """Every address that messages were sent from or to here, and every sender of the account.

    Those of channels (`whatsapp:+…`) are in it with and without their channel.
    """
    senders = [sender for (sender,) in lake.rows(_OWN)]
    return frozenset([*senders, *(sender.rpartition(":")[2] for sender in senders)])


_OWN = """
    select sender from senders
    union
    select distinct sender from raw_messages where sender is not null
"""

"""What the lake knows about numbers that come in without their country code: where the account's own are."""

from __future__ import annotations

from workbench.lake.connect import Lake
from workbench.messaging.address_reader import NumberContext, known_region, sender_countries


def read_number_context(lake: Lake, country: str | None = None) -> NumberContext:
    """The context in which addresses of this account are read.

    Args:
        country: where numbers without a country code are, if somebody said so.

    Raises:
        UsageError: there is no such country.
    """
    region = known_region(country) if country else None
    senders = [sender for (sender,) in lake.rows("select distinct sender from senders")]
    return NumberContext(region, sender_countries(senders))

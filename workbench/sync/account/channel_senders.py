"""Reads the account's WhatsApp and RCS senders, which have a list of their own for each channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.sync.account.account_reader import AccountReader, Rows
from workbench.sync.shared.fields import Row, part, required, text
from workbench.twilio.resources import RCS_SENDERS, WHATSAPP_SENDERS, Resource

#: The list of each channel, by Twilio's name of the channel, which is also the prefix of its addresses.
CHANNEL_LISTS: Mapping[str, Resource] = {"whatsapp": WHATSAPP_SENDERS, "rcs": RCS_SENDERS}


def fetch_channel_senders(
    reading: AccountReader, *, check: Callable[[Row], object]
) -> dict[str, Rows | None]:
    """The senders of each channel, by channel, in the field names of the other lists of senders.

    Args:
        check: reads a row in these field names; if it raises, the row goes into quarantine.
    """
    return {channel: _fetch_channel(reading, channel, check) for channel in CHANNEL_LISTS}


def _fetch_channel(reading: AccountReader, channel: str, check: Callable[[Row], object]) -> Rows | None:
    rows = reading.rows(
        CHANNEL_LISTS[channel],
        {"Channel": channel},
        check=lambda row: check(channel_sender(row, channel)),
    )
    return None if rows is None else [channel_sender(row, channel) for row in rows]


def channel_sender(row: Row, channel: str) -> dict[str, Any]:
    """A row with the names that numbers have for the same things: `sender` is its address with the channel.

    Raises:
        MalformedRow: it has no `sender_id`, or a part of it cannot be read.
    """
    address, webhook = required(row, "sender_id"), part(row, "webhook")
    if not address.lower().startswith(f"{channel}:"):
        address = f"{channel}:{address}"
    return {
        "sid": text(row, "sid"),
        "sender": channel + address[len(channel) :],
        "friendly_name": text(row, "friendly_name") or text(part(row, "profile"), "name"),
        "sms_url": webhook.get("callback_url"),
        "sms_method": webhook.get("callback_method"),
        "status_callback": webhook.get("status_callback_url"),
        "channel_status": text(row, "status"),
    }

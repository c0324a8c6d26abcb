"""Our own senders in a report: by the name that people gave them, and with their number in full.

They are what a business publishes, no data of a person; whoever reads the report must recognise them.
"""

from __future__ import annotations

import re

from workbench.lake import Lake


def read_sender_names(lake: Lake) -> dict[str, str]:
    """Sender → its name at Twilio; without those whose name is just the number again."""
    names = dict(lake.rows(_NAMES))
    return {sender: name for sender, name in names.items() if not _is_number_again(sender, name)}


def read_own_senders(lake: Lake) -> frozenset[str]:
    """Every address that messages were sent from or to here, and every sender of the account.

    Those of channels (`whatsapp:+…`) are in it with and without their channel.
    """
    senders = [sender for (sender,) in lake.rows(_OWN)]
    return frozenset([*senders, *(sender.rpartition(":")[2] for sender in senders)])


def sender_label(sender: str, names: dict[str, str]) -> str:
    """`Notifications east, +12025550110`; without a name the address alone."""
    return f"{names[sender]}, {sender}" if sender in names else sender


def _is_number_again(sender: str, name: str) -> bool:
    """Whether a name is the number in another spelling, as Twilio's default (202) 555-0110."""
    digits = re.sub(r"\D", "", name)
    return not re.search(r"[^\W\d_]", name) and bool(digits) and sender.endswith(digits)


_NAMES = "select sender, max(friendly_name) from senders where friendly_name <> '' group by sender"
_OWN = """
    select sender from senders
    union
    select distinct sender from raw_messages where sender is not null
"""

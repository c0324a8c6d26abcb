"""Inbound messages outside the generated traffic: from the control API, or arriving between two pages."""

from __future__ import annotations

import random

from workbench.messaging.segments import count_segments
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.messages import INBOUND, OPT_IN, OPT_OUT, RECEIVED, Message
from workbench.simulator.traffic.consent import is_opt_out
from workbench.simulator.traffic.world import COUNTRY_INDEX, rate


def receive(ledger: Ledger, now: int, *, sender: int, contact: str, body: str, media: int = 0) -> Message:
    """A contact writes to one of the account's senders, now."""
    owner = ledger.profile.senders[sender]
    serial = ledger.log.next_serial()
    segments = count_segments(body).segments
    price = rate(COUNTRY_INDEX["US"], owner.kind, outbound=False, media=media > 0)
    meaning = is_opt_out(body, owner)
    message = Message(
        serial,
        now,
        INBOUND,
        RECEIVED,
        sender,
        contact,
        owner.service,
        body,
        segments,
        media,
        round(price.base * (1 if price.per_message else segments) * ledger.profile.price_factor),
        sent=0,
        done=0,
        priced=random.Random(f"{ledger.sid}:{serial}").randrange(30, 600),
        flags=0 if meaning is None else OPT_OUT if meaning else OPT_IN,
    )
    ledger.put(message)
    if meaning is not None:
        change = {"at": now, "contact": contact, "scope": ledger.scope(sender), "opted_out": meaning}
        ledger.change({"op": "consent", **change})
    return message


def arrive(ledger: Ledger, now: int, count: int) -> list[Message]:
    """So many contacts write something, now."""
    contacts = ledger.log.traffic.contacts.addresses
    first = ledger.log.next_serial()
    return [
        receive(
            ledger,
            now,
            sender=0,
            contact=contacts[(first + index) % len(contacts)],
            body=f"Hello, note {index}",
        )
        for index in range(count)
    ]

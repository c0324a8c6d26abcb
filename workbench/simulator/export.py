"""The same traffic without a server: typed rows, day by day, to fill large lakes directly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.clock import DAY, epoch
from workbench.simulator.messages import DIRECTIONS, INBOUND, READ, STATUSES, Message, settled_at, state_at
from workbench.simulator.traffic.profile import Profile
from workbench.simulator.traffic.templates import body_text
from workbench.simulator.traffic.world import UNIT


class TrafficRow(NamedTuple):
    """One message with the types of a table: times in UTC, price negative for a charge."""

    message_sid: str
    account_sid: str
    messaging_service_sid: str | None
    direction: str
    status: str
    error_code: int | None
    from_address: str | None
    to_address: str | None
    body: str
    segments: int
    media_count: int
    price: Decimal | None
    currency: str
    date_created: datetime
    date_sent: datetime | None
    date_updated: datetime


def generate_traffic(
    profile: Profile, seed: int, start: date, end: date, *, as_of: datetime | None = None
) -> Iterator[TrafficRow]:
    """Every message created from `start` up to and including `end` (UTC days), in order of creation by day.

    The rows equal those that `Account.build` serves for the same profile, seed and start; on each day the
    subaccounts follow the main account. `as_of` gives the state at that time, without messages created later;
    by default each row is in its last state. One day is in memory at a time.
    """
    first_day, last_day = epoch(start.isoformat()) // DAY, epoch(end.isoformat()) // DAY
    now = None if as_of is None else epoch(as_of)
    main = Ledger(profile, seed, first_day, record=_forget)
    subaccounts = [
        Ledger(sub, seed, first_day, owner_sid=main.sid, record=_forget) for sub in profile.subaccounts
    ]
    for _ in range(first_day, last_day + 1):
        for ledger in (main, *subaccounts):
            for message in ledger.log.traffic.next_day():
                if now is None or message.created <= now:
                    yield _row(ledger, message, now)


def _forget(_: object) -> None:
    """Drop a change: these accounts have no journal."""


def _row(ledger: Ledger, message: Message, now: int | None) -> TrafficRow:
    if now is None or settled_at(message) <= now:
        state_sent = message.created + message.sent if message.sent >= 0 else None
        status = STATUSES[READ if message.read >= 0 else message.status]
        updated, priced = settled_at(message), message.priced >= 0
        has_sender, error = message.sender >= 0, message.error
    else:
        state = state_at(message, now)
        state_sent, status, updated, priced = state.sent, state.status, state.updated, state.priced
        has_sender, error = state.has_sender, state.error
    ours = ledger.profile.senders[message.sender].address if has_sender else None
    inbound = message.direction == INBOUND
    return TrafficRow(
        ledger.rows.sid(message),
        ledger.sid,
        ledger.service_sids[message.service] if message.service >= 0 else None,
        DIRECTIONS[message.direction],
        status,
        error or None,
        message.contact if inbound else ours,
        ours if inbound else message.contact,
        body_text(message.body),
        message.segments if has_sender else 0,
        message.media,
        _price(message.price) if priced else None,
        ledger.profile.currency,
        datetime.fromtimestamp(message.created, UTC),
        None if state_sent is None else datetime.fromtimestamp(state_sent, UTC),
        datetime.fromtimestamp(updated, UTC),
    )


@lru_cache(maxsize=4096)
def _price(units: int) -> Decimal:
    return Decimal(-units) / UNIT

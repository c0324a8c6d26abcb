"""Usage Records: the charges of the messages' prices by day and category, with parent categories.

A message's price includes the carrier's fee; usage shows that fee in a category of its own, and the fee
for failed messages, which no message shows, in another. Days are GMT days of date_sent (date_created
where null).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from workbench.messaging.addresses import country
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.clock import DAY
from workbench.simulator.messages import FAILED, INBOUND, Message, is_mms, settled_at
from workbench.simulator.traffic.profile import Profile
from workbench.simulator.traffic.world import COUNTRY_INDEX, FAILED_FEE, UNIT, rate

_EXEMPT_FROM_FEE = frozenset(
    {
        12400,
        20500,
        20504,
        30002,
        30008,
        30036,
        30103,
        30450,
        30454,
        30500,
        21408,
        63010,
        63012,
        63013,
        63018,
        63021,
    }
    | {63024, 63032, 63038, 90010}
)

_MONTHLY_RENT = {
    "long code": ("phonenumbers-local", 115_000),
    "toll-free": ("phonenumbers-tollfree", 215_000),
}

PARENTS: dict[str, tuple[str, ...]] = {
    "sms": ("sms-inbound", "sms-outbound"),
    "sms-inbound": ("sms-inbound-longcode", "sms-inbound-shortcode", "sms-inbound-tollfree"),
    "sms-outbound": ("sms-outbound-longcode", "sms-outbound-shortcode", "sms-outbound-tollfree"),
    "mms": ("mms-inbound", "mms-outbound"),
    "mms-inbound": ("mms-inbound-longcode", "mms-inbound-shortcode", "mms-inbound-tollfree"),
    "mms-outbound": ("mms-outbound-longcode", "mms-outbound-shortcode", "mms-outbound-tollfree"),
    "channels": ("channels-messaging-inbound", "channels-messaging-outbound"),
    "phonenumbers": ("phonenumbers-local", "phonenumbers-tollfree"),
    "totalprice": (
        "sms",
        "mms",
        "channels",
        "phonenumbers",
        "sms-messages-carrierfees",
        "mms-messages-carrierfees",
        "failed-message-processing-fee",
    ),
}
"""The categories of which a category is the sum."""

LEAVES = tuple(sorted({child for children in PARENTS.values() for child in children} - set(PARENTS)))
CATEGORIES = tuple(sorted((*LEAVES, *PARENTS)))


class Usage(NamedTuple):
    """How many events, how many units, and the price in world.UNIT."""

    events: int = 0
    usage: int = 0
    units: int = 0

    def plus(self, other: Usage) -> Usage:
        return Usage(self.events + other.events, self.usage + other.usage, self.units + other.units)


NOTHING = Usage()
Sums = dict[str, Usage]


class UsageBook:
    """Sums of one account by day; days that can no longer change are cached."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: dict[int, tuple[int, Sums]] = {}

    def of_day(self, day: int, now: int) -> Sums:
        """Leaf categories of one UTC day, as billed by `now`."""
        changes = self._ledger.log.changes[day]
        kept = self._kept.get(day)
        if kept is not None and kept[0] == changes:
            return kept[1]
        messages = self._ledger.log.of_day(day)
        sums = _add_up(_charges(self._ledger.profile, messages, now))
        for category, usage in _rent(self._ledger.log.traffic.profile, day, now):
            sums[category] = sums.get(category, NOTHING).plus(usage)
        if now >= (day + 1) * DAY and all(settled_at(message) <= now for message in messages):
            self._kept[day] = changes, sums
        return sums

    def of_days(self, first: int, last: int, now: int) -> Sums:
        """Leaf categories of several days together."""
        return _add_up(item for day in range(first, last + 1) for item in self.of_day(day, now).items())


def total(sums: Sums, category: str) -> Usage:
    """A category's usage, a parent's being the sum of its children."""
    if category not in PARENTS:
        return sums.get(category, NOTHING)
    result = NOTHING
    for child in PARENTS[category]:
        result = result.plus(total(sums, child))
    return result


def _add_up(charges: Iterable[tuple[str, Usage]]) -> Sums:
    sums: Sums = {}
    for category, usage in charges:
        sums[category] = sums.get(category, NOTHING).plus(usage)
    return sums


def _charges(profile: Profile, messages: Iterable[Message], now: int) -> Iterator[tuple[str, Usage]]:
    for message in messages:
        if message.status == FAILED:
            if is_charged_for_failing(message) and message.created + message.done <= now:
                yield "failed-message-processing-fee", Usage(1, 1, round(FAILED_FEE * profile.price_factor))
        elif message.priced >= 0 and message.created + message.priced <= now:
            yield from _split(profile, message)


def is_charged_for_failing(message: Message) -> bool:
    """Whether a failed message costs the fee; a message that the API refused at once does not."""
    return message.status == FAILED and message.done > 0 and message.error not in _EXEMPT_FROM_FEE


def _split(profile: Profile, message: Message) -> Iterator[tuple[str, Usage]]:
    """A priced message's own category, and the carrier's part."""
    kind, outbound = profile.senders[message.sender].kind, message.direction != INBOUND
    way = "outbound" if outbound else "inbound"
    amount = 1 if is_mms(message) else message.segments
    if kind == "whatsapp":
        yield f"channels-messaging-{way}", Usage(1, 1, message.price)
        return
    service = "mms" if is_mms(message) else "sms"
    fee = _carrier_fee(profile, message) if outbound else 0
    pool = {"short code": "shortcode", "toll-free": "tollfree"}.get(kind, "longcode")
    yield f"{service}-{way}-{pool}", Usage(1, amount, message.price - fee)
    if fee:
        yield f"{service}-messages-carrierfees", Usage(1, amount, fee)


def _carrier_fee(profile: Profile, message: Message) -> int:
    place = COUNTRY_INDEX.get(country(message.contact) or "US", 0)
    cost = rate(place, profile.senders[message.sender].kind, outbound=True, media=is_mms(message))
    return round(cost.carrier_fee * (1 if cost.per_message else message.segments) * profile.price_factor)


def _rent(profile: Profile, day: int, now: int) -> Iterator[tuple[str, Usage]]:
    """The numbers that the account began with are charged on the first of a month."""
    if datetime.fromtimestamp(day * DAY, UTC).day != 1 or now < day * DAY:
        return
    for sender in profile.senders:
        if sender.kind in _MONTHLY_RENT:
            category, units = _MONTHLY_RENT[sender.kind]
            yield category, Usage(1, 1, round(units * profile.price_factor))


def price(units: int) -> float:
    return units / UNIT

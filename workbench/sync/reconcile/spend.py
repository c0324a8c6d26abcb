"""Compares one day's spend in the lake with the charges for messages in the usage records. Pure.

A message's price contains the carrier's fee (https://help.twilio.com/articles/46871410243099), while usage
records have that fee in its own category; according to an older article (360016571913) prices do not contain
it. So both are tried: if exactly the carrier fees are missing from the prices, a gap says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

from workbench.sync.reconcile.discrepancies import UNEXPLAINED, Gap

NOTHING = Decimal(0)
#: Usage records may round each category.
ROUNDING = Decimal("0.005")

_FAILED_FEE = "failed-message-processing-fee"
_MESSAGES = ("sms", "mms", "rcs", "channels-messaging")
#: Charges related to messages that are not part of any message's price.
_EXTRAS = ("-messages-features", "-content-inspection")


@dataclass(frozen=True)
class DayUsage:
    """The charges for one day's messages in the usage records, in one currency.

    `messages` and `carrier` together are the messages' prices; `fees` are charged separately, by category.
    """

    currency: str
    messages: Decimal = NOTHING
    carrier: Decimal = NOTHING
    fees: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return self.messages + self.carrier + sum(self.fees.values(), NOTHING)


@dataclass(frozen=True)
class DaySpend:
    """One day's prices in one currency, all positive.

    `lake`: the lake's messages that were not deleted at Twilio. `listed`: the messages that Twilio lists now.
    `deleted`: the messages marked as deleted at Twilio. `unlisted`: the lake's messages that Twilio does not
    list. `unpriced`: how many listed messages may still get a price.
    """

    currency: str
    lake: Decimal = NOTHING
    listed: Decimal = NOTHING
    deleted: Decimal = NOTHING
    unlisted: Decimal = NOTHING
    unpriced: int = 0


def usage_of_days(rows: Iterable[Mapping[str, Any]]) -> dict[date, DayUsage]:
    """The charges for messages by day, from rows like those of `usage_days`; parents are left out."""
    by_day: dict[date, DayUsage] = {}
    for row in rows:
        category, price = row["category"], row["price"]
        if row["is_leaf"] and price is not None and is_about_messages(category):
            so_far = by_day.get(row["day"], DayUsage(row["currency"] or ""))
            by_day[row["day"]] = _with_charge(so_far, category, price)
    return by_day


def is_about_messages(category: str) -> bool:
    """Whether a leaf category is charged for messages: SMS, MMS, channels, and their fees."""
    return category == _FAILED_FEE or any(
        category == name or category.startswith(f"{name}-") for name in _MESSAGES
    )


def _with_charge(so_far: DayUsage, category: str, price: Decimal) -> DayUsage:
    messages, carrier, fees = so_far.messages, so_far.carrier, dict(so_far.fees)
    if category.endswith("-carrierfees"):
        carrier += price
    elif category == _FAILED_FEE or any(part in category for part in _EXTRAS):
        fees[category] = fees.get(category, NOTHING) + price
    else:
        messages += price
    return DayUsage(so_far.currency, messages, carrier, fees)


def compare_spend(
    day: date, spend: DaySpend, usage: DayUsage, *, is_recent: bool, is_listed: bool = True
) -> list[Gap]:
    """The gaps between the lake's spend of a day and its usage; the sum of their differences is the whole.

    Args:
        is_recent: usage records of the day may still lag behind.
        is_listed: False if Twilio no longer lists the day, so that the lake cannot be checked by the list.
    """
    merged: dict[str, Part] = {}
    for reason, amount, messages, detail in _parts(spend, usage, is_recent=is_recent, is_listed=is_listed):
        so_far = merged.get(reason)
        merged[reason] = (reason, amount + so_far[1], so_far[2], f"{so_far[3]}, {detail}") if so_far else (
            reason, amount, messages, detail
        )  # fmt: skip
    return [_gap(day, spend, usage, part) for part in merged.values() if part[1]]


Part = tuple[str, Decimal, int, str]
"""A reason, the amount that it explains, the number of messages, and a text."""


def _gap(day: date, spend: DaySpend, usage: DayUsage, part: Part) -> Gap:
    reason, amount, messages, detail = part
    return Gap(
        day=day,
        kind="spend",
        reason=reason,
        lake=spend.lake,
        twilio=usage.total,
        difference=amount,
        unit=spend.currency,
        messages=messages,
        detail=detail,
    )


def _parts(spend: DaySpend, usage: DayUsage, *, is_recent: bool, is_listed: bool) -> list[Part]:
    if usage.total == spend.lake:
        return []
    parts: list[Part] = [
        ("rows_differ", spend.listed - spend.lake, 0, "the listed prices of the day add up to another sum")
    ]
    rest = usage.total - spend.listed
    if rest:
        charged = {category: fee for category, fee in sorted(usage.fees.items()) if fee}
        for category, fee in charged.items():
            parts.append(("fee_only_in_usage", fee, 0, category))
            rest -= fee
    amounts = {
        "deleted_upstream": spend.deleted,
        "rows_differ": spend.unlisted,
        "carrier_fees": usage.carrier,
    }
    explanation = _explanation(rest, amounts)
    if explanation is None:
        return [*parts, _remainder(rest, spend, is_recent=is_recent, is_listed=is_listed)]
    parts += [(reason, amount, 0, _WORDS[reason]) for reason, amount in explanation.items()]
    return [*parts, ("rounding", rest - sum(explanation.values(), NOTHING), 0, "usage records may round")]


_WORDS = {
    "deleted_upstream": "charged for messages that were deleted later",
    "rows_differ": "messages that are charged and not listed",
    "carrier_fees": "prices leave the carrier fees out",
}


def _explanation(rest: Decimal, amounts: Mapping[str, Decimal]) -> dict[str, Decimal] | None:
    """The fewest amounts whose sum is the rest, exactly or with a rounding difference; None if none fit."""
    for tolerance in (NOTHING, ROUNDING):
        for size in range(len(amounts) + 1):
            for names in combinations(amounts, size):
                if abs(rest - sum((amounts[name] for name in names), NOTHING)) <= tolerance:
                    return {name: amounts[name] for name in names}
    return None


def _remainder(rest: Decimal, spend: DaySpend, *, is_recent: bool, is_listed: bool) -> Part:
    if not is_listed:
        return ("before_retention", rest, 0, "Twilio lists no message of the day any more")
    if rest > 0 and spend.unpriced:
        return (
            "not_priced_yet", rest, spend.unpriced, f"{spend.unpriced} messages of the day have no price yet"
        )  # fmt: skip
    if is_recent:
        return ("twilio_lag", rest, 0, "usage records of the last day may lag behind")
    charged = "more" if rest > 0 else "less"
    return (UNEXPLAINED, rest, 0, f"usage records charge {charged} than the listed messages' prices")

"""What a comparison of the lake with Twilio can find, and what may explain it. Data, no decisions.

The kinds of differences:

- `missing_row`, `extra_row`: Twilio lists a message that the lake does not hold, or the other way round;
- `status` (with the error code), `price`, `body`, `fields`: both hold the message with another value;
- `unread_row`: Twilio lists a row that cannot be read;
- `foreign_row`: Twilio lists a message for a day that is not its own; such a row counts on its own day only;
- `total`: the numbers of messages differ, and no message does;
- `callback`: a status callback told something else than the row;
- `spend`: the sum of prices is not what the usage records charge;
- `unlisted_day`, `removed_day`: the day is older than what Twilio lists, or than what [retention] keeps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

UNEXPLAINED = "unexplained"
#: Explanations of a gap although nothing is wrong; any other gap is `unexplained`.
REASONS: Mapping[str, str] = {
    "after_last_sync": "it came or changed after the last sync read it",
    "in_flight": "the message was under way when the last sync read it",
    "not_priced_yet": "the price was not known yet; Twilio may take 24 hours",
    "undated": "a message without date_sent need not be listed on its day",
    "twilio_lag": "Twilio's answers may lag behind each other for a while",
    "deleted_upstream": "deleted at Twilio, and marked so here",
    "redacted_upstream": "the text was redacted at Twilio; the next reading of the day removes it here",
    "outranked": "Twilio reported a refusal and a receipt; the receipt counts",
    "quarantined": "kept in quarantine with the reason (quarantined_rows), and read again by later syncs",
    "rows_differ": "follows from the messages of the day that differ",
    "carrier_fees": "carrier fees are charged in a category of their own, not in the messages' prices",
    "fee_only_in_usage": "a fee that no message's price shows",
    "rounding": "less than half a hundredth of the currency",
    "own_retention": "older than [retention] of workbench.toml keeps messages, and removed here",
    "before_retention": "older than what Twilio lists, so it cannot be compared message by message",
}

#: How many SIDs a gap names; `messages` says how many there are.
EXAMPLES = 5
#: How many different notes the detail of a gap quotes.
NOTES = 3


@dataclass(frozen=True)
class RowGap:
    """One message that differs: kind, reason and a note; with both prices if the prices differ."""

    message_sid: str
    kind: str
    reason: str
    note: str
    currency: str | None = None
    lake: Decimal | None = None
    twilio: Decimal | None = None


@dataclass(frozen=True)
class Gap:
    """A difference of one day, with its numbers on both sides in `unit` (`messages` or a currency).

    `difference` is the part that this gap explains, `messages` how many messages it concerns.
    """

    day: date
    kind: str
    reason: str
    lake: Decimal | None
    twilio: Decimal | None
    difference: Decimal
    unit: str
    messages: int
    detail: str
    examples: tuple[str, ...] = ()

    @property
    def is_explained(self) -> bool:
        return self.reason != UNEXPLAINED

    def as_dict(self) -> dict[str, Any]:
        """For JSON and tables; money and counts as text, so that nothing is rounded."""
        numbers = {name: _plain(getattr(self, name)) for name in ("lake", "twilio", "difference")}
        return {**asdict(self), "day": self.day.isoformat(), **numbers, "examples": list(self.examples)}


def sum_up(day: date, row_gaps: Iterable[RowGap], *, lake_rows: int, twilio_rows: int) -> list[Gap]:
    """Combine the gaps of single messages into gaps of the day, one per kind, reason and unit."""
    groups: dict[tuple[str, str, str], list[RowGap]] = defaultdict(list)
    for gap in row_gaps:
        groups[gap.kind, gap.reason, (gap.currency or "messages")].append(gap)
    return [
        _gap_of_day(day, group, Decimal(lake_rows), Decimal(twilio_rows))
        for _, group in sorted(groups.items())
    ]


def _gap_of_day(day: date, group: list[RowGap], lake: Decimal, twilio: Decimal) -> Gap:
    first, difference = group[0], Decimal(len(group))
    if first.currency:
        lake = sum((gap.lake or Decimal(0) for gap in group), Decimal(0))
        twilio = sum((gap.twilio or Decimal(0) for gap in group), Decimal(0))
        difference = twilio - lake
    return Gap(
        day=day,
        kind=first.kind,
        reason=first.reason,
        lake=lake,
        twilio=twilio,
        difference=-difference if first.kind == "extra_row" else difference,
        unit=first.currency or "messages",
        messages=len({gap.message_sid for gap in group}),
        detail=_detail(group),
        examples=tuple(sorted({gap.message_sid for gap in group})[:EXAMPLES]),
    )


def _detail(group: list[RowGap]) -> str:
    notes = Counter(gap.note for gap in group).most_common()
    quoted = [f"{count} × {note}" if len(group) > 1 else note for note, count in notes[:NOTES]]
    rest = sum(count for _, count in notes[NOTES:])
    return "; ".join([*quoted, f"{rest} more of other kinds"] if rest else quoted)


def _plain(value: Decimal | None) -> str | None:
    if value is None:
        return None
    return f"{value.normalize():f}" if value else "0"

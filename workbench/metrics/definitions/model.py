"""What a metric and a dimension are, and the named sets of rows that their expressions use. Data, no code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, LiteralString

from workbench.messaging.status import DELIVERED

Unit = Literal["count", "rate", "money", "ratio", "duration", "speed"]
"""A rate is a fraction from 0 to 1, a duration is in seconds, a speed in segments per second."""


def _statuses(statuses: frozenset[LiteralString]) -> LiteralString:
    return ", ".join(f"'{status}'" for status in sorted(statuses))


#: Named sets of rows, usable in expressions as `{name}`.
SETS = {
    "outbound": "is_outbound",
    "final": "(is_outbound and is_final and status <> 'canceled')",
    "in_flight": "(is_outbound and not is_final)",
    "delivered": f"(is_outbound and status in ({_statuses(DELIVERED)}))",
    "undelivered": "(is_outbound and status = 'undelivered')",
    "failed": "(is_outbound and status = 'failed')",
    "unknown": "(is_outbound and is_final and status = 'sent')",
    "priced": "(spend is not null)",
    "opt_out": "(not is_outbound and keyword = 'opt-out')",
    "sms": "(coalesce(media_count, 0) = 0)",
    # Sent, and not before it was created: the log's times are whole seconds, and imports may lack one.
    "sent": "(is_outbound and status <> 'canceled' and date_sent >= date_created)",
    # Twilio gives up on a message after 10 hours in the queue: one that left later had been scheduled.
    "queued": (
        "(is_outbound and status <> 'canceled' and date_sent >= date_created "
        "and date_sent <= date_created + interval 10 hours)"
    ),
    "waiting": "(is_outbound and status in ('accepted', 'queued', 'sending'))",
    # What a message takes of a sender's limit: its segments, an MMS one.
    "sent_segments": "(case when media_count > 0 then 1 else greatest(coalesce(segments, 1), 1) end)",
}


@dataclass(frozen=True)
class Metric:
    """A business number.

    `numerator` and `denominator` are SQL aggregates; a metric without a denominator is its numerator.
    A rate travels with its sample size (the denominator) and the count in flight; money with its currency
    and the share of final messages that are priced; a percentile with its `sample`, the aggregate that
    counts its values. `better` says which way is good.

    A metric over something else than messages names it in `bins`: the columns of a subquery, grouped by all
    that is no aggregate, over the rows that meet `rows`. Numerator and sample are then made of these
    columns. `source` is the view that has the rows. `waiting` is the aggregate that counts what is in flight
    for this share, where that is not the messages without an outcome.
    """

    name: str
    label: str
    unit: Unit
    description: str
    numerator: str
    denominator: str | None = None
    numerator_text: str = ""
    denominator_text: str = ""
    excludes: str = ""
    better: Literal["higher", "lower"] | None = None
    minimum_sample: int = 0
    is_additive: bool = True
    sample: str | None = None
    sample_noun: str = "final"
    source: str = "message_facts"
    bins: Mapping[str, str] | None = None
    rows: str | None = None
    waiting: str | None = None

    @property
    def is_money(self) -> bool:
        return self.unit == "money"

    @property
    def is_share(self) -> bool:
        return self.denominator is not None

    @property
    def sample_size(self) -> str | None:
        """The aggregate that says how many values stand behind the number."""
        return self.denominator or self.sample


@dataclass(frozen=True)
class Dimension:
    """Something to group and filter by: a SQL expression over `message_facts`.

    Time dimensions are in the reporting time zone (`$timezone`) and follow `date_created`: it is never
    empty and never moves, so that a message stays on its day.

    `kind` says what its values are: text, whole numbers, days, or the first days of weeks and months.
    `vocabulary` gives the values that exist whether or not the lake has seen one; `is_closed` says that there
    are no others. The values of an `is_address` one are people's numbers: a result has them masked.
    """

    name: str
    label: str
    expression: str
    description: str
    kind: Literal["text", "number", "day", "week", "month"] = "text"
    vocabulary: Callable[[], Sequence[str]] = tuple
    is_closed: bool = False
    is_address: bool = False


FINAL_TEXT = "outbound messages with a final status (canceled ones excepted)"

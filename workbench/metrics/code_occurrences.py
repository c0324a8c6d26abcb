"""How often an error code happened here, to whom and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workbench.display.names import sender_label
from workbench.lake.connect import Lake

RECENT_DAYS = 30
_MOST_GROUPS = 5


@dataclass(frozen=True)
class CodeOccurrences:
    """Messages that ended with the code, and alerts that name it; times in UTC.

    `charged` counts the messages that Twilio took money for, of the `priced` whose price is known; `spend` is
    that money by currency. The groups have the `_MOST_GROUPS` largest, over the whole lake.
    """

    as_of: datetime
    messages: int
    recent_messages: int
    alerts: int
    first_at: datetime | None
    last_at: datetime | None
    priced: int
    charged: int
    spend: Mapping[str, float] = field(default_factory=dict)
    senders: Mapping[str, int] = field(default_factory=dict)
    countries: Mapping[str, int] = field(default_factory=dict)


def query_code(lake: Lake, code: int, now: datetime) -> CodeOccurrences:
    """Everything that the lake knows of the code."""
    messages, recent, first, last, priced, charged = lake.rows(
        "select count(*), count(*) filter (where date_created >= ?), min(date_created), max(date_created), "
        "count(spend), count(*) filter (where spend > 0) from message_facts where error_code = ?",
        [now - timedelta(days=RECENT_DAYS), code],
    )[0]
    alerts, first_alert, last_alert = lake.rows(
        "select count(*), min(date_created), max(date_created) from alerts where error_code = ?", [code]
    )[0]
    return CodeOccurrences(
        now,
        messages,
        recent,
        alerts,
        min((at for at in (first, first_alert) if at), default=None),
        max((at for at in (last, last_alert) if at), default=None),
        priced,
        charged,
        dict(lake.rows(_SPEND, [code])),
        {
            sender_label(sender, name): messages
            for sender, name, messages in lake.rows(_BY_SENDER, [code, _MOST_GROUPS])
        },
        dict(lake.rows(_BY_COUNTRY, [code, _MOST_GROUPS])),
    )


_SPEND = """
select upper(currency), sum(spend)::double from message_facts
where error_code = ? and spend > 0 and currency is not null group by 1 order by 2 desc
"""
_BY_SENDER = """
select coalesce(m.sender, 'unknown'), max(s.friendly_name), count(*) as messages
from message_facts m left join senders s on s.account_sid = m.account_sid and s.sender = m.sender
where m.error_code = ? group by 1 order by messages desc, 1 limit ?
"""
_BY_COUNTRY = """
select coalesce(country, 'unknown'), count(*) from message_facts
where error_code = ? group by 1 order by 2 desc, 1 limit ?
"""

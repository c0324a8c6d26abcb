"""Lakes of millions of messages without a sync: the simulator's traffic, multiplied inside the lake.

About 100,000 messages are generated as the simulated account has them, in their last state; the rest are
copies with SIDs and moments of their own, so that every day, sender, country and failure keeps its share.
What is written is what syncs leave behind: files of many rows, in the order of creation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pyarrow as pa

from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table
from workbench.messaging.message import MessageRow, message_row
from workbench.settings import Settings
from workbench.simulator import TWO_CURRENCIES, generate_traffic
from workbench.simulator.export import TrafficRow

_GENERATED = 100_000
_ROWS_PER_COMMIT = 1_000_000


def fill_lake(settings: Settings, messages: int, days: int, until: date) -> int:
    """Fill an empty lake with about so many messages of the days before ``until``; returns how many."""
    generated = min(messages, _GENERATED)
    copies = max(messages // generated, 1)
    with open_lake(settings) as lake:
        base = _base_table(generated, days, until)
        parts = max(base.num_rows * copies // _ROWS_PER_COMMIT, 1)
        first = until - timedelta(days=days)
        for part in range(parts):
            since, end = (first + timedelta(days=days * at // parts) for at in (part, part + 1))
            _copy(lake, base, copies, since, end)
        return int(lake.value("select count(*) from messages"))


def _base_table(messages: int, days: int, until: date) -> pa.Table:
    first = until - timedelta(days=days)
    profile = TWO_CURRENCIES.scaled(messages / (TWO_CURRENCIES.daily_total * days))
    traffic = generate_traffic(profile, 1, first, until - timedelta(days=1))
    return message_table(list(_rows(traffic)))


def _rows(traffic: Iterator[TrafficRow]) -> Iterator[MessageRow]:
    for row in traffic:
        fields = {name: _as_twilio(value) for name, value in row._asdict().items()}
        fields |= {"sid": row.message_sid, "from": row.from_address, "to": row.to_address}
        fields |= {"num_segments": str(row.segments), "num_media": str(row.media_count)}
        fields |= {"price": fields["price"], "price_unit": row.currency}
        yield message_row(fields)


def _as_twilio(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return value if value is None or isinstance(value, int) else str(value)


def _copy(lake: Lake, base: pa.Table, copies: int, since: date, until: date) -> None:
    """One commit: the copies of some days. A copy is a few seconds off, so that no two are alike."""
    names = base.column_names
    shown = {
        "message_sid": "'SM' || md5(message_sid || k)",
        **{
            name: f"{name} + to_seconds((hash(message_sid || k) % 3000)::bigint)"
            for name in ("date_created", "date_sent", "date_updated")
        },
    }
    columns = ", ".join(f"{shown.get(name, name)} as {name}" for name in names)

    def insert(cursor: object) -> None:
        cursor.register("base", base)  # type: ignore[attr-defined]
        cursor.execute(  # type: ignore[attr-defined]
            f"insert into raw_messages ({', '.join(names)}) select {columns} from base, range(?) r(k) "
            "where date_created >= ?::date and date_created < ?::date order by date_created",
            [copies, since, until],
        )
        cursor.unregister("base")  # type: ignore[attr-defined]

    lake.write(insert)

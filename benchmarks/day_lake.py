"""Lakes of millions of messages without a sync: the simulator's traffic, multiplied inside the lake.

About 100,000 messages are generated as the simulated account has them, in their last state; the rest are
copies with SIDs, moments and contacts of their own, so that every day, sender, country and failure keeps its
share, and a conversation its length. What is written is what syncs leave behind: files of many rows, in the
order of creation, with templates, keyed ids and consent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

import pyarrow as pa

from workbench.lake import Lake, open_lake
from workbench.lake.consent import note_consent
from workbench.lake.save import message_table
from workbench.lake.text_templates import with_templates
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
        generated_table = _base_table(generated, days, until)
        base = lake.write(lambda cursor: with_templates(cursor, generated_table, datetime.now(UTC)))
        parts = max(base.num_rows * copies // _ROWS_PER_COMMIT, 1)
        first = until - timedelta(days=days)
        for part in range(parts):
            since, end = (first + timedelta(days=days * at // parts) for at in (part, part + 1))
            _copy(lake, base, copies, since, end)
        _note_consent(lake)
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


#: The contact of a copy: another number of the same country and area. The first copy keeps it.
_CONTACT: LiteralString = """
    case when regexp_matches(contact, '[0-9]{7}$') then
        left(contact, -6) || lpad(((right(contact, 6)::bigint + k * 104729) % 1000000)::varchar, 6, '0')
    else contact end
"""


def _shown(name: str) -> LiteralString:
    """A column of a copy. All of a conversation moves by the same seconds, so that answers stay answers."""
    if name == "message_sid":
        return "'SM' || md5(message_sid || k)"
    if name in ("date_created", "date_sent", "date_updated"):
        return f"{name} + to_seconds((hash(coalesce(contact, message_sid) || k) % 3000)::bigint)"
    if name in ("contact", "from_address", "to_address"):
        return f"case when {name} = contact then {_CONTACT} else {name} end"
    if name == "body":
        # Texts with names and numbers differ; the same ones over and over would be searched as one.
        return "case when k > 0 and length(body) > 20 then body || ' #' || k else body end"
    if name == "conversation_id":
        return f"'CW' || md5(coalesce(sender, messaging_service_sid) || '|' || {_CONTACT})[:24]"
    return name


def _copy(lake: Lake, base: pa.Table, copies: int, since: date, until: date) -> None:
    """One commit: the copies of some days."""
    names = base.column_names
    columns = ", ".join(f"{_shown(name)} as {name}" for name in names)

    def insert(cursor: object) -> None:
        cursor.register("base", base)  # type: ignore[attr-defined]
        cursor.execute(  # type: ignore[attr-defined]
            f"insert into raw_messages ({', '.join(names)}) select {columns} from base, range(?) r(k) "
            "where base.date_created >= ?::date and base.date_created < ?::date order by date_created",
            [copies, since, until],
        )
        cursor.unregister("base")  # type: ignore[attr-defined]

    lake.write(insert)


def _note_consent(lake: Lake) -> None:
    """What the messages say about consent, as every save notes it."""
    telling = "select * from raw_messages where keyword is not null or error_code = 21610"
    lake.write(
        lambda cursor: note_consent(cursor, cursor.execute(telling).to_arrow_table(), datetime.now(UTC))
    )

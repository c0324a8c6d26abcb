"""What people said about being messaged: events in, the current state out.

Every message that is saved says it by itself (:func:`note_consent`, called by ``save.py``): an inbound
keyword, or an outbound message that Twilio refused because the person had opted out (21610). Other sources
add their events with :func:`save_consent_events`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.erased import find_erased
from workbench.messaging.person import person_of

EVERYTHING = "*"
"""The scope of an opt-out from all we send."""

LIFT = "lift"
"""The kind of an event that ends one opt-out and is no opt-in; see ``sql/views/consent_lifts.sql``."""

OPTED_OUT_ERROR = 21610
"""Twilio's code for a message to somebody who had opted out."""


@dataclass(frozen=True)
class ConsentEvent:
    """One row of `consent_events`; see the table for what each field is."""

    account_sid: str
    address: str
    scope: str
    kind: str
    source: str
    happened_at: datetime
    evidence: str | None = None
    wording_version: str | None = None
    message_sid: str | None = None
    actor: str | None = None
    said_to: str | None = None
    """The sender it was said to, where the scope is something wider."""
    lifts: str | None = None
    """Of a lift: the id of the opt-out that it ends."""

    @property
    def event_id(self) -> str:
        """The same id for the same fact: by the opt-out or message if there is one, else by all fields."""
        if self.lifts:
            return f"{self.lifts}:{LIFT}"
        if self.message_sid:
            return f"{self.message_sid}:{self.kind}"
        facts = [self.address, self.scope, self.kind, self.source, self.happened_at.isoformat()]
        return hashlib.blake2s(json.dumps(facts).encode(), digest_size=16).hexdigest()


def save_consent_events(
    cursor: duckdb.DuckDBPyConnection, events: Iterable[ConsentEvent], recorded_at: datetime
) -> int:
    """Add the events that are new, in the caller's transaction; how many were.

    Nothing is written down about people who were erased.
    """
    rows = {event.event_id: {**asdict(event), "event_id": event.event_id} for event in events}
    if not rows:
        return 0
    erased = find_erased(cursor, list({str(row["address"]) for row in rows.values()}))
    rows = {event_id: row for event_id, row in rows.items() if row["address"] not in erased}
    if not rows:
        return 0
    stored = cursor.execute("select * from consent_events limit 0").to_arrow_table().schema
    told = [{**row, "recorded_at": recorded_at} for row in rows.values()]
    cursor.register("told", pa.Table.from_pylist(told, schema=stored))
    try:
        return int(cursor.execute(_INSERT_SQL).fetchall()[0][0])
    finally:
        cursor.unregister("told")


_INSERT_SQL = """
    insert into consent_events by name
    select * from told where event_id not in (select event_id from consent_events)
"""


def note_consent(cursor: duckdb.DuckDBPyConnection, messages: pa.Table, recorded_at: datetime) -> int:
    """Add what a batch of messages (`MESSAGE_SCHEMA`) says about consent; how many events were new."""
    return save_consent_events(cursor, _told_by(messages), recorded_at)


@dataclass(frozen=True)
class Side:
    """Where a message comes from: a sender, a service that chooses one, or a service and what it chose."""

    account_sid: str
    sender: str | None = None
    service: str | None = None


OptOut = tuple[str, str, datetime]
"""Scope, source, since."""


def find_suppressions(
    cursor: duckdb.DuckDBPyConnection, addresses: Sequence[str], side: Side
) -> dict[str, list[OptOut]]:
    """Who of these must not be messaged from a sender or service: address → opt-outs in force, by time.

    What an opt-out reaches is said in ``sql/views/opt_out_spans_of.sql``, for this and for the audits. A
    membership that nobody knows counts as one. Somebody who was erased is never to be messaged; the source is
    then `erased`.

    Args:
        addresses: contacts as the lake keeps them, or as Twilio writes them where it keeps them so.
    """
    people: dict[str, list[OptOut]] = {
        address: [(EVERYTHING, "erased", since)]
        for address, since in find_erased(cursor, list(addresses)).items()
    }
    asked = list(dict.fromkeys(addresses))
    if not cursor.execute(_SAID_SQL, [sorted({person_of(address) for address in asked})]).fetchall():
        return people
    for address, *opt_out in cursor.execute(
        _HOLDING_SQL,
        {
            "addresses": asked,
            "people": [person_of(address) for address in asked],
            "account": side.account_sid,
            "sender": side.sender,
            "service": side.service,
        },
    ).fetchall():
        scope, source, since = opt_out
        people.setdefault(address, []).append((scope, source, since))
    return people


#: Most people have no event at all, which this finds out quickly.
_SAID_SQL = """
    select 1 from consent_events
    where kind = 'opt-out' and person_of(address) in (select unnest(?::varchar[])) limit 1
"""
_HOLDING_SQL = """
    with sides as materialized (
        select * from side_nodes where account_sid = $account
    ), asked as (
        select unnest($addresses::varchar[]) as address, unnest($people::varchar[]) as person
    ), pairs as (
        select
            a.address, o.person, o.scope, o.source, o.since,
            is_named(o.node, $account, $sender, $service) as is_named,
            is_shared(
                o.node, $account, $service, o.since, n.left_at, p.left_at,
                $sender is null or p.side is not null or coalesce(r.read_at >= o.since, false)
            ) as is_shared
        from asked a
        join opt_out_spans_of($people::varchar[]) o
            on o.person = a.person and o.family = channel_family(a.address) and o.until is null
        left join sides n on n.node = o.node and n.side = coalesce($sender, $service)
        left join sides p on p.node = '' and p.side = $sender
        left join membership_reads r on r.account_sid = $account
    )
    select address, scope, source, since
    from pairs
    where is_named or (is_shared and not exists (
        select 1 from consent_said i
        where i.kind = 'opt-in' and i.person = pairs.person and i.sender = $sender
            and i.happened_at > pairs.since
    ))
    qualify row_number() over (partition by address, scope order by since desc, source) = 1
    order by since
"""


_NEEDED = (
    "message_sid", "account_sid", "messaging_service_sid", "is_outbound", "error_code", "sender", "contact",
    "keyword", "date_created",
)  # fmt: skip


def _told_by(messages: pa.Table) -> list[ConsentEvent]:
    """The events in a batch. Few messages hold one, so most rows are skipped by column."""
    is_keyword = pc.is_valid(messages["keyword"])
    is_refusal = pc.fill_null(pc.equal(messages["error_code"], OPTED_OUT_ERROR), False)
    telling = messages.filter(pc.or_(is_keyword, is_refusal)).select(list(_NEEDED)).to_pylist()
    events = []
    for row in telling:
        # An opt-out holds for all senders of a messaging service, and for the sender itself outside of it.
        scope = row["messaging_service_sid"] or row["sender"]
        if not row["contact"] or not scope:
            continue
        is_keyword_row = row["keyword"] is not None and not row["is_outbound"]
        if not is_keyword_row and row["error_code"] != OPTED_OUT_ERROR:
            continue
        events.append(
            ConsentEvent(
                account_sid=row["account_sid"],
                address=row["contact"],
                scope=scope,
                kind=row["keyword"] if is_keyword_row else "opt-out",
                source="keyword" if is_keyword_row else "twilio-21610",
                happened_at=row["date_created"],
                evidence=None if is_keyword_row else f"Twilio refused the message ({OPTED_OUT_ERROR}).",
                message_sid=row["message_sid"],
                said_to=row["sender"],
            )
        )
    return events

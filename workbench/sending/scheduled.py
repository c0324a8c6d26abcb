"""Which messages Twilio keeps for later although their recipients opted out since; reads the lake only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb

from workbench.lake.consent import OptOut, Side
from workbench.messaging.person import person_of
from workbench.sending.optouts import find_opt_outs
from workbench.sending.rules import LATEST_SCHEDULE

STILL_SCHEDULED = frozenset({"scheduled", "accepted"})
"""The statuses of a message that Twilio has not begun to send."""

_IN_FLIGHT = timedelta(minutes=2)
"""How long a request to schedule may be under way."""


@dataclass(frozen=True)
class UnwantedMessage:
    """A message that was scheduled from here, to somebody whose opt-out reaches it now."""

    message_sid: str
    contact: str = field(repr=False)
    sender: str | None
    service: str | None
    send_at: datetime
    opt_out: OptOut
    status: str | None
    """In the lake; None where the lake does not have it."""
    audited: frozenset[str]
    """Actions that the audit trail has of it."""


def has_scheduled(cursor: duckdb.DuckDBPyConnection, after: datetime) -> bool:
    """Whether anything was to be sent later than a moment; mostly nothing was, and this tells it quickest."""
    return bool(cursor.execute("select 1 from outbox_events where send_at > ? limit 1", [after]).fetchall())


def read_unwanted(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, after: datetime
) -> list[UnwantedMessage]:
    """Those whose time is later than a moment, the soonest first; quick where there are none.

    Whom an opt-out reaches is asked as the rule of preflight asks it (:func:`find_opt_outs`).
    """
    scheduled = cursor.execute(_SCHEDULED_SQL, {"account": account_sid, "after": after}).fetchall()
    opt_outs = _opt_outs(cursor, account_sid, [row[1:4] for row in scheduled])
    reached = [row for row in scheduled if row[1:4] in opt_outs]
    if not reached:
        return []
    sids = {"sids": [row[0] for row in reached], "oldest": after - LATEST_SCHEDULE - timedelta(days=1)}
    statuses = dict(cursor.execute(_STATUSES_SQL, sids).fetchall())
    audited = dict(cursor.execute(_AUDITED_SQL, [sids["sids"]]).fetchall())
    return [
        UnwantedMessage(
            message_sid=sid,
            contact=contact,
            sender=sender,
            service=service,
            send_at=send_at,
            opt_out=opt_outs[contact, sender, service],
            status=statuses.get(sid),
            audited=frozenset(audited.get(sid, ())),
        )
        for sid, contact, sender, service, send_at in reached
    ]


def read_scheduled_for(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, contacts: Sequence[str], after: datetime
) -> list[str]:
    """SIDs of messages to a person, under every spelling, that were scheduled from here for later."""
    persons = sorted({person_of(contact) for contact in contacts})
    rows = cursor.execute(
        "select distinct message_sid from outbox_events where state = 'accepted' and send_at > ? "
        "and account_sid = ? and person_of(contact) in (select unnest(?::varchar[])) order by 1",
        [after, account_sid, persons],
    ).fetchall()
    return [row[0] for row in rows if row[0]]


def count_unclear(cursor: duckdb.DuckDBPyConnection, account_sid: str, now: datetime) -> int:
    """How many more may be scheduled: nobody knows whether Twilio took the request."""
    begun_before = now - _IN_FLIGHT
    rows = cursor.execute(
        _UNCLEAR_SQL, {"account": account_sid, "after": now, "before": begun_before}
    ).fetchall()
    opt_outs = _opt_outs(cursor, account_sid, rows)
    return sum(row in opt_outs for row in rows)


def _opt_outs(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, rows: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], OptOut]:
    """Of contact, sender and service, the first opt-out in force; those without one are left out."""
    contacts: dict[tuple[str | None, str | None], set[str]] = {}
    for contact, sender, service in rows:
        contacts.setdefault((sender, service), set()).add(contact)
    reached: dict[tuple[Any, ...], OptOut] = {}
    for (sender, service), people in contacts.items():
        side = Side(account_sid, sender, service)
        opt_outs = find_opt_outs(cursor, {contact: (contact,) for contact in people}, side)
        for contact, in_force in opt_outs.items():
            if in_force:
                reached[contact, sender, service] = min(in_force, key=lambda opt_out: opt_out[2])
    return reached


#: Few people opted out, and few messages are scheduled: both are asked before the rule itself.
_SCHEDULED_SQL = """
    select distinct message_sid, contact, sender, messaging_service_sid, send_at
    from outbox_events
    where state = 'accepted' and send_at > $after and account_sid = $account and message_sid is not null
        and (
            person_of(contact) in (select person_of(address) from consent_events where kind = 'opt-out')
            or (select count(*) from erased_people) > 0
        )
    order by send_at, message_sid
"""

_UNCLEAR_SQL = """
    select any_value(contact), any_value(sender), any_value(messaging_service_sid)
    from outbox_events
    where send_at > $after and account_sid = $account
        and (
            person_of(contact) in (select person_of(address) from consent_events where kind = 'opt-out')
            or (select count(*) from erased_people) > 0
        )
    group by key, attempt
    having bool_and(state in ('intended', 'unclear')) and min(intended_at) < $before
"""

_STATUSES_SQL = """
    select message_sid, status from raw_messages
    where date_created >= $oldest and message_sid in (select unnest($sids::varchar[]))
"""

_AUDITED_SQL = """
    select subject, list(distinct action) from audit_events
    where subject in (select unnest(?::varchar[])) and starts_with(action, 'cancel') group by subject
"""

"""Saves a batch of webhooks, whole or not at all; the same batch again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.lake.erased import blotted, find_erased, numbers_in
from workbench.lake.quarantine import save_quarantined
from workbench.lake.save import Saved, message_table, save_messages
from workbench.lake.statuses import StatusCallback, StatusesSaved, save_statuses
from workbench.messaging.message import MessageRow
from workbench.messaging.quarantine import INBOUND_WEBHOOKS, QuarantinedRow

#: How far back a webhook that comes late or again finds its message by date. Later ones are known by
#: `webhook_fields`, which holds every inbound webhook.
_LOOK_BACK = timedelta(days=40)


@dataclass(frozen=True)
class StatusWebhook:
    """A status callback; `fields` is a JSON object of the rest of what it said, None without any."""

    callback: StatusCallback
    fields: str | None


@dataclass(frozen=True)
class InboundWebhook:
    """A message that came in. Its `date_created` is when it reached us, until the list tells the true one."""

    message: MessageRow
    fields: str


@dataclass(frozen=True)
class UnreadWebhook:
    """A genuine webhook that could not be read, and the opt-out in it, if there is one."""

    row: QuarantinedRow
    opt_out: ConsentEvent | None


@dataclass(frozen=True)
class WebhooksSaved:
    statuses: StatusesSaved
    inbound: Saved


def save_webhooks(
    cursor: duckdb.DuckDBPyConnection,
    webhooks: Sequence[StatusWebhook | InboundWebhook | UnreadWebhook],
    now: datetime,
) -> WebhooksSaved:
    """Save them in the caller's transaction: messages, statuses, what they mean for consent, and the rest."""
    unread = [webhook for webhook in webhooks if isinstance(webhook, UnreadWebhook)]
    readable = [webhook for webhook in webhooks if not isinstance(webhook, UnreadWebhook)]
    readable = _without_erased(cursor, readable)
    inbound = [webhook for webhook in readable if isinstance(webhook, InboundWebhook)]
    statuses = [webhook for webhook in readable if isinstance(webhook, StatusWebhook)]
    save_quarantined(cursor, [webhook.row for webhook in unread], now)
    save_consent_events(cursor, [webhook.opt_out for webhook in unread if webhook.opt_out], now)
    inbound = _without_foreign(cursor, inbound, now)
    saved = _save_inbound(cursor, inbound, now)
    moved = save_statuses(cursor, [webhook.callback for webhook in statuses])
    _save_fields(cursor, [*map(_inbound_fields, inbound), *(_status_fields(s) for s in statuses if s.fields)])
    return WebhooksSaved(moved, saved)


def _without_foreign(
    cursor: duckdb.DuckDBPyConnection, webhooks: Sequence[InboundWebhook], now: datetime
) -> list[InboundWebhook]:
    """The messages without those to a sender of another account, which are kept in quarantine.

    A token speaks for its own account only. A number may also have changed its account since the last sync:
    then the list brings the message, and an opt-out in it counts already.
    """
    senders = list({webhook.message.sender for webhook in webhooks if webhook.message.sender})
    accounts: dict[str, set[str]] = {}
    for sender, account_sid in cursor.execute(_SENDER_ACCOUNTS_SQL, [senders]).fetchall() if senders else ():
        accounts.setdefault(sender, set()).add(account_sid)
    foreign = [
        webhook.message
        for webhook in webhooks
        if webhook.message.account_sid
        not in accounts.get(webhook.message.sender or "", {webhook.message.account_sid})
    ]
    save_quarantined(cursor, [_foreign_row(message) for message in foreign], now)
    opt_outs = [
        _opt_out_of(message) for message in foreign if message.keyword == "opt-out" and message.contact
    ]
    save_consent_events(cursor, opt_outs, now)
    sids = {message.message_sid for message in foreign}
    return [webhook for webhook in webhooks if webhook.message.message_sid not in sids]


_SENDER_ACCOUNTS_SQL = """
    select sender, account_sid from senders
    where removed_at is null and sender in (select unnest(?::varchar[]))
"""


def _foreign_row(message: MessageRow) -> QuarantinedRow:
    return QuarantinedRow(
        resource=INBOUND_WEBHOOKS,
        account_sid=message.account_sid,
        row_key=message.message_sid,
        sid=message.message_sid,
        part=message.date_created.date().isoformat(),
        from_address=message.from_address,
        to_address=message.to_address,
        field="To",
        reason="is a sender of another account",
        raw_value=message.to_address,
    )


def _opt_out_of(message: MessageRow) -> ConsentEvent:
    return ConsentEvent(
        account_sid=message.account_sid,
        address=message.contact or "",
        scope=message.messaging_service_sid or message.sender or "*",
        kind="opt-out",
        source="keyword",
        happened_at=message.date_created,
        evidence="The webhook that told it was to a sender of another account.",
        message_sid=message.message_sid,
        said_to=message.sender,
    )


def _without_erased(
    cursor: duckdb.DuckDBPyConnection, webhooks: Sequence[StatusWebhook | InboundWebhook]
) -> list[StatusWebhook | InboundWebhook]:
    """The webhooks without those that erased people sent, nor their numbers in what came with others."""
    inbound = [webhook for webhook in webhooks if isinstance(webhook, InboundWebhook)]
    contacts = {webhook.message.contact for webhook in inbound} - {None}
    numbers = {number for webhook in webhooks if webhook.fields for number in numbers_in(webhook.fields)}
    erased = find_erased(cursor, [*filter(None, contacts), *numbers]) if contacts or numbers else {}
    if not erased:
        return list(webhooks)
    kept = [
        webhook
        for webhook in webhooks
        if not (isinstance(webhook, InboundWebhook) and webhook.message.contact in erased)
    ]
    erased_numbers = numbers & erased.keys()
    return [
        replace(webhook, fields=blotted(webhook.fields, erased_numbers)) if webhook.fields else webhook
        for webhook in kept
    ]


def _save_inbound(
    cursor: duckdb.DuckDBPyConnection, webhooks: Sequence[InboundWebhook], now: datetime
) -> Saved:
    """Add the messages that are new. A known one is not changed: the list tells more of it."""
    if not webhooks:
        return Saved()
    table = message_table([webhook.message for webhook in webhooks])
    oldest = min(webhook.message.date_created for webhook in webhooks) - _LOOK_BACK
    cursor.register("arriving", table.select(["message_sid"]))
    try:
        known = cursor.execute(_KNOWN_SQL, {"oldest": oldest}).fetchall()
    finally:
        cursor.unregister("arriving")
    known_sids = pa.array([sid for (sid,) in known], pa.string())
    new = table.filter(pc.invert(pc.is_in(table["message_sid"], known_sids)))
    if not new.num_rows:
        return Saved()
    saved = save_messages(cursor, new, source="callback", received_at=now, dates_are_true=False)
    cursor.register("guesses", new.select(["message_sid", "date_created"]))
    try:
        cursor.execute("insert into guessed_dates select message_sid, date_created from guesses")
    finally:
        cursor.unregister("guesses")
    return saved


_KNOWN_SQL = """
    select message_sid from raw_messages
    where date_created >= $oldest and message_sid in (select message_sid from arriving)
    union
    select message_sid from webhook_fields
    where kind = 'inbound' and message_sid in (select message_sid from arriving)
    union
    select message_sid from tombstones where message_sid in (select message_sid from arriving)
"""

_FieldsRow = tuple[str, str, str, str, str, datetime]
_FIELDS_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("message_sid", "account_sid", "kind", "status", "fields")),
        ("received_at", pa.timestamp("us", tz="UTC")),
    ]
)


def _inbound_fields(webhook: InboundWebhook) -> _FieldsRow:
    row = webhook.message
    return row.message_sid, row.account_sid, "inbound", row.status, webhook.fields, row.date_created


def _status_fields(webhook: StatusWebhook) -> _FieldsRow:
    callback, fields = webhook.callback, webhook.fields or "{}"
    return (
        callback.message_sid, callback.account_sid, "status", callback.status, fields, callback.received_at
    )  # fmt: skip


def _save_fields(cursor: duckdb.DuckDBPyConnection, rows: Sequence[_FieldsRow]) -> None:
    if not rows:
        return
    first = {row[:4]: row for row in reversed(rows)}
    columns = zip(*first.values(), strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _FIELDS_SCHEMA, strict=True)]
    cursor.register("heard_fields", pa.Table.from_arrays(arrays, schema=_FIELDS_SCHEMA))
    oldest = min(row[5] for row in rows) - _LOOK_BACK
    try:
        cursor.execute(_FIELDS_SQL, {"oldest": oldest})
    finally:
        cursor.unregister("heard_fields")


_FIELDS_SQL = """
    insert into webhook_fields
    select * from heard_fields t
    where not exists (
        select 1 from webhook_fields f
        where (f.received_at >= $oldest or f.kind = 'inbound')
          and f.message_sid = t.message_sid and f.kind = t.kind and f.status = t.status
    )
"""

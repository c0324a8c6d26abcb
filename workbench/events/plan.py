"""Which deliveries the feed calls for: written with the cursors, so that none is lost or planned twice."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb

from workbench.events.body import webhook_id
from workbench.events.webhooks import EventWebhook
from workbench.lake.connect import Lake
from workbench.lake.event_deliveries import EventDelivery, read_gone, save_deliveries
from workbench.lake.feed import FeedEvent, advance_cursor, begin_cursor, read_feed, skip_forgotten

log = logging.getLogger(__name__)

_EVENTS_AT_A_TIME = 500
GONE = "the receiver said that it is gone (HTTP 410)"


def plan_deliveries(lake: Lake, webhooks: Mapping[str, EventWebhook], now: datetime) -> bool:
    """Plan what the next events call for; whether there may be more."""
    gone = read_gone(lake)
    plans: list[tuple[EventWebhook, list[FeedEvent]]] = []
    for webhook in webhooks.values():
        if missed := skip_forgotten(lake, webhook.consumer, now):
            log.error("the event webhook %s missed %d events, which were too old", webhook.name, missed)
        position = begin_cursor(lake, webhook.consumer, now)
        if events := read_feed(lake, position, _EVENTS_AT_A_TIME):
            plans.append((webhook, events))

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        for webhook, events in plans:
            if advance_cursor(cursor, webhook.consumer, events[-1].position, now):
                is_gone = gone.get(webhook.name) == webhook.address_hash
                save_deliveries(cursor, _deliveries(webhook, events, now, is_gone=is_gone))

    if plans:
        lake.write(work)
    return any(len(events) == _EVENTS_AT_A_TIME for _, events in plans)


def drop_switched_off(lake: Lake, webhooks: Mapping[str, EventWebhook], now: datetime) -> None:
    """Give up what is open for webhooks that the settings no longer have, and forget their cursors."""
    consumers = [webhook.consumer for webhook in webhooks.values()]
    parameters = {"names": list(webhooks), "consumers": consumers, "now": now}
    if lake.rows(_SWITCHED_OFF_SQL, {"names": list(webhooks), "consumers": consumers}):
        lake.write(lambda cursor: _drop(cursor, parameters))


_SWITCHED_OFF_SQL = """
    select 1 from feed_cursors
    where starts_with(consumer, 'event webhook ') and consumer not in (select unnest($consumers::varchar[]))
    union all
    select 1 from event_deliveries
    where state in ('waiting', 'claimed') and webhook not in (select unnest($names::varchar[]))
    limit 1
"""


def _drop(cursor: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> None:
    cursor.execute(
        "delete from feed_cursors where starts_with(consumer, 'event webhook ') "
        "and consumer not in (select unnest($consumers::varchar[]))",
        {"consumers": parameters["consumers"]},
    )
    cursor.execute(
        "update event_deliveries "
        "set state = 'dead', ended_at = $now, detail = 'switched off in the settings' "
        "where state in ('waiting', 'claimed') and webhook not in (select unnest($names::varchar[]))",
        {"names": parameters["names"], "now": parameters["now"]},
    )


def _deliveries(
    webhook: EventWebhook, events: Sequence[FeedEvent], now: datetime, *, is_gone: bool
) -> list[EventDelivery]:
    return [
        EventDelivery(
            webhook=webhook.name,
            position=event.position,
            webhook_id=webhook_id(event.event_id),
            kind=event.kind,
            conversation_id=event.conversation_id,
            lane=event.conversation_id or event.kind.partition(".")[0],
            state="dead" if is_gone else "waiting",
            attempts=0,
            due_at=now,
            noted_at=event.noted_at,
            ended_at=now if is_gone else None,
            detail=GONE if is_gone else None,
        )
        for event in events
        if is_for(webhook, event)
    ]


def is_for(webhook: EventWebhook, event: FeedEvent) -> bool:
    """Whether a receiver gets an event: of rules what names it, whatever its `events` say; else its kinds."""
    if event.kind == "rule.fired":
        return webhook.name in event.detail["webhooks"]
    return event.kind in webhook.kinds

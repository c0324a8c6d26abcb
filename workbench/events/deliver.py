"""Delivers events: claimed in the lake before a receiver is asked, ended after; in order within each lane.

A process that ends in between leaves claims, and these are sent again with the same id. A receiver that does
not answer is left alone for a while; a conversation that fails holds up no other.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

import duckdb

from workbench.events.body import event_body, read_alert_facts, read_message_facts
from workbench.events.plan import GONE, drop_switched_off, plan_deliveries
from workbench.events.post import GONE as GONE_STATUS
from workbench.events.post import WebhookAnswer, new_client, post_event
from workbench.events.retries import ended
from workbench.events.webhooks import EventWebhook, event_webhooks
from workbench.lake.connect import Lake
from workbench.lake.event_deliveries import (
    EventDelivery,
    next_due_at,
    read_due,
    save_deliveries,
    save_gone,
)
from workbench.lake.feed import read_events
from workbench.settings import Settings

log = logging.getLogger(__name__)

_AT_ONCE, _AT_A_TIME = 8, 100
_BUDGET_SECONDS = 5.0
_SILENT_AFTER = 3
"""So many attempts in a row without any answer, and the receiver is left alone for a while."""
_SHORTEST_REST, _LONGEST_REST = timedelta(seconds=10), timedelta(minutes=5)

Post = Callable[[EventWebhook, str, bytes], WebhookAnswer]


class WebhookRunner:
    """Tells the receivers of an installation; one at a time runs in a home.

    Args:
        post: replaces HTTP, for tests.
    """

    def __init__(self, post: Post | None = None) -> None:
        self._http = new_client() if post is None else None
        self._post = post or self._post_over_http
        self._rng = random.Random()
        self._silences: dict[str, _Silence] = {}

    def run(self, lake: Lake, settings: Settings, now: datetime) -> datetime | None:
        """Plan what the feed calls for and deliver for a few seconds; when to be called again.

        Raises:
            ConfigError: a receiver of the settings is wrong.
            LakeError: not now.
        """
        webhooks = {name: each for name, each in event_webhooks(settings).items() if each.is_enabled}
        drop_switched_off(lake, webhooks, now)
        if not webhooks:
            return None
        deadline = time.monotonic() + _BUDGET_SECONDS
        is_more = plan_deliveries(lake, webhooks, now)
        while time.monotonic() < deadline and self._deliver_some(lake, webhooks, deadline):
            is_more = plan_deliveries(lake, webhooks, datetime.now(UTC))
        return now if is_more else self._next_at(lake)

    def _post_over_http(self, webhook: EventWebhook, webhook_id: str, body: bytes) -> WebhookAnswer:
        assert self._http is not None
        return post_event(self._http, webhook, webhook_id, body)

    def _deliver_some(self, lake: Lake, webhooks: Mapping[str, EventWebhook], deadline: float) -> int:
        """One batch: claim, post, note how it ended; how many were asked for."""
        now = datetime.now(UTC)
        resting = {name for name, silence in self._silences.items() if silence.rests_until > now}
        due = [each for each in read_due(lake, now, _AT_A_TIME) if each.webhook not in resting]
        if not due:
            return 0
        bodies = _bodies(lake, webhooks, due)
        claimed = [replace(each, state="claimed", attempts=each.attempts + 1) for each in due]
        lake.write(lambda cursor: save_deliveries(cursor, claimed))
        lanes = [list(lane) for _, lane in groupby(sorted(claimed, key=_lane), key=_lane)]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhooks") as pool:
            done = pool.map(lambda lane: self._deliver_lane(webhooks, lane, bodies, deadline), lanes)
            results = [each for lane in done for each in lane]
        lake.write(lambda cursor: _note(cursor, webhooks, results, datetime.now(UTC)))
        return len(results)

    def _deliver_lane(
        self,
        webhooks: Mapping[str, EventWebhook],
        lane: Sequence[EventDelivery],
        bodies: Mapping[tuple[str, int], bytes],
        deadline: float,
    ) -> list[EventDelivery]:
        """Deliver in order until one fails; those after it were not tried and wait as before."""
        results: list[EventDelivery] = []
        silence = self._silences.setdefault(lane[0].webhook, _Silence())
        for delivery in lane:
            body = bodies.get((delivery.webhook, delivery.position))
            now = datetime.now(UTC)
            if body is None:
                results.append(replace(delivery, state="dead", ended_at=now, detail="the event was erased"))
                continue
            if time.monotonic() > deadline or silence.rests_until > now:
                break
            answer = self._post(webhooks[delivery.webhook], delivery.webhook_id, body)
            silence.note(answer, datetime.now(UTC))
            results.append(ended(delivery, answer, datetime.now(UTC), self._rng))
            if not answer.is_taken:
                log.info("an event for %s was not taken: %s", delivery.webhook, answer.detail)
                break
        untried = lane[len(results) :]
        return results + [replace(each, state="waiting", attempts=each.attempts - 1) for each in untried]

    def _next_at(self, lake: Lake) -> datetime | None:
        """When a lane may go on, whose receiver does not rest."""
        moments = [
            max(due_at, self._silences[webhook].rests_until if webhook in self._silences else due_at)
            for webhook, due_at in next_due_at(lake).items()
        ]
        return min(moments, default=None)


class _Silence:
    """How long a receiver has not answered, and until when it is left alone. For several threads."""

    def __init__(self) -> None:
        self.in_a_row, self.rest = 0, _SHORTEST_REST
        self.rests_until = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def note(self, answer: WebhookAnswer, now: datetime) -> None:
        with self._lock:
            if answer.status is not None:
                self.in_a_row, self.rest = 0, _SHORTEST_REST
                return
            self.in_a_row += 1
            if self.in_a_row >= _SILENT_AFTER and self.rests_until <= now:
                self.rests_until = now + self.rest
                self.rest = min(2 * self.rest, _LONGEST_REST)


def _lane(delivery: EventDelivery) -> tuple[str, str]:
    return delivery.webhook, delivery.lane


def _bodies(
    lake: Lake, webhooks: Mapping[str, EventWebhook], due: Sequence[EventDelivery]
) -> dict[tuple[str, int], bytes]:
    """The bodies by webhook and position; without those of events that were erased."""
    with lake.version() as version:
        events = {event.position: event for event in read_events(version, [each.position for each in due])}
        present = list(events.values())
        messages, alerts = read_message_facts(version, present), read_alert_facts(version, present)
    return {
        (each.webhook, each.position): event_body(
            events[each.position], webhooks[each.webhook], messages, alerts
        )
        for each in due
        if each.position in events
    }


def _note(
    cursor: duckdb.DuckDBPyConnection,
    webhooks: Mapping[str, EventWebhook],
    results: Sequence[EventDelivery],
    now: datetime,
) -> None:
    """Note how a batch ended. What was erased meanwhile stays erased."""
    save_deliveries(cursor, results, only_known=True)
    for name in {each.webhook for each in results if (each.detail or "").startswith(f"HTTP {GONE_STATUS}")}:
        save_gone(cursor, name, webhooks[name].address_hash, now)
        cursor.execute(
            "update event_deliveries set state = 'dead', ended_at = ?, detail = ? "
            "where webhook = ? and state in ('waiting', 'claimed')",
            [now, GONE, name],
        )
        log.error("the receiver of the event webhook %s is gone (HTTP 410); it gets nothing more", name)

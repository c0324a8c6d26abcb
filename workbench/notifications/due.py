"""What a person is told by mail and apprise now: bursts, digests, quiet times, the cap of an hour. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workbench.lake.notifications import Notification, NotificationDelivery
from workbench.notifications.choices import WAYS, NotificationChoice
from workbench.notifications.decide import BURST
from workbench.notifications.quiet import digest_due_at, is_quiet
from workbench.targets.attempts import next_attempt, tried_again_at

AN_HOUR = timedelta(hours=1)
_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class DueNotice:
    """What is told at once on one way. `why` is empty, or why several come together: quiet, cap, digest."""

    way: str
    attempt: int
    notifications: tuple[Notification, ...]
    why: str = ""


def due_notices(
    choice: NotificationChoice,
    waiting: Sequence[Notification],
    told: Sequence[NotificationDelivery],
    now: datetime,
    per_hour: int,
) -> list[DueNotice]:
    """What one person is told now.

    Args:
        waiting: what they have not read and nobody has answered.
        told: their deliveries of the last days, the oldest first.
        per_hour: the most notices of an hour; what is above waits, and is then told as one.
    """
    left = per_hour - len({each.notice_id for each in told if now - each.claimed_at < AN_HOUR})
    notices: list[DueNotice] = []
    for way in WAYS:
        due = _due_on(way, choice, waiting, told, now)
        kept = _within_cap(due, left)
        left -= len(kept)
        notices += kept
    return notices


def is_held(choice: NotificationChoice, notification: Notification) -> bool:
    """Whether a notification came in a quiet time and is not urgent."""
    return notification.kind not in choice.urgent and is_quiet(
        choice.quiet, choice.zone, notification.noted_at
    )


def is_quiet_for(choice: NotificationChoice, notification: Notification, now: datetime) -> bool:
    """Whether a notification must wait for the end of a quiet time."""
    return notification.kind not in choice.urgent and is_quiet(choice.quiet, choice.zone, now)


def next_look_at(
    choice: NotificationChoice,
    waiting: Sequence[Notification],
    told: Sequence[NotificationDelivery],
    now: datetime,
) -> datetime | None:
    """When the next notice of a person is due; None where nothing waits.

    What waits for the end of a quiet time or of an hour that is used up is looked at every minute.
    """
    moments = []
    for way in WAYS:
        attempts = _attempts(way, told)
        for each in _on_way(way, choice, waiting):
            earlier = attempts.get(each.notification_id, [])
            at = tried_again_at(earlier[-1]) if earlier else _due_at(each, choice, choice.pace(way))
            if at is not None:
                moments.append(at if at > now else now + _A_MINUTE)
    return min(moments, default=None)


def _due_on(
    way: str,
    choice: NotificationChoice,
    waiting: Sequence[Notification],
    told: Sequence[NotificationDelivery],
    now: datetime,
) -> list[DueNotice]:
    pace, attempts = choice.pace(way), _attempts(way, told)
    groups: dict[tuple[str, int, str], list[Notification]] = {}
    for each in _on_way(way, choice, waiting):
        attempt = next_attempt(attempts.get(each.notification_id, []), now)
        if attempt is None or is_quiet_for(choice, each, now) or now < _due_at(each, choice, pace):
            continue
        why = "digest" if pace != "now" else "quiet" if is_held(choice, each) else ""
        # Told alone where nothing gathers it.
        groups.setdefault((why, attempt, "" if why else each.notification_id), []).append(each)
    return [DueNotice(way, attempt, tuple(each), why) for (why, attempt, _), each in groups.items()]


def _on_way(way: str, choice: NotificationChoice, waiting: Sequence[Notification]) -> Iterator[Notification]:
    """What may be told on a way at all: nothing while it is off, or from before it was switched on."""
    since = choice.since(way)
    if choice.pace(way) != "off":
        yield from (each for each in waiting if since is None or each.noted_at >= since)


def _attempts(way: str, told: Sequence[NotificationDelivery]) -> dict[str, list[NotificationDelivery]]:
    attempts: dict[str, list[NotificationDelivery]] = {}
    for delivery in told:
        if delivery.way == way:
            attempts.setdefault(delivery.notification_id, []).append(delivery)
    return attempts


def _due_at(notification: Notification, choice: NotificationChoice, pace: str) -> datetime:
    if pace == "now":
        return notification.noted_at + (BURST if notification.kind == "message" else timedelta())
    return digest_due_at(pace, notification.noted_at, choice.zone)


def _within_cap(due: list[DueNotice], left: int) -> list[DueNotice]:
    """At most so many notices; the last of them holds all that would be too many."""
    if len(due) <= left or left <= 0:
        return due if left > 0 else []
    kept, rest = due[: left - 1], due[left - 1 :]
    first = [notice for notice in rest if notice.attempt == rest[0].attempt]
    together = tuple(each for notice in first for each in notice.notifications)
    return [*kept, replace(rest[0], notifications=together, why="cap")]

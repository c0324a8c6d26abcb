"""Reads the feed on and notes whom it concerns; the cursor moves in the same commit, so all counts once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import duckdb

from workbench.conversations.owners import people_behind, teams
from workbench.conversations.people import people
from workbench.lake.connect import Lake
from workbench.lake.feed import FeedForgotten, advance_cursor, begin_cursor, read_feed, skip_forgotten
from workbench.lake.notifications import (
    Notification,
    forget_old,
    read_choices,
    read_unread,
    save_notifications,
)
from workbench.notifications.choices import NotificationChoice, choice_of
from workbench.notifications.decide import note
from workbench.notifications.happenings import happenings_of, mention_id, read_mentions
from workbench.settings import Settings

log = logging.getLogger(__name__)

CONSUMER = "notifications"
_AT_ONCE = 500


def current_choices(lake: Lake, settings: Settings) -> dict[str, NotificationChoice]:
    """What holds for everybody who may be told, by name."""
    chosen = read_choices(lake)
    return {name: choice_of(settings, name, chosen.get(name, {})) for name in people(settings, chosen)}


def take_news(lake: Lake, settings: Settings, now: datetime) -> int:
    """Note what the feed and the private notes have that is new; how many notifications are new or longer.

    Raises:
        ConfigError: the file of users is damaged.
        LakeError: the lake cannot be read or written now.
    """
    choices = current_choices(lake, settings)
    owners = partial(people_behind, settings)
    named = {name: owners(name) for name in [*(name.lower() for name in choices), *teams(settings)]}
    return _take_mentions(lake, choices, named, now) + _take_feed(lake, choices, owners, now)


def _take_feed(
    lake: Lake,
    choices: Mapping[str, NotificationChoice],
    owners: Callable[[str], tuple[str, ...]],
    now: datetime,
) -> int:
    begun = begin_cursor(lake, CONSUMER, now)
    try:
        events = read_feed(lake, begun, _AT_ONCE)
    except FeedForgotten as error:
        log.warning("notifications missed %d events: %s", skip_forgotten(lake, CONSUMER, now), error)
        return 0
    if not events:
        return 0
    changed = note(happenings_of(lake, events, owners), choices, read_unread(lake, now), now)

    def work(cursor: duckdb.DuckDBPyConnection) -> int:
        if not advance_cursor(cursor, CONSUMER, events[-1].position, now):
            return 0
        save_notifications(cursor, changed)
        forget_old(cursor, now)
        return len(changed)

    return lake.write(work)


def _take_mentions(
    lake: Lake,
    choices: Mapping[str, NotificationChoice],
    names: Mapping[str, Sequence[str]],
    now: datetime,
) -> int:
    named: list[Notification] = []
    for event_id, happening in read_mentions(lake, names, now):
        new = note([happening], choices, (), now)
        named += [replace(each, notification_id=mention_id(event_id, each.person)) for each in new]
    if not named:
        return 0
    known = lake.rows(
        "select notification_id from notifications where notification_id in (select unnest($ids::varchar[]))",
        {"ids": [each.notification_id for each in named]},
    )
    new = [each for each in named if (each.notification_id,) not in known]
    if new:
        # Of two processes at once both write the same rows.
        lake.write(lambda cursor: save_notifications(cursor, new))
    return len(new)

"""Each rule fires once per message: webhooks repeated and reordered, syncs between, 30 kills.

A killed process does nothing more, not even what a `finally` would: from the kill on every commit and every
request fails, until another process begins.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.automation.conftest import NOON, Desk, inbound, open_desk
from workbench.automation.run import RuleRounds
from workbench.lake.feed import append_feed
from workbench.simulator import Server

RULES = """
[[rules]]
name = "all"
when = "message_received"
then = { label = ["seen"], note = "seen" }

[[rules]]
name = "price"
when = "message_received"
if = { any_words = ["price"] }
then = { reply = "thanks", webhook = ["shop"] }
"""
DAYS, MESSAGES_A_DAY, KILLS = range(0, 30, 6), 4, 30


class KilledProcess(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class Killer:
    """Counts the steps of a process (before and after each commit and each request) and ends it at one."""

    def __init__(self) -> None:
        self.steps = self.kills = 0
        self.dies_at: int | None = None
        self.is_dead = False

    def restart(self, dies_at: int | None) -> None:
        self.steps, self.dies_at, self.is_dead = 0, dies_at, False

    def step(self) -> None:
        self.steps += 1
        if not self.is_dead and self.steps == self.dies_at:
            self.is_dead = True
            self.kills += 1
        if self.is_dead:
            raise KilledProcess

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*given: Any, **named: Any) -> Any:
            self.step()
            result = function(*given, **named)
            self.step()
            return result

        return stepped


def killable(desk: Desk, killer: Killer) -> None:
    lake = desk.lake
    lake.write = killer.wrap(lake.write)  # type: ignore[method-assign]
    replies = desk.tools.replies
    assert replies is not None
    sender = replies.context.sender
    sender.create = killer.wrap(sender.create)  # type: ignore[method-assign]


def rounds_until_done(desk: Desk, killer: Killer, chance: random.Random, kills: int) -> None:
    """Processes begin and are killed until so many were; then one gets to the end, with nothing left open.

    One does at most five of about twenty steps, so that there is something left to be killed at.
    """
    for _ in range(60):
        killer.restart(chance.randint(1, 5) if killer.kills < kills else None)
        desk.now += timedelta(seconds=5)
        with suppress(KilledProcess):
            append_feed(desk.lake, desk.now)
            RuleRounds(desk.tools, desk.rounds.rules).run(desk.now)
            if killer.kills >= kills and not open_firings(desk):
                return
    raise AssertionError("it never came to an end")


def open_firings(desk: Desk) -> int:
    return int(desk.lake.value("select count(*) from rule_firings where ended_at is null"))


def test_a_month_of_traffic(server: Server, tmp_path: Path) -> None:
    desk = open_desk(server, tmp_path / "home", RULES)
    killer, chance = Killer(), random.Random(20261129)
    killable(desk, killer)
    contacts: list[str] = []
    recent: list[dict[str, Any]] = []
    for turn, day in enumerate(DAYS, start=1):
        desk.now = NOON + timedelta(days=day)
        today = [_message(desk, contacts, desk.now) for _ in range(MESSAGES_A_DAY)]
        # Each comes again: by another webhook or by a sync of the last days, in any order.
        killer.restart(None)
        desk.bring(chance.sample(today, len(today)))
        recent = [*recent, *today][-3 * MESSAGES_A_DAY :]
        desk.bring(chance.sample(recent, len(recent)), chance.choice(["sync", "callback"]))
        rounds_until_done(desk, killer, chance, 6 * turn)
        # The worker notes within a second that rules fired; after three days it would be history.
        killer.restart(None)
        append_feed(desk.lake, desk.now)
    assert killer.kills == KILLS
    killer.restart(None)
    RuleRounds(desk.tools, desk.rounds.rules).run(desk.now)
    fired = Counter(row[0] for row in desk.lake.rows("select rule from rule_firings"))
    assert fired == {"all": 20, "price": 10}
    events = "select kind, count(*) from conversation_events group by kind order by kind"
    assert desk.lake.rows(events) == [("label", 20), ("note", 20)]
    asked = contacts[::2]
    assert desk.sent(*contacts) == dict.fromkeys(asked, 1)
    states = desk.lake.rows(
        "select state, count(*) from outbox where starts_with(actor, 'rule:') group by all"
    )
    assert states == [("accepted", 10)]
    append_feed(desk.lake, desk.now + timedelta(seconds=1))
    told = desk.lake.rows(
        "select count(*), count(distinct event_id) from feed_events where kind = 'rule.fired'"
    )
    assert told == [(10, 10)]
    desk.wb.close()


def _message(desk: Desk, contacts: list[str], moment: datetime) -> dict[str, Any]:
    """Every second one asks for the price; each contact writes once."""
    contacts.append(f"+1415557{1000 + len(contacts)}")
    body = "What is the price?" if len(contacts) % 2 else "Hello there"
    at = moment - timedelta(seconds=len(contacts) % 7)
    return inbound(desk.server, body, contacts[-1], date_created=at)

"""One round of the rules: take up what was interrupted, act on what the feed has, look at who waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from workbench.automation.built_in import ACTING
from workbench.automation.fire import RuleTools, finish, fire, interrupted
from workbench.automation.read_situations import FAILED, read_situations, read_waiting
from workbench.automation.rules import enabled_rules
from workbench.lake.feed import (
    FeedEvent,
    advance_cursor,
    begin_cursor,
    read_feed,
    skip_forgotten,
)
from workbench.lake.rules import RuleFiring, read_switches, read_unfinished_firings
from workbench.settings.rules import RuleSettings
from workbench.settings.values import read_length

log = logging.getLogger(__name__)

CONSUMER = "automation"
_EVENTS_AT_ONCE = 100
_LONGEST_SECONDS = 5.0
_LOOK_EVERY = timedelta(minutes=1)


@dataclass
class RuleRounds:
    """The rules of one process; call :meth:`run` again and again, one round at a time."""

    tools: RuleTools
    rules: Sequence[RuleSettings]
    """Those of the settings in their order, also those that are off."""
    _looked_at: datetime | None = field(default=None, init=False)
    _is_begun: bool = field(default=False, init=False)
    _is_behind: bool = field(default=False, init=False)

    @property
    def next_at(self) -> datetime | None:
        """When it wants to look again even if nothing happens: who waits, and what is not over."""
        if self._is_behind:
            return self._looked_at
        return self._looked_at and self._looked_at + _LOOK_EVERY if self.rules else None

    def run(self, now: datetime) -> list[RuleFiring]:
        """Carry out what is due, for some seconds at most; the firings of this round.

        Raises:
            LakeError: the lake cannot be read or written now; the next round goes on.
        """
        lake = self.tools.lake
        switches = {name: switch.is_on for name, switch in read_switches(lake).items()}
        rules = (*ACTING, *enabled_rules(self.rules, switches))
        is_first = not self._is_begun
        if is_first:
            begin_cursor(lake, CONSUMER, now)
            self._resume(now, is_first=True)
            self._is_begun = True
        firings = self._read_feed(rules, now)
        if self._looked_at is None or now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            firings += self._look_at_waiting(rules, now)
            if not is_first:
                self._resume(now, is_first=False)
        return firings

    def _read_feed(self, rules: Sequence[RuleSettings], now: datetime) -> list[RuleFiring]:
        lake = self.tools.lake
        if missed := skip_forgotten(lake, CONSUMER, now):
            log.warning("the rules missed %d events, which were deleted for their age", missed)
        position = begin_cursor(lake, CONSUMER, now)
        firings: list[RuleFiring] = []
        until = time.monotonic() + _LONGEST_SECONDS
        self._is_behind = False
        while events := read_feed(lake, position, _EVENTS_AT_ONCE):
            if time.monotonic() > until:
                self._is_behind = True
                break
            firings += self._act_on(rules, events, now)
            position = events[-1].position
            lake.write(partial(advance_cursor, consumer=CONSUMER, position=position, now=now))
        return firings

    def _act_on(
        self, rules: Sequence[RuleSettings], events: Sequence[FeedEvent], now: datetime
    ) -> list[RuleFiring]:
        lake = self.tools.lake
        wanted = [event for event in events if event.message_sid and _may_matter(event, rules)]
        situations = read_situations(lake, [event.message_sid for event in wanted if event.message_sid])
        firings: list[RuleFiring] = []
        changed: set[str] = set()
        for event in wanted:
            situation = situations.get(event.message_sid or "")
            if situation is None:
                continue
            if situation.conversation.conversation_id in changed:
                # A rule acted on this conversation in this round.
                situation = read_situations(lake, [situation.event.message_sid])[situation.event.message_sid]
            advance = partial(advance_cursor, consumer=CONSUMER, position=event.position, now=now)
            fired = fire(self.tools, rules, situation, now, advance)
            firings += fired
            changed |= {firing.conversation_id for firing in fired}
        return firings

    def _look_at_waiting(self, rules: Sequence[RuleSettings], now: datetime) -> list[RuleFiring]:
        lengths = [read_length(rule.after) for rule in rules if rule.after is not None]
        firings: list[RuleFiring] = []
        for situation in read_waiting(self.tools.lake, lengths, now):
            firings += fire(self.tools, rules, situation, now)
        return firings

    def _resume(self, now: datetime, *, is_first: bool) -> None:
        """Take up what an earlier process began, and what waits for the end of quiet hours."""
        unfinished = read_unfinished_firings(self.tools.lake)
        situations = read_situations(self.tools.lake, [firing.message_sid for firing in unfinished])
        by_name: Mapping[str, RuleSettings] = {rule.name: rule for rule in self.rules}
        for firing in unfinished:
            begun = interrupted(firing) if is_first else firing
            finish(self.tools, by_name.get(firing.rule), begun, situations.get(firing.message_sid), now)


def _may_matter(event: FeedEvent, rules: Sequence[RuleSettings]) -> bool:
    """Whether a rule may want this event, told without asking the lake."""
    if event.kind == "message.status":
        wants_failures = any(rule.when == "answer_failed" for rule in rules)
        return wants_failures and event.detail.get("status") in FAILED
    if event.kind != "message.received":
        return False
    return event.detail.get("keyword") is not None or len(rules) > len(ACTING)

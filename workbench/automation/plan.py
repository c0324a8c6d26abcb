"""Which rules fire for one event, and which of them answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.automation.calendar import Calendar
from workbench.automation.conditions import failing
from workbench.automation.situation import Situation
from workbench.settings.rules import RuleSettings
from workbench.settings.values import read_length

HELD = "held"
"""The label of what a rule holds for review."""


@dataclass(frozen=True)
class PlannedRule:
    """A rule that fires; `no_reply` says why it does not answer although it has a reply."""

    rule: RuleSettings
    no_reply: str = ""

    @property
    def replies(self) -> bool:
        return self.rule.actions.reply is not None and not self.no_reply


def plan(
    rules: Sequence[RuleSettings], situation: Situation, calendar: Calendar, now: datetime
) -> list[PlannedRule]:
    """The rules that fire, in their order. An event gets at most one answer, none where a rule holds it."""
    firing = []
    for rule in rules:
        if rule.when in situation.event.kinds and _holds(rule, situation, calendar, now):
            firing.append(rule)
            if rule.actions.stop:
                break
    holder = next((rule.name for rule in firing if rule.actions.hold), None)
    planned: list[PlannedRule] = []
    for rule in firing:
        reason = ""
        if rule.actions.reply is not None:
            answering = next((each.rule.name for each in planned if each.replies), None)
            if holder:
                reason = f"The rule {holder} holds it for review."
            elif answering:
                reason = f"The rule {answering} answers it already."
        planned.append(PlannedRule(rule, reason))
    return planned


def _holds(rule: RuleSettings, situation: Situation, calendar: Calendar, now: datetime) -> bool:
    waited = now - (situation.waiting_since or now)
    if rule.after is not None and waited < read_length(rule.after):
        return False
    return failing(rule.conditions, situation, calendar) is None

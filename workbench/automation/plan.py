"""Which rules fire for one event, which of them answers, and which cannot be carried out. Pure."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from workbench.automation.calendar import Calendar
from workbench.automation.conditions import failing
from workbench.automation.situation import Situation
from workbench.errors import LakeError, WorkbenchError
from workbench.settings.rules import RuleSettings
from workbench.settings.values import read_length

HELD = "held"
"""The label of what a rule holds for review."""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlannedRule:
    """A rule that fires; `no_reply` says why it does not answer although it has a reply.

    `fault` says why nothing of it can be carried out.
    """

    rule: RuleSettings
    no_reply: str = ""
    fault: str = ""

    @property
    def replies(self) -> bool:
        return self.rule.actions.reply is not None and not self.no_reply and not self.fault


def _as_it_is(rule: RuleSettings) -> None:
    """Everything about the rule was checked before."""


@dataclass(frozen=True)
class RuleChecks:
    """What is asked of a rule before its conditions and before its actions; each raises what is wrong."""

    conditions: Callable[[RuleSettings], None] = _as_it_is
    actions: Callable[[RuleSettings], None] = _as_it_is


def plan(
    rules: Sequence[RuleSettings],
    situation: Situation,
    calendar: Calendar,
    now: datetime,
    checks: RuleChecks = RuleChecks(),
) -> list[PlannedRule]:
    """The rules that fire, in their order. An event gets at most one answer, none where a rule holds it.

    A rule that cannot be asked, or whose actions are not possible, is planned with its fault. Where its
    conditions hold, its `stop` and `hold` keep other rules back all the same.
    """
    firing: list[tuple[RuleSettings, str]] = []
    holders: list[str] = []
    for rule in rules:
        if rule.when not in situation.event.kinds:
            continue
        try:
            checks.conditions(rule)
            if not _holds(rule, situation, calendar, now):
                continue
        except Exception as error:
            firing.append((rule, fault_words(rule, error)))
            continue
        firing.append((rule, _fault_of_actions(rule, checks)))
        holders += [rule.name] if rule.actions.hold else []
        if rule.actions.stop:
            break
    return _without_second_answers(firing, holders[0] if holders else None)


def _fault_of_actions(rule: RuleSettings, checks: RuleChecks) -> str:
    try:
        checks.actions(rule)
    except Exception as error:
        return fault_words(rule, error)
    return ""


def fault_words(rule: RuleSettings, error: Exception) -> str:
    """What keeps a rule from being carried out, for people; an error of the lake is raised again.

    Raises:
        LakeError: the fault is not of the rule, so everything waits.
    """
    if isinstance(error, LakeError | duckdb.Error):
        raise error
    if isinstance(error, WorkbenchError):
        return f"The rule {rule.name} cannot be carried out: {error}"
    log.error("the rule %s cannot be carried out", rule.name, exc_info=error)
    return (
        f"The rule {rule.name} cannot be carried out ({type(error).__name__}); the log of `workbench serve` "
        f"says where. Until it is mended, switch it off: `workbench rules disable {rule.name}`."
    )


def _without_second_answers(
    firing: Sequence[tuple[RuleSettings, str]], holder: str | None
) -> list[PlannedRule]:
    planned: list[PlannedRule] = []
    for rule, fault in firing:
        reason = ""
        if rule.actions.reply is not None:
            answering = next((each.rule.name for each in planned if each.replies), None)
            if holder:
                reason = f"The rule {holder} holds it for review."
            elif answering:
                reason = f"The rule {answering} answers it already."
        planned.append(PlannedRule(rule, reason, fault))
    return planned


def _holds(rule: RuleSettings, situation: Situation, calendar: Calendar, now: datetime) -> bool:
    waited = now - (situation.waiting_since or now)
    if rule.after is not None and waited < read_length(rule.after):
        return False
    return failing(rule.conditions, situation, calendar) is None

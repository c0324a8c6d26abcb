"""Carries out the rules that fire for one event, each once.

First one commit: that the rules fire, with everything they do in the lake (labels, assignee, state, note) and
the cursor of the feed. Then what leaves the lake (answer, notices), and a second commit with how it ended. A
process that ends between the two leaves `claimed` behind; :func:`finish` goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb

from workbench.automation.calendar import Calendar
from workbench.automation.plan import HELD, PlannedRule, RuleChecks, fault_words, plan
from workbench.automation.reply import ANSWER, AutoReplies, answer
from workbench.automation.rota import next_on_duty
from workbench.automation.situation import Situation
from workbench.conversations.events import ConversationEvent, assign, label, note, set_state, write_event
from workbench.lake.connect import Lake
from workbench.lake.rules import (
    FiringOutcome,
    RuleAction,
    RuleFiring,
    fired_rules,
    last_assignee,
    save_firings,
)
from workbench.settings.rules import RuleSettings

NOTIFY, WEBHOOK, CHECK = "notify", "webhook", "check"
_CLAIMED = "claimed"

Advance = Callable[[duckdb.DuckDBPyConnection], bool]
"""Moves the cursor of the feed in the transaction of the claim; False where somebody else did it."""


@dataclass(frozen=True)
class RuleTools:
    """What rules act with. `replies` is None where `no_replies` says why nothing can be sent; `tell` tells a
    target, by its name."""

    lake: Lake
    calendar: Calendar
    replies: AutoReplies | None
    tell: Callable[[str, RuleFiring], RuleAction]
    checks: RuleChecks
    no_replies: str = ""


def fire(
    tools: RuleTools,
    rules: Sequence[RuleSettings],
    situation: Situation,
    now: datetime,
    advance: Advance | None = None,
) -> list[RuleFiring]:
    """Carry out the rules that fire for an event and have not fired for it before.

    A rule that cannot be carried out is noted as failed, with the reason; the others go on.

    Raises:
        LakeError: the lake cannot be read or written now.
    """
    planned = plan(rules, situation, tools.calendar, now, tools.checks)
    if not planned:
        return []
    firings = tools.lake.write(lambda cursor: _claim(cursor, tools, planned, situation, now, advance))
    by_name = {each.rule.name: each.rule for each in planned}
    return [finish(tools, by_name[firing.rule], firing, situation, now) for firing in firings]


def _claim(
    cursor: duckdb.DuckDBPyConnection,
    tools: RuleTools,
    planned: Sequence[PlannedRule],
    situation: Situation,
    now: datetime,
    advance: Advance | None,
) -> list[RuleFiring]:
    if advance is not None and not advance(cursor):
        return []
    before = fired_rules(cursor, situation.event.key)
    firings = [
        _act_in_lake(cursor, tools.calendar, each, situation, now)
        for each in planned
        if each.rule.name not in before
    ]
    save_firings(cursor, firings)
    return firings


def _act_in_lake(
    cursor: duckdb.DuckDBPyConnection,
    calendar: Calendar,
    planned: PlannedRule,
    situation: Situation,
    now: datetime,
) -> RuleFiring:
    """What a rule decides is made up before the first of it is written, so it is written as a whole."""
    rule, actions = planned.rule, planned.rule.actions
    fault, person = planned.fault, actions.assign
    decisions: list[ConversationEvent] = []
    try:
        if actions.round_robin and not fault:
            last = last_assignee(cursor, rule.name)
            person = next_on_duty(actions.round_robin, actions.rota, calendar, now, last)
        if not fault:
            decisions = _decisions(rule, situation, person, now)
    except Exception as error:
        fault = fault_words(rule, error)
    if fault:
        return _failed(rule, situation, fault, now)
    for event in decisions:
        write_event(cursor, situation.conversation, event)
    done = [RuleAction(name, value) for name, value in _done_in_lake(rule, person)]
    if actions.round_robin and person is None:
        done.append(RuleAction("assign", "", "skipped", "Nobody of round_robin is on duty now."))
    if actions.reply is not None:
        outcome = "skipped" if planned.no_reply else _CLAIMED
        done.append(RuleAction(ANSWER, actions.reply, outcome, planned.no_reply))
    done += [RuleAction(NOTIFY, target, _CLAIMED) for target in actions.notify]
    done += [RuleAction(WEBHOOK, name) for name in actions.webhook]
    return _ended(
        RuleFiring(
            rule.name, situation.event.key, situation.conversation.conversation_id,
            situation.event.message_sid, now, assignee=person if actions.round_robin else None,
            webhooks=actions.webhook,
        ),
        done,
        now,
    )  # fmt: skip


def _failed(rule: RuleSettings, situation: Situation, fault: str, now: datetime) -> RuleFiring:
    """A rule of which nothing was carried out."""
    event = situation.event
    firing = RuleFiring(rule.name, event.key, situation.conversation.conversation_id, event.message_sid, now)
    return _ended(firing, [RuleAction(CHECK, "", "failed", fault)], now)


def _decisions(
    rule: RuleSettings, situation: Situation, person: str | None, now: datetime
) -> list[ConversationEvent]:
    actions, actor = rule.actions, f"rule:{rule.name}"
    labels = [*actions.label, *([HELD] if actions.hold else [])]
    events = [label(name, actor) for name in labels]
    events += [label(name, actor, on=False) for name in actions.unlabel]
    events += [assign(person, actor)] if person else []
    state = "pending" if actions.hold else actions.state
    events += [set_state(state, actor)] if state else []
    events += [note(actions.note, actor)] if actions.note else []
    # Twilio's clock may be ahead: a decision before its message would count as one about something older.
    at = max(now, situation.at)
    # A state that follows from a message has its time: a question that came meanwhile opens it again.
    of_state = situation.at if "message_received" in situation.event.kinds else at
    return [
        replace(event, happened_at=(of_state if event.kind == "state" else at) + timedelta(microseconds=n))
        for n, event in enumerate(events)
    ]


def _done_in_lake(rule: RuleSettings, person: str | None) -> list[tuple[str, str]]:
    actions = rule.actions
    done = [("label", name) for name in actions.label]
    done += [("unlabel", name) for name in actions.unlabel]
    done += [("assign", person)] if person else []
    done += [("state", actions.state)] if actions.state else []
    done += [("hold", "")] if actions.hold else []
    done += [("note", "")] if actions.note else []
    return done


def finish(
    tools: RuleTools,
    rule: RuleSettings | None,
    firing: RuleFiring,
    situation: Situation | None,
    now: datetime,
) -> RuleFiring:
    """Do what leaves the lake and is not done yet, and note how it ended.

    Args:
        rule: as the settings have it now; None where they have it no longer.
        situation: None where the message is gone from the lake.
    """
    if firing.ended_at is not None:
        return firing
    done = [_finish_action(tools, rule, firing, action, situation) for action in firing.actions]
    ended = _ended(firing, done, now)
    if ended != firing:
        tools.lake.write(lambda cursor: save_firings(cursor, [ended]))
    return ended


def _finish_action(
    tools: RuleTools,
    rule: RuleSettings | None,
    firing: RuleFiring,
    action: RuleAction,
    situation: Situation | None,
) -> RuleAction:
    if action.action == NOTIFY and action.outcome == _CLAIMED:
        return _told(tools, rule, firing, action)
    if action.action != ANSWER or action.outcome not in (_CLAIMED, "waiting", "unknown"):
        return action
    if rule is None or situation is None or rule.actions.reply != action.value:
        gone = "The rule has it no longer." if situation else "The message is gone."
        return replace(action, outcome="skipped", detail=gone)
    if tools.replies is None:
        return replace(action, outcome="failed", detail=tools.no_replies)
    is_deferred = action.outcome == "waiting"
    sent = answer(tools.replies, rule, situation, firing.claimed_at, is_deferred=is_deferred)
    return replace(sent, value=action.value)


def _told(tools: RuleTools, rule: RuleSettings | None, firing: RuleFiring, action: RuleAction) -> RuleAction:
    if rule is None:
        return replace(action, outcome="skipped", detail="The rule is no longer there.")
    try:
        return tools.tell(action.value, firing)
    except Exception as error:
        return replace(action, outcome="failed", detail=fault_words(rule, error))


def interrupted(firing: RuleFiring) -> RuleFiring:
    """A firing of a process that ended, as it is taken up again: a notice may have been told, so it is not
    told again; an answer is looked up in the outbox."""
    detail = "The process ended while it was told; whether it arrived is not known."
    done = tuple(
        replace(action, outcome="unknown", detail=detail)
        if action.action == NOTIFY and action.outcome == _CLAIMED
        else action
        for action in firing.actions
    )
    return replace(firing, actions=done)


def _ended(firing: RuleFiring, done: Sequence[RuleAction], now: datetime) -> RuleFiring:
    """The firing with its outcome: the worst of its actions, or that it is not over."""
    outcomes = {action.outcome for action in done}
    is_open = {(action.action, action.outcome) for action in done} & {
        (ANSWER, _CLAIMED), (NOTIFY, _CLAIMED), (ANSWER, "waiting"), (ANSWER, "unknown"),
    }  # fmt: skip
    order: tuple[FiringOutcome, ...] = ("claimed", "waiting", "unknown", "failed")
    outcome: FiringOutcome = next((name for name in order if name in outcomes), "done")
    return replace(firing, actions=tuple(done), outcome=outcome, ended_at=None if is_open else now)

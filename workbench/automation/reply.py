"""The automatic answer of a rule: through the same door as every send, once per rule and event.

Its batch in the outbox names the rule and the event. Before anything is composed the outbox is asked for that
batch, so an answer that an earlier process began is settled from Twilio's log and never sent beside it, not
even where the template was changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.automation.plan import fault_words
from workbench.automation.reply_guard import DAY, refusal
from workbench.automation.reply_history import read_reply_history
from workbench.automation.situation import Situation
from workbench.errors import TRY_AGAIN, WorkbenchError
from workbench.lake.connect import Lake, Readable
from workbench.lake.rules import RuleAction
from workbench.roles import Actor, acting_as
from workbench.sending.compose import Draft
from workbench.sending.confirmed import check_rows, send_checked
from workbench.sending.context import SendContext
from workbench.sending.results import SendResult
from workbench.sending.settle import settle_all
from workbench.sending.template_files import find_template
from workbench.sending.verdicts import PreflightResult
from workbench.settings.rules import RuleSettings
from workbench.settings.values import read_length

ANSWER = "reply"
_WITHOUT_PERSON = frozenset({"undecided wish"})
"""Warnings that a person weighs; where nobody looks, they block."""


@dataclass(frozen=True)
class AutoReplies:
    """What automatic answers stand on."""

    lake: Lake
    context: SendContext
    home: Path
    read_zones: Callable[[Sequence[str]], Mapping[str, str]]


def batch_of(rule: str, event_key: str) -> str:
    """The name under which the outbox keeps the answer of a rule to an event."""
    return f"rule:{rule}:{event_key}"


def answer(
    replies: AutoReplies,
    rule: RuleSettings,
    situation: Situation,
    claimed_at: datetime,
    *,
    is_deferred: bool = False,
) -> RuleAction:
    """Send the answer, or say why not. Can be called again for the same rule and event.

    Args:
        claimed_at: since when the rule wants to answer; an answer that waits for the end of quiet hours is
            given up a day after it.
        is_deferred: it has waited for that already.
    """
    with acting_as(Actor(rule.name, "agent", kind="rule")):
        try:
            return _answer(replies, rule, situation, claimed_at, is_deferred=is_deferred)
        except Exception as error:
            return _after_fault(replies, rule, situation, error)


def _after_fault(
    replies: AutoReplies, rule: RuleSettings, situation: Situation, error: Exception
) -> RuleAction:
    """How an answer ended that an error interrupted: the outbox knows whether it may have been sent.

    Where Twilio does not answer now, it is tried again until it is too late for an answer.
    """
    fault = fault_words(rule, error)
    state = _outbox_state(replies.lake, batch_of(rule.name, situation.event.key))
    if state == "accepted":
        return RuleAction(ANSWER, "", "sent")
    may_work_later = isinstance(error, WorkbenchError) and error.exit_code == TRY_AGAIN
    is_open = state in ("intended", "unclear") or may_work_later
    return RuleAction(ANSWER, "", "unknown" if is_open else "failed", fault)


def _answer(
    replies: AutoReplies,
    rule: RuleSettings,
    situation: Situation,
    claimed_at: datetime,
    *,
    is_deferred: bool,
) -> RuleAction:
    name = rule.actions.reply or ""
    begun = _begun_before(replies, rule.name, situation.event.key)
    if begun is not None:
        return begun
    now = replies.context.clock()
    reason = _was_answered(replies.lake, situation) if is_deferred else ""
    if reason := reason or _refusal(replies, rule, situation, now, is_deferred):
        return RuleAction(ANSWER, name, "skipped", reason)
    checked = _check(replies, rule, situation)
    if reason := _blocked_by(checked):
        is_quiet = all(each.rule == "quiet hours" for each in checked.reasons if each.verdict == "block")
        waits = is_quiet and rule.actions.in_quiet_hours == "later" and now - claimed_at < DAY
        return RuleAction(ANSWER, name, "waiting" if waits else "blocked", reason)
    return _outcome(name, send_checked(replies.context, checked, True))


def _begun_before(replies: AutoReplies, rule: str, event_key: str) -> RuleAction | None:
    """How an answer that was begun before ended; None where there is none, or it surely was not sent."""
    batch = batch_of(rule, event_key)
    state = _outbox_state(replies.lake, batch)
    if state in ("intended", "unclear"):
        settle_all(replies.context)
        state = _outbox_state(replies.lake, batch)
    if state in ("intended", "unclear"):
        return RuleAction(ANSWER, "", "unknown", "Twilio's log does not tell yet whether it was sent.")
    if state == "accepted":
        return RuleAction(ANSWER, "", "sent", "")
    if state == "refused":
        return RuleAction(ANSWER, "", "failed", "Twilio refused it; the outbox says why.")
    return None


def _outbox_state(lake: Readable, batch: str) -> str | None:
    """The state of the answer under this batch; one that was or may have been sent counts more."""
    states = {row[0] for row in lake.rows("select state from outbox where batch = ?", [batch])}
    order = ("accepted", "intended", "unclear", "refused", "unsent")
    return next((state for state in order if state in states), None)


def _refusal(
    replies: AutoReplies, rule: RuleSettings, situation: Situation, now: datetime, is_deferred: bool
) -> str:
    kept_contact = replies.context.contact(situation.conversation.contact)
    every = read_length(rule.actions.reply_every)
    with replies.lake.cursor() as cursor:
        history = read_reply_history(cursor, rule.name, situation, kept_contact, every, now)
    return refusal(rule, situation, history, now, is_deferred=is_deferred)


def _was_answered(lake: Readable, situation: Situation) -> str:
    """Whether somebody wrote to the contact since; then an answer that waited is not needed any more."""
    rows = lake.rows(
        "select 1 from conversation_lines where our_side = ? and contact = ? and is_outbound "
        "and date_created > ? limit 1",
        [situation.conversation.our_side, situation.conversation.contact, situation.at],
    )
    return "The contact was written to meanwhile." if rows else ""


def _check(replies: AutoReplies, rule: RuleSettings, situation: Situation) -> PreflightResult:
    conversation = situation.conversation
    draft = Draft(
        template=find_template(replies.home, rule.actions.reply or ""),
        sender=conversation.sender,
        service=conversation.service,
        batch=batch_of(rule.name, situation.event.key),
    )
    row = {"to": conversation.contact, **blanks_of(situation)}
    return check_rows(replies.context, draft, [row], read_zones=replies.read_zones)[0]


def blanks_of(situation: Situation) -> dict[str, object]:
    """What fills the blanks of a template: what people here called the contact, never what came in."""
    name = situation.contact_name
    return {"name": name, "first_name": name.split()[0] if name else None}


def _blocked_by(checked: PreflightResult) -> str:
    return " ".join(
        reason.text
        for reason in checked.reasons
        if reason.verdict == "block" or reason.rule in _WITHOUT_PERSON
    )


def _outcome(template: str, result: SendResult) -> RuleAction:
    if result.is_done:
        return RuleAction(ANSWER, template, "sent")
    outcome = {"unclear": "unknown", "blocked": "blocked"}.get(result.state, "failed")
    return RuleAction(ANSWER, template, outcome, result.why())

"""Sends messages that were checked: claim, request, record. Everything that sends goes through here.

The intent is committed before the request and the outcome after it. A message that an earlier process began
is settled from Twilio's log first (``settle.py``); it is asked for again only if it surely never got there.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb

from workbench.lake.audit import append_audit
from workbench.lake.consent import Side
from workbench.messaging.addresses import mask
from workbench.sending.context import SendContext
from workbench.sending.optouts import address_forms
from workbench.sending.outbox import Claim, Intent, claim
from workbench.sending.outgoing import Outgoing, fingerprint, intent_key
from workbench.sending.owner import LATEST_START
from workbench.sending.pacing import Pacer
from workbench.sending.record import ended_intent, record_outcomes
from workbench.sending.results import SendResult, SendState, result
from workbench.sending.settle import settle
from workbench.sending.verdicts import PreflightResult, Reason
from workbench.twilio.sending import Accepted, NewMessage, NotSent, Outcome, SendRefused, Unclear

REQUESTS_AT_ONCE = 16
QUEUE_FULL = 21611
_LATER = frozenset({QUEUE_FULL, 20429, 14107})
"""Refusals that pass by themselves."""


def deliver(
    context: SendContext,
    messages: Sequence[PreflightResult],
    *,
    ignore_quiet_hours: bool = False,
    pacer: Pacer | None = None,
) -> list[SendResult]:
    """Send the messages that may be sent, all from one side of ours; one result for each, in their order.

    Args:
        messages: as `SendContext.preflight` checked them just now.
        pacer: holds each until its turn.
    """
    keys = [intent_key(one.outgoing, context.secret) for one in messages]
    results = {
        index: result(one, key, "already_sent", message_sid=one.facts.sent_as)
        if one.facts.sent_as
        else result(one, key, "blocked")
        for index, (one, key) in enumerate(zip(messages, keys, strict=True))
        if one.facts.sent_as or one.is_blocked
    }
    wanted = {keys[index]: one for index, one in enumerate(messages) if index not in results}
    taken = context.owner.begin(wanted)
    try:
        ended = _deliver_taken(context, {key: wanted[key] for key in taken}, ignore_quiet_hours, pacer)
    finally:
        context.owner.end(taken)
    for index, key in enumerate(keys):
        if index not in results:
            results[index] = ended.get(key) or result(messages[index], key, "unclear", problem=_BUSY)
    return [results[index] for index in range(len(messages))]


_BUSY = "The same message is being sent by another cell or process right now; its result will be there."


def _deliver_taken(
    context: SendContext, wanted: dict[str, PreflightResult], ignore_quiet_hours: bool, pacer: Pacer | None
) -> dict[str, SendResult]:
    if not wanted:
        return {}
    claims = _claim(context, wanted, ignore_quiet_hours)
    abandoned = [one.intent for one in claims if one.answer == "abandoned"]
    if abandoned:
        settle(context, abandoned, {intent.key: wanted[intent.key].outgoing.to for intent in abandoned})
        again = {intent.key: wanted[intent.key] for intent in abandoned}
        claims = [one for one in claims if one.answer != "abandoned"] + _claim(
            context, again, ignore_quiet_hours
        )
    ended = {one.intent.key: _not_ours(one, wanted[one.intent.key]) for one in claims if one.answer != "mine"}
    mine = [one.intent for one in claims if one.answer == "mine"]
    outcomes = _request(context, mine, wanted, pacer)
    for intent in mine:
        ended[intent.key] = _result(wanted[intent.key], intent.key, outcomes[intent.key])
    return _look_at_once(context, mine, outcomes, wanted, ended)


def _claim(context: SendContext, wanted: dict[str, PreflightResult], ignore_quiet_hours: bool) -> list[Claim]:
    """Commit the intents, with who sends them, in one transaction that looks at the opt-outs once more."""
    now, any_one = context.clock(), next(iter(wanted.values())).outgoing
    intents = [_intent(context, key, one, now) for key, one in wanted.items()]
    people = {
        context.contact(one.outgoing.to): address_forms(one.outgoing.to, context.privacy)
        for one in wanted.values()
    }

    def work(cursor: duckdb.DuckDBPyConnection) -> list[Claim]:
        side = Side(context.account_sid, any_one.sender, any_one.service)
        claims = claim(
            cursor, intents, people, side,
            lambda held: context.owner.is_abandoned(held.owner, held.intended_at, now),
        )  # fmt: skip
        mine = [one.intent for one in claims if one.answer == "mine"]
        if mine:
            _audit(cursor, context, mine, wanted, ignore_quiet_hours)
        return claims

    return context.lake.write(work)


def _intent(context: SendContext, key: str, checked: PreflightResult, now: datetime) -> Intent:
    out = checked.outgoing
    return Intent(
        key=key,
        attempt=0,
        state="intended",
        intended_at=now,
        batch=out.batch,
        account_sid=context.account_sid,
        contact=context.contact(out.to),
        sender=out.sender,
        messaging_service_sid=out.service,
        fingerprint=None if out.content_sid else fingerprint(out.body, context.secret),
        segments=checked.count.segments,
        media_count=len(out.media),
        send_at=out.send_at,
        price=checked.cost.amount if checked.cost else None,
        currency=checked.cost.currency if checked.cost else None,
        actor=context.actor,
        owner=context.owner.id,
    )


def _audit(
    cursor: duckdb.DuckDBPyConnection,
    context: SendContext,
    mine: Sequence[Intent],
    wanted: dict[str, PreflightResult],
    ignore_quiet_hours: bool,
) -> None:
    def subject(keys: Sequence[str]) -> str:
        return mask(wanted[keys[0]].outgoing.to) if len(keys) == 1 else f"{len(keys)} recipients"

    keys = [intent.key for intent in mine]
    detail = {
        "batch": mine[0].batch,
        "sender": mine[0].sender or mine[0].messaging_service_sid,
        "segments": sum(intent.segments for intent in mine),
        "keys": keys,
    }
    append_audit(cursor, "send", actor=context.actor, subject=subject(keys), detail=detail)
    quiet = [key for key in keys if (found := wanted[key].facts.quiet) is not None and found.is_quiet]
    if ignore_quiet_hours and quiet:
        rules = sorted({found.rule for key in quiet if (found := wanted[key].facts.quiet) is not None})
        detail = {"batch": mine[0].batch, "rules": rules, "keys": quiet}
        append_audit(
            cursor, "override-quiet-hours", actor=context.actor, subject=subject(quiet), detail=detail
        )


def _not_ours(found: Claim, checked: PreflightResult) -> SendResult:
    key = found.intent.key
    if found.answer == "sent":
        return result(checked, key, "already_sent", message_sid=found.intent.message_sid)
    if found.answer == "opted out":
        reason = Reason("opted out", "block", "Opted out a moment ago. This cannot be overridden.")
        return result(replace(checked, reasons=(*checked.reasons, reason)), key, "blocked")
    problem = _BUSY if found.answer == "busy" else found.intent.problem
    return result(checked, key, "unclear", problem=problem or "Twilio's log does not tell yet.")


# --- the requests ---


def _request(
    context: SendContext, mine: Sequence[Intent], wanted: dict[str, PreflightResult], pacer: Pacer | None
) -> dict[str, Outcome]:
    """Ask for each message once and record what came back, whatever happens meanwhile."""
    outcomes: dict[str, Outcome] = {}
    begun: set[str] = set()

    def ask(intent: Intent) -> None:
        if context.clock() - intent.intended_at > LATEST_START:
            outcomes[intent.key] = NotSent(
                "This process was held up too long; nothing was sent. Run it again."
            )
            return
        begun.add(intent.key)
        outcomes[intent.key] = context.sender.create(_new_message(context, wanted[intent.key].outgoing))

    try:
        _in_turn(mine, wanted, pacer, ask)
    finally:
        for intent in mine:
            broken = Unclear("It was interrupted before Twilio's answer.")
            outcomes.setdefault(intent.key, broken if intent.key in begun else NotSent(STOPPED))
        record_outcomes(context, mine, outcomes)
    return outcomes


STOPPED = "Stopped before its turn; nothing was sent."


def _in_turn(
    mine: Sequence[Intent], wanted: dict[str, PreflightResult], pacer: Pacer | None, ask: Any
) -> None:
    if len(mine) == 1 and pacer is None:
        ask(mine[0])
        return
    with ThreadPoolExecutor(max_workers=min(REQUESTS_AT_ONCE, max(1, len(mine)))) as pool:
        asked = []
        for intent in mine:
            if pacer is not None and not pacer.wait_for(wanted[intent.key].units):
                break
            asked.append(pool.submit(ask, intent))
        for future in asked:
            future.result()


def _new_message(context: SendContext, out: Outgoing) -> NewMessage:
    return NewMessage(
        to=out.to,
        body=out.body,
        sender=out.sender,
        service=out.service,
        media=out.media,
        send_at=out.send_at,
        validity_seconds=out.validity_seconds,
        content_sid=out.content_sid,
        content_variables=out.content_variables,
        status_callback=context.status_callback,
    )


def _result(checked: PreflightResult, key: str, outcome: Outcome) -> SendResult:
    if isinstance(outcome, Accepted):
        return result(checked, key, _accepted(checked), message_sid=outcome.message_sid)
    if isinstance(outcome, SendRefused):
        later = outcome.code in _LATER or outcome.status == 429
        return result(
            checked, key, "failed", error_code=outcome.code, problem=outcome.problem, can_retry=later
        )
    if isinstance(outcome, NotSent):
        if outcome.problem == STOPPED:
            return result(checked, key, "stopped", problem=STOPPED)
        return result(checked, key, "failed", problem=outcome.problem, can_retry=True)
    return result(checked, key, "unclear", problem=outcome.problem)


def _accepted(checked: PreflightResult) -> SendState:
    return "sent" if checked.outgoing.send_at is None else "scheduled"


def _look_at_once(
    context: SendContext,
    mine: Sequence[Intent],
    outcomes: dict[str, Outcome],
    wanted: dict[str, PreflightResult],
    ended: dict[str, SendResult],
) -> dict[str, SendResult]:
    """What broke off a moment ago is mostly in the log already; what is not stays unclear until later."""
    unclear = [
        ended_intent(intent, outcomes[intent.key]) for intent in mine if ended[intent.key].state == "unclear"
    ]
    if not unclear:
        return ended
    numbers = {intent.key: wanted[intent.key].outgoing.to for intent in unclear}
    for key, decision in settle(context, unclear, numbers).items():
        checked = wanted[key]
        if decision.answer == "accepted" and decision.row is not None:
            ended[key] = result(checked, key, _accepted(checked), message_sid=decision.row.message_sid)
        elif decision.answer == "undecided":
            ended[key] = replace(ended[key], problem=f"{ended[key].problem} {decision.reason}")
    return ended

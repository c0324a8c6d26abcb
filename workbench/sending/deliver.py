"""Sends messages that were checked: claim, request, record. Everything that sends goes through here.

The intent is committed before the request and the outcome after it. A message that an earlier process began
is settled from Twilio's log first (``settle.py``); it is asked for again only if it surely never got there.
Each message is one `Attempt`, which every step takes further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import duckdb

from workbench.lake.audit import append_audit
from workbench.lake.consent import Side
from workbench.messaging.addresses import mask
from workbench.sending.attempt import HELD_UP, INTERRUPTED, Attempt
from workbench.sending.context import SendContext
from workbench.sending.optouts import address_forms
from workbench.sending.outbox import Claim, Intent, claim
from workbench.sending.outgoing import Outgoing, fingerprint, intent_key
from workbench.sending.owner import LATEST_START, Pledge
from workbench.sending.pacing import Pacer
from workbench.sending.record import record_outcomes
from workbench.sending.results import SendResult
from workbench.sending.settle import settle
from workbench.sending.verdicts import PreflightResult
from workbench.twilio.sending import NewMessage, Unclear

REQUESTS_AT_ONCE = 16


def deliver(
    context: SendContext,
    messages: Sequence[PreflightResult],
    *,
    ignore_quiet_hours: bool = False,
    pacer: Pacer | None = None,
) -> list[SendResult]:
    """Send the messages that may be sent, all from one sender or service; a result for each, in their order.

    Args:
        messages: as `SendContext.preflight` checked them just now.
        pacer: holds each until its turn.
    """
    attempts = [Attempt(checked, intent_key(checked.outgoing, context.secret)) for checked in messages]
    # By key: the same message twice is one attempt.
    undecided = {attempt.key: attempt for attempt in attempts if not attempt.is_decided}
    free_keys = context.owner.begin(undecided)
    try:
        _send(context, [undecided[key] for key in undecided if key in free_keys], ignore_quiet_hours, pacer)
    finally:
        context.owner.end(free_keys)
    return [
        attempt.result() if attempt.is_decided else undecided[attempt.key].result() for attempt in attempts
    ]


def _send(
    context: SendContext, attempts: Sequence[Attempt], ignore_quiet_hours: bool, pacer: Pacer | None
) -> None:
    """Take attempts that no other thread of this process has as far as they come."""
    # Before the first claim: what is claimed after a loss would not be under it.
    pledge = context.owner.pledge()
    _claim(context, attempts, ignore_quiet_hours)
    _settle_abandoned(context, attempts, ignore_quiet_hours)
    claimed = [attempt for attempt in attempts if attempt.is_claimed]
    _request(context, claimed, pacer, pledge)
    _look_into_log(context, claimed)


# --- the claim ---


def _settle_abandoned(context: SendContext, attempts: Sequence[Attempt], ignore_quiet_hours: bool) -> None:
    """Let Twilio's log decide about what an earlier process began, and claim again what never got there."""
    abandoned = [attempt for attempt in attempts if attempt.is_abandoned]
    if abandoned:
        numbers = {attempt.key: attempt.checked.outgoing.to for attempt in abandoned}
        settle(context, [attempt.intent for attempt in abandoned], numbers)
        _claim(context, abandoned, ignore_quiet_hours)


def _claim(context: SendContext, attempts: Sequence[Attempt], ignore_quiet_hours: bool) -> None:
    """Commit the intents, with who sends them, in one transaction that looks at the opt-outs once more."""
    if not attempts:
        return
    now, outgoing = context.clock(), [attempt.checked.outgoing for attempt in attempts]
    intents = [_intent(context, attempt, now) for attempt in attempts]
    people = {context.contact(out.to): address_forms(out.to, context.privacy) for out in outgoing}
    side = Side(context.account_sid, outgoing[0].sender, outgoing[0].service)

    def is_abandoned(intent: Intent) -> bool:
        return context.owner.is_abandoned(intent.owner, intent.intended_at, now)

    def work(cursor: duckdb.DuckDBPyConnection) -> list[Claim]:
        claims = claim(cursor, intents, people, side, is_abandoned)
        _audit(cursor, context, list(zip(attempts, claims, strict=True)), ignore_quiet_hours)
        return claims

    for attempt, answer in zip(attempts, context.lake.write(work), strict=True):
        attempt.claim = answer


def _intent(context: SendContext, attempt: Attempt, now: datetime) -> Intent:
    checked, out = attempt.checked, attempt.checked.outgoing
    return Intent(
        key=attempt.key,
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
    claims: Sequence[tuple[Attempt, Claim]],
    ignore_quiet_hours: bool,
) -> None:
    """Note who sends the claimed messages, and whose quiet hours were overridden."""
    claimed = [(attempt, answer.intent) for attempt, answer in claims if answer.answer == "mine"]
    if not claimed:
        return
    attempts, first = [attempt for attempt, _ in claimed], claimed[0][1]
    detail = {
        "batch": first.batch,
        "sender": first.sender or first.messaging_service_sid,
        "segments": sum(intent.segments for _, intent in claimed),
        "keys": [attempt.key for attempt in attempts],
    }
    append_audit(cursor, "send", actor=context.actor, subject=_subject(attempts), detail=detail)
    in_quiet_hours = [
        (attempt, quiet.rule)
        for attempt in attempts
        if (quiet := attempt.checked.facts.quiet) and quiet.is_quiet
    ]
    if ignore_quiet_hours and in_quiet_hours:
        overridden = [attempt for attempt, _ in in_quiet_hours]
        detail = {
            "batch": first.batch,
            "rules": sorted({rule for _, rule in in_quiet_hours}),
            "keys": [attempt.key for attempt in overridden],
        }
        append_audit(
            cursor, "override-quiet-hours", actor=context.actor, subject=_subject(overridden), detail=detail
        )


def _subject(attempts: Sequence[Attempt]) -> str:
    if len(attempts) == 1:
        return mask(attempts[0].checked.outgoing.to)
    return f"{len(attempts)} recipients"


# --- the request ---


def _request(context: SendContext, claimed: Sequence[Attempt], pacer: Pacer | None, pledge: Pledge) -> None:
    """Ask for each message once and record what came back, whatever happens meanwhile."""

    def ask(attempt: Attempt) -> None:
        if context.clock() - attempt.intent.intended_at > LATEST_START or not pledge.is_kept():
            attempt.outcome = HELD_UP
            return
        attempt.outcome = INTERRUPTED
        attempt.outcome = context.sender.create(_new_message(context, attempt.checked.outgoing))

    try:
        _in_turn(claimed, pacer, ask)
    finally:
        record_outcomes(context, claimed)


def _in_turn(claimed: Sequence[Attempt], pacer: Pacer | None, ask: Callable[[Attempt], None]) -> None:
    if len(claimed) == 1 and pacer is None:
        ask(claimed[0])
        return
    with ThreadPoolExecutor(max_workers=min(REQUESTS_AT_ONCE, max(1, len(claimed)))) as pool:
        futures = []
        for attempt in claimed:
            if pacer is not None and not pacer.wait_for(attempt.checked.units):
                break
            futures.append(pool.submit(ask, attempt))
        for future in futures:
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


def _look_into_log(context: SendContext, claimed: Sequence[Attempt]) -> None:
    """Settle unclear outcomes: most are in the log a moment later; what is not stays unclear for now."""
    unclear = [attempt for attempt in claimed if isinstance(attempt.outcome, Unclear)]
    if not unclear:
        return
    numbers = {attempt.key: attempt.checked.outgoing.to for attempt in unclear}
    matches = settle(context, [attempt.ended_intent() for attempt in unclear], numbers)
    for attempt in unclear:
        attempt.log_match = matches[attempt.key]

"""Cancels what is scheduled at Twilio for people who opted out since.

A message is checked when it is scheduled, and Twilio itself refuses only its own STOP words. So this looks at
all that is scheduled, again and again. It remembers nothing beside the lake and Twilio: ended at any moment,
the next look does the rest. What could not be cancelled is tried again until its time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from workbench.display.formats import plural
from workbench.errors import TwilioAuthError, TwilioError, TwilioUnavailable
from workbench.lake.audit import append_audit
from workbench.messaging.number_masking import mask_numbers
from workbench.sending.cancel import CANCELED, cancel, keep_answer
from workbench.sending.context import SendContext
from workbench.sending.scheduled import (
    STILL_SCHEDULED,
    UnwantedMessage,
    count_unclear,
    has_scheduled,
    read_scheduled_for,
    read_unwanted,
)
from workbench.sending.settle import settle_all
from workbench.twilio.resources import fetch_message

log = logging.getLogger(__name__)

FAILED, MISSED = "cancel-failed", "cancel-missed"
"""In the audit trail: it could not be cancelled yet, and its time came first."""

MISSED_WITHIN = timedelta(days=3)
"""What was due earlier is history: the audits of the page Compliance count it."""

_NEVER_SENT = frozenset({"canceled", "failed"})
_NAMED = 5


@dataclass(frozen=True)
class CancelRun:
    """What one look at the scheduled messages did."""

    cancelled: int = 0
    waiting: tuple[str, ...] = ()
    """SIDs of messages that could not be cancelled yet."""
    problem: str = ""
    """Why the last of these could not."""
    unclear: int = 0
    """Messages of which nobody knows whether Twilio has them."""
    missed: tuple[str, ...] = ()
    """SIDs of messages whose time came before they were cancelled, said for the first time."""
    is_behind: bool = False
    """Whether it ended early and there is more to cancel."""

    def __str__(self) -> str:
        return f"{plural(self.cancelled, 'message')} to people who opted out cancelled"

    def trouble(self) -> str:
        """What is wrong, in sentences; empty where all is well."""
        sentences = []
        if self.waiting:
            sentences.append(
                f"{_named(self.waiting)} to people who opted out could not be cancelled yet: {self.problem} "
                "It is tried again until their time; `workbench outbox cancel SID` tries one at once."
            )
        if self.unclear:
            sentences.append(
                f"Of {plural(self.unclear, 'message')} to people who opted out nobody knows whether Twilio "
                "scheduled them: run `workbench outbox settle`."
            )
        if self.missed:
            sentences.append(
                f"{_named(self.missed)} to people who opted out were not cancelled before their time; "
                "the audit trail says when each was due."
            )
        return " ".join(sentences)


def cancel_unwanted(context: SendContext, is_over: Callable[[], bool] = lambda: False) -> CancelRun:
    """Cancel every scheduled message that an opt-out reaches now.

    Args:
        is_over: whether to end early, asked before each message.

    Raises:
        LakeError: the lake cannot be read or written now.
    """
    now = context.clock()
    with context.lake.cursor() as cursor:
        if not has_scheduled(cursor, now):
            return CancelRun()
        unclear = count_unclear(cursor, context.account_sid, now)
    if unclear:
        settle_all(context)
    with context.lake.cursor() as cursor:
        unclear = count_unclear(cursor, context.account_sid, now) if unclear else 0
        unwanted = [each for each in read_unwanted(cursor, context.account_sid, now) if _is_waiting(each)]
    # First what was not tried yet: one that is refused again and again holds up no other.
    unwanted.sort(key=lambda message: (FAILED in message.audited, message.send_at))
    waiting, problem, cancelled = list[str](), "", 0
    for number, message in enumerate(unwanted):
        if is_over():
            left = tuple(each.message_sid for each in unwanted[number:])
            return CancelRun(cancelled, (*waiting, *left), problem or "It ended early.", unclear, (), True)
        failure = _cancel(context, message)
        if failure:
            waiting.append(message.message_sid)
            problem = failure
        else:
            cancelled += 1
    return CancelRun(cancelled, tuple(waiting), problem, unclear)


def cancel_for(context: SendContext, contacts: Sequence[str], because: str) -> int:
    """Cancel whatever was scheduled from here for one person; how many were.

    One that Twilio does not cancel any more is left as it is.

    Raises:
        TwilioUnavailable: no answer; doing the same again does no harm.
        TwilioAuthError: the credentials are refused.
    """
    with context.lake.cursor() as cursor:
        scheduled = read_scheduled_for(cursor, context.account_sid, contacts, context.clock())
    cancelled = 0
    for message_sid in scheduled:
        try:
            cancel(context, message_sid, {"because": because})
            cancelled += 1
        except (TwilioUnavailable, TwilioAuthError):
            raise
        except TwilioError as error:
            log.info("message %s is not scheduled any more: %s", message_sid, error)
    return cancelled


def note_missed(context: SendContext) -> tuple[str, ...]:
    """Write into the audit trail whose time came before they were cancelled, each once; their SIDs.

    Twilio is asked first what became of each. Where it does not answer, the next call says it.

    Raises:
        LakeError: the lake cannot be read or written now.
    """
    now = context.clock()
    with context.lake.cursor() as cursor:
        unwanted = read_unwanted(cursor, context.account_sid, now - MISSED_WITHIN)
    return tuple(
        message.message_sid
        for message in unwanted
        if message.send_at <= now and message.opt_out[2] < message.send_at
        and message.status not in _NEVER_SENT and not {CANCELED, MISSED} & message.audited
        and _note_if_missed(context, message)
    )  # fmt: skip


def _note_if_missed(context: SendContext, message: UnwantedMessage) -> bool:
    try:
        told = fetch_message(context.log, context.account_sid, message.message_sid)
    except TwilioError as error:
        log.warning("what became of message %s cannot be asked now: %s", message.message_sid, error)
        return False
    if told is not None and told.get("status") in _NEVER_SENT:
        keep_answer(context, message.message_sid, told, None)
        return False
    log.error("message %s was not cancelled before its time", message.message_sid)
    if told is None:
        _audit(context, message, MISSED, "missing")
    else:
        keep_answer(context, message.message_sid, told, MISSED, _because(message))
    return True


def _is_waiting(message: UnwantedMessage) -> bool:
    return CANCELED not in message.audited and (message.status is None or message.status in STILL_SCHEDULED)


def _cancel(context: SendContext, message: UnwantedMessage) -> str:
    """Cancel one; why not, empty where it will not be sent any more or is no longer scheduled."""
    try:
        cancel(context, message.message_sid, _because(message))
    except (TwilioUnavailable, TwilioAuthError) as error:
        problem = str(error)
    except TwilioError as error:
        problem = _look_after_refusal(context, message, str(error))
    else:
        return ""
    if problem:
        log.warning("message %s to somebody who opted out is still scheduled", message.message_sid)
        if FAILED not in message.audited:
            _audit(context, message, FAILED, message.status or "unknown", mask_numbers(problem))
    return problem


def _look_after_refusal(context: SendContext, message: UnwantedMessage, refusal: str) -> str:
    """Ask what became of one that Twilio does not cancel: another process may have, or its time came."""
    try:
        told = fetch_message(context.log, context.account_sid, message.message_sid)
    except TwilioError:
        return refusal
    if told is None:
        _audit(context, message, CANCELED, "missing")
        return ""
    status = told.get("status")
    if status in STILL_SCHEDULED:
        return refusal
    action = CANCELED if status == "canceled" else FAILED
    keep_answer(context, message.message_sid, told, action, _because(message))
    return ""


def _because(message: UnwantedMessage) -> dict[str, str]:
    scope, source, since = message.opt_out
    return {
        "because": "opted out",
        "scope": scope,
        "source": mask_numbers(source),
        "opted_out_at": since.isoformat(),
        "send_at": message.send_at.isoformat(),
    }


def _audit(
    context: SendContext, message: UnwantedMessage, action: str, status: str, problem: str = ""
) -> None:
    detail = {**_because(message), "status": status, **({"problem": problem} if problem else {})}
    context.lake.write(
        lambda cursor: append_audit(
            cursor, action, actor=context.actor, subject=message.message_sid, detail=detail
        )
    )


def _named(message_sids: tuple[str, ...]) -> str:
    rest = len(message_sids) - _NAMED
    more = f" and {rest:,} more" if rest > 0 else ""
    return f"{plural(len(message_sids), 'scheduled message')} ({', '.join(message_sids[:_NAMED])}{more})"

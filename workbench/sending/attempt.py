"""One message on its way through a send: preflight's verdict, the claim, the outcome, the result. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbench.sending.log_matching import LogMatch
from workbench.sending.outbox import Claim, Intent, State
from workbench.sending.results import SendResult, SendState, result
from workbench.sending.verdicts import PreflightResult, Reason
from workbench.twilio.sending import Accepted, NotSent, Outcome, SendRefused, Unclear

QUEUE_FULL = 21611
_TEMPORARY = frozenset({QUEUE_FULL, 20429, 14107})
"""Error codes of refusals after which the same request may succeed."""

STOPPED = NotSent("Stopped before its turn; nothing was sent.")
HELD_UP = NotSent("This process was held up too long; nothing was sent. Run it again.")
INTERRUPTED = Unclear("It was interrupted before Twilio's answer.")

BUSY = "The same message is being sent by another cell or process right now; its result will be there."
_OPTED_OUT = Reason("opted out", "block", "Opted out a moment ago. This cannot be overridden.")

_STATES: dict[type[Outcome], State] = {
    Accepted: "accepted", SendRefused: "refused", NotSent: "unsent", Unclear: "unclear"
}  # fmt: skip


@dataclass
class Attempt:
    """One message of one call. Each step of the send fills in one field; `result` reads them all."""

    checked: PreflightResult
    key: str
    claim: Claim | None = None
    """What the outbox answered; None until it was asked."""
    outcome: Outcome = STOPPED
    """How the request would have ended if everything stopped now: true at every moment."""
    log_match: LogMatch | None = None
    """What Twilio's log tells about an unclear outcome; None where nobody looked."""

    @property
    def is_decided(self) -> bool:
        """Whether preflight decided already: a rule blocks it, or it was sent before."""
        return self.checked.facts.sent_as is not None or self.checked.is_blocked

    @property
    def is_claimed(self) -> bool:
        """Whether its intent is committed and the request is ours to make."""
        return self.claim is not None and self.claim.answer == "mine"

    @property
    def is_abandoned(self) -> bool:
        """Whether an earlier process began it and will not finish it."""
        return self.claim is not None and self.claim.answer == "abandoned"

    @property
    def intent(self) -> Intent:
        """The intent of its claim: ours, or the one that is in the way."""
        assert self.claim is not None, "the outbox was not asked for this message"
        return self.claim.intent

    def ended_intent(self) -> Intent:
        """The intent with its outcome, as the outbox records it."""
        state = _STATES[type(self.outcome)]
        if isinstance(self.outcome, Accepted):
            return replace(self.intent, state=state, message_sid=self.outcome.message_sid)
        code = self.outcome.code if isinstance(self.outcome, SendRefused) else None
        return replace(self.intent, state=state, error_code=code, problem=self.outcome.problem)

    def result(self) -> SendResult:
        """The result for the sender, as far as the message has come."""
        if self.checked.facts.sent_as is not None:
            return result(self.checked, self.key, "already_sent", message_sid=self.checked.facts.sent_as)
        if self.checked.is_blocked:
            return result(self.checked, self.key, "blocked")
        return self._result_of_outcome() if self.is_claimed else self._result_of_claim()

    def _result_of_claim(self) -> SendResult:
        if self.claim is None or self.claim.answer == "busy":
            return self._unclear(BUSY)
        if self.claim.answer == "sent":
            return result(self.checked, self.key, "already_sent", message_sid=self.intent.message_sid)
        if self.claim.answer == "opted out":
            blocked = replace(self.checked, reasons=(*self.checked.reasons, _OPTED_OUT))
            return result(blocked, self.key, "blocked")
        return self._unclear(self.intent.problem or "Twilio's log does not tell yet.")

    def _result_of_outcome(self) -> SendResult:
        outcome = self.outcome
        if isinstance(outcome, Accepted):
            return self._sent_as(outcome.message_sid)
        if isinstance(outcome, SendRefused):
            is_temporary = outcome.code in _TEMPORARY or outcome.status == 429
            return self._failed(outcome.problem, outcome.code, can_retry=is_temporary)
        if outcome == STOPPED:
            return result(self.checked, self.key, "stopped", problem=STOPPED.problem)
        if isinstance(outcome, NotSent):
            return self._failed(outcome.problem, can_retry=True)
        return self._result_of_log(outcome)

    def _result_of_log(self, outcome: Unclear) -> SendResult:
        match = self.log_match
        if match is not None and match.row is not None:
            return self._sent_as(match.row.message_sid)
        if match is not None and match.answer == "undecided":
            return self._unclear(f"{outcome.problem} {match.reason}")
        return self._unclear(outcome.problem)

    def _sent_as(self, message_sid: str) -> SendResult:
        state: SendState = "sent" if self.checked.outgoing.send_at is None else "scheduled"
        return result(self.checked, self.key, state, message_sid=message_sid)

    def _failed(self, problem: str, code: int | None = None, *, can_retry: bool) -> SendResult:
        return result(self.checked, self.key, "failed", error_code=code, problem=problem, can_retry=can_retry)

    def _unclear(self, problem: str) -> SendResult:
        return result(self.checked, self.key, "unclear", problem=problem)

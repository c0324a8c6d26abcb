"""Makes the data that a browser gets about the contact of a conversation: numbers masked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from workbench.browser.inbox_answers import ConsentStepLine, CustomerAnswer, OtherConversationLine
from workbench.conversations.customer import ConsentStep, Customer, OtherConversation
from workbench.display import formats, moments
from workbench.lake.consent import EVERYTHING
from workbench.messaging.addresses import mask

_KINDS = {"opt-in": "Opted in", "opt-out": "Opted out", "lift": "Opt-out taken back"}
_SOURCES = {
    "keyword": "keyword",
    "twilio-21610": "refused by Twilio (21610)",
    "revocation": "opt-out request, decided",
}


def customer_shown(
    customer: Customer, names: Mapping[str, str], timezone: str, *, with_evidence: bool
) -> CustomerAnswer:
    """The panel beside a thread.

    Args:
        with_evidence: what proves consent may hold whole numbers, and is not for everybody.
    """
    return {
        "received": customer.received,
        "sent": customer.sent,
        "failed": customer.failed,
        "costs": [formats.money(amount, currency) for currency, amount in customer.costs],
        "unpriced": customer.unpriced,
        "blocked": [
            f"{_scope(scope, names)} since {_day(since, timezone)}" for scope, _, since in customer.blocked
        ],
        "consent": [_step(step, names, timezone, with_evidence) for step in customer.consent],
        "more_consent": customer.more_consent,
        "others": [_other(other, names, timezone) for other in customer.others],
        "more_others": customer.more_others,
    }


def _step(step: ConsentStep, names: Mapping[str, str], timezone: str, with_evidence: bool) -> ConsentStepLine:
    who = f" by {step.actor.partition(':')[2]}" if step.actor else ""
    proof = f": {step.evidence}" if step.evidence and with_evidence else ""
    return {
        "kind": step.kind,
        "text": f"{_KINDS.get(step.kind, step.kind)} of {_scope(step.scope, names)}",
        "detail": f"{_SOURCES.get(step.source, step.source)}{who}{proof}",
        "at": moments.short_moment(step.happened_at, timezone),
    }


def _other(other: OtherConversation, names: Mapping[str, str], timezone: str) -> OtherConversationLine:
    return {
        "id": other.conversation_id,
        "side": names.get(other.our_side) or mask(other.our_side),
        "contact": mask(other.contact),
        "messages": formats.plural(other.messages, "message"),
        "last": _day(other.last_at, timezone),
    }


def _scope(scope: str, names: Mapping[str, str]) -> str:
    if scope == EVERYTHING:
        return "everything"
    return names.get(scope) or (scope if scope.startswith("topic:") else mask(scope))


def _day(moment: datetime, timezone: str) -> str:
    return moments.short_moment(moment, timezone).partition(",")[0]

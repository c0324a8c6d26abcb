"""The verdict on every message of one call: each by itself, then repeats, then the caps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from workbench.messaging.person import person_of
from workbench.sending.outgoing import Outgoing
from workbench.sending.rules import RULES
from workbench.sending.verdicts import Policy, PreflightResult, Price, Reason, RecipientFacts
from workbench.settings import Money


def check(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> PreflightResult:
    """The verdict on one message by itself."""
    smart = facts.service is not None and facts.service.smart_encoding
    count = outgoing.segments(smart)
    reasons = (rule(outgoing, facts, policy) for rule in RULES)
    cost = _cost(outgoing, facts.price, count.segments)
    return PreflightResult(outgoing, facts, count, tuple(reason for reason in reasons if reason), cost)


def check_all(
    messages: Sequence[tuple[Outgoing, RecipientFacts]],
    policy: Policy,
    sent_today: int = 0,
    spent_today: Money | None = None,
) -> list[PreflightResult]:
    """The verdicts on all messages of one call: each by itself, then repeats, then the caps on the whole.

    Args:
        sent_today: messages of the last 24 hours.
        spent_today: their estimated price, in the currency of the caps.
    """
    checked = _without_repeats([check(outgoing, facts, policy) for outgoing, facts in messages])
    over = [*_message_caps(checked, policy, sent_today), *_spend_caps(checked, policy, spent_today)]
    if not over:
        return checked
    return [replace(result, reasons=(*result.reasons, *over)) for result in checked]


def _cost(outgoing: Outgoing, price: Price | None, segments: int) -> Money | None:
    if price is None:
        return None
    return Money(price.per_unit * (1 if price.is_per_message else segments), price.currency)


def _without_repeats(checked: Sequence[PreflightResult]) -> list[PreflightResult]:
    """Block the second of two messages with the same text to the same person: it is a mistake in the list."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for result in checked:
        out = result.outgoing
        identity = (person_of(out.to), out.body, out.media, out.content_sid, out.content_variables, out.batch)
        if identity in seen:
            text = "The same text to the same recipient is further up in the list."
            result = replace(result, reasons=(*result.reasons, Reason("duplicate", "block", text)))
        seen.add(identity)
        kept.append(result)
    return kept


def _message_caps(checked: Sequence[PreflightResult], policy: Policy, sent_today: int) -> list[Reason]:
    wanted, settings = _new_messages(checked), policy.settings
    reasons = []
    if len(wanted) > settings.max_messages_per_batch:
        most = f"{settings.max_messages_per_batch:,}"
        text = f"{len(wanted):,} messages; [sending] max_messages_per_batch is {most}."
        reasons.append(Reason("cap", "block", text))
    if wanted and sent_today + len(wanted) > settings.max_messages_per_day:
        text = (
            f"{sent_today:,} messages were sent in the last 24 hours and {len(wanted):,} would follow; "
            f"[sending] max_messages_per_day is {settings.max_messages_per_day:,}."
        )
        reasons.append(Reason("cap", "block", text))
    return reasons


def _spend_caps(
    checked: Sequence[PreflightResult], policy: Policy, spent_today: Money | None
) -> list[Reason]:
    wanted = _new_messages(checked)
    caps = (
        ("max_spend_per_batch", policy.settings.max_spend_per_batch, Decimal(0)),
        (
            "max_spend_per_day",
            policy.settings.max_spend_per_day,
            spent_today.amount if spent_today else Decimal(0),
        ),
    )
    reasons = [
        _spend_cap(wanted, name, cap, before) for name, cap, before in caps if cap is not None and wanted
    ]
    return [reason for reason in reasons if reason]


def _spend_cap(wanted: Sequence[PreflightResult], name: str, cap: Money, before: Decimal) -> Reason | None:
    """The reason to block, if any. A cap that cannot be compared with the prices blocks, too."""
    unknown = sum(result.cost is None for result in wanted)
    currencies = {result.cost.currency for result in wanted if result.cost}
    others = sorted(currencies - {cap.currency})
    if unknown or others:
        what = (
            f"{unknown:,} messages have no known price" if unknown else f"prices are in {', '.join(others)}"
        )
        return Reason(
            "cap", "block", f"[sending] {name} is {cap}, but {what}: run `workbench sync`, or change the cap."
        )
    total = before + sum((result.cost.amount for result in wanted if result.cost), Decimal(0))
    if total <= cap.amount:
        return None
    return Reason("cap", "block", f"About {Money(total, cap.currency)} is more than [sending] {name}, {cap}.")


def _new_messages(checked: Sequence[PreflightResult]) -> list[PreflightResult]:
    return [result for result in checked if not result.is_blocked and result.facts.sent_as is None]

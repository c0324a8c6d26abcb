"""Messages that were checked, sent if somebody said yes; otherwise what would become of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from workbench.messaging.written import is_missing
from workbench.sending.compose import Draft, compose_rows, draft_texts
from workbench.sending.context import SendContext
from workbench.sending.deliver import deliver
from workbench.sending.outgoing import intent_key
from workbench.sending.results import SendResult, result
from workbench.sending.unused import refuse_unused
from workbench.sending.verdicts import PreflightResult

Row = Mapping[str, object]


def check_rows(
    context: SendContext,
    draft: Draft,
    rows: Sequence[Row],
    variables: Mapping[str, object] | None = None,
    *,
    read_zones: Callable[[Sequence[str]], Mapping[str, str]],
    ignore_quiet_hours: bool = False,
) -> list[PreflightResult]:
    """The verdict on the message to each row; sends nothing.

    Args:
        variables: what fills blanks for which a row has no column.
        read_zones: the time zones that somebody set for these recipients; a row's `time_zone` goes before.

    Raises:
        UsageError: a variable would fill no blank.
    """
    if variables:
        columns = set(rows[0]).intersection(*rows) if rows else set()
        refuse_unused(variables, draft_texts(draft, rows), columns)
    messages = compose_rows(draft, rows, context.settings, variables)
    zones = dict(read_zones([message.to for message in messages]))
    for message, row in zip(messages, rows, strict=True):
        if not is_missing(row.get("time_zone")):
            zones[message.to] = str(row["time_zone"])
    return replace(context, zones=zones).preflight(messages, ignore_quiet_hours=ignore_quiet_hours)


def send_checked(
    context: SendContext, checked: PreflightResult, confirmed: bool, *, ignore_quiet_hours: bool = False
) -> SendResult:
    """Send one message, if somebody said yes."""
    if not confirmed and not checked.is_blocked and checked.facts.sent_as is None:
        problem = "Nothing was sent: give confirm=True (--confirm) to send it."
        key = intent_key(checked.outgoing, context.secret)
        return result(checked, key, "unconfirmed", problem=problem)
    return deliver(context, [checked], ignore_quiet_hours=ignore_quiet_hours)[0]


def unconfirmed_results(context: SendContext, checked: Sequence[PreflightResult]) -> list[SendResult]:
    """What would become of each row of a batch that nobody said yes to."""
    problem = f"Nothing was sent: give confirm={len(checked)} to send."
    return [
        result(
            row,
            intent_key(row.outgoing, context.secret),
            "blocked" if row.is_blocked else "already_sent" if row.facts.sent_as else "unconfirmed",
            problem=None if row.is_blocked else problem,
            message_sid=row.facts.sent_as,
        )
        for row in checked
    ]

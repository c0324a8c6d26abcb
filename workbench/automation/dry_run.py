"""What rules would have done on past messages, or on texts of a table. Changes nothing, sends nothing.

What is not known of the past is as it is now: labels, names and languages. The guard of automatic answers
counts the answers that the dry run itself would have given; the rules of sending are not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.automation.built_in import ACTING
from workbench.automation.calendar import Calendar
from workbench.automation.plan import plan
from workbench.automation.reply_guard import DAY, ReplyHistory, refusal
from workbench.automation.situation import RuleEvent, Situation, kinds_of
from workbench.automation.words_of_rules import action_words
from workbench.conversations.find import Conversation
from workbench.errors import UsageError
from workbench.messaging.addresses import country, mask
from workbench.settings.rules import RuleSettings
from workbench.settings.values import read_length


@dataclass(frozen=True)
class DryRunMatch:
    """One rule that would have fired; `reply` says whether it would have answered, or why not."""

    at: datetime
    contact: str
    rule: str
    does: str
    reply: str
    body: str
    message_sid: str


def dry_run(
    rules: Sequence[RuleSettings], situations: Iterable[Situation], calendar: Calendar, only: str | None
) -> list[DryRunMatch]:
    """What these rules would have done, in the order of the messages.

    Args:
        rules: the enabled ones, and the one that is tried out.
        only: show this rule only; the others still stop it, as they would have.
    """
    answered: list[tuple[str, str, datetime]] = []
    matches = []
    for situation in situations:
        contact = situation.conversation.contact or situation.event.key
        for planned in plan((*ACTING, *rules), situation, calendar, situation.happened_at):
            rule, reply = planned.rule, planned.no_reply
            if planned.replies:
                now = _fired_at(rule, situation)
                reply = refusal(rule, situation, _history(answered, rule.name, contact, now), now)
                if not reply:
                    answered.append((rule.name, contact, now))
                    reply = f"sends {rule.actions.reply}, if the rules of sending let it"
            if only in (None, rule.name):
                matches.append(_match(situation, rule, reply))
    return matches


def _match(situation: Situation, rule: RuleSettings, reply: str) -> DryRunMatch:
    return DryRunMatch(
        at=_fired_at(rule, situation),
        contact=mask(situation.conversation.contact),
        rule=rule.name,
        does=action_words(rule.actions),
        reply=reply,
        body=situation.body,
        message_sid=situation.event.message_sid,
    )


def _fired_at(rule: RuleSettings, situation: Situation) -> datetime:
    if rule.after is None or situation.waiting_since is None:
        return situation.happened_at
    return situation.waiting_since + read_length(rule.after)


def _history(
    answered: Sequence[tuple[str, str, datetime]], rule: str, contact: str, now: datetime
) -> ReplyHistory:
    to_contact = [(name, at) for name, address, at in answered if address == contact]
    return ReplyHistory(
        last_to_contact=max((at for name, at in to_contact if name == rule), default=None),
        by_rule=sum(name == rule and now - at < DAY for name, _, at in answered),
        to_contact=sum(now - at < DAY for _, at in to_contact),
    )


def situations_of_rows(
    rows: Sequence[Mapping[str, str]], keyword_of: Callable[[str], str | None], now: datetime
) -> list[Situation]:
    """Texts of a table as inbound messages, each the first of its contact unless `from` came before.

    Args:
        rows: `body`, and where they have them `from`, `to`, `at` (as 2026-11-30T18:05+01:00) and `media`.
        keyword_of: the keyword that a text is.

    Raises:
        UsageError: there is no column `body`, or a cell cannot be read.
    """
    if rows and "body" not in rows[0]:
        raise UsageError(f"The table has no column 'body'; it has {', '.join(rows[0])}.")
    seen: set[str] = set()
    situations = []
    for number, row in enumerate(rows, start=1):
        contact, sender = row.get("from") or "", row.get("to") or ""
        at = _read_moment(row.get("at"), number) or now
        is_first = not contact or contact not in seen
        seen.add(contact)
        keyword = keyword_of(row["body"])
        kinds = kinds_of(keyword, is_new=is_first, is_reopened=False)
        situations.append(
            Situation(
                event=RuleEvent(kinds, f"row:{number}", f"row {number}"),
                conversation=Conversation("", sender, contact, "", sender or None),
                at=at,
                happened_at=at,
                body=row["body"],
                keyword=keyword,
                sender=sender or None,
                media=int(bool((row.get("media") or "").strip(" 0"))),
                country=country(contact),
                is_first_message=is_first,
            )
        )
    return situations


def _read_moment(text: str | None, number: int) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            f"Row {number} has the time {text!r}; write it with its zone, as 2026-11-30T18:05+01:00."
        )
    return moment

"""Why a rule may not answer by itself, whatever its conditions say. Pure.

The rules of sending (opt-outs, quiet hours, caps) come on top, at the door of every send. These here keep two
machines from writing to each other for ever: one that answers everything is stopped by each of the limits
alone, also where its texts are not recognised.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workbench.automation.situation import Situation
from workbench.automation.words import fold_words, has_phrase
from workbench.messaging.addresses import address_kind
from workbench.settings.rules import RuleSettings
from workbench.settings.values import read_length

LATEST = timedelta(minutes=10)
"""What is seen later than this (a sync after an outage) is labelled and assigned, but not answered."""
DAY = timedelta(hours=24)
MOST_TO_CONTACT = 3
"""Automatic answers of all rules together that one contact gets in 24 hours."""
AT_ONCE = timedelta(seconds=30)
MOST_AT_ONCE = 1
"""Who wrote within :data:`AT_ONCE` of an automatic text more often than this in 24 hours may be a machine."""

AUTOMATIC_PHRASES = (
    "auto reply", "autoreply", "automatic reply", "automatic response", "automated message",
    "automated response", "automatically generated", "do not reply", "out of office", "respuesta automática",
    "no responda", "réponse automatique", "ne pas répondre", "automatische Antwort", "automatisch antwoord",
    "resposta automática", "não responda", "risposta automatica", "automatiskt svar",
)  # fmt: skip
"""What automatic texts say of themselves, in some languages. Others are stopped by the limits only."""


@dataclass(frozen=True)
class ReplyHistory:
    """What was sent by rules before, and how the contact wrote since; for one rule and one contact."""

    last_to_contact: datetime | None = None
    """When this rule last answered this contact."""
    by_rule: int = 0
    """Answers of this rule to anybody in 24 hours."""
    to_contact: int = 0
    """Answers of all rules to this contact in 24 hours."""
    at_once: int = 0
    """Their messages within :data:`AT_ONCE` of an automatic text, in 24 hours."""
    our_texts: frozenset[str] = field(default=frozenset(), repr=False)
    """What we wrote to them in 24 hours, as :func:`fold_words` has it."""
    is_own_sender: bool = False
    """Whether the contact is a sender of this account."""


def refusal(
    rule: RuleSettings,
    situation: Situation,
    history: ReplyHistory,
    now: datetime,
    *,
    is_deferred: bool = False,
) -> str:
    """Why this rule may not answer this event now; empty where it may.

    Args:
        is_deferred: the answer waited for the end of quiet hours, as the rule wants it, so it may be late.
    """
    return (
        _refused_address(situation, history)
        or _refused_message(situation, history)
        or ("" if is_deferred else _refused_time(rule, situation, now))
        or _refused_number(rule, history, now)
    )


def _refused_address(situation: Situation, history: ReplyHistory) -> str:
    if not situation.conversation.is_reachable:
        return "The lake keeps no whole number of this contact."
    kind = address_kind(situation.conversation.contact)
    if kind in ("short code", "alphanumeric"):
        article = "An" if kind == "alphanumeric" else "A"
        return f"{article} {kind} sender is a machine; it is never answered automatically."
    if history.is_own_sender:
        return "The contact is a sender of this account; it is never answered automatically."
    return ""


def _refused_message(situation: Situation, history: ReplyHistory) -> str:
    if situation.keyword:
        return f"It is the keyword of an {situation.keyword}, which no rule answers."
    text = fold_words(situation.body)
    if text and text in history.our_texts:
        return "It repeats a text of ours, as machines do."
    mark = next((phrase for phrase in AUTOMATIC_PHRASES if has_phrase(text, phrase)), None)
    if mark:
        return f"It looks like an automatic text: it says {mark!r}."
    if history.at_once > MOST_AT_ONCE:
        return (
            f"They wrote {history.at_once} times within {AT_ONCE.seconds} seconds of an automatic text in 24 "
            "hours, as machines do."
        )
    return ""


def _refused_time(rule: RuleSettings, situation: Situation, now: datetime) -> str:
    happened_at = situation.happened_at
    if rule.after is not None and situation.waiting_since is not None:
        happened_at = situation.waiting_since + read_length(rule.after)
    if now - happened_at > LATEST:
        minutes = LATEST.seconds // 60
        return f"It was seen more than {minutes} minutes after it happened; a late answer would surprise."
    return ""


def _refused_number(rule: RuleSettings, history: ReplyHistory, now: datetime) -> str:
    actions = rule.actions
    if history.last_to_contact and now - history.last_to_contact < read_length(actions.reply_every):
        return f"This rule answered this contact within {actions.reply_every}."
    if history.to_contact >= MOST_TO_CONTACT:
        return f"This contact got {history.to_contact} automatic answers in 24 hours, which is the most."
    if history.by_rule >= actions.replies_per_day:
        return f"This rule sent {history.by_rule} answers in 24 hours; replies_per_day is the cap."
    return ""

"""What a rule says, in a line: for the list, the page and a dry run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.automation.conditions import given_conditions
from workbench.lake.rules import RuleAction
from workbench.settings.rules import RuleActions, RuleConditions, RuleSettings

_EVENTS: Mapping[str, str] = {
    "message_received": "A message comes in",
    "opted_out": "Somebody opts out",
    "answer_failed": "An answer fails",
    "waiting_too_long": "Somebody waits too long",
    "conversation_created": "Somebody writes for the first time in a conversation",
    "conversation_reopened": "A message opens a conversation again",
}
CONDITION_WORDS: Mapping[str, str | tuple[str, str]] = {
    "sender": "it came to {}",
    "service": "it came to the service {}",
    "country": "the number is of {}",
    "state": "the conversation is {}",
    "first_message": ("it is the contact's first message ever", "the contact has written before"),
    "question": ("it has a question mark", "it has no question mark"),
    "after_answer": ("it follows an answer of a person", "it does not follow an answer of a person"),
    "media": ("it has an attachment", "it has no attachment"),
    "contact_label": "the contact has the label {}",
    "label": "the conversation has the label {}",
    "business_hours": ("within business hours", "outside business hours"),
    "holiday": ("on a public holiday", "on no public holiday"),
    "keyword": "the whole message is {}",
    "any_words": "it has one of: {}",
    "all_words": "it has all of: {}",
    "regex": "it matches {}",
    "language": "its language is {}",
}
"""Each condition in words; two where it is true or false."""


def event_words(rule: RuleSettings) -> str:
    """When it looks."""
    return _EVENTS[rule.when] if rule.after is None else f"Somebody waits for {rule.after}"


def condition_words(conditions: RuleConditions) -> str:
    """What must hold."""
    return "; ".join(_holds(name, value) for name, value in given_conditions(conditions).items())


def _holds(name: str, value: Any) -> str:
    words = CONDITION_WORDS[name]
    if isinstance(words, tuple):
        return words[0] if value else words[1]
    return words.format(value if isinstance(value, str) else ", ".join(value))


def action_words(actions: RuleActions) -> str:
    """What it does."""
    lists = {
        "label": actions.label,
        "take off the label": actions.unlabel,
        "assign in turn to": actions.round_robin,
    }
    words = [f"{name} {', '.join(values)}" for name, values in lists.items() if values]
    words += [f"assign to {actions.assign}"] if actions.assign else []
    words += [f"set to {actions.state}"] if actions.state else []
    words += ["leave a note"] if actions.note else []
    words += ["hold for review"] if actions.hold else []
    words += [f"answer with the template {actions.reply}"] if actions.reply else []
    words += [f"tell {', '.join(actions.notify)}"] if actions.notify else []
    words += [f"post to {', '.join(actions.webhook)}"] if actions.webhook else []
    words += ["no later rule looks"] if actions.stop else []
    return "; ".join(words)


def done_words(action: RuleAction) -> str:
    """What one action did, and how it ended where that is not simply done."""
    what = f"{action.action} {action.value}".strip()
    ended = "" if action.outcome == "done" else f": {action.outcome}"
    return f"{what}{ended}{f' ({action.detail})' if action.detail else ''}"

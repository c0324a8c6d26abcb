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


def event_words(rule: RuleSettings) -> str:
    """When it looks."""
    return _EVENTS[rule.when] if rule.after is None else f"Somebody waits for {rule.after}"


def condition_words(conditions: RuleConditions) -> str:
    """What must hold, as the settings write it."""
    return ", ".join(f"{name} = {_shown(value)}" for name, value in given_conditions(conditions).items())


def action_words(actions: RuleActions) -> str:
    """What it does."""
    lists = {"label": actions.label, "unlabel": actions.unlabel, "round_robin": actions.round_robin}
    words = [f"{name} {', '.join(values)}" for name, values in lists.items() if values]
    words += [f"assign {actions.assign}"] if actions.assign else []
    words += [f"state {actions.state}"] if actions.state else []
    words += ["note"] if actions.note else []
    words += ["hold for review"] if actions.hold else []
    words += [f"reply {actions.reply}"] if actions.reply else []
    words += [f"notify {', '.join(actions.notify)}"] if actions.notify else []
    words += [f"webhook {', '.join(actions.webhook)}"] if actions.webhook else []
    words += ["stop"] if actions.stop else []
    return "; ".join(words)


def done_words(action: RuleAction) -> str:
    """What one action did, and how it ended where that is not simply done."""
    what = f"{action.action} {action.value}".strip()
    ended = "" if action.outcome == "done" else f": {action.outcome}"
    return f"{what}{ended}{f' ({action.detail})' if action.detail else ''}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ", ".join(value)

"""Rules, and what they did, as frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from workbench.automation.built_in import BUILT_IN
from workbench.automation.rules import rule_faults
from workbench.automation.words_of_rules import action_words, condition_words, done_words, event_words
from workbench.lake.rules import RuleFiring, count_firings, read_switches

if TYPE_CHECKING:
    from workbench.automation.dry_run import DryRunMatch
    from workbench.lake.connect import Readable
    from workbench.settings import Settings

_RULES = ["rule", "is_on", "set_by", "when", "if", "then", "fired", "failed", "fault"]
_MATCHES = ["at", "contact", "rule", "does", "reply", "body", "message_sid"]
_HISTORY = ["at", "rule", "outcome", "did", "conversation", "message_sid", "ended"]


def rules_frame(settings: Settings, lake: Readable, since: datetime) -> pd.DataFrame:
    """Every rule, the built-in ones last; `fired` and `failed` count since a moment."""
    switches, counts, faults = read_switches(lake), count_firings(lake, since), rule_faults(settings)
    rows: list[list[object]] = []
    for rule in settings.rules.values():
        switch, outcomes = switches.get(rule.name), counts.get(rule.name, {})
        failed = outcomes.get("failed", 0) + outcomes.get("unknown", 0)
        rows.append(
            [
                rule.name, switch.is_on if switch else rule.enabled,
                switch.switched_by if switch else "workbench.toml", event_words(rule),
                condition_words(rule.conditions), action_words(rule.actions), sum(outcomes.values()), failed,
                faults.get(rule.name, ""),
            ]
        )  # fmt: skip
    for each in BUILT_IN:
        fired = sum(counts.get(each.name, {}).values()) if each.rule else None
        none_failed = 0 if each.rule else None
        rows.append([each.name, True, "built in", each.when, "", each.does, fired, none_failed, ""])
    return pd.DataFrame(rows, columns=_RULES, dtype=object)


def matches_frame(matches: Sequence[DryRunMatch]) -> pd.DataFrame:
    """What a dry run found, the oldest first."""
    return pd.DataFrame([[getattr(each, name) for name in _MATCHES] for each in matches], columns=_MATCHES)


def history_frame(firings: Sequence[RuleFiring]) -> pd.DataFrame:
    """What rules did, the newest first."""
    rows = [
        [
            each.claimed_at, each.rule, each.outcome, "; ".join(map(done_words, each.actions)),
            each.conversation_id, each.message_sid, each.ended_at,
        ]
        for each in firings
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=_HISTORY)

"""Rules in the lake: what each fired for and did, and which were switched on or off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

import duckdb

from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake, Readable
from workbench.lake.save_rows import save_rows

FiringOutcome = Literal["claimed", "waiting", "done", "failed", "unknown"]
"""`waiting`: for the end of quiet hours. `unknown`: a part of it may have been done; it is not done again."""


@dataclass(frozen=True)
class RuleAction:
    """One thing that a rule did; `detail` is for people and has neither a number nor a text of anybody."""

    action: str
    value: str = ""
    outcome: str = "done"
    detail: str = ""


@dataclass(frozen=True)
class RuleFiring:
    """A row of `rule_firings`; times in UTC."""

    rule: str
    event_key: str
    conversation_id: str
    message_sid: str
    claimed_at: datetime
    ended_at: datetime | None = None
    outcome: FiringOutcome = "claimed"
    actions: tuple[RuleAction, ...] = ()
    assignee: str | None = None
    webhooks: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.rule, self.event_key


@dataclass(frozen=True)
class RuleSwitch:
    """A row of `rule_switches`."""

    rule: str
    is_on: bool
    switched_at: datetime
    switched_by: str


_COLUMNS = ", ".join(RuleFiring.__dataclass_fields__)


def fired_rules(cursor: duckdb.DuckDBPyConnection, event_key: str) -> set[str]:
    """The rules that fired for an event already."""
    rows = cursor.execute("select rule from rule_firings where event_key = ?", [event_key]).fetchall()
    return {row[0] for row in rows}


def last_assignee(cursor: duckdb.DuckDBPyConnection, rule: str) -> str | None:
    """Who got the last conversation that a rule gave away in turn."""
    rows = cursor.execute(
        "select max({'at': claimed_at, 'who': assignee})['who'] from rule_firings "
        "where rule = ? and assignee is not null",
        [rule],
    ).fetchall()
    return rows[0][0] if rows else None


def save_firings(cursor: duckdb.DuckDBPyConnection, firings: Sequence[RuleFiring]) -> None:
    """Add or replace rows, in the caller's transaction."""
    rows = [
        {
            **asdict(firing),
            "actions": json.dumps([asdict(action) for action in firing.actions]),
            "webhooks": json.dumps(firing.webhooks),
        }
        for firing in firings
    ]
    save_rows(cursor, "rule_firings", rows, key=("rule", "event_key"))


def read_unfinished_firings(lake: Readable) -> list[RuleFiring]:
    """Those that were begun and not ended, or that wait; the oldest first."""
    return _firings(lake, "where outcome in ('claimed', 'waiting', 'unknown') and ended_at is null", {})


def read_firings(lake: Readable, since: datetime, rule: str | None, limit: int) -> list[RuleFiring]:
    """The latest firings since a moment, of one rule or all, the newest first."""
    condition: LiteralString = (
        "where claimed_at >= $since and ($rule is null or rule = $rule) "
        "qualify row_number() over (order by claimed_at desc, event_key, rule) <= $limit"
    )
    return _firings(lake, condition, {"since": since, "rule": rule, "limit": limit})[::-1]


def read_failed_firings(lake: Readable, since: datetime) -> dict[str, tuple[int, RuleFiring]]:
    """By rule, how often it failed since a moment, and the last of these."""
    failures: dict[str, tuple[int, RuleFiring]] = {}
    for firing in _firings(lake, "where outcome = 'failed' and claimed_at >= $since", {"since": since}):
        failures[firing.rule] = failures.get(firing.rule, (0, firing))[0] + 1, firing
    return failures


def count_firings(lake: Readable, since: datetime) -> dict[str, dict[str, int]]:
    """By rule, how often each outcome came since a moment."""
    counts: dict[str, dict[str, int]] = {}
    for rule, outcome, count in lake.rows(
        "select rule, outcome, count(*) from rule_firings where claimed_at >= ? group by all", [since]
    ):
        counts.setdefault(rule, {})[outcome] = count
    return counts


def _firings(lake: Readable, condition: LiteralString, parameters: dict[str, Any]) -> list[RuleFiring]:
    sql = f"select {_COLUMNS} from rule_firings {condition} order by claimed_at, event_key, rule"
    return [_firing(*row) for row in lake.rows(sql, parameters)]


def _firing(*row: Any) -> RuleFiring:
    values = dict(zip(RuleFiring.__dataclass_fields__, row, strict=True))
    actions = tuple(RuleAction(**action) for action in json.loads(values["actions"]))
    return RuleFiring(**{**values, "actions": actions, "webhooks": tuple(json.loads(values["webhooks"]))})


def read_switches(lake: Readable) -> dict[str, RuleSwitch]:
    """Every rule that somebody switched, by its name."""
    rows = lake.rows("select rule, is_on, switched_at, switched_by from rule_switches")
    return {row[0]: RuleSwitch(*row) for row in rows}


def save_switch(lake: Lake, switch: RuleSwitch) -> None:
    """Switch a rule on or off, with its audit row, in one commit."""

    def write(cursor: duckdb.DuckDBPyConnection) -> None:
        save_rows(cursor, "rule_switches", [asdict(switch)], key=("rule",))
        append_audit(
            cursor,
            "rule-enable" if switch.is_on else "rule-disable",
            actor=switch.switched_by,
            subject=switch.rule,
            at=switch.switched_at,
        )

    lake.write(write)

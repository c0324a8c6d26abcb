"""How long data is kept: `[retention]` in workbench.toml, by table and field; bodies can go before the rest.

::

    [retention]
    bodies = 90          # days; then the texts of messages are emptied
    messages = 400       # then the messages are deleted, with everything that belongs to them
    alerts = 90          # Twilio's warnings and errors
    status_events = 400  # every status that a message had

With the texts of messages go the drafts of answers that are as old.

Removed data does not come back when Twilio's list is read again (``lake/retained.py``).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import duckdb

from workbench.compliance.finishing import finish_removals, removing_alone
from workbench.home import DRAFTS_FOLDER
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.contact_languages import forget_unkept_languages
from workbench.lake.removals import RETENTION, begin_removal
from workbench.lake.retained import BODIES, MESSAGES, move_horizon
from workbench.lake.text_templates import forget_unused_templates
from workbench.settings import RetentionSettings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RetentionRule:
    """What is removed once it is a number of days old."""

    name: str
    days: int

    def before(self, now: datetime) -> datetime:
        """The limit of age: a whole GMT day, so that each day is either kept or removed completely."""
        return datetime.combine((now - timedelta(days=self.days)).astimezone(UTC).date(), time(), UTC)

    @property
    def statements(self) -> tuple[LiteralString, LiteralString, tuple[LiteralString, ...]]:
        """Table, the condition for rows that are too old, and the statements that remove them, in order."""
        return _RULES[self.name]


_MESSAGE_TABLES = (
    "status_events", "media", "media_listings", "media_files", "tombstones", "guessed_dates",
    "webhook_fields", "revocation_decisions", "feed_events", "rule_firings",
)  # fmt: skip
_OLD = "date_created < $before"

_RULES: dict[str, tuple[LiteralString, LiteralString, tuple[LiteralString, ...]]] = {
    "bodies": (
        "raw_messages",
        f"{_OLD} and body is not null",
        (
            "update raw_messages set body = null where date_created < $before and body is not null",
            "update quarantined_rows set raw_value = null "
            "where last_seen_at < $before and raw_value is not null",
        ),
    ),
    "messages": (
        "raw_messages",
        _OLD,
        (
            *(
                f"delete from {table} where message_sid in "
                f"(select message_sid from raw_messages where {_OLD})"
                for table in _MESSAGE_TABLES
            ),
            "delete from raw_messages where date_created < $before",
            # The creation date of such a message cannot be read; it was last seen after that.
            "delete from quarantined_rows where last_seen_at < $before",
        ),
    ),
    "alerts": ("alerts", _OLD, ("delete from alerts where date_created < $before",)),
    "status_events": (
        "status_events",
        "received_at < $before",
        ("delete from status_events where received_at < $before",),
    ),
}


def retention_rules(retention: RetentionSettings) -> tuple[RetentionRule, ...]:
    """The rules of the settings, in the order in which they are applied."""
    ages: dict[str, int | None] = {name: getattr(retention, name) for name in _RULES}
    return tuple(RetentionRule(name, days) for name, days in ages.items() if days)


def run_retention(
    lake: Lake, rules: Sequence[RetentionRule], actor: str, *, confirm: bool, now: datetime | None = None
) -> pd.DataFrame:
    """Count what is too old, and with ``confirm`` remove it, also from the lake's files.

    Returns:
        One row per rule: rule, table, days, older_than (UTC), rows.
    """
    import pandas as pd

    moment = now or datetime.now(UTC)
    counts = [_count(lake, rule, moment) for rule in rules]
    if confirm and rules:
        with removing_alone(lake):
            _remove_drafts(lake.home, rules, moment)
            lake.write(lambda cursor: _apply(cursor, rules, counts, actor, moment))
            finish_removals(lake, actor)
    return pd.DataFrame(counts, columns=["rule", "table", "days", "older_than", "rows"])


def _count(lake: Lake, rule: RetentionRule, now: datetime) -> dict[str, Any]:
    table, condition, _ = rule.statements
    before = rule.before(now)
    rows = lake.value(f"select count(*) from {table} where {condition}", {"before": before})
    return {"rule": rule.name, "table": table, "days": rule.days, "older_than": before, "rows": int(rows)}


def _remove_drafts(home: Path, rules: Sequence[RetentionRule], now: datetime) -> None:
    """Remove the drafts of answers that nobody changed for as long as the texts of messages are kept."""
    limits = [rule.before(now).timestamp() for rule in rules if rule.name in (BODIES, MESSAGES)]
    for path in (home / DRAFTS_FOLDER).glob("*.json"):
        # Its person may send or remove it at this moment.
        with suppress(FileNotFoundError):
            if limits and path.stat().st_mtime < max(limits):
                path.unlink()


def _attachments(cursor: duckdb.DuckDBPyConnection, rule: RetentionRule, now: datetime) -> list[str]:
    """The files of attachments that are removed with their messages."""
    if rule.name != "messages":
        return []
    rows = cursor.execute(
        "select f.file_name from media_files f join raw_messages m using (message_sid) "
        "where m.date_created < ? and f.file_name is not null",
        [rule.before(now)],
    ).fetchall()
    return [name for (name,) in rows]


def _apply(
    cursor: duckdb.DuckDBPyConnection,
    rules: Sequence[RetentionRule],
    counts: Sequence[Mapping[str, Any]],
    actor: str,
    now: datetime,
) -> None:
    attachments = [name for rule in rules for name in _attachments(cursor, rule, now)]
    changed = 0
    for rule in rules:
        for statement in rule.statements[2]:
            changed += cursor.execute(statement, {"before": rule.before(now)}).fetchall()[0][0]
        if rule.name in (BODIES, MESSAGES):
            move_horizon(cursor, rule.name, rule.before(now), now)
    if not changed:
        return
    forget_unused_templates(cursor)
    forget_unkept_languages(cursor)
    begin_removal(cursor, uuid.uuid4().hex, RETENTION, actor=actor, begun_at=now, attachments=attachments)
    detail = {row["rule"]: {"days": row["days"], "rows": row["rows"]} for row in counts}
    append_audit(cursor, "retention", actor=actor, detail={"state": "begun", **detail}, at=now)

"""One decision about many conversations at once, and its undo.

Each conversation gets its own event and its own row of the audit trail, all in one commit. An undo restores
what each conversation had before, and leaves alone those that somebody changed since; a question that the
contact wrote since changed the state.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, LiteralString

import duckdb

from workbench.conversations.events import ConversationEvent
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.audit import NewAuditRow, append_audit_rows
from workbench.lake.save_rows import save_rows

MOST_AT_ONCE = 5_000
UNDO_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class ActionResult:
    """What an action or an undo did.

    Attributes:
        action_id: names it for its undo; empty where nothing changed.
        changed: how many conversations it changed.
        left: how many it left as they were: they had it already, or somebody changed them since, the contact
            with a question included.
        contacts: addresses of the changed conversations.
    """

    action_id: str
    changed: int
    left: int
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Before:
    """One conversation, and what it has before the action."""

    conversation_id: str
    contact: str
    value: str | None
    until: datetime | None


def decide_many(lake: Lake, conversation_ids: Sequence[str], decision: ConversationEvent) -> ActionResult:
    """Decide the same about many conversations, in one commit.

    Args:
        conversation_ids: of any message of each.

    Raises:
        UsageError: they are none or too many, or the decision is a note.
    """
    if not 1 <= len(conversation_ids) <= MOST_AT_ONCE:
        raise UsageError(
            f"{len(conversation_ids):,} conversations; allowed are 1 to {MOST_AT_ONCE:,} at once."
        )
    if decision.kind == "note":
        raise UsageError("A note belongs to one conversation; open it to write one.")
    return lake.write(lambda cursor: _decide(cursor, sorted(set(conversation_ids)), decision))


def undo_action(lake: Lake, action_id: str, actor: str, now: datetime) -> ActionResult:
    """Take an action back, in one commit, but for the conversations that somebody changed since.

    Raises:
        UsageError: no such action of this person, it was taken back already, or it is too long ago.
    """
    return lake.write(lambda cursor: _undo(cursor, action_id, actor, now))


def _decide(
    cursor: duckdb.DuckDBPyConnection, conversation_ids: list[str], decision: ConversationEvent
) -> ActionResult:
    rows = cursor.execute(
        _BEFORE_SQL, {"ids": conversation_ids, "kind": decision.kind, "label": decision.value}
    ).fetchall()
    before = [_Before(*row) for row in rows]
    wanted = (decision.value, decision.until)
    changed = [each for each in before if (each.value, each.until) != wanted or decision.until]
    action_id = uuid.uuid4().hex
    _save(cursor, action_id, [(each, decision, None) for each in changed])
    return ActionResult(
        action_id if changed else "",
        len(changed),
        len(before) - len(changed),
        tuple(each.contact for each in changed),
    )


def _undo(cursor: duckdb.DuckDBPyConnection, action_id: str, actor: str, now: datetime) -> ActionResult:
    rows = cursor.execute(_ACTION_SQL, {"action": action_id, "actor": actor}).fetchall()
    if not rows:
        raise UsageError("There is no such action of yours that could be undone; look at the conversations.")
    if now - min(row[-1] for row in rows) > UNDO_WITHIN:
        raise UsageError("This was done more than an hour ago and can no longer be undone at once.")
    events = []
    for event_id, conversation_id, contact, kind, value, value_before, until_before, *_ in rows:
        restored = ConversationEvent(kind, value_before, actor, until_before, now)
        if kind in ("label", "unlabel"):
            restored = replace(restored, kind="label" if kind == "unlabel" else "unlabel", value=value)
        before = _Before(conversation_id, contact, value, None)
        events.append((before, restored, event_id))
    fresh = [entry for entry, row in zip(events, rows, strict=True) if row[-2]]
    _save(cursor, uuid.uuid4().hex, fresh)
    contacts = tuple(before.contact for before, _, _ in fresh)
    return ActionResult("", len(fresh), len(rows) - len(fresh), contacts)


def _save(
    cursor: duckdb.DuckDBPyConnection,
    action_id: str,
    entries: Sequence[tuple[_Before, ConversationEvent, str | None]],
) -> None:
    events, actions, audits = [], [], []
    for before, decision, undoes in entries:
        event_id = uuid.uuid4().hex
        events.append(_event_row(event_id, before.conversation_id, decision))
        actions.append(
            {
                "action_id": action_id, "event_id": event_id, "kind": decision.kind,
                "value_before": before.value, "until_before": before.until, "actor": decision.actor,
                "happened_at": decision.happened_at, "undoes": undoes,
            }
        )  # fmt: skip
        detail = {**decision.audit_detail, **({"undoes": undoes} if undoes else {"action": action_id})}
        audits.append(
            NewAuditRow(f"conversation-{decision.kind}", decision.actor, before.conversation_id, detail)
        )
    if not entries:
        return
    save_rows(cursor, "conversation_events", events, key=("event_id",))
    save_rows(cursor, "conversation_actions", actions, key=("event_id",))
    append_audit_rows(cursor, audits, at=entries[0][1].happened_at)


def _event_row(event_id: str, conversation_id: str, decision: ConversationEvent) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "conversation_id": conversation_id,
        "kind": decision.kind,
        "value": decision.value,
        "until": decision.until,
        "actor": decision.actor,
        "happened_at": decision.happened_at,
    }


# What was decided about a state has no row until somebody decides: a quiet conversation goes back to that.
_BEFORE_SQL: LiteralString = """
    with chosen as (
        select distinct our_side, contact from conversation_lines
        where conversation_id in (select unnest($ids::varchar[]))
    )
    select
        c.conversation_id, c.contact,
        case $kind
            when 'state' then nullif(c.state, 'quiet')
            when 'assignee' then c.assignee
            when 'label' then case when list_contains(c.labels, $label) then $label end
            else case when not list_contains(c.labels, $label) then $label end
        end,
        case when $kind = 'state' and c.state = 'snoozed' then c.snoozed_until end
    from conversations c
    where (c.our_side, c.contact) in (select (our_side, contact) from chosen)
    order by c.conversation_id
"""

# The last column but one: whether the event still is the last one of its kind, and was not taken back. What
# came later and was taken back itself does not count. A question of the contact opens a conversation, so an
# undo of a state must not close it; Twilio tells its time in whole seconds.
_ACTION_SQL: LiteralString = """
    with mine as (
        select a.*, e.conversation_id, e.value
        from conversation_actions a join conversation_events e on e.event_id = a.event_id
        where a.action_id = $action and a.actor = $actor and a.undoes is null
    ),
    places as (
        select m.event_id, any_value(l.our_side) as our_side, any_value(l.contact) as contact
        from mine m join conversation_lines l on l.conversation_id = m.conversation_id
        group by m.event_id
    ),
    undone as (
        select a.undoes as event_id, a.event_id as by_event, e.happened_at
        from conversation_actions a join conversation_events e on e.event_id = a.undoes
    ),
    later as (
        select distinct m.event_id
        from mine m
        join places p on p.event_id = m.event_id
        join (select distinct our_side, contact, conversation_id from conversation_lines) l
            on l.our_side = p.our_side and l.contact = p.contact
        join conversation_events e on e.conversation_id = l.conversation_id
        left join undone u on u.by_event = e.event_id
        where e.happened_at >= m.happened_at and e.event_id <> m.event_id
            and case when m.kind in ('label', 'unlabel')
                then e.kind in ('label', 'unlabel') and e.value = m.value else e.kind = m.kind end
            and e.event_id not in (select event_id from undone)
            and (u.event_id is null or u.event_id = m.event_id or u.happened_at < m.happened_at)
        union
        select m.event_id
        from mine m
        join places p on p.event_id = m.event_id
        join conversation_lines l on l.our_side = p.our_side and l.contact = p.contact
        where m.kind = 'state' and not l.is_outbound and l.keyword is null
            and l.date_created >= date_trunc('second', m.happened_at)
    )
    select
        m.event_id, conversation_id, p.contact, kind, value, value_before, until_before,
        m.event_id not in (select event_id from later), happened_at
    from mine m join places p on p.event_id = m.event_id
    order by conversation_id
"""

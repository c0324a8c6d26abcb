"""The queue of revocations in free words: who wrote, which words, the deadline, and the decision of a reader.

A decision for an opt-out becomes an event in the consent ledger, which counts from the time of the message. A
decision is never deleted: a later one is added, and then the later one counts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from workbench.errors import UsageError
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.messaging.addresses import mask

if TYPE_CHECKING:
    import pandas as pd

OPT_OUT, NOT_OPT_OUT = "opt-out", "not-opt-out"
DECISIONS = (OPT_OUT, NOT_OPT_OUT)


@dataclass(frozen=True)
class RevocationDecision:
    """The decision as it was saved."""

    message_sid: str
    decision: str
    contact: str
    """Masked."""
    scope: str
    actor: str
    decided_at: datetime


def read_queue(lake: Lake, state: str | None = "waiting") -> pd.DataFrame:
    """The candidates, those with the earliest deadline first.

    Args:
        state: `waiting`, `opt-out` or `not-opt-out`; None for all.

    Returns:
        Columns message_sid, contact, sender, date_created, phrase, language, body, due_at, is_late, state,
        actor, decided_at, note; contacts and bodies as the lake stores them.
    """
    return lake.frame(
        """
        select message_sid, contact, sender, date_created, revocation as phrase,
            revocation_language as language, body, due_at, is_late, state, actor, decided_at, note
        from revocations where $state is null or state = $state
        order by due_at, date_created, message_sid
        """,
        {"state": state},
    )


def decide(
    lake: Lake,
    message_sid: str,
    decision: str,
    *,
    actor: str,
    scope: str | None = None,
    note: str | None = None,
    now: datetime | None = None,
) -> RevocationDecision:
    """Save what a candidate means; an opt-out counts from the time of the message.

    Args:
        scope: the scope of an opt-out; by default the sender or service to which the message was sent.

    Raises:
        UsageError: the candidate or the decision does not exist.
    """
    if decision not in DECISIONS:
        raise UsageError(f"{decision!r} is no decision. Allowed: {', '.join(DECISIONS)}.")
    moment = now or datetime.now(UTC)
    return lake.write(lambda cursor: _decide(cursor, message_sid, decision, actor, scope, note, moment))


def _decide(
    cursor: duckdb.DuckDBPyConnection,
    message_sid: str,
    decision: str,
    actor: str,
    scope: str | None,
    note: str | None,
    now: datetime,
) -> RevocationDecision:
    candidates: list[tuple[Any, ...]] = cursor.execute(
        "select account_sid, contact, sender, reach, date_created, revocation, state from revocations "
        "where message_sid = ?",
        [message_sid],
    ).fetchall()
    if not candidates:
        raise UsageError(f"{message_sid!r} is no candidate. `workbench consent revocations` lists them.")
    account_sid, contact, sender, reach, written_at, phrase, before = candidates[0]
    # If a scope is given, the opt-out has that scope and no other.
    reaches, said_to = (scope, None) if scope else (reach, sender)
    cursor.execute(
        "insert into revocation_decisions values (?, ?, ?, ?, ?, ?, ?)",
        [uuid.uuid4().hex, message_sid, account_sid, decision, actor, note, now],
    )
    honoured = _opted_out_by(cursor, message_sid)
    events: list[tuple[str, str | None, str, datetime, str | None]] = []
    if decision == OPT_OUT and honoured:
        # It was an opt-out before and was taken back; the new decision counts from now.
        events = [(reaches, said_to, OPT_OUT, now, None)]
    elif decision == OPT_OUT:
        events = [(reaches, said_to, OPT_OUT, written_at, message_sid)]
    elif before == OPT_OUT:
        # The opt-out was a mistake and ends now; messages that it stopped in the meantime stay unsent.
        events = [(earlier_scope, heard_by, "opt-in", now, None) for earlier_scope, heard_by in honoured]
    for event_scope, heard_by, kind, at, said_in in events:
        _save_event(
            cursor, account_sid, contact, event_scope, heard_by, kind, at, said_in, actor, phrase, now
        )
    detail = {"message_sid": message_sid, "decision": decision, "phrase": phrase, "before": before}
    if decision == OPT_OUT:
        detail["scope"] = reaches
    append_audit(cursor, "revocation-decision", actor=actor, subject=mask(contact), detail=detail, at=now)
    return RevocationDecision(message_sid, decision, mask(contact), reaches, actor, now)


def _opted_out_by(cursor: duckdb.DuckDBPyConnection, message_sid: str) -> list[tuple[str, str | None]]:
    """Scope and sender of the opt-outs that were saved for a candidate."""
    return cursor.execute(
        "select distinct scope, said_to from consent_events where message_sid = ? and source = 'revocation'",
        [message_sid],
    ).fetchall()


def _save_event(
    cursor: duckdb.DuckDBPyConnection,
    account_sid: str,
    contact: str,
    scope: str,
    said_to: str | None,
    kind: str,
    happened_at: datetime,
    message_sid: str | None,
    actor: str,
    phrase: str,
    now: datetime,
) -> None:
    taken_back = "" if kind == OPT_OUT else "; the decision was taken back"
    event = ConsentEvent(
        account_sid=account_sid,
        address=contact,
        scope=scope,
        kind=kind,
        source="revocation",
        happened_at=happened_at,
        evidence=f"Wrote in free words ({phrase!r}), read by a person{taken_back}.",
        message_sid=message_sid,
        actor=actor,
        said_to=said_to,
    )
    save_consent_events(cursor, [event], now)

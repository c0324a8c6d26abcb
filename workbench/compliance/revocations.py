"""The queue of revocations in free words: who wrote, which words, the deadline, and the decision of a reader.

A decision for an opt-out becomes an event in the consent ledger, which counts from the time of the message. A
decision is never deleted: a later one is added, and then the later one counts. An opt-out taken back is
lifted, which is no opt-in.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from workbench.errors import UsageError
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.consent import LIFT, ConsentEvent, save_consent_events
from workbench.messaging.addresses import mask

if TYPE_CHECKING:
    import pandas as pd

OPT_OUT, NOT_OPT_OUT = "opt-out", "not-opt-out"
DECISIONS = (OPT_OUT, NOT_OPT_OUT)
WAITING = "waiting"
"""The state of a candidate without a decision, and of one whose only decision was undone."""

SOURCE = "revocation"
"""The source of the events that decisions make."""


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
        actor, decided_at, note, conversation_id; contacts and bodies as the lake stores them.
    """
    return lake.frame(
        """
        select message_sid, contact, sender, date_created, revocation as phrase,
            revocation_language as language, body, due_at, is_late, state, actor, decided_at, note,
            conversation_id
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

    def write(cursor: duckdb.DuckDBPyConnection) -> RevocationDecision:
        candidate = _find(cursor, message_sid)
        return _save(cursor, candidate, decision, actor, moment, scope=scope, note=note)

    return lake.write(write)


def undo(lake: Lake, message_sid: str, *, actor: str, now: datetime | None = None) -> RevocationDecision:
    """Put back what held before the last decision on a candidate: the earlier decision, or none.

    Raises:
        UsageError: the candidate does not exist, or nobody has decided on it.
    """
    moment = now or datetime.now(UTC)

    def write(cursor: duckdb.DuckDBPyConnection) -> RevocationDecision:
        candidate = _find(cursor, message_sid)
        decisions = cursor.execute(
            "select decision from revocation_decisions where message_sid = ? "
            "order by decided_at desc, decision_id limit 2",
            [message_sid],
        ).fetchall()
        if candidate.state == WAITING:
            raise UsageError(f"Nobody has decided on {message_sid}, so there is nothing to undo.")
        earlier = decisions[1][0] if len(decisions) > 1 else WAITING
        return _save(cursor, candidate, earlier, actor, moment, is_undo=True)

    return lake.write(write)


@dataclass(frozen=True)
class _Candidate:
    """One row of `revocations`, as far as a decision needs it."""

    message_sid: str
    account_sid: str
    contact: str
    sender: str
    reach: str
    written_at: datetime
    phrase: str
    state: str


def _find(cursor: duckdb.DuckDBPyConnection, message_sid: str) -> _Candidate:
    rows = cursor.execute(
        "select message_sid, account_sid, contact, sender, reach, date_created, revocation, state "
        "from revocations where message_sid = ?",
        [message_sid],
    ).fetchall()
    if not rows:
        raise UsageError(f"{message_sid!r} is no candidate. `workbench consent revocations` lists them.")
    return _Candidate(*rows[0])


def _save(
    cursor: duckdb.DuckDBPyConnection,
    candidate: _Candidate,
    decision: str,
    actor: str,
    now: datetime,
    *,
    scope: str | None = None,
    note: str | None = None,
    is_undo: bool = False,
) -> RevocationDecision:
    decision_id, sid = uuid.uuid4().hex, candidate.message_sid
    opt_outs = _opt_outs(cursor, candidate)
    cursor.execute(
        "insert into revocation_decisions values (?, ?, ?, ?, ?, ?, ?)",
        [decision_id, sid, candidate.account_sid, decision, actor, note, now],
    )
    # If a scope is given, the opt-out has that scope and no other.
    reaches, said_to = (scope, None) if scope else (candidate.reach, candidate.sender)
    if decision == OPT_OUT:
        # One that was taken back before counts from now.
        at, said_in = (now, None) if opt_outs else (candidate.written_at, sid)
        events = [_opt_out(candidate, reaches, said_to, at, said_in, actor)]
    else:
        # Messages that the opt-out stopped in the meantime stay unsent.
        events = [_lift(candidate, event, actor, now) for event in opt_outs]
    save_consent_events(cursor, events, now)
    detail = {
        "message_sid": sid, "decision": decision, "phrase": candidate.phrase, "before": candidate.state,
        **({"scope": reaches} if decision == OPT_OUT else {}), **({"undo": True} if is_undo else {}),
    }  # fmt: skip
    subject = mask(candidate.contact)
    append_audit(cursor, "revocation-decision", actor=actor, subject=subject, detail=detail, at=now)
    return RevocationDecision(sid, decision, subject, reaches, actor, now)


_OptOut = tuple[str, str, str | None]
"""The id, scope and sender of an opt-out."""


def _opt_outs(cursor: duckdb.DuckDBPyConnection, candidate: _Candidate) -> list[_OptOut]:
    """The opt-outs that decisions made of a candidate, lifted ones too."""
    return cursor.execute(
        """
        select event_id, scope, said_to from consent_events
        where kind = 'opt-out' and source = $source and address = $contact and (
            message_sid = $sid or (message_sid is null and happened_at in (
                select decided_at from revocation_decisions where message_sid = $sid and decision = 'opt-out'
            ))
        )
        """,
        {"source": SOURCE, "contact": candidate.contact, "sid": candidate.message_sid},
    ).fetchall()


def _opt_out(
    candidate: _Candidate, scope: str, said_to: str | None, at: datetime, said_in: str | None, actor: str
) -> ConsentEvent:
    return ConsentEvent(
        account_sid=candidate.account_sid,
        address=candidate.contact,
        scope=scope,
        kind=OPT_OUT,
        source=SOURCE,
        happened_at=at,
        evidence=f"Wrote in free words ({candidate.phrase!r}), read by a person.",
        message_sid=said_in,
        actor=actor,
        said_to=said_to,
    )


def _lift(candidate: _Candidate, opt_out: _OptOut, actor: str, now: datetime) -> ConsentEvent:
    event_id, scope, said_to = opt_out
    return ConsentEvent(
        account_sid=candidate.account_sid,
        address=candidate.contact,
        scope=scope,
        kind=LIFT,
        source=SOURCE,
        happened_at=now,
        evidence=f"Wrote in free words ({candidate.phrase!r}); the decision was taken back.",
        actor=actor,
        said_to=said_to,
        lifts=event_id,
    )

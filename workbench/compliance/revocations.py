"""The queue of revocations in free words: who wrote, which words, the deadline, and the decision of a reader.

A decision for an opt-out becomes an event in the consent ledger, which counts from the time of the message. A
decision is never deleted: a later one is added, and then the later one counts. An opt-out taken back is
lifted, which is no opt-in. An undo is a decision, too, and is not undone itself: a second click would bring
back what the first took away.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
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

UNDO = ":undo"
"""Ends the id of a decision that undid another one, whose id stands before it."""

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
    decision_id: str


def read_queue(lake: Lake, state: str | None = "waiting") -> pd.DataFrame:
    """The candidates, those with the earliest deadline first.

    Args:
        state: `waiting`, `opt-out` or `not-opt-out`; None for all.

    Returns:
        Columns message_sid, contact, sender, date_created, phrase, language, body, due_at, is_late, state,
        actor, decided_at, note, decision_id (none of what waits), is_undo, conversation_id; contacts and
        bodies as the lake stores them.
    """
    return lake.frame(
        """
        select message_sid, contact, sender, date_created, revocation as phrase,
            revocation_language as language, body, due_at, is_late, state, actor, decided_at, note,
            decision_id, coalesce(ends_with(decision_id, $undo), false) as is_undo, conversation_id
        from revocations where $state is null or state = $state
        order by due_at, date_created, message_sid
        """,
        {"state": state, "undo": UNDO},
    )


def decide(
    lake: Lake,
    message_sid: str,
    decision: str,
    *,
    actor: str,
    scope: str | None = None,
    note: str | None = None,
    seen: str | None = None,
    now: datetime | None = None,
) -> RevocationDecision:
    """Save what a candidate means; an opt-out counts from the time of the message.

    Args:
        scope: the scope of an opt-out; by default the sender or service to which the message was sent.
        seen: the id of the decision that the reader saw, empty for none; by default any may stand.

    Raises:
        UsageError: the candidate or the decision does not exist, or another decision stands than was seen.
    """
    if decision not in DECISIONS:
        raise UsageError(f"{decision!r} is no decision. Allowed: {', '.join(DECISIONS)}.")
    moment = now or datetime.now(UTC)

    def write(cursor: duckdb.DuckDBPyConnection) -> RevocationDecision:
        candidate = _find(cursor, message_sid)
        _require_seen(candidate, seen)
        opt_outs = _opt_outs(cursor, candidate)
        # If a scope is given, the opt-out has that scope and no other.
        reaches, said_to = (scope, None) if scope else (candidate.reach, candidate.sender)
        if decision == OPT_OUT:
            # One that was taken back before counts from now.
            at, said_in = (moment, None) if opt_outs else (candidate.written_at, message_sid)
            events = [_opt_out(candidate, reaches, said_to, at, said_in, actor)]
        else:
            # Messages that the opt-out stopped in the meantime stay unsent.
            events = [_lift(candidate, opt_out, actor, moment) for opt_out in opt_outs]
        made = RevocationDecision(
            message_sid, decision, mask(candidate.contact), reaches, actor, moment, uuid.uuid4().hex
        )
        _save(cursor, candidate, made, events, note)
        return made

    return lake.write(write)


def undo(
    lake: Lake,
    message_sid: str,
    *,
    actor: str,
    decision_id: str | None = None,
    now: datetime | None = None,
) -> RevocationDecision:
    """Put back what held before the last decision on a candidate: the earlier decision, or none.

    Args:
        decision_id: the decision that is meant; by default the last one.

    Raises:
        UsageError: the candidate does not exist, nobody has decided on it, somebody decided since, or its
            last decision is an undo.
    """
    moment = now or datetime.now(UTC)

    def write(cursor: duckdb.DuckDBPyConnection) -> RevocationDecision:
        candidate = _find(cursor, message_sid)
        _require_seen(candidate, decision_id)
        if candidate.state == WAITING:
            raise UsageError(f"Nobody has decided on {message_sid}, so there is nothing to undo.")
        if candidate.decision_id.endswith(UNDO):
            raise UsageError(
                f"The last decision on {message_sid} is an undo, which is not undone: decide anew with "
                f"`workbench consent decide {message_sid}` (it is {candidate.state} now)."
            )
        (undone, decided_at), *earlier = cursor.execute(
            "select decision, decided_at from revocation_decisions where message_sid = ? "
            "order by decided_at desc, decision_id limit 2",
            [message_sid],
        ).fetchall()
        back_to = earlier[0][0] if earlier else WAITING
        opt_outs = _opt_outs(cursor, candidate)
        reaches, events = candidate.reach, [_lift(candidate, each, actor, moment) for each in opt_outs]
        if back_to == OPT_OUT:
            scopes, events = _restore(candidate, opt_outs, undone, decided_at, actor, moment)
            reaches = ", ".join(sorted(scopes))
        made = RevocationDecision(
            message_sid,
            back_to,
            mask(candidate.contact),
            reaches,
            actor,
            moment,
            candidate.decision_id + UNDO,
        )
        _save(cursor, candidate, made, events, None)
        return made

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
    decision_id: str
    """Of the decision that stands; empty while it waits."""


def _find(cursor: duckdb.DuckDBPyConnection, message_sid: str) -> _Candidate:
    rows = cursor.execute(
        "select message_sid, account_sid, contact, sender, reach, date_created, revocation, state, "
        "coalesce(decision_id, '') from revocations where message_sid = ?",
        [message_sid],
    ).fetchall()
    if not rows:
        raise UsageError(f"{message_sid!r} is no candidate. `workbench consent revocations` lists them.")
    return _Candidate(*rows[0])


def _require_seen(candidate: _Candidate, seen: str | None) -> None:
    """Refuse if another decision stands than the one that was seen: a page may be hours old."""
    if seen is not None and seen != candidate.decision_id:
        raise UsageError(
            f"Somebody decided on {candidate.message_sid} since; it is {candidate.state} now. Look at it "
            "again: nothing was changed."
        )


def _save(
    cursor: duckdb.DuckDBPyConnection,
    candidate: _Candidate,
    made: RevocationDecision,
    events: Sequence[ConsentEvent],
    note: str | None,
) -> None:
    cursor.execute(
        "insert into revocation_decisions values (?, ?, ?, ?, ?, ?, ?)",
        [
            made.decision_id, made.message_sid, candidate.account_sid, made.decision, made.actor, note,
            made.decided_at,
        ],
    )  # fmt: skip
    save_consent_events(cursor, events, made.decided_at)
    detail = {
        "message_sid": made.message_sid, "decision": made.decision, "phrase": candidate.phrase,
        "before": candidate.state, **({"scope": made.scope} if made.decision == OPT_OUT else {}),
        **({"undo": True} if made.decision_id.endswith(UNDO) else {}),
    }  # fmt: skip
    append_audit(
        cursor,
        "revocation-decision",
        actor=made.actor,
        subject=made.contact,
        detail=detail,
        at=made.decided_at,
    )


@dataclass(frozen=True)
class _OptOut:
    """An opt-out that a decision made, and when it was lifted."""

    event_id: str
    scope: str
    said_to: str | None
    happened_at: datetime
    lifted_at: datetime | None


def _opt_outs(cursor: duckdb.DuckDBPyConnection, candidate: _Candidate) -> list[_OptOut]:
    """The opt-outs that decisions made of a candidate, lifted ones too."""
    rows = cursor.execute(
        """
        select event_id, scope, said_to, happened_at, lifted_at
        from consent_events left join consent_lifts using (event_id)
        where kind = 'opt-out' and source = $source and address = $contact and (
            message_sid = $sid or (message_sid is null and happened_at in (
                select decided_at from revocation_decisions where message_sid = $sid and decision = 'opt-out'
            ))
        )
        order by said_to nulls first
        """,
        {"source": SOURCE, "contact": candidate.contact, "sid": candidate.message_sid},
    ).fetchall()
    return [_OptOut(*row) for row in rows]


def _restore(
    candidate: _Candidate,
    opt_outs: Sequence[_OptOut],
    undone: str,
    decided_at: datetime,
    actor: str,
    now: datetime,
) -> tuple[set[str], list[ConsentEvent]]:
    """The scopes of the opt-outs that held before a decision, and the events that make them hold again."""
    if undone == OPT_OUT:
        # Those of before hold still; what this decision added goes.
        holding = [each for each in opt_outs if each.lifted_at is None]
        added = [each for each in holding if each.happened_at == decided_at]
        scopes = {each.scope for each in holding if each not in added}
        return scopes, [_lift(candidate, each, actor, now) for each in added]
    # Of two with one scope the one that also names a sender reaches more; it comes last.
    lifted = {each.scope: each.said_to for each in opt_outs if each.lifted_at == decided_at}
    events = [_opt_out(candidate, scope, said_to, now, None, actor) for scope, said_to in lifted.items()]
    return set(lifted), events


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
    return ConsentEvent(
        account_sid=candidate.account_sid,
        address=candidate.contact,
        scope=opt_out.scope,
        kind=LIFT,
        source=SOURCE,
        happened_at=now,
        evidence=f"Wrote in free words ({candidate.phrase!r}); the decision was taken back.",
        actor=actor,
        said_to=opt_out.said_to,
        lifts=opt_out.event_id,
    )

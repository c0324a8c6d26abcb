"""The do-not-contact list: who must not be messaged, by which scope and why; and taking one entry off it.

An entry is what keeps one person from being messaged in one scope: every opt-out of theirs there that holds.
What a person said themself (a keyword, a refusal of Twilio, words that somebody decided on) is not taken off
here: they opt in again, or the decision on their words is undone. Nor is an entry of a masked number: several
people may stand behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

import duckdb

from workbench.compliance.data_subject import require_whole_number
from workbench.errors import UsageError
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake, Readable
from workbench.lake.consent import LIFT, ConsentEvent, save_consent_events
from workbench.lake.number_lookups import number_conditions
from workbench.lake.shown_address import shown_address_sql
from workbench.messaging.addresses import mask

SAID_BY_THEMSELVES = ("keyword", "twilio-21610", "revocation")
"""Sources of opt-outs that nobody here can take back on this list."""

SHORTEST_REASON = 3


@dataclass(frozen=True)
class BlockedPerson:
    """One entry, with the latest opt-out that it stands on."""

    event_id: str
    address: str
    scope: str
    source: str
    since: datetime
    actor: str | None
    evidence: str | None
    message_sid: str | None

    @property
    def is_removable(self) -> bool:
        """Whether people here may take it off the list."""
        return self.source not in SAID_BY_THEMSELVES


@dataclass(frozen=True)
class RemovedBlock:
    """An entry that was taken off the list."""

    contact: str
    """Masked."""
    scope: str
    still_blocked: tuple[str, ...]
    """Other scopes in which this person must not be messaged."""


def read_blocked(
    lake: Readable,
    *,
    search: str = "",
    number: str | None = None,
    limit: int | None = 50,
    with_evidence: bool = True,
) -> tuple[list[BlockedPerson], int]:
    """The entries, the newest first, and how many there are.

    Args:
        search: part of the scope, the source, the evidence or the shown digits of a number.
        number: a whole number that is looked up, as `look_up_number` gives it; none is found without.
        limit: at most this many; None is all.
        with_evidence: what proves an opt-out may hold whole numbers, and is not for everybody.
    """
    text = search.strip()
    parameters: dict[str, Any] = {"text": text, "limit": limit, "with_evidence": with_evidence}
    conditions: list[LiteralString] = [
        "$text = ''", "contains(lower(scope), lower($text))", "contains(lower(source), lower($text))",
        "contains(lower(coalesce(evidence, '')), lower($text))",
        f"contains({shown_address_sql('address')}, $text)",
        *number_conditions(text, number, ("address",), parameters),
    ]  # fmt: skip
    rows = lake.rows(
        f"""
        with entries as (
            select event_id, s.address as address, s.scope as scope, s.source as source, since,
                e.actor as actor, case when $with_evidence then e.evidence end as evidence,
                e.message_sid as message_sid
            from suppressions s join consent_events e using (event_id)
        )
        select *, count(*) over () from entries where {" or ".join(conditions)}
        order by since desc, event_id limit $limit
        """,
        parameters,
    )
    return [BlockedPerson(*row[:-1]) for row in rows], int(rows[0][-1]) if rows else 0


def remove_entry(
    lake: Lake, event_id: str, because: str, *, actor: str, now: datetime | None = None
) -> RemovedBlock:
    """Take an entry off the list: its opt-outs end now, and nobody counts as opted in by it. Audited.

    Args:
        event_id: that of the entry.
        because: why, for whoever asks later.

    Raises:
        UsageError: there is no such entry any more, the person said it themself, no reason is given, or the
            number is masked.
    """
    reason = _checked(because)
    moment = now or datetime.now(UTC)
    return lake.write(lambda cursor: _remove(cursor, _find_entry(cursor, event_id), reason, actor, moment))


def remove_person(
    lake: Lake, contacts: Sequence[str], scope: str, because: str, *, actor: str, now: datetime | None = None
) -> RemovedBlock:
    """As :func:`remove_entry`, by the addresses of one person and the scope.

    Raises:
        UsageError: as :func:`remove_entry`.
    """
    reason = _checked(because)
    moment = now or datetime.now(UTC)

    def write(cursor: duckdb.DuckDBPyConnection) -> RemovedBlock:
        return _remove(cursor, find_entry(cursor, contacts, scope), reason, actor, moment)

    return lake.write(write)


def find_entry(cursor: duckdb.DuckDBPyConnection, contacts: Sequence[str], scope: str) -> tuple[str, str]:
    """The address and scope of one person's entry.

    Raises:
        UsageError: they are not on the list in this scope; the message has the scopes in which they are. Or
            the lake keeps their number masked.
    """
    entries: list[tuple[str, str]] = cursor.execute(
        "select address, scope from suppressions where address in (select unnest(?::varchar[])) "
        "order by scope",
        [list(contacts)],
    ).fetchall()
    for address, blocked_scope in entries:
        if blocked_scope == scope:
            require_whole_number(address)
            return address, scope
    scopes = sorted({blocked_scope for _, blocked_scope in entries})
    where = f"they are in {', '.join(scopes)}" if scopes else "they are in none"
    raise UsageError(
        f"{mask(contacts[0])} is not on the do-not-contact list in the scope {scope!r}; {where}."
    )


def _find_entry(cursor: duckdb.DuckDBPyConnection, event_id: str) -> tuple[str, str]:
    rows: list[tuple[str, str]] = cursor.execute(
        "select address, scope from suppressions where event_id = ?", [event_id]
    ).fetchall()
    if not rows:
        raise UsageError("This entry is not on the do-not-contact list any more: look at the list again.")
    require_whole_number(rows[0][0])
    return rows[0]


_HOLDING_SQL = """
    select event_id, account_sid, address, source, said_to from consent_events
    where kind = 'opt-out' and person_of(address) = person_of($address) and scope = $scope
        and event_id in (select event_id from opt_out_spans where until is null)
    order by happened_at, event_id
"""


def _remove(
    cursor: duckdb.DuckDBPyConnection, entry: tuple[str, str], reason: str, actor: str, now: datetime
) -> RemovedBlock:
    address, scope = entry
    opt_outs = cursor.execute(_HOLDING_SQL, {"address": address, "scope": scope}).fetchall()
    _require_removable({row[3] for row in opt_outs}, address, scope)
    events = [
        ConsentEvent(
            account_sid=account_sid,
            address=spelling,
            scope=scope,
            kind=LIFT,
            source="do-not-contact list",
            happened_at=now,
            evidence=reason,
            actor=actor,
            said_to=said_to,
            lifts=event_id,
        )
        for event_id, account_sid, spelling, _, said_to in opt_outs
    ]
    save_consent_events(cursor, events, now)
    detail = {"scope": scope, "opt_outs": len(events), "because": reason}
    append_audit(cursor, "block-remove", actor=actor, subject=mask(address), detail=detail, at=now)
    others = cursor.execute(
        "select distinct scope from suppressions where person_of(address) = person_of(?) order by scope",
        [address],
    ).fetchall()
    return RemovedBlock(mask(address), scope, tuple(row[0] for row in others))


def _require_removable(sources: set[str], address: str, scope: str) -> None:
    who = f"{mask(address)} in the scope {scope!r}"
    if "revocation" in sources:
        raise UsageError(
            f"{who} opted out in their own words. Undo the decision on their message instead "
            "(`workbench consent undo`)."
        )
    if sources & set(SAID_BY_THEMSELVES):
        raise UsageError(
            f"{who} opted out themself, which stays. They come back by writing START, or you record the "
            "opt-in that they gave, with its proof (`workbench consent record`)."
        )


def _checked(because: str) -> str:
    reason = " ".join(because.split())
    if len(reason) < SHORTEST_REASON:
        raise UsageError("No reason is given; write why the entry may go, for whoever asks later.")
    return reason[:500]

"""Sends the ledger's present state to Twilio's Consent API: every consent that was not sent yet and can be.

The API knows senders and services only, so an opt-out of everything or of a topic cannot be sent; nor can a
number that this lake hides. Opt-outs that follow from Twilio's own refusals (21610) are already known there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.twilio.client import TwilioClient
from workbench.twilio.consents import ConsentAnswer, ConsentItem, push_consents

_SOURCES = {"website": "website", "offline": "offline"}


@dataclass(frozen=True)
class ConsentPush:
    """The items to send, and the result."""

    items: tuple[ConsentItem, ...]
    left_out: int
    """How many states the Consent API cannot store."""
    accepted: int = 0
    refused: tuple[ConsentAnswer, ...] = ()


def plan_push(lake: Lake, account_sid: str) -> ConsentPush:
    """The states of one account that were not sent to Twilio yet."""
    rows = lake.rows(
        """
        select s.event_id, s.address, s.scope, s.state, s.source, s.since,
            regexp_full_match(s.address, '\\+[1-9][0-9]{6,14}')
                and s.scope <> '*' and not starts_with(s.scope, 'topic:') as can_be_told
        from consent_state s join consent_events e on e.event_id = s.event_id
        where e.account_sid = ? and s.source <> 'twilio-21610'
            and not exists (select 1 from consent_pushes p where p.event_id = s.event_id and p.error_code = 0)
        order by s.since, s.event_id
        """,
        [account_sid],
    )
    items = tuple(
        ConsentItem(_correlation(event_id), address, scope, state, _source(source, state), since)
        for event_id, address, scope, state, source, since, can_be_told in rows
        if can_be_told
    )
    return ConsentPush(items, len(rows) - len(items))


def push_consent(
    lake: Lake, client: TwilioClient, actor: str, *, sleep: Any = None, now: datetime | None = None
) -> ConsentPush:
    """Send the items and save each answer at once; can be run again, also after the process was killed.

    Raises:
        TwilioError: as :func:`workbench.twilio.consents.push_consents`.
    """
    plan = plan_push(lake, client.account_sid)
    events = {_correlation(row[0]): row[0] for row in lake.rows("select event_id from consent_state")}
    accepted, refused = 0, []
    options = {} if sleep is None else {"sleep": sleep}
    for answers in push_consents(client, plan.items, **options):
        lake.write(lambda cursor, answers=answers: _note(cursor, answers, events, now or datetime.now(UTC)))  # type: ignore[misc]
        accepted += sum(answer.error_code == 0 for answer in answers)
        refused += [answer for answer in answers if answer.error_code]
    if plan.items:
        detail = {"told": len(plan.items), "taken": accepted, "refused": len(refused)}
        lake.write(lambda cursor: append_audit(cursor, "consent-push", actor=actor, detail=detail))
    return ConsentPush(plan.items, plan.left_out, accepted, tuple(refused))


def _note(
    cursor: duckdb.DuckDBPyConnection,
    answers: Sequence[ConsentAnswer],
    events: dict[str, str],
    now: datetime,
) -> None:
    cursor.executemany(
        "insert into consent_pushes values (?, ?, ?, ?)",
        [[events[answer.correlation_id], answer.error_code, answer.problem, now] for answer in answers],
    )


def _correlation(event_id: str) -> str:
    """32 characters for an event, always the same."""
    return hashlib.blake2s(event_id.encode(), digest_size=16).hexdigest()


def _source(source: str, state: str) -> str:
    if source in ("keyword", "revocation"):
        return "opt-in-message" if state == "opt-in" else "opt-out-message"
    return _SOURCES.get(source.lower(), "others")

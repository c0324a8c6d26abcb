"""What is on record about the contact of a conversation beyond it: cost, consent, other conversations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from workbench.conversations.contacts import same_person
from workbench.conversations.find import Conversation
from workbench.lake import Lake
from workbench.messaging.person import address_spellings

MOST_EVENTS, MOST_CONVERSATIONS = 30, 20


@dataclass(frozen=True)
class ConsentStep:
    """One thing that was said about being messaged, or taken back."""

    kind: str
    scope: str
    source: str
    evidence: str | None
    actor: str | None
    happened_at: datetime


@dataclass(frozen=True)
class OtherConversation:
    """A conversation of the same person with another sender or service, or by another address."""

    conversation_id: str
    our_side: str
    contact: str
    messages: int
    last_at: datetime


@dataclass(frozen=True)
class Customer:
    """One person, over all their addresses.

    Attributes:
        costs: what was spent on them by currency; amounts of two currencies are never added.
        unpriced: how many of the messages sent have no price yet.
        consent: the latest steps first; `more_consent` is how many are older.
        blocked: scopes in which they must not be messaged, with the source and since when.
    """

    received: int
    sent: int
    failed: int
    unpriced: int
    costs: tuple[tuple[str, Decimal], ...]
    consent: tuple[ConsentStep, ...]
    more_consent: int
    blocked: tuple[tuple[str, str, datetime], ...]
    others: tuple[OtherConversation, ...]
    more_others: int


def read_customer(lake: Lake, conversation: Conversation) -> Customer:
    """What is on record about the contact, the person's other addresses included."""
    people = same_person(lake, conversation.contact)
    contacts = list(dict.fromkeys(each for address in people for each in address_spellings(address)))
    [(received, sent, failed, unpriced)] = lake.rows(_COUNTS_SQL, {"contacts": contacts})
    steps = lake.rows(_CONSENT_SQL, {"contacts": contacts, "limit": MOST_EVENTS})
    others = lake.rows(
        _OTHERS_SQL,
        {
            "contacts": contacts,
            "our_side": conversation.our_side,
            "mine": conversation.contacts,
            "limit": MOST_CONVERSATIONS,
        },
    )
    return Customer(
        received, sent, failed, unpriced,
        tuple(lake.rows(_COSTS_SQL, {"contacts": contacts})),
        tuple(ConsentStep(*row[:-1]) for row in steps),
        int(steps[0][-1]) - len(steps) if steps else 0,
        tuple(lake.rows(_BLOCKED_SQL, {"contacts": contacts})),
        tuple(OtherConversation(*row[:-1]) for row in others),
        int(others[0][-1]) - len(others) if others else 0,
    )  # fmt: skip


_COUNTS_SQL = """
    select
        count(*) filter (not is_outbound), count(*) filter (is_outbound),
        count(*) filter (is_outbound and status in ('failed', 'undelivered')),
        count(*) filter (is_outbound and spend is null and status not in ('failed', 'canceled'))
    from conversation_lines where list_contains($contacts::varchar[], contact)
"""
_COSTS_SQL = """
    select currency, sum(spend) from conversation_lines
    where list_contains($contacts::varchar[], contact) and spend is not null and currency is not null
    group by currency order by currency
"""
_CONSENT_SQL = """
    select kind, scope, source, evidence, actor, happened_at, count(*) over ()
    from consent_events where list_contains($contacts::varchar[], address) and kind <> 'help'
    order by happened_at desc, recorded_at desc, event_id limit $limit
"""
_BLOCKED_SQL = """
    select scope, source, since from suppressions where list_contains($contacts::varchar[], address)
    order by since desc, scope
"""
_OTHERS_SQL = """
    select
        min({'at': date_created, 'id': conversation_id})['id'] as conversation_id, our_side, contact,
        count(*), max(date_created) as last_at, count(*) over ()
    from conversation_lines
    where list_contains($contacts::varchar[], contact)
        and not (our_side = $our_side and list_contains($mine::varchar[], contact))
    group by our_side, contact
    order by last_at desc, conversation_id limit $limit
"""

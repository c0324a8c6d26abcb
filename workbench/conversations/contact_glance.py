"""What a thread shows of its contact, from the table in memory: the lake's views read every message."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.conversations.contacts import Contact, read_contact, same_person, split_labels
from workbench.conversations.conversation_cache import ConversationCache
from workbench.lake import Lake
from workbench.messaging.addresses import time_zones


@dataclass(frozen=True)
class ContactGlance:
    """A contact, and every address of the same person."""

    contact: Contact
    addresses: tuple[str, ...]


def read_contact_glance(lake: Lake, cache: ConversationCache, address: str) -> ContactGlance:
    """As `read_contact` and `same_person` have it, but for the consent.

    Where people were merged, the lake itself is asked.
    """
    table, names = cache.table_name(), cache.names_table
    with lake.memory() as cursor:
        rows = cursor.execute(
            f"""
            select
                c.person, any_value(n.name), any_value(n.contact_labels), any_value(n.language),
                any_value(n.time_zone), max(c.country), min(c.first_at), max(c.last_at),
                sum(c.received)::bigint,
                sum(c.messages - c.received)::bigint, any_value(n.addresses),
                bool_or(n.merged_person is not null)
                    or exists (select 1 from {names} m where m.merged_person = c.person),
                (select list(distinct o.contact) from {table} o where o.person = c.person)
            from {table} c left join {names} n on n.person = c.person
            where c.contact = ? group by c.person
            """,
            [address],
        ).fetchall()
    if not rows or rows[0][-2]:
        return ContactGlance(read_contact(lake, address), tuple(same_person(lake, address)))
    person, name, labels, language, zone, country, first_at, last_at, received, sent, named, _, written = (
        rows[0]
    )
    contact = Contact(
        address, person, name, tuple(sorted(split_labels(labels or ""))), language, country,
        (zone,) if zone else time_zones(address), zone is not None, first_at, last_at, received, sent, None,
    )  # fmt: skip
    return ContactGlance(contact, tuple(sorted({*written, *(named or ())})))

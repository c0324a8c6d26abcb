"""The time zones that somebody set for contacts: a send goes by them instead of by the number."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.lake import Lake
from workbench.messaging.privacy import Privacy, PrivacyMode


def read_contact_zones(lake: Lake, addresses: Sequence[str], privacy: Privacy) -> dict[str, str]:
    """Time zones that somebody set for these contacts, by address.

    Args:
        privacy: how the lake keeps a contact's address; where it keeps masked ones there are no zones.
    """
    if privacy.mode is PrivacyMode.MASKED:
        # Several people may share what the lake keeps of a number, and not a zone.
        return {}
    kept_as = {address: privacy.contact_forms(address) for address in addresses}
    forms = [form for forms in kept_as.values() for form in forms]
    # The view of contacts counts all messages of everybody first; a zone is in what people wrote down.
    zones: dict[str, str] = dict(lake.rows(_ZONES_SQL, [forms]))
    return {
        address: next(zones[form] for form in forms if form in zones)
        for address, forms in kept_as.items()
        if any(form in zones for form in forms)
    }


_ZONES_SQL = """
    select asked.address, coalesce(own.time_zone, main.time_zone) as time_zone
    from (select unnest(?::varchar[]) as address) asked
    join contact_overlay own on own.person_key = person_of(asked.address)
    left join contact_overlay main on main.person_key = person_of(own.merged_into)
    where coalesce(own.time_zone, main.time_zone) is not null
"""

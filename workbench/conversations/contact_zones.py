"""The time zones that somebody set for contacts: a send goes by them instead of by the number."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.conversations.contacts import read_contacts
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
    contacts = read_contacts(lake, [form for forms in kept_as.values() for form in forms])
    zones = {contact.address: contact.zones[0] for contact in contacts if contact.is_zone_given}
    return {
        address: next(zones[form] for form in forms if form in zones)
        for address, forms in kept_as.items()
        if any(form in zones for form in forms)
    }

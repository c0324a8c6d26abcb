"""Who has opted out, under whatever form of their address it was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb

from workbench.lake.consent import EVERYTHING, find_suppressions
from workbench.messaging.addresses import channel, is_e164
from workbench.messaging.privacy import Privacy

Forms = Mapping[str, bool]
"""Forms of one address; False where only an opt-out from everything counts."""

OptOut = tuple[str, str, datetime]
"""Scope, source, since."""


def address_forms(address: str, privacy: Privacy) -> dict[str, bool]:
    """Every form under which an opt-out of this person may be recorded, as the lake keeps it.

    SMS and RCS share their opt-outs; leaving us on WhatsApp is not leaving our SMS, unless it is from
    everything.
    """
    number = address.rpartition(":")[2]
    forms = {address: True}
    if is_e164(number):
        together = channel(address) in ("sms", "rcs")
        for form in (number, f"rcs:{number}", f"whatsapp:{number}"):
            forms.setdefault(form, together and not form.startswith("whatsapp:"))
    return {privacy.contact(form) or form: counts for form, counts in forms.items()}


def find_opt_outs(
    cursor: duckdb.DuckDBPyConnection, people: Mapping[str, Forms], scopes: Sequence[str]
) -> dict[str, tuple[OptOut, ...]]:
    """The opt-outs that reach a message of these scopes, for each of these people; () for most."""
    everyone = sorted({form for forms in people.values() for form in forms})
    left = find_suppressions(cursor, everyone, scopes)
    return {
        person: tuple(
            event
            for form, counts in forms.items()
            for event in left.get(form, ())
            if counts or event[0] == EVERYTHING
        )
        for person, forms in people.items()
    }

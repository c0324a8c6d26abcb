"""Who has opted out, under whatever form of their address the lake keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from workbench.lake.consent import OptOut, Side, find_suppressions
from workbench.messaging.privacy import Privacy

Forms = Sequence[str]
"""Forms of one address, as the lake may hold it."""


def address_forms(address: str, privacy: Privacy) -> tuple[str, ...]:
    """Every form under which the lake may hold this person on the channel of the address."""
    return privacy.contact_forms(address)


def find_opt_outs(
    cursor: duckdb.DuckDBPyConnection, people: Mapping[str, Forms], side: Side
) -> dict[str, tuple[OptOut, ...]]:
    """The opt-outs that block a message from this sender or service, by person; () for most."""
    everyone = sorted({form for forms in people.values() for form in forms})
    left = find_suppressions(cursor, everyone, side)
    return {
        person: tuple(dict.fromkeys(event for form in forms for event in left.get(form, ())))
        for person, forms in people.items()
    }

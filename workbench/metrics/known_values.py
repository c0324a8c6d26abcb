"""Refuses a filter on a value that the lake has never seen: an empty result then means no messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from workbench.errors import UnknownName
from workbench.lake.connect import Readable
from workbench.messaging.addresses import mask
from workbench.metrics.compile import expand, select_sql
from workbench.metrics.definitions import Dimension
from workbench.metrics.filter_values import Filters, find_dimension, known_to_vocabulary

ALLOW_UNKNOWN = "Where an empty answer is what you want, allow unknown values (--allow-unknown)."

#: Ours by the catalog, also before their first message.
_CATALOG = {
    "sender": "select sender from senders",
    "messaging_service": "select messaging_service_sid from messaging_services",
    "account": "select account_sid from accounts",
}


def find_unknown(lake: Readable, filters: Filters) -> dict[str, tuple[str, ...]]:
    """The values of each dimension that neither the field's vocabulary nor the lake knows.

    Days, weeks and months are never unknown: a period without messages is a valid result.
    """
    unknown = {}
    for name, values in filters.items():
        dimension = find_dimension(name)
        if known_to_vocabulary(dimension, values):
            continue
        vocabulary = dimension.vocabulary()
        asked = [value for value in values if value is not None and value not in vocabulary]
        rows = lake.rows(_values_sql(dimension, "list_contains($asked, value)"), {"asked": asked})
        seen = {value for (value,) in rows}
        if missing := tuple(value for value in asked if value not in seen):
            unknown[name] = missing
    return unknown


def require_known(lake: Readable, filters: Filters) -> None:
    """Refuse filters by unknown values.

    Raises:
        UnknownName: the first of them, with the nearest that the lake knows.
    """
    for name, values in find_unknown(lake, filters).items():
        dimension = find_dimension(name)
        raise UnknownName(dimension.name, values[0], list_known(lake, dimension), remedy=ALLOW_UNKNOWN)


def list_known(lake: Readable, dimension: Dimension) -> Sequence[str]:
    """The values of a dimension that the lake has."""
    values = [value for (value,) in lake.rows(_values_sql(dimension)) if value is not None]
    return sorted(set(map(mask, values))) if dimension.is_address else values


def _values_sql(dimension: Dimension, condition: LiteralString = "true") -> LiteralString:
    """All values of a dimension as text, those of the catalog too; the condition is about `value`."""
    values = [select_sql({"value": f"cast({expand(dimension.expression)} as varchar)"}, "message_facts", [])]
    if dimension.name in _CATALOG:
        values.append(_CATALOG[dimension.name])
    return select_sql({"value": "value"}, f"({' union '.join(values)})", [condition]) + "\ngroup by value"

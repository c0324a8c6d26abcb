"""Where the recipients of an audit's messages may be: countries, and in the United States the states.

A number tells an area code, not where its owner is today; an area code of several states counts in each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import LiteralString

from workbench.errors import UsageError
from workbench.lake.connect import Readable
from workbench.messaging.geography import all_states, area_codes, area_states
from workbench.metrics.audits import find_audit
from workbench.metrics.compile import Moment, conditions_sql, find_metric
from workbench.metrics.filter_values import Where

AREA_SQL: LiteralString = "left(split_part(contact, ':', -1), 5)"
"""Of an address in the plan of +1: the plan's code and the area code."""


@dataclass(frozen=True)
class AuditPlace:
    """A country as `DE`, or a US state as `US-TX`."""

    key: str

    @property
    def country(self) -> str:
        return self.key[:2]

    @property
    def state(self) -> str:
        """The state's code; empty for a whole country."""
        return self.key[3:]

    def condition(self, parameters: dict[str, object]) -> LiteralString:
        """The condition that a message went there; what it compares with is put into ``parameters``.

        Raises:
            UsageError: no such state.
        """
        parameters["place_country"] = self.country
        if not self.state:
            return "country = $place_country"
        if self.state not in all_states():
            raise UsageError(f"{self.key!r} is no place; write a country as DE, or a state as US-TX.")
        parameters["place_areas"] = list(area_codes(self.state))
        return f"country = $place_country and list_contains($place_areas, {AREA_SQL})"


def count_places(
    lake: Readable, audit_name: str, where: Where | None, since: Moment, until: Moment, *, timezone: str
) -> dict[str, int]:
    """The rows of an audit by the place of their recipients, the most first; arguments as `compile_audit`.

    A message of an area code of several states counts in each, and every message in its country. Those
    without a known country have the key "".
    """
    audit = find_audit(audit_name)
    parameters: dict[str, object] = {}
    conditions: list[LiteralString] = [
        audit.condition,
        *conditions_sql(where, since, until, timezone, parameters),
    ]
    counted: LiteralString = f"count(distinct {audit.one_per})" if audit.one_per else "count(*)"
    if any("$timezone" in condition for condition in conditions):
        parameters["timezone"] = timezone
    rows = lake.rows(
        f"select country, case when country = 'US' then {AREA_SQL} end as area, {counted} "
        f"from {find_metric(audit.metric).source} where {' and '.join(conditions)} group by all",
        parameters,
    )
    counts: Counter[str] = Counter()
    for country, area, number in rows:
        counts[country or ""] += number
        for state in area_states(f"{area}5550123") if area else ():
            counts[f"US-{state}"] += number
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

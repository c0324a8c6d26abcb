"""The texts of a lake, grouped by SQL into few enough groups for Python to look at each.

One query reads the outbound SMS of a period and masks their blanks; messages that are alike in skeleton,
length, special characters and billed segments become one group. What the groups mean is worked out in
:mod:`workbench.messaging.texts`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from workbench.lake.connect import Readable
from workbench.lake.text_templates import SKELETON
from workbench.messaging.segments import GSM_BASIC, GSM_EXTENSION
from workbench.messaging.texts import TextCosts, TextGroup, cost_of_texts
from workbench.metrics.compile import CompiledMetric, Moment, conditions_sql, expand, select_sql
from workbench.metrics.filter_values import Where

MOST_GROUPS = 50_000
"""The most frequent groups are looked at; the messages of the others are counted as left out."""

_NOT_GSM = f"[^{re.escape(GSM_BASIC + GSM_EXTENSION)}]"
_GROUP = {
    "skeleton": SKELETON,
    "template": "template",
    "segments": "segments",
    "currency": "currency",
    # All that decides about the number of segments of a text.
    "characters": "length(body)",
    "bytes": "strlen(body)",
    "extended": f"length(translate(body, '{GSM_EXTENSION}', ''))",
    "foreign": (
        "case when encoding = 'UCS-2' then list_sort(list_distinct(regexp_extract_all(body, $foreign))) end"
    ),
}
_TALLY = {
    "messages": "count(*)",
    "priced": "count(spend)",
    "spend": "coalesce(sum(spend), 0)",
    "example": "min(body)",
}
_ROWS = "{final} and {sms} and segments > 0 and sender_type not in ('whatsapp', 'rcs', 'messenger')"


@dataclass(frozen=True)
class Texts:
    """The costs of texts, and what they leave out.

    ``without_text`` messages have none here (the privacy mode keeps none, or it was redacted); ``left_out``
    have texts so rare that they were not looked at.
    """

    costs: TextCosts
    without_text: int
    left_out: int
    as_of: datetime
    compiled: CompiledMetric


def compile_texts(
    where: Where | None = None, since: Moment = None, until: Moment = None, *, timezone: str = "UTC"
) -> CompiledMetric:
    """SQL for the groups of texts; arguments as in :func:`workbench.metrics.compile.compile_metric`.

    Returns:
        Columns: skeleton, template, segments, currency, messages, priced, spend, example, and what tells
        groups apart; the most frequent first.
    """
    parameters: dict[str, object] = {"foreign": _NOT_GSM}
    rows = conditions_sql(where, since, until, timezone, parameters)
    rows = [*rows, expand(_ROWS), "body <> ''"]
    sql = select_sql({**_GROUP, **_TALLY}, "message_facts", rows)
    sql += "\ngroup by all\norder by messages desc, skeleton, example"
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    return CompiledMetric(sql, parameters, (*_GROUP, *_TALLY))


def query_texts(
    lake: Readable,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    timezone: str = "UTC",
) -> Texts:
    """What the texts of a period cost, by template, character and boundary."""
    compiled = compile_texts(where, since, until, timezone=timezone)
    as_of = datetime.now(UTC)
    rows = [
        dict(zip(compiled.columns, row, strict=True)) for row in lake.rows(compiled.sql, compiled.parameters)
    ]
    groups = [_group(row) for row in rows[:MOST_GROUPS]]
    left_out = sum(int(row["messages"]) for row in rows[MOST_GROUPS:])
    missing = _compile_missing(where, since, until, timezone)
    without_text = int(lake.value(missing.sql, missing.parameters) or 0)
    return Texts(cost_of_texts(groups), without_text, left_out, as_of, compiled)


def query_first_and_last(
    lake: Readable,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    timezone: str = "UTC",
) -> tuple[datetime, datetime] | None:
    """When the first and the last message were created; None without any."""
    parameters: dict[str, object] = {}
    rows = conditions_sql(where, since, until, timezone, parameters)
    sql = select_sql({"first": "min(date_created)", "last": "max(date_created)"}, "message_facts", rows)
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    [(first, last)] = lake.rows(sql, parameters)
    return (first, last) if first is not None else None


def _compile_missing(where: Where | None, since: Moment, until: Moment, timezone: str) -> CompiledMetric:
    parameters: dict[str, object] = {}
    rows = conditions_sql(where, since, until, timezone, parameters)
    rows = [*rows, expand(_ROWS), "coalesce(body, '') = ''"]
    sql = select_sql({"messages": "count(*)"}, "message_facts", rows)
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    return CompiledMetric(sql, parameters, ("messages",))


def _group(row: Mapping[str, object]) -> TextGroup:
    return TextGroup(**{name: row[name] for name in TextGroup.__dataclass_fields__})  # type: ignore[arg-type]

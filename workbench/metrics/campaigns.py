"""Campaigns: outbound messages of one text, messaging service or batch, with what became of them.

Every number is a metric of the registry, read by the dimension that makes the campaigns; so a campaign's row
equals the metric filtered by it. Metrics over one view are read in one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString, get_args

from workbench.errors import NotFound, UnknownName
from workbench.lake.connect import Readable
from workbench.lake.text_templates import read_template_words
from workbench.metrics.catalog import query_service_names
from workbench.metrics.compile import (
    CompiledMetric,
    Moment,
    assemble,
    compile_metric,
    conditions_sql,
    dimension_sql,
    plan_metric,
)
from workbench.metrics.definitions import METRICS
from workbench.metrics.filter_values import Where
from workbench.metrics.proportions import Proportion, clearly_highest

CampaignKind = Literal["template", "messaging_service", "batch"]
KINDS: tuple[CampaignKind, ...] = get_args(CampaignKind)
FEWEST_PEOPLE = METRICS["reply_rate"].minimum_sample

_OF_MESSAGES = (
    "messages", "delivered", "not_delivered", "delivery_rate", "segments_per_message", "priced_share",
)  # fmt: skip
_OF_PEOPLE = ("reach", "reply_rate", "opt_out_rate", "time_to_reply_p50")
_OF_MONEY = ("spend", "cost_per_delivered")


@dataclass(frozen=True)
class Campaign:
    """One campaign's numbers; ``spend`` and ``cost_per_delivered`` by currency.

    ``deliveries`` is a share of the messages with an outcome. ``replies``, ``opt_outs`` and ``unresponsive``
    are shares of the people reached at least seven days ago; ``people_in_flight`` were reached since.
    ``time_to_reply`` is the median over so many ``first_replies``. ``text`` is the words of a template, or
    the name of a service or batch.
    """

    campaign: str
    text: str | None
    messages: int
    delivered: int
    not_delivered: int
    in_flight: int
    deliveries: Proportion
    segments_per_message: float | None
    spend: Mapping[str, float]
    cost_per_delivered: Mapping[str, float]
    priced_share: float | None
    reach: int
    people_in_flight: int
    replies: Proportion
    opt_outs: Proportion
    unresponsive: Proportion
    time_to_reply: float | None
    first_replies: int


@dataclass(frozen=True)
class CampaignList:
    """All campaigns of a kind, the one with the most messages first."""

    kind: CampaignKind
    campaigns: tuple[Campaign, ...]
    without: int
    """Outbound messages that belong to none: without a text here, a service or a batch."""
    as_of: datetime
    compiled: CompiledMetric
    """The query for replies and opt-outs."""


def query_campaigns(
    lake: Readable,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    kind: str = "template",
    timezone: str = "UTC",
) -> CampaignList:
    """The campaigns of a period; arguments and errors as in :func:`workbench.metrics.compile_metric`.

    Args:
        kind: what makes a campaign, one of KINDS.

    Raises:
        UnknownName: the kind is none.
    """
    dimension = _read_kind(kind)
    where = {"direction": ["outbound-api", "outbound-call", "outbound-reply"], **(where or {})}
    as_of = datetime.now(UTC)
    queries = {
        names: _compile(names, dimension, where, since, until, timezone)
        for names in (_OF_MESSAGES, _OF_PEOPLE, _OF_MONEY)
    }
    rows = {names: _rows(lake, compiled) for names, compiled in queries.items()}
    people = {row["campaign"]: row for row in rows[_OF_PEOPLE]}
    unresponsive = _unresponsive(lake, dimension, where, since, until, timezone)
    money: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows[_OF_MONEY]:
        money.setdefault(row["campaign"], []).append(row)
    campaigns = [
        _campaign(
            row,
            people.get(row["campaign"], {}),
            money.get(row["campaign"], ()),
            unresponsive.get(row["campaign"], Proportion(0, 0)),
        )
        for row in rows[_OF_MESSAGES]
        if row["campaign"] is not None
    ]
    without = sum(int(row["messages"]) for row in rows[_OF_MESSAGES] if row["campaign"] is None)
    campaigns.sort(key=lambda campaign: (-campaign.messages, campaign.campaign))
    return CampaignList(dimension, tuple(campaigns), without, as_of, queries[_OF_PEOPLE])


def with_texts(lake: Readable, campaigns: CampaignList) -> CampaignList:
    """The campaigns with their words or names, which a slice in memory does not have."""
    names = campaign_names(lake, campaigns.kind, [item.campaign for item in campaigns.campaigns])
    named = tuple(replace(item, text=names.get(item.campaign)) for item in campaigns.campaigns)
    return replace(campaigns, campaigns=named)


def campaign_names(lake: Readable, kind: str, campaigns: Iterable[str]) -> dict[str, str]:
    """What people call campaigns of a kind: the words of a template, the name of a service or batch."""
    if kind == "template":
        return read_template_words(lake, campaigns)
    if kind == "messaging_service":
        return query_service_names(lake)
    return {batch: batch for batch in campaigns}


def find_campaign(campaigns: CampaignList, campaign: str) -> Campaign:
    """One of them by its id.

    Raises:
        NotFound: no message of the period belongs to it.
    """
    for item in campaigns.campaigns:
        if item.campaign == campaign:
            return item
    raise NotFound(
        f"No outbound message of this period belongs to the {campaigns.kind} {campaign!r}. "
        "`workbench campaigns list` shows those of a period; --since and --until choose it."
    )


def query_best_hour(
    lake: Readable,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    timezone: str = "UTC",
) -> tuple[int | None, dict[int, Proportion]]:
    """The hour of sending with the most replies, and the replies by hour.

    There is a best hour only where the interval of its rate lies above those of all other hours.
    """
    compiled = _compile(("reply_rate",), "hour", where, since, until, timezone)
    shares = {
        int(row["campaign"]): _share(row["reply_rate"], row["reply_rate_sample_size"])
        for row in _rows(lake, compiled)
    }
    return clearly_highest(shares, FEWEST_PEOPLE), shares


def _read_kind(kind: str) -> CampaignKind:
    for known in KINDS:
        if kind == known:
            return known
    raise UnknownName("kind of campaign", kind, KINDS)


def _compile(
    metrics: Sequence[str], by: str, where: Where | None, since: Moment, until: Moment, timezone: str
) -> CompiledMetric:
    """Several metrics over one view in one query; a companion has the metric's name before its own."""
    plans = [plan_metric(name) for name in metrics]
    groups: dict[LiteralString, LiteralString] = {"campaign": dimension_sql(by)}
    if plans[0].metric.is_money:
        groups["currency"] = dimension_sql("currency")
    values = {
        column if column == plan.metric.name else f"{plan.metric.name}_{column}": expression
        for plan in plans
        for column, expression in plan.values.items()
    }
    parameters: dict[str, object] = {}
    conditions = conditions_sql(where, since, until, timezone, parameters)
    sql = assemble(groups, values, plans[0].metric.source, conditions)
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    return CompiledMetric(sql, parameters, (*groups, *values))


def _rows(lake: Readable, compiled: CompiledMetric) -> list[dict[str, Any]]:
    return [
        dict(zip(compiled.columns, row, strict=True)) for row in lake.rows(compiled.sql, compiled.parameters)
    ]


def _unresponsive(
    lake: Readable, by: str, where: Where, since: Moment, until: Moment, timezone: str
) -> dict[str | None, Proportion]:
    """By campaign; the metric counts people and not messages, so that it has a query of its own."""
    compiled = compile_metric("unresponsive_rate", by, where, since, until, timezone=timezone)
    return {row[by]: _share(row["unresponsive_rate"], row["sample_size"]) for row in _rows(lake, compiled)}


def _campaign(
    row: Mapping[str, Any],
    people: Mapping[str, Any],
    money: Iterable[Mapping[str, Any]],
    unresponsive: Proportion,
) -> Campaign:
    priced = [item for item in money if item["currency"] is not None]
    return Campaign(
        campaign=str(row["campaign"]),
        text=None,
        messages=int(row["messages"]),
        delivered=int(row["delivered"]),
        not_delivered=int(row["not_delivered"]),
        in_flight=int(row["delivery_rate_in_flight"]),
        deliveries=_share(row["delivery_rate"], row["delivery_rate_sample_size"]),
        segments_per_message=row["segments_per_message"],
        spend=_amounts(priced, "spend"),
        cost_per_delivered=_amounts(priced, "cost_per_delivered"),
        priced_share=row["priced_share"],
        reach=int(people.get("reach") or 0),
        people_in_flight=int(people.get("reply_rate_in_flight") or 0),
        replies=_share(people.get("reply_rate"), people.get("reply_rate_sample_size")),
        opt_outs=_share(people.get("opt_out_rate"), people.get("opt_out_rate_sample_size")),
        unresponsive=unresponsive,
        time_to_reply=people.get("time_to_reply_p50"),
        first_replies=int(people.get("time_to_reply_p50_sample_size") or 0),
    )


def _amounts(rows: Iterable[Mapping[str, Any]], name: str) -> dict[str, float]:
    return {row["currency"]: float(row[name]) for row in rows if row[name] is not None}


def _share(rate: float | None, sample: int | None) -> Proportion:
    people = int(sample or 0)
    return Proportion(round((rate or 0.0) * people), people)

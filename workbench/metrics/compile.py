"""Makes SQL of a metric. Pure: text and parameters out, nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import LiteralString
from zoneinfo import ZoneInfo

from workbench.errors import UnknownName, UsageError
from workbench.metrics.audits import find_audit
from workbench.metrics.definitions import METRICS, SETS, Dimension, Metric
from workbench.metrics.filter_values import Where, find_dimension, read_filters, read_names
from workbench.metrics.sql_text import with_literals

Moment = date | datetime | str | None


@dataclass(frozen=True)
class CompiledMetric:
    """SQL over the lake with its named parameters. `columns` are the result's, in order."""

    sql: str
    parameters: dict[str, object] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The same SQL with its parameters written into it, to be run by itself."""
        return with_literals(self.sql, self.parameters)


def compile_metric(
    metric: str,
    by: str | Iterable[str] | None = (),
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    timezone: str = "UTC",
) -> CompiledMetric:
    """SQL for one metric, grouped by dimensions.

    Args:
        metric: a name in METRICS.
        by: names in DIMENSIONS; one row per combination that occurs.
        where: dimension → value or values that a row must have; see :mod:`workbench.metrics.filter_values`.
        since: first moment included; a date is its midnight in ``timezone``.
        until: first moment not included any more.
        timezone: of days, weeks, months and hours.

    Returns:
        Columns: the dimensions (money: also `currency`), the metric under its name, and its companions:
        a rate or ratio has `sample_size` and `in_flight`, money has `priced_share` and, when it is a
        quotient, `sample_size`; a percentile or a peak has `sample_size`.

    Raises:
        UnknownName: the metric or a dimension does not exist, or a value is none of the dimension's.
        UsageError: a moment is no date, since is not before until, or a value is of another kind.
    """
    plan = plan_metric(metric, read_names(by))
    parameters: dict[str, object] = {}
    conditions = conditions_sql(where, since, until, timezone, parameters)
    groups = {dimension.name: dimension.expression for dimension in plan.dimensions}
    if plan.metric.bins is None:
        sql = assemble(groups, plan.values, plan.metric.source, conditions)
    else:
        sql = _binned_sql(plan.metric, groups, plan.values, conditions)
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    return CompiledMetric(sql, parameters, tuple(groups) + tuple(plan.values))


@dataclass(frozen=True)
class MetricPlan:
    """A metric by some dimensions, with every named set replaced: what SQL is made of."""

    metric: Metric
    dimensions: tuple[Dimension, ...]
    values: Mapping[str, str]


def plan_metric(metric: str, by: Sequence[str] = ()) -> MetricPlan:
    """The dimensions of a result and its columns; errors as in :func:`compile_metric`."""
    definition = find_metric(metric)
    grouped = [find_dimension(name) for name in dict.fromkeys([*by, *_always_by(definition)])]
    dimensions = tuple(replace(item, expression=expand(item.expression)) for item in grouped)
    return MetricPlan(definition, dimensions, _value_columns(definition))


def assemble(
    groups: Mapping[str, str],
    values: Mapping[str, str],
    source: LiteralString,
    conditions: Sequence[LiteralString],
) -> LiteralString:
    """A grouped query of expressions by the names of their columns."""
    sql = select_sql({**groups, **values}, source, conditions)
    if groups:
        sql += "\ngroup by all\norder by " + ", ".join(f"{name} nulls last" for name in groups)
    return sql


def _binned_sql(
    metric: Metric, groups: Mapping[str, str], values: Mapping[str, str], conditions: Sequence[str]
) -> str:
    """The metric over its bins: first the rows become bins in each group, then the bins become the number."""
    bins = {name: expand(expression) for name, expression in (metric.bins or {}).items()}
    rows = [*conditions, *([expand(metric.rows)] if metric.rows else [])]
    inner = select_sql({**groups, **bins}, metric.source, rows) + "\ngroup by all"
    indented = inner.replace("\n", "\n    ")
    return assemble(dict(zip(groups, groups, strict=True)), values, f"(\n    {indented}\n) bins", [])


def select_sql(
    columns: Mapping[LiteralString, LiteralString],
    source: LiteralString,
    conditions: Sequence[LiteralString],
) -> LiteralString:
    """``select … from … where …`` of expressions by their names."""
    sql = "select\n" + ",\n".join(f"    {expression} as {name}" for name, expression in columns.items())
    sql += f"\nfrom {source}"
    return sql + ("\nwhere " + "\n  and ".join(conditions) if conditions else "")


def conditions_sql(
    where: Where | None, since: Moment, until: Moment, timezone: str, parameters: dict[str, object]
) -> list[LiteralString]:
    """The conditions of a filter and a period; what they compare with is put into ``parameters``."""
    return filters_sql(where, parameters) + _period_sql(since, until, timezone, parameters)


def dimension_sql(name: str) -> LiteralString:
    """The expression of a dimension over its view, every named set replaced."""
    return expand(find_dimension(name).expression)


def filters_sql(
    where: Where | None,
    parameters: dict[str, object],
    expression_of: Callable[[str], str] = dimension_sql,
) -> list[LiteralString]:
    """The conditions of a filter; what they compare with is put into ``parameters``.

    ``expression_of`` gives the SQL of a dimension, where the rows are not those of its view.
    """
    return [
        _filter_sql(name, expression_of(name), values, parameters)
        for name, values in read_filters(where).items()
    ]


def compile_audit(
    name: str,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    limit: int | None = None,
    timezone: str = "UTC",
    more: Sequence[LiteralString] = (),
    place: Callable[[dict[str, object]], LiteralString] | None = None,
) -> CompiledMetric:
    """SQL for the rows of one audit, those that its metric counts; arguments as for :func:`compile_metric`.

    Args:
        more: columns of the view that follow those of the audit.
        place: the condition of a place, see :mod:`workbench.metrics.audit_places`.

    Returns:
        Columns: `message_sid`, `conversation_id`, then what the audit shows; the worst or newest first.

    Raises:
        UnknownName: the audit or a dimension does not exist.
        UsageError: a moment is no date, or since is not before until.
    """
    audit = find_audit(name)
    parameters: dict[str, object] = {}
    conditions = [] if audit.condition == "true" else [audit.condition]
    conditions += conditions_sql(where, since, until, timezone, parameters)
    if place is not None:
        conditions.append(place(parameters))
    columns = tuple(dict.fromkeys(("message_sid", "conversation_id", *audit.columns, *more)))
    sql = f"select {', '.join(columns)}\nfrom {find_metric(audit.metric).source}"
    if conditions:
        sql += "\nwhere " + "\n  and ".join(conditions)
    if audit.one_per:
        first = f"partition by {audit.one_per} order by {audit.order}, message_sid"
        sql += f"\nqualify row_number() over ({first}) = 1"
    sql += f"\norder by {audit.order}, message_sid"
    if limit is not None:
        sql += "\nlimit $limit"
        parameters["limit"] = limit
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    return CompiledMetric(sql, parameters, columns)


def compile_template(
    template: LiteralString,
    rows: LiteralString,
    where: Where | None,
    since: Moment,
    until: Moment,
    timezone: str,
) -> CompiledMetric:
    """SQL of a template in which ``{rows}`` stands for a filter, a period and a set of messages.

    Args:
        rows: the set, for example ``{queued}``. The other arguments are as for :func:`compile_metric`.
    """
    parameters: dict[str, object] = {}
    conditions = " and ".join([*conditions_sql(where, since, until, timezone, parameters), expand(rows)])
    sql = expand(template).replace("{rows}", conditions).strip()
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    return CompiledMetric(sql, parameters)


def find_metric(name: str) -> Metric:
    if name not in METRICS:
        raise UnknownName("metric", name, METRICS, remedy=METRICS.reason(name))
    return METRICS[name]


def to_utc(moment: Moment, timezone: str, name: str) -> datetime | None:
    """A moment in UTC; a date, or one without a zone, is meant in ``timezone``.

    Raises:
        UsageError: it is no date and no time, or text that is none in ISO form.
    """
    if moment is None or moment == "":
        return None
    given = moment
    if type(moment).__name__ == "datetime64":
        moment = str(moment)
    try:
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        if moment != moment:  # pandas' NaT
            raise ValueError("not a time")
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name} is {given!r}; write a date as 2026-09-01 or a time as 2026-09-01T08:30."
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def _always_by(metric: Metric) -> tuple[str, ...]:
    # Amounts of two currencies never share a row.
    return ("currency",) if metric.is_money else ()


def _value_columns(metric: Metric) -> dict[str, str]:
    """The metric's own column, then its companions."""
    value = metric.numerator
    if metric.denominator is not None:
        value = f"{metric.numerator} / nullif({metric.denominator}, 0)"
    columns = {metric.name: value}
    if metric.sample_size:
        columns["sample_size"] = metric.sample_size
    if metric.is_share and not metric.is_money:
        columns["in_flight"] = metric.waiting or METRICS["in_flight"].numerator
    if metric.is_money:
        priced = METRICS["priced_share"]
        columns["priced_share"] = f"{priced.numerator} / nullif({priced.denominator}, 0)"
    return {name: expand(expression) for name, expression in columns.items()}


def expand(expression: LiteralString) -> LiteralString:
    """Replace the named sets of rows (`{final}` …) in an expression."""
    for name, condition in SETS.items():
        expression = expression.replace(f"{{{name}}}", condition)
    return expression


def _filter_sql(
    name: str, expression: str, values: Sequence[str | None], parameters: dict[str, object]
) -> str:
    """A condition on one dimension; values are compared as text, whatever the column's type."""
    texts = [value for value in values if value is not None]
    parts = []
    if texts:
        parameters[f"where_{name}"] = texts
        parts.append(f"list_contains($where_{name}, cast({expression} as varchar))")
    if None in values:
        parts.append(f"({expression}) is null")
    if len(parts) == 1:
        return parts[0]
    return f"({' or '.join(parts)})" if parts else "false"


def _period_sql(since: Moment, until: Moment, timezone: str, parameters: dict[str, object]) -> list[str]:
    first, last = to_utc(since, timezone, "since"), to_utc(until, timezone, "until")
    if first and last and first >= last:
        raise UsageError(f"since ({since}) must be before until ({until}); until itself is not included.")
    conditions = []
    if first:
        parameters["since"] = first
        conditions.append("date_created >= $since")
    if last:
        parameters["until"] = last
        conditions.append("date_created < $until")
    return conditions

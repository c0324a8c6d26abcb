"""Metrics: which there are, what each counts, and any of them by any dimensions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from workbench.api.installation import Installation
from workbench.api.metrics import query
from workbench.errors import ConfigError, UnknownName, UsageError
from workbench.http_api.frames import cut, rows_of
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Pages
from workbench.http_api.routes import ApiAnswer, ApiPage, reads
from workbench.metrics.definitions import Dimension, Metric
from workbench.metrics.filter_values import read_filter_texts

router = APIRouter(tags=["metrics"])

Name = Annotated[str, Path(max_length=80, examples=["delivery_rate"])]
Text = Annotated[str, Query(max_length=200)]
Moment = Annotated[
    str | None, Query(max_length=40, description="A day, or a moment with its zone.", examples=["2026-11-01"])
]


class MetricLine(BaseModel):
    """One metric, and what it counts."""

    name: str
    label: str
    unit: str
    description: str
    numerator: str = Field(description="What stands above the line, in words.")
    denominator: str | None = Field(description="What stands below it; null where nothing does.")


class MetricList(ApiAnswer):
    """All metrics."""

    items: list[MetricLine]


class MetricDefinition(ApiAnswer, MetricLine):
    """One metric, and what it counts."""


class DimensionLine(BaseModel):
    """One dimension."""

    name: str
    description: str
    kind: str = Field(description="Of its values: text, number, day, week or month.")
    values: list[str] = Field(description="The only ones that it has; empty where the messages decide.")


class DimensionList(ApiAnswer):
    """All dimensions."""

    items: list[DimensionLine]


class MetricRows(ApiPage):
    """A metric's numbers, with what is needed to trust them."""

    metric: str
    label: str
    unit: str = Field(description="A rate is from 0 to 1.")
    description: str
    timezone: str = Field(description="Of days, weeks, months and hours.")
    sql: str = Field(description="The query behind it, to be run by itself with `workbench sql`.")
    no_answer: str = Field(description="Why numbers are null that nobody can know; empty where none is.")
    total: int = Field(description="Rows of all pages.")
    items: list[dict[str, str | int | float | bool | None]] = Field(
        description="The dimensions, the metric under its name, and what belongs to it: sample_size and "
        "in_flight of a rate, currency and priced_share of money.",
        examples=[[{"day": "2026-11-02", "delivery_rate": 0.97, "sample_size": 1200, "in_flight": 3}]],
    )


@router.get("/metrics", dependencies=reads("metrics", "read metrics", of_lake=False))
def metrics(installation: Opened) -> MetricList:
    """List the metrics, with what each one counts."""
    return MetricList(items=[MetricLine(**_line(metric)) for metric in installation.metrics.values()])


@router.get("/metrics/{metric}", dependencies=reads("metrics", "read metrics", of_lake=False))
def metric(installation: Opened, metric: Name) -> MetricDefinition:
    """Explain one metric: what it counts, above and below the line."""
    return MetricDefinition(**_line(_find(installation.metrics, metric)))


@router.get("/metrics/{metric}/values", dependencies=reads("metrics", "read metrics"))
def metric_values(
    installation: Opened,
    pages: Pages,
    metric: Name,
    by: Annotated[
        list[Text],
        Query(max_length=10, description="Dimensions; one row per combination.", examples=[["day"]]),
    ] = [],  # noqa: B006  # FastAPI copies it
    where: Annotated[
        list[Text],
        Query(
            max_length=30,
            description="`dimension=value`; several values with commas, nothing after `=` for none.",
            examples=[["country=US"]],
        ),
    ] = [],  # noqa: B006
    since: Moment = None,
    until: Annotated[
        str | None, Query(max_length=40, description="The first moment that is not in it any more.")
    ] = None,
    timezone: Annotated[
        str | None,
        Query(max_length=64, description="As America/New_York; by default that of the settings."),
    ] = None,
    allow_unknown: Annotated[
        bool, Query(description="Answer also for values that no message ever had.")
    ] = False,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Rows of a page.")] = 1000,
    cursor: Cursor = None,
) -> MetricRows:
    """Ask for one metric, by any dimensions, filters and period, as `workbench metric` does."""
    _find(installation.metrics, metric)
    require_zone(installation, timezone)
    filters = read_filter_texts(where, "where")
    asked = {
        "metric": metric, "by": by, "where": where, "since": since, "until": until, "timezone": timezone,
    }  # fmt: skip
    with pages.page("metric", asked, cursor) as page:
        frame = query(installation, metric, by, filters, since, until, timezone, allow_unknown, page.lake)
        rows, next_cursor = cut(page, rows_of(frame), limit)
        about = frame.attrs
        return MetricRows(
            as_of=page.as_of,
            next_cursor=next_cursor,
            metric=metric,
            label=about["label"],
            unit=about["unit"],
            description=about["description"],
            timezone=about["timezone"],
            sql=about["sql"],
            no_answer=about["no_answer"],
            total=len(frame),
            items=[dict(row) for row in rows],
        )


@router.get("/dimensions", dependencies=reads("metrics", "read metrics", of_lake=False))
def dimensions(installation: Opened) -> DimensionList:
    """List the dimensions that metrics can be grouped and filtered by."""
    return DimensionList(items=[_dimension(each) for each in installation.dimensions.values()])


def _find(metrics: Any, name: str) -> Metric:
    if name not in metrics:
        raise UnknownName("metric", name, metrics)
    metric: Metric = metrics[name]
    return metric


def require_zone(installation: Installation, timezone: str | None) -> None:
    """A wrong one is wrong in the request, not in the settings of this installation."""
    try:
        installation.timezone(timezone)
    except ConfigError as error:
        raise UsageError(str(error)) from error


def _line(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "label": metric.label,
        "unit": metric.unit,
        "description": metric.description,
        "numerator": metric.numerator_text,
        "denominator": metric.denominator_text or None,
    }


def _dimension(dimension: Dimension) -> DimensionLine:
    return DimensionLine(
        name=dimension.name,
        description=dimension.description,
        kind=dimension.kind,
        values=list(dimension.vocabulary()) if dimension.is_closed else [],
    )

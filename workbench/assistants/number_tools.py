"""Tools about numbers: metrics, dimensions, one metric asked, and why it changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from workbench.assistants.answers import (
    DimensionEntry,
    KnownDimensions,
    KnownMetrics,
    MetricAnswer,
    MetricEntry,
    Row,
)
from workbench.assistants.backing import Backing, now_text, period_text
from workbench.assistants.outside_text import outside_value
from workbench.assistants.rows import MOST_ROWS, cut, plain, rest_text
from workbench.display.formats import is_missing, plural
from workbench.display.periods import Period

if TYPE_CHECKING:
    import pandas as pd

    from workbench.metrics.definitions.model import Metric
    from workbench.metrics.filter_values import Filters

MetricName = Annotated[str, Field(description="A name of list_metrics, as delivery_rate.")]
By = Annotated[
    list[str] | None, Field(description='Names of list_dimensions to group by, as ["sender", "week"].')
]
WhereArgument = Annotated[
    dict[str, Any] | None,
    Field(description='Filters: a dimension and its values, null for none, as {"country": ["US", null]}.'),
]
Since = Annotated[
    str | None, Field(description="First day, as 2026-09-01. Without since and until: the last 30 days.")
]
Until = Annotated[str | None, Field(description="First day not included any more. Default: up to now.")]
Timezone = Annotated[
    str | None, Field(description="Of days and hours, as Europe/Berlin. Default: the owner's.")
]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="At most so many rows.")]
Offset = Annotated[int, Field(ge=0, description="Rows to leave out first.")]
_DIRECTIONS = ("outbound-api", "outbound-call", "outbound-reply")


class NumberTools:
    """Numbers by name."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing

    def list_metrics(
        self, search: Annotated[str, Field(description="Only those with this in name or description.")] = ""
    ) -> KnownMetrics:
        """List the metrics with what each counts, above and below the line."""
        entries = [metric_entry(metric) for metric in self._backing.installation.metrics.values()]
        entries = [entry for entry in entries if _has(search, entry.name, entry.label, entry.description)]
        names = ", ".join(entry.name for entry in entries) or "none"
        return KnownMetrics(
            summary=f"{plural(len(entries), 'metric')}: {names}.",
            as_of=now_text(), total_rows=len(entries), truncated=False, metrics=entries,
        )  # fmt: skip

    def list_dimensions(self) -> KnownDimensions:
        """List what metrics can be grouped and filtered by."""
        entries = [
            DimensionEntry(
                name=item.name, label=item.label, description=item.description, kind=item.kind,
                values=list(item.vocabulary()) if item.is_closed else [],
            )
            for item in self._backing.installation.dimensions.values()
        ]  # fmt: skip
        return KnownDimensions(
            summary=f"{plural(len(entries), 'dimension')}: {', '.join(entry.name for entry in entries)}.",
            as_of=now_text(), total_rows=len(entries), truncated=False, dimensions=entries,
        )  # fmt: skip

    def query_metric(
        self,
        metric: MetricName,
        by: By = None,
        where: WhereArgument = None,
        since: Since = None,
        until: Until = None,
        timezone: Timezone = None,
        sort: Annotated[
            Literal["dimension", "largest", "smallest"],
            Field(description="largest or smallest value first, those with too small a sample last."),
        ] = "dimension",
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> MetricAnswer:
        """Ask one metric, by any dimensions, for any days, with sample, definition, SQL and a link."""
        backing = self._backing
        zone = backing.installation.timezone(timezone)
        period = backing.period(since, until, zone)
        filters = backing.filters(where)
        frame = self.frame(metric, by, filters, period)
        definition = backing.installation.metrics[metric]
        rows = sorted_rows(self._rows(frame, definition), definition.name, sort)
        shown = cut(rows[offset : offset + limit])
        entry = metric_entry(definition)
        return MetricAnswer(
            summary=_summary(entry, rows, len(shown), period), as_of=frame.attrs["as_of"], metric=entry,
            total_rows=len(rows), truncated=offset + len(shown) < len(rows),
            rest=rest_text(len(shown), offset, len(rows)), period=period_text(period),
            since=str(period.since), until=str(period.until), timezone=zone, rows=shown,
            no_answer=frame.attrs["no_answer"], sql=backing.shown_sql(frame.attrs["sql"]),
            link=self.link(metric, filters, period),
            link_shows_more=shows_more(metric, filters),
        )  # fmt: skip

    def frame(self, metric: str, by: Sequence[str] | None, filters: Filters, period: Period) -> pd.DataFrame:
        """The numbers as the notebook gives them."""
        from workbench.api.metrics import query

        return query(
            self._backing.installation, metric, by, filters, period.since, period.end, period.timezone, False
        )

    def link(self, metric: str, filters: Filters, period: Period) -> str:
        """The page of a metric with the same days and filters."""
        from workbench.alerts.message import page_of_metric

        shown = {name: list(values) for name, values in filters.items()}
        if "sender" in shown:
            masks = self._backing.shown_senders()
            shown["sender"] = [masks.get(value) or value for value in shown["sender"]]
        page = page_of_metric(metric)
        address = self._backing.link(page, period.since, period.until, **shown)
        is_other_zone = period.timezone != self._backing.installation.settings.timezone
        return f"{address}&timezone={period.timezone}" if is_other_zone and "?" in address else address

    def _rows(self, frame: pd.DataFrame, metric: Metric) -> list[Row]:
        senders = self._backing.shown_senders() if "sender" in frame else {}
        is_masked = self._backing.is_masked
        rows = []
        for record in frame.to_dict("records"):
            row = {name: plain(value) for name, value in record.items()}
            if "sender" in row:
                row["sender"] = senders.get(row["sender"], row["sender"])
            row = outside_value(row, is_masked=is_masked)
            if "sample_size" in row and (row["sample_size"] or 0) < metric.minimum_sample:
                row["too_few"] = True
            rows.append(row)
        return rows


def metric_entry(metric: Metric) -> MetricEntry:
    """A metric's definition as an answer."""
    return MetricEntry(
        name=metric.name, label=metric.label, unit=metric.unit, description=metric.description,
        numerator=metric.numerator_text, denominator=metric.denominator_text or None,
        excludes=metric.excludes or None, better=metric.better, minimum_sample=metric.minimum_sample,
    )  # fmt: skip


def sorted_rows(rows: list[Row], name: str, sort: str) -> list[Row]:
    """Rows by their value, those that say nothing last; `dimension` leaves them as they are."""
    if sort == "dimension":
        return rows
    sign = -1 if sort == "largest" else 1
    return sorted(
        rows, key=lambda row: (row[name] is None, row.get("too_few", False), sign * (row[name] or 0))
    )


def shows_more(metric: str, filters: Filters) -> bool:
    """Whether the page of a metric cannot filter by all of these."""
    from workbench.alerts.message import page_of_metric
    from workbench.ui.filters import FIELDS

    fields = {field.dimension for field in FIELDS.values()}
    outbound = tuple(sorted(_DIRECTIONS))
    directions = tuple(sorted(str(value) for value in filters.get("direction", ())))
    is_direction = directions in ((), ("inbound",), outbound)
    return (
        page_of_metric(metric) == "inbox" or bool(set(filters) - fields - {"direction"}) or not is_direction
    )


def _summary(entry: MetricEntry, rows: list[Row], shown: int, period: Period) -> str:
    from workbench.display.formats import value

    where = f"{entry.label}, {period.label} ({period.timezone})"
    if len(rows) != 1 or shown != 1:
        return f"{where}: {plural(len(rows), 'row')}, {shown:,} of them here."
    row = rows[0]
    text = "nothing to count" if is_missing(row[entry.name]) else value(row[entry.name], entry.unit)
    if row.get("currency"):
        text += f" {row['currency']}"
    sample = row.get("sample_size")
    return f"{where}: {text}" + (f" of {sample:,}" if sample is not None else "") + "."


def _has(search: str, *texts: str) -> bool:
    return any(search.casefold() in text.casefold() for text in texts)

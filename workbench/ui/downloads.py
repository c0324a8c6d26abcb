"""What the file of a panel holds: all numbers behind what it shows, and a stamp that says what they are.

A panel that shows the first eight rows is downloaded with all of them. A panel may make its own file with a
method ``export_frame(data)``; the file of every other panel has the metrics that it asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import reduce
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from workbench.display import formats
from workbench.metrics import METRICS, MetricResult, stream_rows
from workbench.metrics.rows import is_number_like
from workbench.ui.filters import FIELDS
from workbench.ui.page_data import PageData
from workbench.ui.panels.kinds import Cards, Panel
from workbench.ui.panels.rows import MessageList
from workbench.ui.result_rows import priced_rows
from workbench.ui.table_export import Stamp, TableExport

_ADDRESS_COLUMNS = ("sender", "contact")
_COMPANIONS = ("sample_size", "in_flight", "priced_share")


@dataclass(frozen=True)
class Download:
    """Tables and their stamp, ready for a writer of :mod:`workbench.ui.table_export`."""

    sheets: Sequence[TableExport]
    stamp: Stamp


@contextmanager
def open_download(panel: Panel, data: PageData, page_title: str) -> Iterator[Download]:
    """Everything that a panel shows for a page's data; messages are read while the file is written."""
    title = str(getattr(panel, "title", "")) or "Numbers"
    if isinstance(panel, MessageList):
        with stream_rows(
            data.store.lake, data.rows_query, data.row_list["sort"], data.store.masked_sides
        ) as stream:
            sheet = TableExport(title, stream.schema, stream.total, stream.batches)
            parameters = "; ".join(f"${k} = {v}" for k, v in data.shown_parameters(stream.parameters).items())
            told = [("Sorted by", data.row_list["sort"]), ("SQL", stream.sql), ("Parameters", parameters)]
            yield Download(
                [sheet], [*about_panel(data, page_title, title, stream.total, stream.as_of), *told]
            )
        return
    results, sheets, note = _metric_sheets(panel, data, title)
    as_of = min((result.as_of for result in results), default=datetime.now(UTC))
    stamp = about_panel(data, page_title, title, sheets[0].total, as_of)
    if len(sheets) > 1:
        stamp.append(("Further tables", f"{len(sheets) - 1} more are in the XLSX of this part"))
    if note:
        stamp.append(("Note", note))
    yield Download(sheets, [*stamp, *_definitions(results), *_own_definition(panel, data, results)])


def _metric_sheets(
    panel: Panel, data: PageData, title: str
) -> tuple[list[MetricResult], list[TableExport], str]:
    recording = _Recording(**{item.name: getattr(data, item.name) for item in fields(data)})
    export_frame = getattr(panel, "export_frame", None)
    own = export_frame(recording) if export_frame else None
    if own is not None:
        return recording.asked, [_sheet(title, own[0])], own[1]
    if isinstance(panel, Cards):
        frames = [_cards_frame(panel, recording)]
    else:
        panel.props(recording)
        frames = merge_results(recording.asked, recording)
    sheets = [_sheet(title if number == 0 else f"{title} {number + 1}", f) for number, f in enumerate(frames)]
    return recording.asked, sheets or [_sheet(title, pd.DataFrame({"nothing": []}))], ""


@dataclass(frozen=True)
class _Recording(PageData):
    """Page data that remembers which metrics were asked of it, without those of the comparison."""

    asked: list[MetricResult] = field(default_factory=list)

    def metric(
        self, name: str, by: Sequence[str] = (), where: Mapping[str, Any] | None = None
    ) -> MetricResult:
        result = super().metric(name, by, where)
        if all(result is not known for known in self.asked):
            self.asked.append(result)
        return result

    @property
    def previous(self) -> PageData | None:
        plain = PageData(**{item.name: getattr(self, item.name) for item in fields(PageData)})
        return plain.previous


def _cards_frame(cards: Cards, data: PageData) -> pd.DataFrame:
    """One row per metric, and for money one per currency."""
    rows: list[dict[str, Any]] = []
    previous = data.previous
    for name in cards.names:
        now = data.metric(name)
        before = previous.metric(name) if previous else None
        frame = priced_rows(now) if now.metric.is_money else now.frame
        for _, row in frame.iterrows():
            rows.append(
                {
                    "metric": name, "label": now.metric.label, "unit": now.metric.unit,
                    "currency": row.get("currency"), "value": _number(row.get(name)),
                    "compared_with": _before(before, name, row.get("currency")),
                    **{companion: _number(row.get(companion)) for companion in _COMPANIONS},
                    "minimum_sample": now.metric.minimum_sample or None,
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=_CARD_COLUMNS)


_CARD_COLUMNS = [
    "metric", "label", "unit", "currency", "value", "compared_with", *_COMPANIONS, "minimum_sample",
]  # fmt: skip


def _before(before: MetricResult | None, name: str, currency: str | None) -> float | None:
    if before is None:
        return None
    frame = before.frame if currency is None else before.frame[before.frame["currency"] == currency]
    return _number(frame[name].iloc[0]) if len(frame) else None


def _number(value: Any) -> float | None:
    return None if value is None or formats.is_missing(value) else float(value)


def merge_results(results: Sequence[MetricResult], data: PageData) -> list[pd.DataFrame]:
    """Results as tables: those with the same dimensions are joined, money has a column for each currency."""
    groups: dict[tuple[str, ...], list[MetricResult]] = {}
    for result in results:
        groups.setdefault(_dimensions(result), []).append(result)
    return [_merged(list(dimensions), group, data) for dimensions, group in groups.items()]


def _dimensions(result: MetricResult) -> tuple[str, ...]:
    values = {result.metric.name, *_COMPANIONS}
    return tuple(name for name in result.frame.columns if name not in values and name != "currency")


def _merged(dimensions: list[str], group: Sequence[MetricResult], data: PageData) -> pd.DataFrame:
    if len(group) == 1:
        return _readable(group[0].frame, dimensions, data)
    columns = [_side(result, dimensions) for result in group]
    if not dimensions:
        return pd.concat([frame.reset_index(drop=True) for frame in columns], axis=1)
    joined = reduce(lambda left, right: left.merge(right, on=dimensions, how="outer", sort=False), columns)
    return _readable(joined, dimensions, data)


def _side(result: MetricResult, dimensions: list[str]) -> pd.DataFrame:
    """One metric's columns under names of its own."""
    name, frame = result.metric.name, result.frame
    companions = [companion for companion in _COMPANIONS if companion in frame]
    if "currency" not in frame or not result.metric.is_money:
        return frame.rename(columns={companion: f"{name}_{companion}" for companion in companions})
    sides = []
    for currency, rows in frame.dropna(subset=["currency"]).groupby("currency"):
        names = {name: f"{name}_{currency}", **{c: f"{name}_{c}_{currency}" for c in companions}}
        sides.append(rows.drop(columns="currency").rename(columns=names))
    if not sides:
        return frame[dimensions].drop_duplicates().assign(**{name: None})
    if not dimensions:
        return pd.concat([side.reset_index(drop=True) for side in sides], axis=1)
    return reduce(lambda left, right: left.merge(right, on=dimensions, how="outer", sort=False), sides)


def _readable(frame: pd.DataFrame, dimensions: Sequence[str], data: PageData) -> pd.DataFrame:
    """Our numbers masked as on the page, whole numbers whole."""
    shown = frame.copy()
    for name in dimensions:
        if name in _ADDRESS_COLUMNS:
            shown[name] = [None if formats.is_missing(v) else data.token(name, v) for v in shown[name]]
        elif pd.api.types.is_datetime64_any_dtype(shown[name]):
            shown[name] = [None if formats.is_missing(day) else day.date() for day in shown[name]]
        elif pd.api.types.is_float_dtype(shown[name]):
            shown[name] = shown[name].astype("Int64")
    return shown


def _sheet(name: str, frame: pd.DataFrame) -> TableExport:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return TableExport(name, table.schema, table.num_rows, table.to_batches())


def _own_definition(panel: Panel, data: PageData, results: Sequence[MetricResult]) -> list[tuple[str, str]]:
    """The definition of numbers that are no metric, or of a metric not asked under the page's filters."""
    told = panel.props(data).get("definition") or {}
    if not told or told["name"] in {result.metric.name for result in results}:
        return []
    words = [told["description"], f"Counts {told['numerator']}."]
    if told["excludes"]:
        words.append(f"Leaves out: {told['excludes']}")
    return [(f"Definition of {told['name']}", " ".join(words)), (f"SQL of {told['name']}", told["sql"])]


def about_panel(
    data: PageData, page_title: str, title: str, total: int, as_of: datetime
) -> list[tuple[str, str]]:
    """What the file of a panel says about itself."""
    what = [("What", f"{page_title}: {title}"), ("Rows", f"{total}")]
    return [*what, *about_page(data, page_title, as_of)[1:]]


def about_page(data: PageData, page_title: str, as_of: datetime) -> list[tuple[str, str]]:
    """Period, filters and freshness of a page, in pairs of name and text."""
    fresh = data.store.freshness(snapshot=data.snapshot)
    period, chosen, previous = data.period, _filters_in_words(data), data.previous
    compared = previous.period.label if previous else data.not_compared and f"nothing: {data.not_compared}"
    synced = f"{fresh.last_sync_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if fresh.last_sync_at else "never"
    local = as_of.astimezone(ZoneInfo(period.timezone))
    days = f"{period.since} up to, not including, {period.until}"
    priced = formats.rate(fresh.priced_share)
    lake = f"{fresh.messages:,} messages, {fresh.open_messages:,} open, {priced} priced"
    return [
        ("What", page_title),
        ("Period", f"{period.label}, days in {period.timezone}; {days}"),
        *([("Compared with", compared)] if compared else []),
        ("Filters", "; ".join(chosen) or "none"),
        ("As of", f"{as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}, in {period.timezone} {local:%Y-%m-%d %H:%M}"),
        ("Last sync", synced),
        ("Lake", lake),
        ("Made by", f"workbench {version('workbench')}; {_CONVENTIONS}"),
    ]


_CONVENTIONS = (
    "times in UTC, people's numbers masked; in CSV a text that a spreadsheet would run has ' before it"
)


def _filters_in_words(data: PageData) -> list[str]:
    chosen = (
        [f"Direction: {data.values['direction']}"] if data.values.get("direction", "all") != "all" else []
    )
    chosen += [
        f"{FIELDS[name].label}: {', '.join(data.values[name])}" for name in FIELDS if data.values.get(name)
    ]
    if not data.row_list["q"]:
        return chosen
    # A file is passed on to others, so the phone number that was searched for is not in it.
    words = "a phone number" if is_number_like(data.row_list["q"]) else data.row_list["q"]
    return [*chosen, f"Search: {words}"]


def _definitions(results: Sequence[MetricResult]) -> list[tuple[str, str]]:
    told: dict[str, str] = {}
    for result in results:
        metric = METRICS[result.metric.name]
        words = [metric.description, f"Counts {metric.numerator_text}."]
        if metric.denominator_text:
            words.append(f"Out of {metric.denominator_text}.")
        if metric.excludes:
            words.append(f"Leaves out: {metric.excludes}")
        told.setdefault(f"Definition of {metric.name}", " ".join(words))
        told.setdefault(f"SQL of {metric.name}", result.sql)
    return list(told.items())

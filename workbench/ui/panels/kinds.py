"""The kinds of panels. A panel is a plain description; opening a page builds its component.

A panel answers two questions: which component draws it, and which props that component has for a page's data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd
import plotly.graph_objects as go
from panel.io.state import state

from workbench.display import formats
from workbench.display.periods import Period
from workbench.findings.finding import Finding
from workbench.metrics import MetricResult
from workbench.ui.charts.marks import with_alert_marks
from workbench.ui.charts.previous import previous_name, with_previous
from workbench.ui.component_base import PanelComponent
from workbench.ui.components import CardRow, ChartComponent, FindingsComponent, TableComponent
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.alerts import alerts_of_charts, open_alerts
from workbench.ui.panels.cards import build_card
from workbench.ui.panels.findings import SHOWN, finding_item

GRAIN = "grain"
"""Stands in ``by`` for the time dimension that fits the page's period."""


class Panel(Protocol):
    """A place on a page. ``span`` is its width in twelfths, ``click`` the filter that a click in it sets."""

    @property
    def span(self) -> int: ...
    @property
    def click(self) -> str | None: ...
    def build(self) -> PanelComponent:
        """The component, in its loading state."""

    def props(self, data: PageData) -> dict[str, Any]:
        """The component's props for a page's data; asks the lake."""


@dataclass(frozen=True)
class Cards:
    """A row of headline cards, one per metric name; large ones show their course over the period."""

    names: Sequence[str]
    size: str = "large"
    span: int = 12
    click: str | None = None

    def build(self) -> PanelComponent:
        return CardRow(size=self.size, expected=len(self.names))

    def props(self, data: PageData) -> dict[str, Any]:
        cards = [build_card(data, name, with_trend=self.size == "large") for name in self.names]
        return {"state": "ok", "cards": cards}


@dataclass(frozen=True)
class Chart:
    """A figure of one metric: ``draw`` gets the metric grouped by ``by``; it returns None without any number.

    ``narrow`` says which messages are behind it, beyond the page's filters: values of filter fields. Without
    it they are those that the metric counts. ``compares`` draws the period before as a dashed line, where the
    page can compare.
    """

    title: str
    metric: str
    by: Sequence[str]
    draw: Callable[[MetricResult, Period], go.Figure | None]
    subtitle: str = ""
    empty: str = "No messages in this period with these filters."
    span: int = 6
    click: str | None = None
    narrow: Mapping[str, Sequence[str]] = field(default_factory=dict)
    compares: bool = False

    def build(self) -> PanelComponent:
        return ChartComponent(title=self.title, subtitle=self.subtitle, clickable=self.click is not None)

    def props(self, data: PageData) -> dict[str, Any]:
        result = data.metric(self.metric, by=[data.grain if name == GRAIN else name for name in self.by])
        reason = data.no_answer(self.metric)
        figure = None if reason else self.draw(result, data.period)
        shared = {"definition": definition(result, data.period)}
        if figure is None:
            return {**shared, "state": "empty", "message": f"Not known: {reason}." if reason else self.empty}
        summary = f"{self.title}, {data.period.label}. {self.subtitle}"
        if self.compares and (previous := data.previous):
            before = previous.metric(self.metric, by=(data.grain,))
            drawn = len(figure.data)
            figure = with_previous(figure, before, data.period, previous.period)
            summary += f" {previous_name(previous.period)}, dashed." if len(figure.data) > drawn else ""
        if GRAIN in self.by:
            figure = with_alert_marks(figure, alerts_of_charts(data, self.metric), data.period)
        return {**shared, "state": "ok", "figure": figure.to_plotly_json(), "summary": summary}


def export_of(props: Mapping[str, Any]) -> tuple[pd.DataFrame, str] | None:
    """All rows of a panel that may show only the first, with a note for the file; None without such rows."""
    make: Callable[[], pd.DataFrame] | None = props.get("file")
    return (make(), str(props.get("file_note", ""))) if make else None


def browser_props(props: Mapping[str, Any]) -> dict[str, Any]:
    """The props that a browser gets."""
    return {name: value for name, value in props.items() if name not in ("file", "file_note")}


@dataclass(frozen=True)
class Table:
    """A short table; ``rows`` makes its props, see :mod:`workbench.ui.panels.tables`.

    Where it shows something else than metrics, its props have ``file``, which makes a frame of all rows, and
    ``file_note`` where the page's period and filters do not say which rows those are.

    ``narrow`` says which messages are behind it, beyond the page's filters: values of filter fields. Without
    it they are those that the metric of its definition counts, or what its props say (``behind``, arguments
    of :meth:`workbench.ui.page_data.PageData.rows_link`).
    """

    title: str
    rows: Callable[[PageData], dict[str, Any]]
    subtitle: str = ""
    empty: str = "No messages in this period with these filters."
    span: int = 6
    click: str | None = None
    narrow: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def build(self) -> PanelComponent:
        return TableComponent(title=self.title, subtitle=self.subtitle, clickable=self.click is not None)

    def props(self, data: PageData) -> dict[str, Any]:
        props = {"first": 0, "rest": "", "tabs": [], **browser_props(self.rows(data))}
        if props["rows"]:
            return {
                **props,
                "rows": [_sortable(row, props["columns"]) for row in props["rows"]],
                "state": "ok",
            }
        return {"message": self.empty, **props, "state": "empty"}

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str] | None:
        """All rows for a file and a note on them; None where the file holds the metrics that it asks for."""
        return export_of(self.rows(data))


def _sortable(row: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row with the value of each number beside its text, to sort by."""
    cells = [
        {"value": number, **cell}
        if column["kind"] == "number" and (number := formats.number_in(cell["text"])) is not None
        else cell
        for cell, column in zip(row["cells"], columns, strict=True)
    ]
    return {**row, "cells": cells}


@dataclass(frozen=True)
class Figure:
    """A figure of several metrics: ``draw`` makes its props, see :mod:`workbench.ui.panels`.

    The props have ``figure`` (None when there is nothing to draw), ``definition``; they may have
    ``subtitle``, and ``message`` for the empty state. ``narrow`` and ``behind`` as in :class:`Table`.
    """

    title: str
    draw: Callable[[PageData], dict[str, Any]]
    subtitle: str = ""
    empty: str = "No messages in this period with these filters."
    span: int = 6
    click: str | None = None
    narrow: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def build(self) -> PanelComponent:
        return ChartComponent(title=self.title, subtitle=self.subtitle, clickable=self.click is not None)

    def props(self, data: PageData) -> dict[str, Any]:
        props = {"message": self.empty, "subtitle": self.subtitle, **browser_props(self.draw(data))}
        figure = props.pop("figure")
        if figure is None:
            return {**props, "state": "empty"}
        summary = f"{self.title}, {data.period.label}. {props['subtitle']}"
        return {**props, "state": "ok", "figure": figure.to_plotly_json(), "summary": summary}

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str] | None:
        """All rows for a file and a note on them; None where the file holds the metrics that it asks for."""
        return export_of(self.draw(data))


@dataclass(frozen=True)
class Findings:
    """What changed and why it matters, in sentences; ``find`` makes them, the most serious first.

    On a page each sentence links to the page with the details, under the same filters. Drawn after all other
    panels, because its queries take longest.
    """

    title: str
    find: Callable[[PageData], Sequence[Finding]]
    subtitle: str = ""
    empty: str = "Nothing moved more than usual against the period before."
    span: int = 12
    click: str | None = None
    is_late: bool = True

    def build(self) -> PanelComponent:
        is_page = state.curdoc is not None and bool(state.curdoc.session_context)
        return FindingsComponent(title=self.title, subtitle=self.subtitle, linked=is_page, shown=SHOWN)

    def props(self, data: PageData) -> dict[str, Any]:
        items = [finding_item(finding) for finding in self.find(data)]
        against = "" if data.previous or data.comparison == "none" else f"Not compared: {data.not_compared}."
        shared = {"subtitle": " ".join(filter(None, (self.subtitle, against))), "shown": SHOWN}
        if items:
            return {**shared, "state": "ok", "items": items}
        return {**shared, "state": "empty", "message": self.empty}

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """The sentences."""
        return _sentences(self.find(data)), ""


@dataclass(frozen=True)
class OpenAlerts:
    """The open alerts of a page; where there is none, the panel is not there at all."""

    title: str = "Open alerts"
    subtitle: str = ""
    span: int = 12
    click: str | None = None

    def build(self) -> PanelComponent:
        is_page = state.curdoc is not None and bool(state.curdoc.session_context)
        return FindingsComponent(title=self.title, linked=is_page, visible=False)

    def props(self, data: PageData) -> dict[str, Any]:
        items = [finding_item(finding) for finding in open_alerts(data)]
        shown = {"state": "ok", "items": items} if items else {"state": "empty", "message": ""}
        return {**shown, "visible": bool(items)}

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """The sentences."""
        return _sentences(open_alerts(data)), "Those of now; the period and the filters do not hold."


def _sentences(findings: Sequence[Finding]) -> pd.DataFrame:
    columns = ("sense", "title", "text", "page")
    rows = [[getattr(finding, name) for name in columns] for finding in findings]
    return pd.DataFrame(rows, columns=columns)

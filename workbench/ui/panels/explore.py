"""The panels of the page Explore: a chart of each metric that the reader chose, and all as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.ui.charts.explored import draw_explored
from workbench.ui.component_base import PanelComponent
from workbench.ui.components import ChartComponent, TableComponent
from workbench.ui.explore_state import MARK, TABLE
from workbench.ui.page_data import PageData
from workbench.ui.panels.exploration import (
    chart_kind,
    exploration_definition,
    exploration_frame,
    explored,
    metric_title,
    sample_notes,
)
from workbench.ui.panels.explore_plots import explored_plots
from workbench.ui.panels.explore_table import MOST_LINES, table_columns, table_footnote, table_lines

_EMPTY = "No messages in this period with these filters."
Props = dict[str, Any]


@dataclass(frozen=True)
class ExploreChart:
    """The chart of one of the chosen metrics, by its number; not there where fewer are chosen."""

    number: int
    title: str = ""
    subtitle: str = ""
    span: int = 12
    click: str | None = MARK

    def build(self) -> PanelComponent:
        return ChartComponent(title=self.title, clickable=True, visible=self.number == 0)

    def props(self, data: PageData) -> Props:
        names = data.values["metric"]
        if self.number >= len(names) or data.values["chart"] == TABLE:
            return {"state": "empty", "message": "", "visible": False, "figure": None}
        exploration = explored(data)
        each = exploration.answer.metrics[self.number]
        kind, note = chart_kind(exploration, each)
        unit = "rate" if exploration.answer.question.share else each.metric.unit
        plots = explored_plots(exploration, each, kind)
        figure = draw_explored(plots, kind, unit, exploration.grain)
        shared = {
            "title": metric_title(exploration, each),
            "subtitle": " · ".join([*sample_notes(exploration, each), *([note] if note else [])]),
            "definition": exploration_definition(exploration, each),
            "visible": True,
            "css_classes": [f"span-{12 if len(names) == 1 else 6}"],
        }
        if figure is None:
            return {**shared, "state": "empty", "message": _EMPTY, "figure": None}
        summary = f"{shared['title']}, {data.period.label}. {shared['subtitle']}"
        return {**shared, "state": "ok", "figure": figure.to_plotly_json(), "summary": summary}

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str] | None:
        """The rows of its metric, masked as on the page."""
        frame = exploration_frame(explored(data))
        if self.number >= len(data.values["metric"]):
            return frame.head(0), ""
        return frame[frame["metric"] == data.values["metric"][self.number]], ""


@dataclass(frozen=True)
class ExploreTable:
    """The numbers of all chosen metrics, beside each other."""

    title: str = "Numbers"
    subtitle: str = ""
    span: int = 12
    click: str | None = MARK

    def build(self) -> PanelComponent:
        return TableComponent(title=self.title, clickable=True)

    def props(self, data: PageData) -> Props:
        exploration = explored(data)
        lines = table_lines(exploration)
        first = exploration.answer.metrics[0]
        props = {
            "columns": table_columns(exploration),
            "rows": lines[:MOST_LINES],
            "footnote": table_footnote(exploration, len(lines)),
            "subtitle": " ".join(exploration.notes),
            "definition": exploration_definition(exploration, first),
        }
        return {**props, "state": "ok"} if lines else {**props, "state": "empty", "message": _EMPTY}

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """All rows, masked as on the page."""
        exploration = explored(data)
        return exploration_frame(exploration), " ".join(exploration.notes)

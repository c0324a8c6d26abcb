"""Where the reader of Explore chooses what is asked, and keeps questions as views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import WorkbenchError
from workbench.metrics import DIMENSIONS, METRICS
from workbench.metrics.exploration import GRAINS, can_be_added
from workbench.roles import current_user
from workbench.settings import Settings
from workbench.ui.components import ExploreComponent
from workbench.ui.explore_state import EXPLORE_DEFAULTS, question_of
from workbench.ui.filters import to_query
from workbench.ui.page_data import PageData
from workbench.ui.panels import view_alerts
from workbench.ui.store import current_store
from workbench.views.board_files import add_board, add_view_to_board, list_boards
from workbench.views.saved_view import SavedView, read_link
from workbench.views.subscription_files import list_subscriptions, subscribe, unsubscribe
from workbench.views.view_files import (
    delete_view,
    edit_view,
    find_view,
    list_views,
    restore_view,
    save_view,
)
from workbench.views.watched_view import WINDOWS

_OPTIONS: dict[str, list[list[str]]] = {
    "grain": [
        ["auto", "Time: automatic"], ["none", "No time"], ["day", "By day"], ["week", "By week"],
        ["month", "By month"],
    ],
    "chart": [
        ["auto", "Chart: automatic"], ["line", "Lines"], ["bar", "Bars"], ["stacked", "Stacked bars"],
        ["heat", "Heat map"], ["table", "Table only"],
    ],
    "top": [[str(number), f"Top {number}"] for number in (3, 5, 8, 12, 20, 50)],
    "order": [["size", "Most messages first"], ["highest", "Highest first"], ["lowest", "Lowest first"]],
}  # fmt: skip


@dataclass(frozen=True)
class ExploreBuilder:
    """Metrics, dimensions, chart, and the saved views."""

    title: str = "What to show"
    subtitle: str = ""
    span: int = 12
    click: str | None = None
    narrow: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> ExploreComponent:
        component = ExploreComponent(title=self.title)
        calls = _ViewCalls(component)
        component.on("save_view", calls.save)
        component.on("edit_view", calls.edit)
        component.on("delete_view", calls.delete)
        component.on("restore_view", calls.restore)
        component.on("subscribe", calls.subscribe)
        component.on("unsubscribe", calls.unsubscribe)
        component.on("watch", calls.watch)
        component.on("unwatch", calls.unwatch)
        component.on("add_to_page", calls.add_to_page)
        return component

    def props(self, data: PageData) -> dict[str, Any]:
        home = data.store.settings.home if data.store.settings else None
        values = {
            name: value if isinstance(value, list) else str(value)
            for name, value in data.values.items()
            if name in EXPLORE_DEFAULTS
        }
        options = {**_OPTIONS, "top": _with_value(_OPTIONS["top"], str(data.values["top"]))}
        return {
            "state": "ok",
            "metrics": [
                {
                    "name": metric.name, "label": metric.label, "description": metric.description,
                    "adds": can_be_added(metric),
                }
                for metric in METRICS.values()
            ],
            "dimensions": [
                {"name": each.name, "label": each.label, "description": each.description}
                for each in DIMENSIONS.values()
                if each.kind not in GRAINS and not each.is_address
            ],
            "options": options,
            "values": values,
            "query": view_query(data.values),
            "cell": notebook_cell(data),
            "can_save": home is not None,
            "may_mail": _may_mail(data.store.settings),
            "may_watch": view_alerts.may_watch(data.store.settings),
            "windows": [[value, f"in {words}"] for value, words in WINDOWS.items()],
            "limit_unit": view_alerts.limit_unit(METRICS[data.values["metric"][0]]),
            **view_lines(data.store.settings),
        }  # fmt: skip

    def export_frame(self, data: PageData) -> tuple[pd.DataFrame, str]:
        """The question."""
        rows = [(name, str(data.values[name])) for name in EXPLORE_DEFAULTS]
        return pd.DataFrame(rows, columns=["part", "value"]), ""


def _with_value(options: list[list[str]], value: str) -> list[list[str]]:
    known = value in {name for name, _ in options}
    return options if known else [*options, [value, f"Top {value}"]]


def view_query(values: Mapping[str, Any]) -> str:
    """The address that a view keeps: the filters in full, so that it means the same wherever it is opened."""
    kept = {name: value for name, value in values.items() if name != "view"}
    return to_query(kept, {name: value for name, value in EXPLORE_DEFAULTS.items() if name != "metric"})


def notebook_cell(data: PageData) -> str:
    """Python that gives the same numbers in a notebook."""
    question, _ = question_of(data.values, data.period)
    period = data.period
    arguments: dict[str, Any] = {"metrics": list(question.metrics)}
    if question.by:
        arguments["by"] = list(question.by)
    if question.grain in GRAINS:
        arguments["grain"] = question.grain
    if question.grain == "hour":
        arguments["by"] = [*question.by, "hour"][-2:]
    arguments |= {
        "where": {name: list(values) for name, values in data.where.items()},
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "top": question.top,
        "order": question.order,
        "share": question.share,
        "timezone": period.timezone,
    }
    if data.previous and not question.grain:
        arguments["compare"] = data.comparison
    first = repr(arguments.pop("metrics"))
    lines = [f"    {name}={value!r}," for name, value in arguments.items() if value not in ([], {}, False)]
    call = "\n".join([f"wb.explore(\n    {first},", *lines, ")"])
    return f"from workbench import Workbench\n\nwb = Workbench()\n{call}"


def view_lines(settings: Settings | None) -> dict[str, Any]:
    """The saved views that the user may see, what is made of each, and what is wrong with files."""
    nothing: dict[str, Any] = {"views": [], "problems": [], "mails": [], "alerts": [], "boards": []}
    if settings is None:
        return nothing
    home, person = settings.home, current_user()
    try:
        listed, (mails, problems) = list_views(home), list_subscriptions(home)
        alerts, alert_problems = view_alerts.watched_lines(settings)
    except WorkbenchError as error:
        return {**nothing, "problems": [str(error)]}
    return {
        "alerts": alerts,
        "boards": [
            {"name": board.name, "title": board.title}
            for board in list_boards(home).boards
            if board.may_be_changed_by(person)
        ],
        "views": [_line(view) for view in listed.views],
        "problems": [*listed.problems, *problems, *alert_problems],
        "mails": [
            {"name": each.name, "view": each.view, "text": f"each {each.every} to {', '.join(each.to)}"}
            for each in mails
        ],
    }


def _may_mail(settings: Settings | None) -> bool:
    return settings is not None and settings.smtp.host is not None and current_user().may("agent")


def _line(view: SavedView) -> dict[str, Any]:
    return {
        "name": view.name, "title": view.title, "folder": view.folder, "owner": view.owner,
        "shared": view.shared, "query": view.query,
        "may_change": view.may_be_changed_by(current_user()),
    }  # fmt: skip


@dataclass
class _ViewCalls:
    """What the browser may do with views. What it saves is the question that the component shows."""

    component: ExploreComponent

    def save(self, message: Mapping[str, Any]) -> None:
        def work(home: Path) -> str:
            view = save_view(
                home,
                read_link(self.component.query),
                title=message["title"],
                folder=message["folder"],
                shared=message["shared"],
                name=message.get("name"),
            )
            saved.append(view.query)
            return f"Saved as “{view.title}”."

        saved: list[str] = []
        self._do(work)
        if saved:
            # The browser opens it: what can be done with a view stands beside the open one.
            self.component.saved = saved[0]

    def edit(self, message: Mapping[str, Any]) -> None:
        name = message["name"]
        changes = {key: message[key] for key in ("title", "folder", "shared")}
        self._do(lambda home: f"Saved as “{edit_view(home, name, **changes).title}”.")

    def delete(self, name: str) -> None:
        self._do(lambda home: f"“{delete_view(home, name).title}” is deleted.", deleted=name)

    def restore(self, name: str) -> None:
        self._do(lambda home: f"“{restore_view(home, name).title}” is back.")

    def subscribe(self, message: Mapping[str, Any]) -> None:
        def work(home: Path) -> str:
            settings = current_store().settings
            made = subscribe(
                home,
                message["name"],
                message["every"],
                [message["to"]],
                known=settings.smtp.to if settings else (),
                timezone=current_store().timezone,
            )
            return f"Mailed each {made.every} to {', '.join(made.to)}, from the next one on."

        self._do(work)

    def unsubscribe(self, name: str) -> None:
        self._do(lambda home: f"{unsubscribe(home, name).view} is not mailed any more.")

    def watch(self, message: Mapping[str, Any]) -> None:
        def work(home: Path) -> str:
            store = current_store()
            view = find_view(home, message["name"])
            return view_alerts.watch(store, view, message["side"], message["limit"], message["window"])

        self._do(work)

    def unwatch(self, name: str) -> None:
        def work(home: Path) -> str:
            settings = current_store().settings
            assert settings is not None
            view_alerts.unwatch(settings, name)
            return "The view is not watched any more."

        self._do(work)

    def add_to_page(self, message: Mapping[str, Any]) -> None:
        def work(home: Path) -> str:
            view = find_view(home, message["view"])
            name = message["board"] or add_board(home, view.title).name
            return f"“{view.title}” is on “{add_view_to_board(home, name, view.name).title}” of My pages."

        self._do(work)

    def _do(self, work: Callable[[Path], str], deleted: str = "") -> None:
        settings = current_store().settings
        if settings is None:
            self.component.notice = "Views are kept in a home: open the pages with `workbench serve`."
            return
        try:
            notice = work(settings.home)
        except WorkbenchError as error:
            self.component.param.update(notice=str(error), deleted="", saved="")
            return
        self.component.param.update(**view_lines(settings), notice=notice, deleted=deleted, saved="")

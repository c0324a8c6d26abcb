"""Alerts on saved views: what somebody types on the page Explore, and the words of what is watched.

Whoever serves pages says who keeps the alerts (:func:`use_view_alerts`); else none are offered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from workbench.display import formats
from workbench.errors import UsageError
from workbench.metrics import DIMENSIONS, METRICS
from workbench.metrics.compile import find_metric
from workbench.metrics.definitions.model import Metric
from workbench.roles import current_user
from workbench.settings import Settings
from workbench.ui.explore_state import EXPLORE_DEFAULTS, question_of
from workbench.ui.filters import FIELDS, FILTER_DEFAULTS
from workbench.ui.page_reading import read_page_data
from workbench.ui.store import Store
from workbench.views.saved_view import PAGE, SavedView
from workbench.views.watched_view import WINDOWS, Side, WatchedView

_UNITS = {"rate": "%", "count": "(a number)", "duration": "s", "ratio": "(a number)", "speed": "a second"}
_NO_HOME = "Alerts are kept in a home: open the pages with `workbench serve`."


class ViewAlerts(Protocol):
    """Who keeps the alerts on views; as :mod:`workbench.alerts.rule_files`."""

    def read_watched_views(
        self, settings: Settings, /
    ) -> tuple[tuple[WatchedView, ...], tuple[str, ...]]: ...

    def watch_view(self, settings: Settings, wanted: WatchedView, /) -> WatchedView: ...

    def unwatch(self, home: Path, name: str, /) -> None: ...


_alerts: ViewAlerts | None = None


def use_view_alerts(alerts: ViewAlerts | None) -> None:
    """Set who keeps the alerts of the pages of this process; None for pages that offer none."""
    global _alerts
    _alerts = alerts


def may_watch(settings: Settings | None) -> bool:
    """Whether the present user may make alerts here."""
    if _alerts is None or settings is None:
        return False
    return settings.alerts.enabled and current_user().may("admin")


def watched_lines(settings: Settings) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """The alerts on views for the browser, and what is wrong with their files; for who may make them."""
    if _alerts is None or not may_watch(settings):
        return [], ()
    watched, problems = _alerts.read_watched_views(settings)
    return [{"name": each.name, "view": each.view, "text": alert_words(each)} for each in watched], problems


def alert_words(watched: WatchedView) -> str:
    """What an alert waits for, as `Undelivered rate above 5 % in the last day, for each country`."""
    metric = METRICS[watched.metric]
    differs = "unlike the same hours of the last weeks"
    limit = (
        differs if watched.limit is None else f"{watched.side} {formats.value(watched.limit, metric.unit)}"
    )
    times = f" in {WINDOWS[watched.window]}" if watched.window else ""
    by = " and ".join(DIMENSIONS[name].label.lower() for name in watched.by)
    return f"{metric.label} {limit}{times}" + (f", for each {by}" if by else "")


def limit_unit(metric: Metric) -> str:
    """What a limit of a metric is written in; empty for money, which a budget watches."""
    return _UNITS.get(metric.unit, "")


def watch(store: Store, view: SavedView, side: Side, typed: str, window: str) -> str:
    """Watch the first metric of a view, for each of its values alone; what is watched now, in words.

    Raises:
        NotAllowed, UsageError, ConfigError: as :func:`workbench.alerts.rule_files.watch_view`.
    """
    if _alerts is None or store.settings is None:
        raise UsageError(_NO_HOME)
    data, problems = read_page_data(_ViewPage(), view.query, store)
    if problems:
        raise UsageError(f"The view cannot be watched as it is: {problems[0]}")
    question, _ = question_of(data.values, data.period)
    metric = find_metric(question.metrics[0])
    limit = read_limit(metric, typed)
    wanted = WatchedView("", view.name, metric.name, question.by, data.where, side, limit, window)
    watched = _alerts.watch_view(store.settings, wanted)
    return f"Watched: {alert_words(watched)}. {_told_words(store.settings)}"


def unwatch(settings: Settings, name: str) -> None:
    """End an alert.

    Raises:
        NotAllowed, UnknownName: as :func:`workbench.alerts.rule_files.unwatch`.
    """
    if _alerts is None:
        raise UsageError(_NO_HOME)
    _alerts.unwatch(settings.home, name)


def read_limit(metric: Metric, typed: str) -> float:
    """A limit as somebody typed it, in the metric's unit: `5` and `5 %` of a rate are 0.05.

    Raises:
        UsageError: it is no number.
    """
    text = typed.strip().removesuffix("%").removesuffix("s").strip()
    try:
        number = float(text)
    except ValueError as error:
        raise UsageError(f"The limit is {typed[:40]!r}; write a number, as 5 or 0.5.") from error
    if not math.isfinite(number):
        raise UsageError(f"The limit is {typed[:40]!r}; write a number, as 5 or 0.5.")
    return number / 100 if metric.unit == "rate" else number


@dataclass
class _ViewPage:
    """What the address of a saved view is read with: every filter that any view can have."""

    name: str = PAGE
    filters: tuple[str, ...] = tuple(FIELDS)
    defaults: dict[str, Any] = field(
        default_factory=lambda: {**FILTER_DEFAULTS, **{name: [] for name in FIELDS}, **EXPLORE_DEFAULTS}
    )


def _told_words(settings: Settings) -> str:
    """Who hears of an alert."""
    alerts = settings.alerts
    if alerts.targets or alerts.mail_to or alerts.sms_to:
        return "Those whom [alerts] names are told, and it stands on Overview and Health."
    return "It stands on Overview and Health; nobody is told until [alerts] has targets or mail_to."

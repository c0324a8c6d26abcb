"""The question of the page Explore, as its address has it beside the filters.

Each value has a default, which a link leaves out, and a check whose error says what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from workbench.display.periods import Period
from workbench.errors import UnknownName, UsageError
from workbench.metrics.compile import find_metric
from workbench.metrics.exploration import (
    DEFAULT_TOP,
    GRAINS,
    MOST_DIMENSIONS,
    MOST_METRICS,
    MOST_VALUES,
    ORDERS,
    ExploreQuestion,
    no_share_reason,
    require_explorable,
)

MARK = "mark"
"""Stands in a panel's ``click`` where each mark says itself what it filters by, as ``country=US``."""

AUTO, NO, YES = "auto", "no", "yes"
TABLE = "table"
CHARTS = (AUTO, "line", "bar", "stacked", "heat", TABLE)
TIME_GRAINS = (AUTO, "none", *GRAINS)

EXPLORE_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "metric": ["messages"], "by": [], "grain": AUTO, "chart": AUTO, "top": DEFAULT_TOP, "order": "size",
        "share": NO, "split": NO, "view": "",
    }
)  # fmt: skip
"""What the page adds to its filters. ``split`` draws a chart for each value; ``view`` is a saved view."""

_MOST = {"metric": MOST_METRICS, "by": MOST_DIMENSIONS}
_FILE_NAME = re.compile(r"[a-z][a-z0-9-]{0,59}")


def read_explore_state(name: str, texts: Sequence[str]) -> tuple[Any, list[str]]:
    """The value of one part of the question, as a link has it, and why parts of it were left out."""
    problems: list[str] = []
    values = []
    for text in texts:
        try:
            values.append(_CHECKS[name](text))
        except (ValueError, UsageError) as error:
            problems.append(str(error))
    default = EXPLORE_DEFAULTS[name]
    if not isinstance(default, list):
        return (values[-1] if values else default), problems
    if len(values) > _MOST[name]:
        left_out = ", ".join(values[_MOST[name] :])
        problems.append(f"At most {_MOST[name]} of “{name}” fit; left out: {left_out}.")
    return (values[: _MOST[name]] or list(default)), problems


def _metric(text: str) -> str:
    try:
        return find_metric(text).name
    except UnknownName as error:
        raise ValueError(f"No metric named “{text[:40]}”; the list of metrics has all names.") from error


def _dimension(text: str) -> str:
    require_explorable(text)
    return text


def _word(label: str, allowed: Sequence[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{label} “{text[:40]}” is not known; allowed are {', '.join(allowed)}.")
        return text

    return check


def _top(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST_VALUES:
        return int(text)
    raise ValueError(f"Top “{text[:40]}” is not possible; it is a whole number from 1 to {MOST_VALUES}.")


def read_name(text: str) -> str:
    """The name of a saved view or of one of My pages.

    Raises:
        ValueError: it is none.
    """
    if _FILE_NAME.fullmatch(text):
        return text
    raise ValueError(f"“{text[:40]}” is no name of a saved view or page.")


_CHECKS: Mapping[str, Callable[[str], Any]] = {
    "metric": _metric, "by": _dimension, "grain": _word("Grain", TIME_GRAINS),
    "chart": _word("Chart", CHARTS), "top": _top, "order": _word("Order", ORDERS),
    "share": _word("Share", (NO, YES)), "split": _word("Split", (NO, YES)), "view": read_name,
}  # fmt: skip


def grain_of(values: Mapping[str, Any], period: Period) -> str:
    """The steps of time that are asked for; empty for none. A heat map of the week needs none."""
    grain = str(values.get("grain", AUTO))
    if grain == "none" or (grain == AUTO and "hour" in values.get("by", ())):
        return ""
    return period.grain if grain == AUTO else grain


def question_of(values: Mapping[str, Any], period: Period) -> tuple[ExploreQuestion, list[str]]:
    """The question in the values of the address, and what of it is not possible."""
    names = tuple(values["metric"])
    reasons = [reason for name in names if (reason := no_share_reason(find_metric(name)))]
    wants_share = values["share"] == YES
    question = ExploreQuestion(
        names,
        tuple(values["by"]),
        grain_of(values, period),
        int(values["top"]),
        values["order"],
        wants_share and not reasons,
    )
    return question, reasons if wants_share else []


def zoomed(ends: Sequence[str], period: Period, grain: str) -> tuple[date, date] | None:
    """The days between two places on the axis of time, whole steps; None where they name none."""
    try:
        first, last = sorted(datetime.fromisoformat(end[:19].strip()) for end in ends)
    except (ValueError, TypeError):
        # The latter where one of them has a zone.
        return None
    starts = [start for start in period.buckets(grain) if isinstance(start, date)]
    chosen = [start for start in starts if first <= datetime(start.year, start.month, start.day) <= last]
    if not chosen:
        return None
    since, until = max(chosen[0], period.since), min(after(grain, chosen[-1]), period.until)
    return (since, until) if since < until else None


def after(grain: str, start: date) -> date:
    """The first day after the day, week or month that begins here."""
    if grain != "month":
        return start + timedelta(days=7 if grain == "week" else 1)
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1)

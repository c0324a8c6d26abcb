"""How fast messages leave: each sender against its limit, its queue, and the busiest minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from workbench.display import formats
from workbench.metrics import METRICS
from workbench.metrics.catalog import Limit, query_limits
from workbench.metrics.queues import BusyMinute, Queue, query_busiest, query_queues
from workbench.metrics.what_if import WAITED_SECONDS, SendingRun
from workbench.ui.charts.speed import busiest_seconds, utilisation_over_time, waits_over_time
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.names import show_value
from workbench.ui.panels.tables import MOST_ROWS, shown_first
from workbench.ui.panels.waits import runs_by_sender

LIMIT = 12
_LINES = 5
_NUMBERS = (
    "peak_speed",
    "minute_utilisation",
    "minutes_at_limit",
    "queue_wait_p50",
    "queue_wait_p95",
    "backlog",
)
_LATE = (
    f"Late: waited longer than {WAITED_SECONDS} s to leave Twilio. A second above the limit is no fault, "
    "for Twilio queues what is too much; only waiting counts."
)

Props = dict[str, Any]


def senders(data: PageData) -> Props:
    """Each sender: limit and its source, how long it was at the limit, who waited how long, daily cap."""
    results = {name: data.metric(name, by=("sender",)) for name in _NUMBERS}
    frames = {name: result.frame.set_index("sender") for name, result in results.items()}
    limits = data.look_up("limits", query_limits)
    queues = data.ask("queues", query_queues)
    runs = runs_by_sender(data)
    peaks = frames["peak_speed"].dropna(subset=["peak_speed"])
    peaks = peaks[peaks.index.notna()]
    busiest = (
        frames["minute_utilisation"]
        .reindex(peaks.index)["minute_utilisation"]
        .sort_values(ascending=False, na_position="last", kind="stable")
    )
    # Only waiting is a reason to act; among senders without any, the one closest to its limit is first.
    ranked = sorted(busiest.index, key=lambda sender: -runs[sender].waited if sender in runs else 0)
    caps = _daily_peaks(data) if data.store.daily_caps else {}
    rows = [
        _sender_row(data, sender, frames, limits.get(sender), queues.get(sender), runs.get(sender), caps)
        for sender in ranked[:MOST_ROWS]
    ]
    labels = [
        "Limit",
        "Minutes at the limit",
        "Busiest minute",
        "Messages late",
        "People late",
        "Half wait up to",
        "95 % wait up to",
        "Longest run",
        "Waiting now",
    ]
    if caps:
        labels.append("Busiest day")
    return {
        "columns": [
            {"label": "Sender", "kind": "text"},
            *({"label": label, "kind": "number"} for label in labels),
        ],
        "rows": rows,
        **shown_first(ranked, LIMIT, lambda end: _further(len(ranked) - end), note=_LATE),
        "definition": definition(results["minute_utilisation"], data.period),
        # Senders without a known limit are in the table, too.
        "behind": {"metric": "peak_speed"},
    }


def _further(hidden: int) -> str:
    more = formats.plural(hidden, "more sender")
    return f"Not shown: {more}, further from the limit." if hidden > 0 else ""


def _sender_row(
    data: PageData,
    sender: str,
    frames: Mapping[str, pd.DataFrame],
    limit: Limit | None,
    queue: Queue | None,
    run: SendingRun | None,
    caps: Mapping[str, int],
) -> dict[str, Any]:
    def number(name: str) -> float | None:
        value = frames[name][name].get(sender)
        return None if value is None or formats.is_missing(value) else float(value)

    name, minute = show_value(data, "sender", sender), number("minute_utilisation")
    waits = [_wait_cell(frames[metric], sender, metric) for metric in ("queue_wait_p50", "queue_wait_p95")]
    backlog = number("backlog") or 0
    cells: list[dict[str, Any]] = [
        {"text": name.text, "bar": min(minute or 0.0, 1.0)},
        {"text": formats.speed(limit.per_second) if limit else "not known", "muted": limit is None},
        {"text": formats.count(number("minutes_at_limit")) if limit else formats.MISSING},
        {"text": formats.rate(minute), "note": "of the limit", "muted": True},
        {"text": formats.count(run.waited if run else 0)},
        {"text": formats.count(run.people_waited if run else 0)},
        *waits,
        {"text": formats.duration(run.seconds if run else None)},
        _drain_cell(backlog, limit),
    ]
    if caps or data.store.daily_caps:
        cells.append(_cap_cell(caps.get(sender, 0), data.store.daily_caps.get(sender)))
    return {
        "key": name.key,
        "cells": cells,
        "hint": "Where the limit comes from",
        "detail": _sources(data, limit, queue, run),
    }


def _sources(
    data: PageData, limit: Limit | None, queue: Queue | None, run: SendingRun | None
) -> list[list[str]]:
    zone = ZoneInfo(data.period.timezone)
    facts = [["Limit", f"{limit.per_second:g} segments per second: {limit.source}" if limit else _NO_LIMIT]]
    if queue:
        at = queue.at.astimezone(zone)
        facts.append(["Longest queue", f"{queue.segments:,} segments waited on {at:%-d %b %Y at %H:%M:%S}"])
    if run:
        began = f"{run.began.astimezone(zone):%-d %b %Y at %H:%M:%S}"
        size = f"{run.segments:,} segments to {formats.plural(run.people, 'number')}"
        facts.append(["Longest run", f"{size} from {began}, in {formats.duration(run.seconds)}"])
        facts.append(["Longest wait", formats.duration(run.longest_wait)])
    return facts


_NO_LIMIT = "Nobody says. Set it under [mps_limits] in workbench.toml; the next sync takes it over."


def _wait_cell(frame: pd.DataFrame, sender: str, name: str) -> dict[str, Any]:
    if sender not in frame.index:
        return {"text": formats.MISSING, "muted": True}
    row = frame[frame.index == sender].iloc[0]
    if row["sample_size"] < METRICS[name].minimum_sample:
        return {"text": formats.MISSING, "muted": True, "note": f"{int(row['sample_size']):,} sent"}
    return {"text": formats.duration(row[name])}


def _drain_cell(backlog: float, limit: Limit | None) -> dict[str, Any]:
    if not backlog:
        return {"text": "empty", "muted": True}
    seconds = formats.duration(backlog / limit.per_second) if limit else "limit not known"
    return {"text": seconds, "note": f"{formats.count(backlog)} waiting"}


def _daily_peaks(data: PageData) -> dict[str, int]:
    frame = data.metric("segments", by=("sender", "day"), where={"direction": _OUTBOUND}).frame
    return {str(sender): int(number) for sender, number in frame.groupby("sender")["segments"].max().items()}


_OUTBOUND = ["outbound-api", "outbound-call", "outbound-reply"]


def _cap_cell(peak: int, cap: int | None) -> dict[str, Any]:
    if not cap:
        return {"text": formats.count(peak), "muted": True, "note": "no cap set"}
    return {"text": f"{formats.rate(peak / cap)} of cap", "note": f"{peak:,} of {cap:,}"}


def utilisation(data: PageData) -> Props:
    """The senders closest to their limits, over time."""
    whole = data.metric("minute_utilisation", by=("sender",))
    ranked = whole.frame.dropna(subset=["minute_utilisation"]).sort_values(
        "minute_utilisation", ascending=False, kind="stable"
    )
    shown = {sender: show_value(data, "sender", sender).text for sender in ranked["sender"].head(_LINES)}
    result = data.metric("minute_utilisation", by=(data.grain, "sender"))
    return {
        "figure": utilisation_over_time(result, data.period, shown),
        "definition": definition(result, data.period),
    }


def waits(data: PageData) -> Props:
    """The wait in the queue over time: half, 95 % and 99 % of the messages."""
    results = [data.metric(f"queue_wait_{name}", by=(data.grain,)) for name in ("p50", "p95", "p99")]
    return {
        "figure": waits_over_time(results, data.period),
        "definition": definition(results[1], data.period),
    }


def busiest_figure(data: PageData) -> Props:
    """Ten minutes around the busiest one, second by second."""
    busiest = data.ask("busiest", query_busiest)
    subtitle, figure = "Segments in each second, against the limit (dashed).", None
    if busiest.minutes:
        first = busiest.minutes[0]
        figure = busiest_seconds(busiest.seconds, first.limit, data.period.timezone)
        subtitle = f"{data.sender_label(first.sender)} around {_moment(data, first)}. {subtitle}"
    return {
        "figure": figure,
        "subtitle": subtitle,
        "definition": _definition(data),
        "file": lambda: pd.DataFrame(busiest.seconds, columns=["second", "segments"]),
        "file_note": subtitle,
    }


def busiest_table(data: PageData) -> Props:
    """The minutes closest to their sender's limit."""
    busiest = data.ask("busiest", query_busiest)
    rows = []
    for number, minute in enumerate(busiest.minutes):
        cells = [
            {
                "text": _moment(data, minute),
                "note": data.sender_label(minute.sender),
                "bar": min(minute.share or 0.0, 1.0),
            },
            {"text": formats.count(minute.segments)},
            {"text": formats.speed(minute.peak)},
            {"text": formats.rate(minute.share)},
        ]
        rows.append({"key": str(number), "cells": cells, "hint": ""})
    labels = ("Segments", "Busiest second", "Of the limit")
    return {
        "columns": [
            {"label": "Minute", "kind": "text"},
            *({"label": minute, "kind": "number"} for minute in labels),
        ],
        "rows": rows,
        "footnote": "",
        "definition": _definition(data),
        "file": lambda: pd.DataFrame(
            [
                (
                    minute.start,
                    data.sender_label(minute.sender),
                    minute.segments,
                    minute.peak,
                    minute.limit,
                    minute.share,
                )
                for minute in busiest.minutes
            ],
            columns=["minute", "sender", "segments", "busiest_second", "limit_per_second", "share_of_limit"],
        ),
    }


def _moment(data: PageData, minute: BusyMinute) -> str:
    return f"{minute.start.astimezone(ZoneInfo(data.period.timezone)):%-d %b %Y, %H:%M}"


def _definition(data: PageData) -> dict[str, Any]:
    return definition(data.metric("minutes_at_limit"), data.period)

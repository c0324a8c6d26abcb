"""Who waited because a sender sends only so fast, and what a higher limit would have changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from workbench.display import formats
from workbench.messaging.higher_limits import higher_limits
from workbench.metrics.catalog import query_limits
from workbench.metrics.what_if import (
    WAITED_SECONDS,
    Replay,
    SendingRun,
    limits_to_try,
    query_runs,
    replay_run,
)
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.names import show_value

Props = dict[str, Any]

_COLUMNS = (
    "Run takes",
    "Half wait up to",
    "95 % wait up to",
    "Messages late",
    "People late",
    "Ask Twilio for",
)


def runs_by_sender(data: PageData) -> dict[str, SendingRun]:
    """The longest run of each sender; those with most messages that waited come first."""
    return {run.sender: run for run in data.ask("runs", query_runs)}


def what_if(data: PageData) -> Props:
    """The longest run of the sender whose messages waited most, at its limit and at higher ones."""
    run = next(iter(runs_by_sender(data).values()), None)
    limit = data.look_up("limits", query_limits).get(run.sender) if run else None
    shared: Props = {
        "columns": _columns(),
        "definition": definition(data.metric("queue_wait_p95"), data.period),
    }
    if run is None or limit is None:
        return {**shared, "rows": [], "footnote": ""}
    if not run.waited and "sender" not in data.where:
        message = f"No message waited longer than {WAITED_SECONDS} seconds: no sender needs a higher limit."
        return {**shared, "rows": [], "footnote": "", "message": message}
    limits = limits_to_try(limit.per_second)
    replays = data.ask(f"run of {run.sender} at {limits}", partial(_replay_run, run=run, limits=limits))
    return {
        **shared,
        "subtitle": _description(data, run),
        "rows": [_row(run, replay, limit.per_second) for replay in replays],
        "footnote": (
            f"Late: waited longer than {WAITED_SECONDS} s. Worked out from the times at which these messages "
            f"were created; in fact the run took {formats.duration(run.seconds)}."
        ),
    }


def _replay_run(
    readable: Any, *period: Any, run: SendingRun, limits: Sequence[float], timezone: str
) -> list[Replay]:
    return replay_run(readable, run, limits, *period, timezone=timezone)


def _columns() -> list[dict[str, str]]:
    kinds = ["number"] * (len(_COLUMNS) - 1) + ["words"]
    named = [{"label": label, "kind": kind} for label, kind in zip(_COLUMNS, kinds, strict=True)]
    return [{"label": "Limit", "kind": "text"}, *named]


def _description(data: PageData, run: SendingRun) -> str:
    began = run.began.astimezone(ZoneInfo(data.period.timezone))
    return (
        f"The longest run of {show_value(data, 'sender', run.sender).text}: {run.segments:,} segments to "
        f"{formats.plural(run.people, 'number')} from {began:%-d %b %Y, %H:%M}. Filter by a sender or a day "
        "for another one."
    )


def _row(run: SendingRun, replay: Replay, limit: float) -> dict[str, Any]:
    is_now = replay.per_second == limit
    offers = [] if is_now else higher_limits(run.sender, replay.per_second)
    name = f"{formats.speed(replay.per_second)}{', as now' if is_now else ''}"
    return {
        "key": f"{replay.per_second:g}",
        "cells": [
            {"text": name, "note": "segments a second"},
            {"text": formats.duration(replay.seconds)},
            {"text": formats.duration(replay.wait_p50)},
            {"text": formats.duration(replay.wait_p95)},
            {"text": formats.count(replay.waited)},
            {"text": formats.count(replay.people_waited)},
            {"text": offers[0].ask if offers else "–", "more": [offer.ask for offer in offers[1:]]},
        ],
        "hint": "Where Twilio says so",
        "detail": [[offer.ask.partition(":")[0].capitalize(), offer.source] for offer in offers]
        or [["Limit", "The one of now"]],
    }

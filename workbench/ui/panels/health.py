"""What the doctor found when the schedule last ran it: troubles with their repair; and the jobs' runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from workbench.display import formats, moments
from workbench.lake.connect import Lake
from workbench.lake.health import HealthState, check_title, read_health
from workbench.lake.jobs import JobRun, read_last_job_runs
from workbench.ui.page_data import PageData
from workbench.ui.panels.tables import Props

_TROUBLES = ("failure", "warning", "unknown")
"""The gravest first."""
_WORDS = {"failure": "Failed", "warning": "Warning", "unknown": "Not examined", "fine": "Fine"}
NEVER = "Nothing was examined yet: `workbench serve` does it every hour, `workbench schedule run doctor` now."


def troubles(data: PageData) -> Props:
    """What is wrong, the gravest first; open one for what to do."""
    states = _read(data)
    shown = [state for kind in _TROUBLES for state in states if state.state == kind]
    message = "Nothing is wrong." if states else NEVER
    return {**_props(shown, states, data), "message": message}


def fine(data: PageData) -> Props:
    """What was examined and is as it must be."""
    states = _read(data)
    return {**_props([state for state in states if state.state == "fine"], states, data), "message": NEVER}


def runs(data: PageData) -> Props:
    """The last runs of each job: how each ended, how long it took, and what it said."""
    shown = data.store.ask("job runs", _read_runs, data.snapshot)
    return {
        "subtitle": f"The last {_SHOWN_RUNS} of each, the newest first.",
        "columns": [
            {"label": "Job", "kind": "text"},
            {"label": "Outcome", "kind": "number"},
            {"label": "Took", "kind": "number"},
        ],
        "rows": [_run_row(run, data.period.timezone) for run in shown],
        "message": "No job ran yet: `workbench serve` runs them.",
        "footnote": "",
        "file": lambda: pd.DataFrame(map(asdict, shown), columns=list(JobRun.__annotations__)),
        "file_note": "The period and the filters do not hold.",
    }


_SHOWN_RUNS = 10


def _read_runs(lake: Lake) -> list[JobRun]:
    runs = read_last_job_runs(lake, _SHOWN_RUNS)
    return sorted(runs, key=lambda run: run.started_at, reverse=True)


def _run_row(run: JobRun, timezone: str) -> dict[str, Any]:
    began = moments.moment(run.started_at, timezone)
    detail = [["Began", began]]
    if run.finished_at:
        detail.append(["Ended", moments.moment(run.finished_at, timezone)])
    if said := run.error or run.detail:
        detail.append(["Error" if run.error else "Result", said])
    return {
        "key": run.run_id,
        "cells": [
            {"text": run.job.capitalize(), "note": began},
            {"text": run.outcome},
            {"text": formats.duration(run.seconds)},
        ],
        "detail": detail,
        "hint": "Show what it said",
    }


def _read(data: PageData) -> Sequence[HealthState]:
    return data.store.ask("health", read_health, data.snapshot)


def _props(shown: Sequence[HealthState], states: Sequence[HealthState], data: PageData) -> Props:
    columns = [
        {"label": "What", "kind": "text"},
        {"label": "State", "kind": "number"},
        {"label": "For", "kind": "number"},
    ]
    examined_at = max((state.seen_at for state in states), default=None)
    examined = f"Examined {moments.moment(examined_at, data.period.timezone)}. " if examined_at else ""
    return {
        "subtitle": f"{examined}To examine again now, run: workbench schedule run doctor",
        "columns": columns,
        "rows": [_row(*group, data.period.timezone) for group in _grouped(shown)],
        "footnote": "",
        "file": lambda: pd.DataFrame(map(asdict, shown), columns=list(HealthState.__annotations__)),
        "file_note": "As the schedule last examined it; the period and the filters do not hold.",
    }


def _grouped(states: Sequence[HealthState]) -> list[tuple[HealthState, list[str]]]:
    """States that differ in nothing but their subject as one, with all subjects; it began with the first."""
    groups: dict[tuple[str, ...], list[HealthState]] = {}
    for state in states:
        key = (state.check_name, state.state, state.evidence, state.repair, state.link)
        groups.setdefault(key, []).append(state)
    return [
        (min(group, key=lambda state: state.began_at), [state.subject for state in group if state.subject])
        for group in groups.values()
    ]


def _row(state: HealthState, subjects: Sequence[str], timezone: str) -> dict[str, Any]:
    detail = [["Found", state.evidence]]
    if state.repair and state.state != "fine":
        detail.append(["To do", state.repair])
    if state.link and state.state != "fine":
        detail.append(["More", state.link])
    detail.append(["Since", moments.moment(state.began_at, timezone)])
    name = check_title(state.check_name)
    # Up to the examination, not up to now: nobody knows what was mended since.
    age = (state.seen_at - state.began_at).total_seconds()
    return {
        "key": f"{state.check_name} {state.subject}",
        "cells": [
            {"text": f"{name}: {', '.join(subjects)}" if subjects else name, "note": state.evidence},
            {"text": _WORDS.get(state.state, state.state)},
            {"text": formats.duration(age) if age > 0 else "new"},
        ],
        "detail": detail,
        "hint": "Show what to do",
    }

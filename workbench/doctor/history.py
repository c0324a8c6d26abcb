"""Findings as states that begin and end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workbench.doctor.check_result import Diagnosis
from workbench.lake.health import HealthState


def states_of(diagnosis: Diagnosis) -> list[HealthState]:
    """The results of an examination as states; what was skipped has none."""
    return [
        HealthState(
            result.check,
            result.subject,
            result.state,
            result.evidence,
            result.repair,
            result.link,
            began_at=diagnosis.as_of,
            seen_at=diagnosis.as_of,
        )
        for result in diagnosis.results
        if result.state != "skipped"
    ]


def with_beginnings(diagnosis: Diagnosis, known: Iterable[HealthState]) -> Diagnosis:
    """The results with the moment since when they are so, where the schedule has seen them before."""
    began = {(state.check_name, state.subject, state.state): state.began_at for state in known}
    return replace(
        diagnosis,
        results=tuple(
            replace(result, began_at=began.get((result.check, result.subject, result.state)))
            for result in diagnosis.results
        ),
    )

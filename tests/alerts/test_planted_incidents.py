"""Ten simulated weeks with an incident of every kind: each is told of, and nothing else."""

from __future__ import annotations

from benchmarks.alerts import KINDS, Year, watch


def test_every_kind_of_incident_is_found_and_nothing_else_is_told_of() -> None:
    year = Year(seed=1, weeks=10, each=1)
    assert sorted(incident.kind for incident in year.incidents) == sorted(KINDS)
    watched = watch(year)
    assert [incident.kind for incident in year.incidents if watched.found(incident) is None] == []
    assert watched.false_alarms == []
    # Once for each subject, and over before the last look.
    told = [(event.rule, event.subject, event.began_at) for event in watched.events]
    assert len(set(told)) == len(told) >= len(KINDS)
    assert [event for event in watched.events if event.opened_at and not event.recovered_at] == []

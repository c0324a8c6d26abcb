"""States begin once, last while they are the same, and end; what could not be examined ends nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workbench.doctor.check_result import CheckResult, Diagnosis
from workbench.doctor.history import states_of, with_beginnings
from workbench.lake import Lake
from workbench.lake.health import read_health, save_health

START = datetime(2026, 9, 1, 12, tzinfo=UTC)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def note(lake: Lake, hour: int, *results: CheckResult) -> None:
    save_health(lake, states_of(Diagnosis(at(hour), results)))


def known(lake: Lake) -> list[tuple[str, str, str, datetime, datetime]]:
    return [(row.check_name, row.subject, row.state, row.began_at, row.seen_at) for row in read_health(lake)]


BAD = CheckResult("warning", "No webhook.", "Set it.", "", "+12025550110", "inbound")
WORSE = CheckResult("failure", "Twilio's demo text.", "Set it.", "", "+12025550110", "inbound")
OTHER = CheckResult("warning", "No webhook.", "Set it.", "", "+12025550111", "inbound")
FINE = CheckResult("fine", "All reach a webhook.", check="inbound")
UNKNOWN = CheckResult("unknown", "Twilio cannot be reached.", check="inbound")
SKIPPED = CheckResult("skipped", "Not asked for.", check="inbound")


def test_a_state_keeps_its_beginning_and_ends(lake: Lake) -> None:
    note(lake, 0, BAD, OTHER)
    note(lake, 1, BAD, OTHER)
    number, other = "+12025550110", "+12025550111"
    assert known(lake) == [
        ("inbound", number, "warning", at(0), at(1)),
        ("inbound", other, "warning", at(0), at(1)),
    ]
    note(lake, 2, WORSE)
    assert known(lake) == [("inbound", number, "failure", at(2), at(2))]
    note(lake, 3, FINE)
    assert known(lake) == [("inbound", "", "fine", at(3), at(3))]
    # It comes again: a new beginning.
    note(lake, 4, BAD)
    assert known(lake) == [("inbound", number, "warning", at(4), at(4))]
    ended = lake.rows(
        "select state, began_at, ended_at from health_states where ended_at is not null order by 2"
    )
    assert ended == [
        ("warning", at(0), at(2)),
        ("warning", at(0), at(2)),
        ("failure", at(2), at(3)),
        ("fine", at(3), at(4)),
    ]


def test_what_could_not_be_examined_ends_nothing(lake: Lake) -> None:
    note(lake, 0, BAD)
    note(lake, 1, UNKNOWN)
    note(lake, 2, BAD)
    assert known(lake) == [("inbound", "+12025550110", "warning", at(0), at(2))]


def test_what_was_skipped_is_no_state(lake: Lake) -> None:
    note(lake, 0, SKIPPED)
    assert known(lake) == []


def test_a_later_examination_says_since_when(lake: Lake) -> None:
    note(lake, 0, BAD, FINE)
    later = with_beginnings(Diagnosis(at(5), (BAD, WORSE, OTHER)), read_health(lake))
    assert [result.began_at for result in later.results] == [at(0), None, None]


def test_old_states_are_forgotten(lake: Lake) -> None:
    note(lake, 0, BAD)
    note(lake, 1, FINE)
    note(lake, 24 * 500, FINE)
    assert lake.value("select count(*) from health_states") == 1

"""What begins, goes on and ends; what is due to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.conftest import NOW
from workbench.alerts.evaluate import evaluate
from workbench.alerts.judge import Verdict
from workbench.alerts.measurement import Measurement, group_text
from workbench.alerts.notices import NoticePlan, due_notices, is_quiet
from workbench.alerts.rule import AlertRule
from workbench.lake.alerts import AlertDelivery, AlertEvent, AlertMute

RULE = AlertRule("slow", "It is slow", metric="queue_wait_p95", above=10, quiet=timedelta(hours=6))
MINUTE = timedelta(minutes=1)


def begin(rule: AlertRule, verdict: Verdict, at: datetime) -> AlertEvent:
    measured = verdict.measurement
    return AlertEvent(
        f"event-{at.isoformat()}", rule.name, measured.subject, group_text(measured.group), rule.severity,
        rule.metric, "throughput", rule.title, "", "", "throughput", measured.value, None, None, at, None, at,
    )  # fmt: skip


class Watched:
    """The events of one subject over time, and who was told, as `run.look` carries them on."""

    def __init__(self, rule: AlertRule = RULE, plan: NoticePlan | None = None) -> None:
        self.rule = rule
        self.plan = plan or NoticePlan({rule.name: rule}, ["ops"])
        self.events: dict[str, AlertEvent] = {}
        self.told: list[AlertDelivery] = []

    def look(self, state: str | None, at: datetime, outcome: str = "delivered") -> list[str]:
        """The kinds of notices of this moment."""
        verdicts = {}
        if state is not None:
            measurement = Measurement({}, 11.0, 100, 0, at - MINUTE, at)
            verdicts[""] = Verdict(measurement, state)  # type: ignore[arg-type]
        memory = {e.subject: e for e in self.events.values() if e.recovered_at is None}
        changes = evaluate(self.rule, verdicts, memory, at, lambda rule, verdict: begin(rule, verdict, at))
        for dropped in changes.dropped:
            del self.events[dropped]
        self.events.update({event.event_id: event for event in changes.saved})
        due = due_notices(self.plan, list(self.events.values()), self.told, at)
        for notice in due:
            for event in notice.events:
                self.told.append(
                    AlertDelivery(
                        f"{len(self.told)}", event.event_id, event.rule, event.subject, notice.kind,
                        notice.target, notice.attempt, at, at, outcome,
                    )
                )  # fmt: skip
        return [notice.kind for notice in due]

    def looks(self, states: str, first: datetime = NOW, every: timedelta = 5 * MINUTE) -> list[str]:
        """The notices over time; `b` is bad, `g` good, `?` unknown, `-` not measured."""
        names = {"b": "bad", "g": "good", "?": "unknown", "-": None}
        kinds = []
        for number, letter in enumerate(states):
            kinds += self.look(names[letter], first + number * every)
        return kinds


@pytest.mark.parametrize(
    ("states", "kinds"),
    [
        ("gggg", []),
        ("bbbb", ["opened"]),
        ("bbbbgggggg", ["opened", "recovered"]),
        ("bbgbgbgbb", ["opened"]),  # a good look in between is no recovery
        ("b????b", ["opened"]),
        ("b----b", ["opened"]),
        ("?????", []),
        ("bggggbggggb", ["opened", "recovered"]),  # quiet after a notice about the same
    ],
)
def test_told_once_when_it_begins_and_once_when_it_ends(states: str, kinds: list[str]) -> None:
    assert Watched().looks(states) == kinds


def test_it_must_last() -> None:
    rule = replace(RULE, lasting=timedelta(minutes=10))
    assert Watched(rule).looks("bbg") == []
    watched = Watched(rule)
    assert watched.looks("bbb") == ["opened"]
    (event,) = watched.events.values()
    assert (event.began_at, event.opened_at) == (NOW, NOW + timedelta(minutes=10))


def test_after_the_quiet_period_it_is_told_again() -> None:
    watched = Watched()
    assert watched.looks("bgggg") == ["opened", "recovered"]
    assert watched.looks("bbb", NOW + timedelta(hours=5)) == []
    assert watched.looks("b", NOW + timedelta(hours=6, minutes=1)) == ["opened"]


def test_what_is_not_measured_for_a_day_is_over() -> None:
    watched = Watched()
    watched.looks("b")
    assert watched.looks("-" * 26, NOW + timedelta(hours=1), timedelta(hours=1)) == ["recovered"]


@given(st.text("bg?-", max_size=60))
def test_notices_alternate_whatever_happens(states: str) -> None:
    watched = Watched(replace(RULE, quiet=timedelta(0)))
    kinds = watched.looks(states)
    assert kinds == (["opened", "recovered"] * len(kinds))[: len(kinds)]
    told = [(each.event_id, each.notice) for each in watched.told]
    assert len(told) == len(set(told))
    assert len([event for event in watched.events.values() if event.recovered_at is None]) <= 1


@given(st.text("g?-", max_size=40))
def test_silent_where_nothing_is_bad(states: str) -> None:
    assert Watched().looks(states) == []


def test_what_certainly_failed_is_tried_again_after_a_while_and_then_given_up() -> None:
    watched = Watched()
    at, attempts = NOW, []
    for _ in range(600):
        if watched.look("bad", at, "failed"):
            attempts.append(int((at - NOW) / MINUTE))
        at += MINUTE
    assert attempts == [0, 1, 6, 21, 81, 321]


@pytest.mark.parametrize("outcome", ["delivered", "unknown", "claimed"])
def test_what_may_have_arrived_is_never_sent_again(outcome: str) -> None:
    watched = Watched()
    kinds = [kind for number in range(50) for kind in watched.look("bad", NOW + number * MINUTE, outcome)]
    assert kinds == ["opened"]


def test_a_muted_rule_is_told_once_it_is_unmuted() -> None:
    muted = NoticePlan(
        {"slow": RULE}, ["ops"], mutes=[AlertMute("slow", NOW, NOW + 20 * MINUTE, "local:ann")]
    )
    watched = Watched(plan=muted)
    assert watched.looks("bbbb") == []
    assert watched.look("bad", NOW + 20 * MINUTE) == ["opened"]


def test_what_began_and_ended_while_muted_is_told_nobody() -> None:
    muted = NoticePlan({"slow": RULE}, ["ops"], mutes=[AlertMute("slow", NOW, None, "local:ann")])
    watched = Watched(plan=muted)
    watched.looks("bbgggg")
    watched.plan = NoticePlan({"slow": RULE}, ["ops"])
    assert watched.look("good", NOW + timedelta(hours=1)) == []


def test_warnings_wait_for_the_end_of_quiet_hours_and_critical_ones_do_not() -> None:
    night = datetime(2026, 9, 30, 20, 30, tzinfo=UTC)  # 22:30 in Berlin
    plan = NoticePlan({"slow": RULE}, ["ops"], quiet_hours="22:00-07:00", timezone="Europe/Berlin")
    watched = Watched(plan=plan)
    assert watched.looks("bbb", night) == []
    assert watched.look("bad", datetime(2026, 10, 1, 4, 59, tzinfo=UTC)) == []
    assert watched.look("bad", datetime(2026, 10, 1, 5, tzinfo=UTC)) == ["opened"]
    critical = replace(RULE, severity="critical")
    assert Watched(critical, replace(plan, rules={"slow": critical})).look("bad", night) == ["opened"]


@pytest.mark.parametrize(
    ("hours", "clock", "quiet"),
    [("22:00-07:00", 21, False), ("22:00-07:00", 22, True), ("22:00-07:00", 6, True),
     ("22:00-07:00", 7, False), ("12:00-14:00", 13, True), ("12:00-14:00", 14, False)],
)  # fmt: skip
def test_quiet_hours(hours: str, clock: int, quiet: bool) -> None:
    assert is_quiet(hours, "UTC", datetime(2026, 9, 30, clock, tzinfo=UTC)) is quiet


def test_only_critical_ones_come_by_sms() -> None:
    plan = NoticePlan({"slow": RULE}, ["ops", "sms +1415***0123"], frozenset({"sms +1415***0123"}))
    watched = Watched(plan=plan)
    watched.looks("bb")
    assert [each.target for each in watched.told] == ["ops"]


def test_reminders_come_so_often_and_no_oftener() -> None:
    watched = Watched(plan=NoticePlan({"slow": RULE}, ["ops"], repeat=timedelta(hours=24)))
    assert watched.looks("b" * 50, every=timedelta(hours=1)) == ["opened", "reminder 1", "reminder 2"]

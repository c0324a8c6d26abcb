"""``python -m benchmarks.alerts``: a year of traffic with 40 incidents of 8 kinds, and what the alerts say.

The traffic is simulated from one seed, as counts of five minutes: rhythms of the day and the week, growth
over the year, days and hours that differ, campaigns at odd times, codes whose share drifts. The incidents are
planted into it, on working days from 8 to 19 o'clock. The built-in rules look every ten minutes with the code
of the product (`judge_metric`, `evaluate`); only the numbers of a window come from the counts instead of SQL.
The rules over syncs and webhooks ask an engine in memory that has tables of the lake's names, every hour and
every ten minutes around their incidents.

An incident is found by its own rule, from its begin to two hours after its end (prices: two days, since none
is missed on the first). A false alarm is an alert that began at no time of any incident.
"""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.alerts.built_in_rules import BUILT_IN
from workbench.alerts.evaluate import evaluate
from workbench.alerts.judge import Verdict, judge
from workbench.alerts.measure import Reading, judge_metric
from workbench.alerts.measurement import group_text
from workbench.alerts.message import group_of
from workbench.alerts.rule import AlertRule
from workbench.alerts.states import WatchedInstallation, measure_state
from workbench.lake.alerts import AlertEvent
from workbench.metrics.coverage import Coverage
from workbench.settings import Settings, load_settings

START = datetime(2025, 1, 6, tzinfo=UTC)
BIN = timedelta(minutes=5)
LOOK = timedelta(minutes=10)
ZONE = "UTC"
SENDERS = ("+12025550110", "+12025550111", "+12025550112", "+18445550113")
SHARES = (0.4, 0.3, 0.2, 0.1)
CODES = {30003: 0.006, 30005: 0.004, 30007: 0.0012, 30008: 0.002, 30034: 0.0003}
"""Error codes with their usual share of all messages."""
DAILY_MESSAGES = 6_000
THINNED = 10
"""One message of so many is a row of the tables in memory."""
KINDS: Mapping[str, tuple[str, ...]] = {
    "more failures": ("failure-rate", "error-code"),
    "a code at one sender": ("error-code", "failure-rate"),
    "carrier filters (30007)": ("error-code", "failure-rate"),
    "sender at its limit": ("sender-at-limit",),
    "sync silent": ("sync-silent",),
    "webhooks silent": ("webhooks-silent",),
    "prices missing": ("prices-missing",),
    "opt-out surge": ("opt-outs",),
}
"""The kinds of incidents, with the rules that may find each."""
METRIC_RULES = (
    "failure-rate",
    "error-code",
    "sender-at-limit",
    "prices-missing",
    "opt-outs",
    "after-opt-out",
)
STATE_RULES = ("sync-silent", "webhooks-silent")
_QUIET_WEEKS = 4

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Incident:
    """What was planted: `size` is how bad it is, as each kind counts it."""

    kind: str
    begin: datetime
    end: datetime
    size: float

    @property
    def due_at(self) -> datetime:
        """From when it can be known: a price is missed after a day."""
        return self.begin + timedelta(days=1) if self.kind == "prices missing" else self.begin

    @property
    def last_at(self) -> datetime:
        return self.end + (timedelta(days=2) if self.kind == "prices missing" else timedelta(hours=2))


def plan_incidents(rng: np.random.Generator, weeks: int, each: int) -> list[Incident]:
    """Incidents of every kind in random order, one after the other, after weeks without any."""
    kinds = [kind for kind in KINDS for _ in range(each)]
    rng.shuffle(kinds)
    room = (weeks - _QUIET_WEEKS) * 7 / len(kinds)
    incidents = []
    for number, kind in enumerate(kinds):
        first_day = _QUIET_WEEKS * 7 + number * room
        day = int(first_day + rng.uniform(0, max(room - 4, 0.1)))
        day += 7 - day % 7 if day % 7 >= 5 else 0  # where there is traffic: START is a Monday
        begin = START + timedelta(
            days=day, hours=int(rng.integers(8, 19)), minutes=5 * int(rng.integers(0, 12))
        )
        incidents.append(_incident(rng, kind, begin))
    return incidents


def _incident(rng: np.random.Generator, kind: str, begin: datetime) -> Incident:
    hours, size = {
        "more failures": (rng.uniform(2, 8), rng.uniform(0.05, 0.15)),
        "a code at one sender": (rng.uniform(2, 8), rng.uniform(0.2, 0.6)),
        "carrier filters (30007)": (rng.uniform(2, 8), rng.uniform(0.04, 0.15)),
        "sender at its limit": (rng.uniform(2, 5), rng.uniform(0.4, 0.9)),
        "sync silent": (rng.uniform(2, 10), 0.0),
        "webhooks silent": (rng.uniform(4, 12), 0.0),
        "prices missing": (rng.uniform(24, 48), rng.uniform(0.3, 0.6)),
        "opt-out surge": (rng.uniform(4, 8), rng.uniform(5, 12)),
    }[kind]
    return Incident(kind, begin, begin + timedelta(hours=float(hours)), float(size))


class Year:
    """The counts of every five minutes, with the incidents in them."""

    def __init__(self, seed: int = 1, weeks: int = 52, each: int = 5) -> None:
        rng = np.random.default_rng(seed)
        self.weeks = weeks
        self.incidents = plan_incidents(rng, weeks, each)
        self.bins = weeks * 7 * 288
        volume = self._volume(rng)
        shares = np.array(SHARES)
        self.sent: Counts = rng.poisson(volume[:, None] * shares)
        self.failed = self._failed(rng)
        self.delivered: Counts = self.sent.sum(1) - self.failed.sum((1, 2))
        self.opt_outs: Counts = rng.binomial(self.delivered, self._opt_out_chance(rng))
        self.at_limit = self._minutes_at_limit(rng, volume)
        self.unpriced: Counts = rng.binomial(self.sent.sum(1), self._unpriced_chance())
        # What of the last five and ten minutes has no final status at a look; failures are final at once.
        self.in_flight: Counts = rng.binomial(self.delivered[:, None], [0.5, 0.15])
        self._sums = {
            name: np.concatenate([np.zeros((1, *values.shape[1:]), np.int64), values.cumsum(0)])
            for name, values in (
                ("sent", self.sent.sum(1)), ("failed", self.failed.sum(1)), ("delivered", self.delivered),
                ("opt_outs", self.opt_outs), ("at_limit", self.at_limit), ("unpriced", self.unpriced),
            )
        }  # fmt: skip

    def end(self) -> datetime:
        return START + self.bins * BIN

    def _volume(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        at = np.arange(self.bins)
        hour, day = at % 288 / 12, at // 288
        rhythm = 0.08 + np.exp(-(((hour - 11) / 3.0) ** 2)) + 0.8 * np.exp(-(((hour - 16) / 2.5) ** 2))
        week = np.where(day % 7 >= 5, 0.35, 1.0)
        growth = 1 + 0.6 * at / self.bins
        days = rng.lognormal(0, 0.15, self.weeks * 7)[day]
        hours = rng.lognormal(0, 0.1, self.weeks * 7 * 24)[at // 12]
        volume = rhythm / rhythm.mean() * week * growth * days * hours * DAILY_MESSAGES / 288
        for _ in range(2 * self.weeks):  # campaigns
            start, length = int(rng.integers(0, self.bins - 24)), int(rng.integers(3, 24))
            volume[start : start + length] *= rng.uniform(3, 8)
        return np.asarray(volume)

    def _during(self, kind: str) -> Iterator[tuple[slice, float]]:
        for incident in self.incidents:
            if incident.kind == kind:
                yield slice(self.bin_of(incident.begin), self.bin_of(incident.end)), incident.size

    def _failed(self, rng: np.random.Generator) -> Counts:
        """By five minutes, sender and code."""
        chances = np.empty((self.bins, len(SENDERS), len(CODES)))
        for place, usual in enumerate(CODES.values()):
            drift = np.exp(np.cumsum(rng.normal(0, 0.03, self.weeks * 7)))
            level = usual * np.clip(drift / np.median(drift), 0.5, 2)
            chances[:, :, place] = np.repeat(level * rng.lognormal(0, 0.15, self.weeks * 7), 288)[:, None]
        codes = list(CODES)
        for during, size in self._during("more failures"):
            for code, part in ((30003, 0.5), (30005, 0.3), (30008, 0.2)):
                chances[during, :, codes.index(code)] += size * part
        for during, size in self._during("a code at one sender"):
            chances[during, 1, codes.index(30034)] += size
        for during, size in self._during("carrier filters (30007)"):
            chances[during, :, codes.index(30007)] += size
        failed = rng.binomial(self.sent[:, :, None], np.minimum(chances, 0.19))
        for during, size in self._during("a code at one sender"):
            extra = rng.binomial(self.sent[during, 1], size) - failed[during, 1, codes.index(30034)]
            failed[during, 1, codes.index(30034)] += np.maximum(extra, 0)
        over = failed.sum(2) > self.sent
        failed[over] = 0
        return np.asarray(failed)

    def _opt_out_chance(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        chance = np.repeat(0.004 * rng.lognormal(0, 0.15, self.weeks * 7), 288)
        for during, size in self._during("opt-out surge"):
            chance[during] *= size
        return np.minimum(chance, 0.5)

    def _minutes_at_limit(self, rng: np.random.Generator, volume: npt.NDArray[np.float64]) -> Counts:
        """Of each five minutes of the first sender: some where a campaign runs."""
        chance = np.clip((volume / volume.mean() - 4) / 60, 0, 0.12)
        for during, size in self._during("sender at its limit"):
            chance[during] = size
        return np.asarray(rng.binomial(5, chance))

    def _unpriced_chance(self) -> npt.NDArray[np.float64]:
        chance = np.full(self.bins, 0.01)
        for during, size in self._during("prices missing"):
            chance[during] = size
        return chance

    def bin_of(self, moment: datetime) -> int:
        return min(max((moment - START) // BIN, 0), self.bins)

    def _sum(self, name: str, since: datetime, until: datetime) -> Any:
        sums = self._sums[name]
        return sums[self.bin_of(until)] - sums[self.bin_of(since)]

    def read(self, rule: AlertRule, since: datetime, until: datetime, now: datetime | None = None) -> Reading:
        """A rule's numbers of a window, as the lake gives them."""
        in_flight = self._waiting(until) if now == until else 0
        final = int(self._sum("sent", since, until)) - in_flight
        groups: dict[tuple[str | None, ...], tuple[float | None, int | None, int]]
        if rule.metric == "not_delivered":
            failed = self._sum("failed", since, until)
            groups = {(str(code),): (float(failed[at]), None, 0) for at, code in enumerate(CODES)}
            return Reading(rule, since, until, groups, {(): final + in_flight})
        if rule.metric == "opt_outs":
            delivered = int(self._sum("delivered", since, until)) - in_flight
            return Reading(
                rule,
                since,
                until,
                {(): (float(self._sum("opt_outs", since, until)), None, 0)},
                {(): delivered},
            )
        if rule.metric == "minutes_at_limit":
            minutes = float(self._sum("at_limit", since, until))
            return Reading(rule, since, until, {(SENDERS[0],): (minutes, None, 0)}, {})
        if rule.metric == "priced_share":
            share = 1 - float(self._sum("unpriced", since, until)) / final if final else None
            return Reading(rule, since, until, {(): (share, final, in_flight)}, {})
        if rule.metric == "messages_after_opt_out":
            return Reading(rule, since, until, {(): (0.0, None, 0)}, {})
        failed_rate = float(self._sum("failed", since, until).sum()) / final if final else None
        return Reading(rule, since, until, {(): (failed_rate, final, in_flight)}, {})

    def _waiting(self, until: datetime) -> int:
        last = self.bin_of(until) - 1
        return int(self.in_flight[last, 0] + self.in_flight[last - 1, 1]) if last > 0 else 0


class Memory:
    """The tables that the rules over states ask, in memory, as of a moment that moves on."""

    def __init__(self, year: Year) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set timezone = 'UTC'")
        rng = np.random.default_rng(2)
        starts = np.arange(year.bins) * 300 + int(START.timestamp())
        rows = np.repeat(starts, rng.binomial(year.sent.sum(1), 1 / THINNED))
        moments = pd.to_datetime(np.sort(rows + rng.uniform(0, 300, len(rows))), unit="s", utc=True)
        messages = pd.DataFrame({"date_created": moments})
        gone = np.zeros(len(messages), bool)
        for incident in year.incidents:
            if incident.kind == "webhooks silent":
                gone |= (messages["date_created"] >= incident.begin) & (
                    messages["date_created"] < incident.end
                )
        callbacks = pd.DataFrame({"received_at": messages["date_created"][~gone] + pd.Timedelta(seconds=5)})
        syncs = [START + number * BIN for number in range(year.bins)]
        silent = [(each.begin, each.end) for each in year.incidents if each.kind == "sync silent"]
        done = [at for at in syncs if not any(begin <= at < end for begin, end in silent)]
        self._syncs = done
        runs = pd.DataFrame({"finished_at": pd.to_datetime(done, utc=True)})
        for name, frame in (("all_messages", messages), ("all_callbacks", callbacks), ("all_runs", runs)):
            self._connection.register("incoming", frame)
            self._connection.execute(f"create table {name} as from incoming")
            self._connection.unregister("incoming")
        self._connection.execute(_VIEWS)

    def at(self, now: datetime) -> None:
        self._connection.execute("set variable moment = ?::timestamptz", [now])

    def last_sync(self, now: datetime) -> datetime | None:
        import bisect

        place = bisect.bisect_right(self._syncs, now)
        return self._syncs[place - 1] if place else None

    def rows(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Any = None) -> Any:
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def frame(self, sql: str, parameters: Any = None) -> pd.DataFrame:
        return self._connection.execute(sql, parameters).df()


_VIEWS = """
create view message_facts as from all_messages where date_created < getvariable('moment');
create view status_events as select received_at, 'callback' as source from all_callbacks
    where received_at < getvariable('moment');
create view webhook_fields as select received_at, 'inbound' as kind from all_callbacks where false;
create view sync_runs as select finished_at, finished_at as started_at, 'done' as outcome from all_runs
    where finished_at <= getvariable('moment');
"""


@dataclass(frozen=True)
class Watched:
    """What the alerts said of a year."""

    year: Year
    events: Sequence[AlertEvent]
    looks: int
    seconds: float

    def found(self, incident: Incident) -> AlertEvent | None:
        """The first alert of a rule of its kind."""
        rules = KINDS[incident.kind]
        mine = [
            event
            for event in self.events
            if event.rule in rules and incident.begin <= event.began_at <= incident.last_at
        ]
        return min(mine, key=lambda event: event.began_at, default=None)

    @property
    def false_alarms(self) -> list[AlertEvent]:
        return [
            event
            for event in self.events
            if not any(each.begin <= event.began_at <= each.last_at for each in self.year.incidents)
        ]


def watch(year: Year) -> Watched:
    """Look at the whole time, from the first week on."""
    began = time.monotonic()
    settings = load_settings(
        {"WORKBENCH_HOME": "simulated", "WORKBENCH_PUBLIC_URL": "https://sms.example.com"}, cwd=Path.cwd()
    )
    memory = Memory(year)
    days = frozenset(START.date() + timedelta(days=number) for number in range(year.weeks * 7 + 1))
    events: dict[str, AlertEvent] = {}
    looks, now = 0, START + timedelta(days=7)
    while now < year.end():
        coverage = Coverage(memory.last_sync(now), {"AC": days}, now)
        for name in METRIC_RULES:
            _look_at_metric(BUILT_IN[name], year, coverage, now, events)
        if now.minute == 0 or _is_near_a_silence(year, now):
            memory.at(now)
            for name in STATE_RULES:
                _look_at_state(BUILT_IN[name], memory, settings, coverage, now, events)
        looks += 1
        now += LOOK
    return Watched(year, list(events.values()), looks, time.monotonic() - began)


def _is_near_a_silence(year: Year, now: datetime) -> bool:
    return any(each.kind.endswith("silent") and each.begin <= now <= each.last_at for each in year.incidents)


def _look_at_metric(
    rule: AlertRule, year: Year, coverage: Coverage, now: datetime, events: dict[str, AlertEvent]
) -> None:
    memory = _memory(rule, events)
    verdicts = judge_metric(
        lambda rule, since, until: year.read(rule, since, until, coverage.until),
        rule, coverage, now, ZONE, [group_of(event) for event in memory.values()],
    )  # fmt: skip
    _carry_on(rule, verdicts, memory, now, events)


def _look_at_state(
    rule: AlertRule,
    lake: Memory,
    settings: Settings,
    coverage: Coverage,
    now: datetime,
    events: dict[str, AlertEvent],
) -> None:
    measured = measure_state(rule, WatchedInstallation(lake, settings, coverage, now))
    _carry_on(rule, [judge(rule, each) for each in measured], _memory(rule, events), now, events)


def _memory(rule: AlertRule, events: dict[str, AlertEvent]) -> dict[str, AlertEvent]:
    return {e.subject: e for e in events.values() if e.rule == rule.name and e.recovered_at is None}


def _carry_on(
    rule: AlertRule,
    verdicts: Sequence[Verdict],
    memory: Mapping[str, AlertEvent],
    now: datetime,
    events: dict[str, AlertEvent],
) -> None:
    by_subject = {verdict.measurement.subject: verdict for verdict in verdicts}
    changes = evaluate(rule, by_subject, memory, now, lambda rule, verdict: _begin(rule, verdict, now))
    for dropped in changes.dropped:
        del events[dropped]
    events.update({event.event_id: event for event in changes.saved})


def _begin(rule: AlertRule, verdict: Verdict, now: datetime) -> AlertEvent:
    measured = verdict.measurement
    return AlertEvent(
        uuid.uuid4().hex, rule.name, measured.subject, group_text(measured.group), rule.severity, rule.metric,
        "", rule.title, "", "", "", measured.value, verdict.limit, measured.sample, now, None, now,
    )  # fmt: skip


def report(watched: Watched) -> list[str]:
    """The table of kinds, and the false alarms."""
    lines = [f"{'kind':<26}{'planted':>8}{'found':>7}{'minutes until found: median':>29}{'longest':>9}"]
    total = 0
    for kind in KINDS:
        planted = [each for each in watched.year.incidents if each.kind == kind]
        found = [(each, event) for each in planted if (event := watched.found(each))]
        minutes = [(event.began_at - each.due_at) / timedelta(minutes=1) for each, event in found]
        total += len(found)
        shown = f"{median(minutes):>29.0f}{max(minutes):>9.0f}" if minutes else f"{'–':>29}{'–':>9}"
        lines.append(f"{kind:<26}{len(planted):>8}{len(found):>7}{shown}")
    months = watched.year.weeks * 7 / 30.4
    false = watched.false_alarms
    lines += [
        f"{'all':<26}{len(watched.year.incidents):>8}{total:>7}",
        f"false alarms: {len(false)} in {months:.1f} months, {len(false) / months:.2f} a month",
        *(f"  {event.began_at:%Y-%m-%d %H:%M} {event.rule} {event.subject}" for event in false[:20]),
        f"prices: minutes after the day in which a price may come. "
        f"{watched.looks:,} looks in {watched.seconds:.0f} s.",
    ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--each", type=int, default=5, help="incidents of each kind")
    given = parser.parse_args()
    print("\n".join(report(watch(Year(given.seed, given.weeks, given.each)))))


if __name__ == "__main__":
    main()

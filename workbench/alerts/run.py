"""One look at everything: measure, note what began and ended, tell whom it concerns."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workbench.alerts.causes import likely_cause
from workbench.alerts.deliver import Told, deliver, settle_interrupted, within_sms_cap
from workbench.alerts.evaluate import Changes, evaluate
from workbench.alerts.judge import Verdict, judge
from workbench.alerts.measure import judge_metric, lake_reader
from workbench.alerts.measurement import group_text
from workbench.alerts.message import evidence_of, group_of, link_of, page_of, title_of
from workbench.alerts.notices import RECENTLY, NoticePlan, due_notices
from workbench.alerts.rule import AlertRule
from workbench.alerts.rule_files import installed_rules
from workbench.alerts.states import WatchedInstallation, measure_state
from workbench.alerts.targets import SMS, Target
from workbench.errors import WorkbenchError
from workbench.lake.alerts import (
    AlertEvent,
    read_current_events,
    read_deliveries,
    read_looks,
    read_mutes,
    save_events,
)
from workbench.lake.connect import Lake, Readable
from workbench.metrics.coverage import read_coverage, synced_accounts
from workbench.settings import Settings
from workbench.settings.values import read_length


@dataclass(frozen=True)
class AlertRun:
    """What one look found and told; `problems` has a sentence for each rule that could not be looked at."""

    opened: Sequence[AlertEvent]
    recovered: Sequence[AlertEvent]
    open_events: int
    told: Sequence[Told]
    problems: Sequence[str] = ()
    waiting_sms: int = 0

    def __str__(self) -> str:
        outcomes = [each.answer.outcome for each in self.told]
        counts = [f"{outcomes.count(name)} {name}" for name in dict.fromkeys(outcomes)]
        notices = f"; notices: {', '.join(counts)}" if counts else ""
        waiting = f"; {self.waiting_sms} SMS wait for the cap of the day" if self.waiting_sms else ""
        began, ended = len(self.opened), len(self.recovered)
        return f"{began} began, {ended} ended, {self.open_events} open{notices}{waiting}"


def look(
    lake: Lake, settings: Settings, targets: Sequence[Target], now: datetime, *, is_asked: bool = False
) -> AlertRun:
    """Look at every rule once and tell what is due.

    Args:
        is_asked: a person wants to know now: rules that read much do not rest.

    Raises:
        ConfigError: the rules of the settings are wrong.
        LakeError: the lake cannot be read or written.
    """
    rules, file_problems = installed_rules(settings)
    with lake.version() as version:
        before = {event.event_id: event for event in read_current_events(version, now)}
        resting = frozenset[str]() if is_asked else _resting(rules, read_looks(version), now)
        changes, problems = evaluate_rules(version, settings, rules, list(before.values()), now, resting)
    seldom = [rule.name for rule in rules if rule.every and rule.name not in resting]
    save_events(lake, changes.saved, changes.dropped, now, seldom)
    after = {**before, **{event.event_id: event for event in changes.saved}}
    events = [event for event in after.values() if event.event_id not in changes.dropped]
    told, waiting = _tell(lake, settings, rules, targets, events, now)
    began = [event for event in changes.saved if event.is_open and not _was_open(before.get(event.event_id))]
    ended = [event for event in changes.saved if event.recovered_at and event.opened_at]
    still_open = sum(event.is_open for event in events)
    return AlertRun(began, ended, still_open, told, [*file_problems, *problems], waiting)


def _resting(rules: Sequence[AlertRule], looks: Mapping[str, datetime], now: datetime) -> frozenset[str]:
    """The rules that were looked at a short time ago, as seldom as they want to be."""
    return frozenset(
        rule.name
        for rule in rules
        if rule.every and rule.name in looks and now - looks[rule.name] < rule.every
    )


def evaluate_rules(
    lake: Readable,
    settings: Settings,
    rules: Sequence[AlertRule],
    events: Sequence[AlertEvent],
    now: datetime,
    resting: Collection[str] = (),
) -> tuple[Changes, list[str]]:
    """What every rule changes, with a sentence for each that could not be looked at; it hides no other.

    Args:
        events: those of the lake that are not over; others are left out.
        resting: rules that are not looked at now; their events stay as they are.
    """
    coverage = read_coverage(lake, now, synced_accounts(settings))
    installation = WatchedInstallation(lake, settings, coverage, now)
    saved: list[AlertEvent] = []
    dropped: list[str] = []
    problems = []
    for rule in rules:
        if rule.name in resting:
            continue
        memory = {e.subject: e for e in events if e.rule == rule.name and e.recovered_at is None}
        try:
            verdicts = _verdicts(installation, rule, list(memory.values()))
            changes = evaluate(
                rule,
                {verdict.measurement.subject: verdict for verdict in verdicts},
                memory,
                now,
                lambda rule, verdict: _begin(installation, rule, verdict),
            )
        except WorkbenchError as error:
            problems.append(f"{rule.name}: {error}")
            continue
        saved += changes.saved
        dropped += changes.dropped
    saved += _without_rule(rules, events, now)
    return Changes(saved, dropped), problems


def _verdicts(
    installation: WatchedInstallation, rule: AlertRule, memory: Sequence[AlertEvent]
) -> list[Verdict]:
    remembered = [group_of(event) for event in memory]
    if rule.state:
        return [judge(rule, each) for each in measure_state(rule, installation, remembered)]
    return judge_metric(
        lake_reader(installation.lake, installation.settings.timezone),
        rule,
        installation.coverage,
        installation.now,
        installation.settings.timezone,
        remembered,
    )


def _without_rule(
    rules: Sequence[AlertRule], events: Sequence[AlertEvent], now: datetime
) -> list[AlertEvent]:
    """Events of rules that were switched off or renamed: they end, and nobody is told."""
    known = {rule.name for rule in rules}
    return [
        replace(event, recovered_at=now)
        for event in events
        if event.rule not in known and event.recovered_at is None
    ]


def _begin(installation: WatchedInstallation, rule: AlertRule, verdict: Verdict) -> AlertEvent:
    measurement, zone = verdict.measurement, installation.settings.timezone
    return AlertEvent(
        event_id=uuid.uuid4().hex,
        rule=rule.name,
        subject=measurement.subject,
        group_values=group_text(measurement.group),
        severity=rule.severity,
        metric=rule.metric,
        page=page_of(rule),
        title=title_of(rule, measurement),
        evidence=evidence_of(rule, verdict, zone),
        cause=likely_cause(installation.lake, installation.coverage, rule, measurement, zone),
        link=link_of(rule, measurement, zone),
        value=measurement.value,
        limit_value=verdict.limit,
        sample=measurement.sample,
        began_at=installation.now,
        opened_at=None,
        seen_at=installation.now,
    )


def _tell(
    lake: Lake,
    settings: Settings,
    rules: Sequence[AlertRule],
    targets: Sequence[Target],
    events: Sequence[AlertEvent],
    now: datetime,
) -> tuple[list[Told], int]:
    if not targets:
        return [], 0
    alerts = settings.alerts
    before = read_deliveries(lake, now - RECENTLY)
    settle_interrupted(lake, before, now)
    plan = NoticePlan(
        rules={rule.name: rule for rule in rules},
        targets=[target.name for target in targets],
        critical_only=frozenset(target.name for target in targets if target.name.startswith(SMS)),
        mutes=read_mutes(lake),
        quiet_hours=alerts.quiet_hours,
        timezone=settings.timezone,
        repeat=None if alerts.repeat == "off" else read_length(alerts.repeat),
    )
    notices = due_notices(plan, events, before, now)
    notices, waiting = within_sms_cap(notices, before, alerts.sms_per_day, now)
    return deliver(lake, settings, {target.name: target for target in targets}, notices, now), waiting


def _was_open(event: AlertEvent | None) -> bool:
    return event is not None and event.is_open

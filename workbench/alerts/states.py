"""Measures what is no metric: syncs, webhooks, jobs, the doctor's findings, the budget, open questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from workbench.alerts.measurement import CHECK, Measurement, Sample, subject_of
from workbench.alerts.rule import AlertRule
from workbench.display.formats import duration, money, plural
from workbench.errors import ConfigError
from workbench.lake.connect import Readable
from workbench.lake.health import HealthState, read_health
from workbench.metrics.coverage import Coverage
from workbench.metrics.daily_spend import daily_spend
from workbench.metrics.forecast import HISTORY_DAYS, Month, month_so_far
from workbench.metrics.run import query_metric
from workbench.settings import Settings

_FEWEST_WEBHOOKS = 20
"""So many webhooks must be missing before their silence means something."""
_WEBHOOK_DAYS = timedelta(days=7)
_HEALTH_AGE = timedelta(days=1)
_TOLD_BY_OTHER_RULES = frozenset({"balance", "sync", "jobs", "error-spikes", "prices", "webhook-alerts"})
_ANSWER_SECONDS = 4 * 3600
_QUESTION_WEEKS = 6


@dataclass(frozen=True)
class WatchedInstallation:
    """What these measurements read of an installation; `now` is the moment of the look."""

    lake: Readable
    settings: Settings
    coverage: Coverage
    now: datetime

    def state(
        self,
        value: float | None,
        evidence: str = "",
        *,
        group: Mapping[str, str | None] | None = None,
        sample: int | None = None,
        limit: float | None = None,
        link: str = "",
    ) -> Measurement:
        """A measurement of this moment."""
        return Measurement(group or {}, value, sample, 0, self.now, self.now, limit, evidence, link)


def measure_state(
    rule: AlertRule, installation: WatchedInstallation, remembered: Iterable[Mapping[str, str | None]] = ()
) -> list[Measurement]:
    """What a rule over a state watches, by subject; nothing where it does not apply here.

    Args:
        remembered: the groups that an event is open about; one that is not found any more is over.
    """
    measurements = list(STATES[rule.state](installation))
    if rule.state == "failed_jobs" or (rule.state == "health" and _findings(installation)):
        known = {measurement.subject for measurement in measurements}
        open_checks = {
            state.check_name for state in read_health(installation.lake) if state.state == "unknown"
        }
        measurements += [
            installation.state(0, "It is over.", group=group)
            for group in remembered
            if subject_of(group) not in known and group.get(CHECK) not in open_checks
        ]
    return measurements


def _failed_jobs(installation: WatchedInstallation) -> Iterator[Measurement]:
    rows = installation.lake.rows("select job, failed_at, error from failed_jobs order by job")
    for job, failed_at, error in rows:
        text = f"The job {job} failed at {failed_at:%Y-%m-%d %H:%M} UTC: {error or 'without a word'}"
        yield installation.state(1, text, group={"job": job})


def _sync_silent(installation: WatchedInstallation) -> Iterator[Measurement]:
    limit = _sync_limit(installation.settings.schedule.sync)
    ended_at = installation.lake.value("select max(finished_at) from sync_runs where outcome = 'done'")
    if limit is None or ended_at is None:
        return
    age = (installation.now - ended_at).total_seconds()
    text = (
        f"The last finished sync was {duration(age)} ago, at {ended_at:%Y-%m-%d %H:%M} UTC: every number is "
        f"as of then. It should come every {installation.settings.schedule.sync}. See workbench status."
    )
    yield installation.state(age, text, limit=limit.total_seconds())


def _sync_limit(schedule: str) -> timedelta | None:
    """After how long a sync is missed; None where the schedule has none."""
    if schedule == "off":
        return None
    if ":" in schedule:
        return timedelta(hours=26)
    every = int(schedule[:-1]) * (timedelta(hours=1) if schedule.endswith("h") else timedelta(minutes=1))
    return max(3 * every, timedelta(minutes=30))


def _webhooks_silent(installation: WatchedInstallation) -> Iterator[Measurement]:
    """The time since the last webhook, where enough messages since then would have brought one."""
    until = installation.coverage.until
    if installation.settings.public_url is None or until is None:
        return
    last_at, _ = installation.lake.rows(_WEBHOOKS, {"since": until - 2 * _WEBHOOK_DAYS})[0]
    if last_at is None:
        return
    before, since_then = installation.lake.rows(
        _MESSAGES, {"since": last_at - _WEBHOOK_DAYS, "last": last_at, "until": until}
    )[0]
    if not before:
        return
    webhooks_before = installation.lake.rows(_WEBHOOKS, {"since": last_at - _WEBHOOK_DAYS})[0][1]
    expected = int(since_then * min(1.0, webhooks_before / before))
    age = max((until - last_at).total_seconds(), 0.0)
    text = (
        f"The last webhook came {duration(age)} ago, at {last_at:%Y-%m-%d %H:%M} UTC; "
        f"{plural(since_then, 'message')} since then would have brought about {expected}. "
        "Run workbench doctor webhook-proof."
    )
    yield installation.state(age if expected >= _FEWEST_WEBHOOKS else 0.0, text, sample=since_then)


_WEBHOOKS = """
select max(received_at), count(*) from (
    select received_at from status_events where source = 'callback' and received_at >= $since
    union all
    select received_at from webhook_fields where kind = 'inbound' and received_at >= $since
)
"""
_MESSAGES = """
select count(*) filter (date_created < $last), count(*) filter (date_created >= $last)
from message_facts where date_created >= $since and date_created < $until
"""


def _balance(installation: WatchedInstallation) -> Iterator[Measurement]:
    for state in _findings(installation):
        if state.check_name == "balance":
            yield _finding(installation, [state], is_bad=state.state in ("warning", "failure"))


def _health(installation: WatchedInstallation) -> Iterator[Measurement]:
    """What the doctor calls a failure, one subject for each check."""
    failures: dict[str, list[HealthState]] = {}
    for state in _findings(installation):
        if state.state == "failure" and state.check_name not in _TOLD_BY_OTHER_RULES:
            failures.setdefault(state.check_name, []).append(state)
    for check, states in failures.items():
        yield _finding(installation, states, is_bad=True, group={CHECK: check})


def _findings(installation: WatchedInstallation) -> list[HealthState]:
    """The doctor's findings that are not too old to speak of now."""
    return [
        state
        for state in read_health(installation.lake)
        if state.state != "unknown" and installation.now - state.seen_at < _HEALTH_AGE
    ]


def _finding(
    installation: WatchedInstallation,
    states: list[HealthState],
    *,
    is_bad: bool,
    group: Mapping[str, str | None] | None = None,
) -> Measurement:
    first = states[0]
    more = f" So it is for {len(states)} of them." if len(states) > 1 else ""
    about = f"{first.subject}: " if first.subject and len(states) == 1 else ""
    text = f"{about}{first.evidence}{more} {first.repair}".strip()
    return installation.state(float(is_bad), text, group=group, link=first.link)


def _budget(installation: WatchedInstallation) -> Iterator[Measurement]:
    for month, budget, currency in _month(installation):
        text = f"{money(month.so_far, currency)} of {money(budget, currency)} are spent since {month.first}."
        yield installation.state(month.so_far / budget, text)


def _budget_forecast(installation: WatchedInstallation) -> Iterator[Measurement]:
    for month, budget, currency in _month(installation):
        if month.forecast is None:
            continue
        text = (
            f"{money(month.so_far, currency)} are spent since {month.first}; at this pace the month ends at "
            f"{money(month.forecast.expected, currency)} ({money(month.forecast.low, currency)} to "
            f"{money(month.forecast.high, currency)}), and the budget is {money(budget, currency)}."
        )
        yield installation.state(month.forecast.expected / budget, text)


def _month(installation: WatchedInstallation) -> Iterator[tuple[Month, float, str]]:
    """The month in the budget's currency; nothing where none is set or nothing was spent.

    Raises:
        ConfigError: everything was spent in other currencies, so the budget would never be reached.
    """
    budget = installation.settings.alerts.budget
    if budget is None or not any(installation.coverage.days.values()) or not budget.amount:
        return
    zone = installation.settings.timezone
    today = installation.now.astimezone(ZoneInfo(zone)).date()
    since = min(today.replace(day=1), today - timedelta(days=HISTORY_DAYS))
    result = query_metric(installation.lake, "spend", ("day",), {}, since, None, timezone=zone)
    spends = daily_spend(result.frame)
    spend = spends.get(budget.currency)
    if spend is None and spends:
        spent = " and ".join(sorted(spends))
        raise ConfigError(
            f"[alerts] budget is in {budget.currency}, and this lake's messages cost {spent}, so it would "
            f"never be reached. Write it in {spent}."
        )
    if spend is not None:
        # An account that has only begun, or was not read yet, hides nothing of the others.
        coverage = installation.coverage
        known_since = coverage.known_since(zone, coverage.begun(since))
        month = month_so_far(spend.days, today, known_since, spend.unsettled)
        yield month, float(budget.amount), budget.currency


def _inbound_waiting(installation: WatchedInstallation) -> Iterator[Measurement]:
    """The share of lately asked questions that waited four business hours, and that of the weeks before."""
    until = installation.coverage.until
    if until is None:
        return
    rows = installation.lake.rows(
        _QUESTIONS, {"until": until, "weeks": _QUESTION_WEEKS, "slow": _ANSWER_SECONDS}
    )
    by_week = {week: (slow, asked) for week, slow, asked in rows}
    slow, asked = by_week.pop(None, (0, 0))
    if not asked:
        return
    text = (
        f"{slow} of {plural(asked, 'question')} of the last two days waited {_ANSWER_SECONDS // 3600} "
        "business hours or more for an answer. Open the inbox, view Waiting."
    )
    measurement = installation.state(slow / asked, text, sample=asked)
    usual = [Sample(each / total, total) for _, (each, total) in sorted(by_week.items()) if total]
    yield Measurement(**{**vars(measurement), "usual": usual})


# A question counts once four business hours went by, so that the answer to "was it slow?" does not change
# later.
_QUESTIONS = """
select week, count(*) filter (waited >= $slow), count(*) from (
    select
        case when date_created < $until - interval 7 days
            then date_diff('day', date_created, $until) // 7 end as week,
        case when answered_at is null and closed_at is not null then 0
            when answered_at is null or answered_at > $until then business_seconds(date_created, $until)
            else business_reply_seconds end as waited,
        business_seconds(date_created, least($until, date_created + interval 5 days)) as age
    from reply_blocks
    where date_created < $until and date_created >= $until - to_days(cast(7 * ($weeks + 1) as integer))
        and not (date_created >= $until - interval 7 days and date_created < $until - interval 2 days)
)
where age >= $slow
group by week
"""

#: By the name that a rule says as its `state`.
STATES: Mapping[str, Callable[[WatchedInstallation], Iterator[Measurement]]] = {
    "failed_jobs": _failed_jobs,
    "sync_silent": _sync_silent,
    "webhooks_silent": _webhooks_silent,
    "balance": _balance,
    "health": _health,
    "budget": _budget,
    "budget_forecast": _budget_forecast,
    "inbound_waiting": _inbound_waiting,
}

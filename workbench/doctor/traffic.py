"""Checks of what happens to messages: errors that jumped, messages that do not move, webhooks that fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from workbench.display.formats import plural
from workbench.display.periods import Period
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.messaging.error_codes import explain
from workbench.metrics.anomalies import BASELINE_DAYS, find_anomalies
from workbench.metrics.coverage import read_coverage, synced_accounts

RECENT_DAYS = 7
_QUEUE_HOURS = 4
"""How long a message may wait in Twilio's queue, unless it says otherwise."""


def check_webhook_alerts(examination: Examination) -> Iterator[CheckResult]:
    """Twilio reached the webhooks: no recent alert says otherwise."""
    rows = examination.lake.rows(
        "select error_code, count(*), max(date_created) from alerts "
        "where date_created >= ? and error_code between 11000 and 12999 group by error_code order by 2 desc",
        [examination.now - timedelta(days=RECENT_DAYS)],
    )
    for code, alerts, last in rows:
        explained = explain(code)
        assert explained is not None
        yield failure(
            f"{plural(alerts, 'alert')} in {RECENT_DAYS} days, the last at {last:%Y-%m-%d %H:%M} UTC: "
            f"{explained.meaning}",
            explained.fix,
            explained.url,
            str(code),
        )
    if not rows:
        yield fine(f"No alert about webhooks in {RECENT_DAYS} days.")


def check_error_spikes(examination: Examination) -> Iterator[CheckResult]:
    """No error code is new or jumped in the last days."""
    today = examination.now.date()
    since = today - timedelta(days=RECENT_DAYS)
    days: dict[int | None, dict[date, int]] = defaultdict(dict)
    for code, day, messages in examination.lake.rows(_ERRORS_BY_DAY):
        days[code][day] = messages
    if not examination.lake.value("select exists(from message_facts)"):
        yield skipped("No messages yet.")
        return
    coverage = read_coverage(examination.lake, examination.now, synced_accounts(examination.settings))
    looked_at = Period(since - timedelta(days=BASELINE_DAYS), today + timedelta(days=1))
    anomalies = find_anomalies(days, since, looked_at.until, coverage.held_days(looked_at))
    for anomaly in anomalies:
        explained = explain(anomaly.code)
        what = (
            f"{plural(anomaly.messages, 'message')} on {anomaly.day}, usually {anomaly.usual:.1f} a day"
            if anomaly.kind == "spike"
            else f"new since {anomaly.day}, {plural(anomaly.messages, 'message')}"
        )
        subject = "no code" if explained is None else f"{explained.code} {explained.title}"
        meaning = explained.meaning if explained else "Failed without a code."
        yield warning(
            f"{what[0].upper()}{what[1:]}. {meaning}",
            explained.fix if explained else "Open them on the page Delivery failures.",
            explained.url if explained else "",
            subject,
        )
    if not anomalies:
        yield fine(f"No error code is new or jumped in the last {RECENT_DAYS} days.")


_ERRORS_BY_DAY = """
select error_code, date_created::date as day, count(*) from message_facts
where is_outbound and status in ('failed', 'undelivered') group by all
"""


def check_stuck(examination: Examination) -> Iterator[CheckResult]:
    """No message waits in the queue for longer than messages do."""
    rows = examination.lake.rows(
        "select status, count(*), min(date_created) from message_facts "
        "where is_outbound and not is_final and status in ('queued', 'accepted', 'sending') "
        "and date_created < ? group by status order by status",
        [examination.now - timedelta(hours=_QUEUE_HOURS)],
    )
    for status, messages, oldest in rows:
        yield warning(
            f"{plural(messages, 'message')} {status} for more than {_QUEUE_HOURS} hours, the oldest since "
            f"{oldest:%Y-%m-%d %H:%M} UTC.",
            "Run `workbench sync` (the log may be newer); else cancel them at Twilio, or ask its support.",
            "https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks",
            status,
        )
    if not rows:
        yield fine(f"No message waits for more than {_QUEUE_HOURS} hours.")

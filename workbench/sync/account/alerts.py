"""Syncs alerts (Twilio's warnings and errors) day by day, because Twilio deletes them after 30 days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb

from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.sync.account.account_reader import AccountReader, Rows
from workbench.sync.shared.days import days_to_read, is_settled
from workbench.sync.shared.fields import (
    MalformedRow,
    Row,
    address,
    moment,
    required,
    text,
    whole,
    without_query,
    without_userinfo,
)
from workbench.twilio.resources import ALERTS

KEPT = timedelta(days=30)
#: Alerts may appear late, so yesterday is read again.
REREAD_DAYS = 1
#: Twilio lists no more than this for one query.
LONGEST_LIST = 10_000


def sync_alerts(reading: AccountReader) -> None:
    """Alerts of the last 30 days: recent days again, older ones once."""
    today, oldest = reading.now.date(), reading.now - KEPT + timedelta(minutes=1)
    settled = {date.fromisoformat(part) for part in reading.read_parts(ALERTS)}
    keeps_text = reading.privacy.keeps_all

    def fetch(day: date) -> Rows | None:
        alerts = reading.rows(ALERTS, _params(day, oldest), check=read, covers=[day.isoformat()])
        return None if alerts is None else [read(row) for row in alerts]

    def read(row: Row) -> dict[str, Any]:
        return alert_row(row, keeps_text=keeps_text)

    def keep(days: list[tuple[date, Rows]]) -> None:
        for day, alerts in days:
            if len(alerts) >= LONGEST_LIST:
                reading.say(
                    ALERTS.name, f"Twilio lists {LONGEST_LIST:,} alerts at most, and {day} has as many."
                )
        over = [day.isoformat() for day, _ in days if is_settled(day, today, REREAD_DAYS)]
        over = [part for part in over if reading.is_whole(ALERTS, part)]
        own = {"account_sid": reading.account_sid, "read_at": reading.now}
        rows = [{**row, **own} for _, alerts in days for row in alerts]

        def work(cursor: duckdb.DuckDBPyConnection) -> Saved:
            reading.save_part_reads(cursor, ALERTS, over)
            return save_rows(cursor, "alerts", rows, key=("alert_sid",))

        reading.write(work)

    days = days_to_read(oldest.date(), today, settled, REREAD_DAYS)
    reading.fetch_each(reading.wanted(ALERTS, days, date.isoformat), fetch, keep)


def _params(day: date, oldest: datetime) -> dict[str, str | int]:
    first = max(datetime.combine(day, time(), UTC), oldest)
    return {"StartDate": f"{first:%Y-%m-%dT%H:%M:%SZ}", "EndDate": f"{day}T23:59:59Z"}


def alert_row(row: Row, *, keeps_text: bool) -> dict[str, Any]:
    """A row of `alerts`, without account and time of reading.

    Args:
        keeps_text: keep the text and the query of the address, which may contain numbers and bodies.
    """
    alert_text, url = text(row, "alert_text"), address(row, "request_url")
    created = moment(row, "date_created")
    if created is None:
        raise MalformedRow("Twilio's answer holds an alert without date_created.", "date_created", "missing")
    return {
        "alert_sid": required(row, "sid"),
        "error_code": whole(row, "error_code") or None,
        "log_level": text(row, "log_level"),
        "alert_text": without_userinfo(alert_text) if alert_text and keeps_text else None,
        "resource_sid": text(row, "resource_sid"),
        "service_sid": text(row, "service_sid"),
        "request_method": text(row, "request_method"),
        "request_url": url if keeps_text else without_query(url),
        "date_created": created,
        "date_generated": moment(row, "date_generated"),
    }

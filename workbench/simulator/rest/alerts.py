"""Alerts (monitor v1): one for every message that ended in error, and for every webhook that failed."""

from __future__ import annotations

from itertools import chain

from workbench.simulator.account.alerts import Alert, alerts_of_messages
from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import API_VERSION, error_message, iso8601
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.errors import DOCUMENTATION, bad_value, not_found
from workbench.simulator.rest.paging import PageUris, meta_envelope, page_request, slice_page
from workbench.simulator.rest.services import ListHandler, Row
from workbench.simulator.rest.windows import FOREVER, read_moment

_LEVELS = ("error", "warning", "notice", "debug")


class AlertList(ListHandler):
    """`/v1/Alerts`: newest first, of the last 30 days."""

    def on_get(self) -> Row:
        query = self.query()
        page = page_request(query)
        level = query.get("LogLevel")
        if level and level not in _LEVELS:
            raise bad_value("LogLevel", level, f"It is one of {', '.join(_LEVELS)}.")
        low = read_moment(query["StartDate"], "StartDate") if query.get("StartDate") else 0
        high = read_moment(query["EndDate"], "EndDate") if query.get("EndDate") else FOREVER
        alerts = [alert for alert in self._alerts() if low <= alert.at <= high]
        rows = [alert_row(self.account, alert, self.base()) for alert in alerts]
        rows = [row for row in rows if not level or row["log_level"] == level]
        chosen, first, last = slice_page(rows, page, lambda row: str(row["sid"]))
        uris = PageUris(self.base() + self.request.path, self.request.query, page)
        return meta_envelope("alerts", chosen, page, uris, first, last)

    def _alerts(self) -> list[Alert]:
        callbacks = self.runtime.callbacks
        of_webhooks = callbacks.alerts(self.account.sid) if callbacks is not None else []
        return sorted(chain(alerts_of_messages(self.account, self.now), of_webhooks), reverse=True)


class OneAlert(AlertList):
    """`/v1/Alerts/{NO}`"""

    def on_get(self, sid: str = "") -> Row:
        for alert in self._alerts():
            row = alert_row(self.account, alert, self.base())
            if row["sid"] == sid:
                return row
        raise not_found(self.request.path)


def alert_row(ledger: Ledger, alert: Alert, base: str) -> Row:
    sid = derive_sid(ledger.sid, "NO", f"{alert.resource_sid}:{alert.error}:{alert.at}")
    text = error_message(alert.error)
    return {
        "account_sid": ledger.sid,
        "alert_text": f"Msg={text.replace(' ', '+')}&ErrorCode={alert.error}",
        "api_version": API_VERSION,
        "date_created": iso8601(alert.at),
        "date_generated": iso8601(alert.at),
        "date_updated": iso8601(alert.at),
        "error_code": str(alert.error),
        "log_level": "error" if alert.error < 30_000 else "warning",
        "more_info": f"{DOCUMENTATION}{alert.error}",
        "request_method": "POST" if alert.url else None,
        "request_url": alert.url,
        "resource_sid": alert.resource_sid,
        "sid": sid,
        "url": f"{base}/v1/Alerts/{sid}",
        "service_sid": None,
    }

"""Usage records by category and period, and the balance that is left of what was paid in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import API_VERSION
from workbench.simulator.account.usage import CATEGORIES, Sums, UsageBook, price, total
from workbench.simulator.clock import DAY, day_of
from workbench.simulator.errors import bad_value, not_found
from workbench.simulator.rest.base import ApiHandler
from workbench.simulator.rest.paging import PageUris, envelope, page_request, slice_page
from workbench.simulator.traffic.world import UNIT

_OFFSET = re.compile(r"([+-])(\d{1,4})days?")
_SUBRESOURCES = {
    "all_time": "AllTime",
    "daily": "Daily",
    "last_month": "LastMonth",
    "monthly": "Monthly",
    "this_month": "ThisMonth",
    "today": "Today",
    "yearly": "Yearly",
    "yesterday": "Yesterday",
}
_PAID_IN = 500 * UNIT

Span = tuple[date, date]


class UsageRecords(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Usage/Records.json` and its subresources by period."""

    def on_get(self, period: str | None = None) -> dict[str, Any]:
        query = self.query()
        page = page_request(query)
        category = query.get("Category")
        if category and category not in CATEGORIES:
            raise bad_value("Category", category, "See Twilio's usage categories.")
        today = datetime.fromtimestamp(self.now, UTC).date()
        asked = self._asked(query, today)
        rows = [
            self._row(name, sums, span)
            for span in reversed(list(spans(period or "", asked, today)))
            for sums in [self._sums(span, query.get("IncludeSubaccounts", "true").lower() != "false")]
            for name in ([category] if category else CATEGORIES)
        ]
        chosen, first, last = slice_page(rows, page, lambda row: f"{row['category']}:{row['start_date']}")
        uris = PageUris(self.request.path, self.request.query, page)
        return envelope("usage_records", chosen, page, uris, first, last)

    def _asked(self, query: dict[str, str], today: date) -> Span:
        opened = datetime.fromtimestamp(self.account.opened_at, UTC).date()
        first = _read_date(query.get("StartDate"), "StartDate", today) or opened
        last = _read_date(query.get("EndDate"), "EndDate", today) or today
        return max(first, opened), min(last, today)

    def _sums(self, span: Span, with_subaccounts: bool) -> Sums:
        """The sums of the account and, by default, of its subaccounts with the same currency."""
        sums: Sums = {}
        for ledger in self.runtime.account.ledgers:
            mine = ledger is self.account
            ours = with_subaccounts and ledger.owner_sid == self.account.sid
            if mine or (ours and ledger.profile.currency == self.account.profile.currency):
                ledger_sums = book_of(self, ledger).of_days(_day(span[0]), _day(span[1]), self.now)
                for category, usage in ledger_sums.items():
                    sums[category] = sums[category].plus(usage) if category in sums else usage
        return sums

    def _row(self, category: str, sums: Sums, span: Span) -> dict[str, Any]:
        usage = total(sums, category)
        base = f"/{API_VERSION}/Accounts/{self.account.sid}/Usage/Records"
        units = "segments" if category.startswith("sms") else "messages"
        if category.startswith("phonenumbers"):
            units = "numbers"
        currency = self.account.profile.currency.lower()
        cost = price(usage.units)
        return {
            "account_sid": self.account.sid,
            "api_version": API_VERSION,
            "as_of": datetime.fromtimestamp(self.now, UTC).isoformat(),
            "category": category,
            "count": str(usage.events) if category != "totalprice" else None,
            "count_unit": "" if category == "totalprice" else "numbers" if units == "numbers" else "messages",
            "description": category.replace("-", " ").capitalize(),
            "end_date": span[1].isoformat(),
            "price": cost,
            "price_unit": currency,
            "start_date": span[0].isoformat(),
            "subresource_uris": {
                name: f"{base}/{part}.json?Category={category}" for name, part in _SUBRESOURCES.items()
            },
            "uri": f"{base}.json?Category={category}&StartDate={span[0]}&EndDate={span[1]}",
            "usage": f"{cost:.5f}" if category == "totalprice" else str(usage.usage),
            "usage_unit": currency if category == "totalprice" else units,
        }


class Balance(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Balance.json`: the same amount is paid in whenever it would run out."""

    def on_get(self) -> dict[str, Any]:
        first, last = day_of(self.account.opened_at), day_of(self.now)
        spent = total(book_of(self, self.account).of_days(first, last, self.now), "totalprice").units
        left = _PAID_IN - spent % _PAID_IN
        return {
            "account_sid": self.account.sid,
            "balance": f"{left / UNIT:.5f}",
            "currency": self.account.profile.currency,
        }


def book_of(handler: ApiHandler, ledger: Ledger) -> UsageBook:
    """The sums of an account, cached between requests."""
    return handler.runtime.usage_books.setdefault(ledger.sid, UsageBook(ledger))


def spans(period: str, asked: Span, today: date) -> Iterator[Span]:
    """The periods that a subresource reports on, oldest first; `""` and AllTime are one period."""
    first, last = asked
    this_month = today.replace(day=1)
    fixed = {
        "Today": (today, today),
        "Yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "ThisMonth": (this_month, today),
        "LastMonth": ((this_month - timedelta(days=1)).replace(day=1), this_month - timedelta(days=1)),
    }
    if period in fixed:
        yield fixed[period]
    elif period in ("", "AllTime"):
        yield first, last
    elif period in ("Daily", "Monthly", "Yearly"):
        start = first
        while start <= last:
            end = _end_of(period, start)
            yield start, min(end, last)
            start = end + timedelta(days=1)
    else:
        raise not_found(f"Usage/Records/{period}")


def _end_of(period: str, start: date) -> date:
    if period == "Daily":
        return start
    if period == "Yearly":
        return date(start.year, 12, 31)
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _read_date(text: str | None, name: str, today: date) -> date | None:
    if not text:
        return None
    offset = _OFFSET.fullmatch(text)
    if offset:
        days = int(offset[2])
        return today + timedelta(days=days if offset[1] == "+" else -days)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise bad_value(name, text, "Write YYYY-MM-DD, or days from today as -30days.") from error


def _day(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // DAY

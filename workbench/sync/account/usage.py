"""Syncs what the account is charged: usage records by day, the balance, and prices of countries in use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from workbench.lake.save import Saved
from workbench.lake.save_rows import replace_rows, save_rows
from workbench.sync.account.account_reader import AccountReader, Rows
from workbench.sync.shared.days import days_of, days_to_read, is_settled, spans
from workbench.sync.shared.fields import MalformedRow, Row, gmt_day, number, part, required, text
from workbench.twilio.resources import BALANCE, PRICES, USAGE_DAYS

#: Charges can change for some days: late prices, corrections.
REREAD_DAYS = 7
LONGEST_SPAN = 10
PRICES_EVERY = timedelta(days=1)

#: Categories that are sums of others, even on days when the others are not listed.
_PARENTS = frozenset(
    {
        *("totalprice", "sms", "sms-inbound", "sms-outbound", "mms", "mms-inbound", "mms-outbound"),
        *("channels", "calls", "phonenumbers", "shortcodes"),
    }
)


# --- usage records ---


def sync_usage(reading: AccountReader) -> None:
    """Daily usage records since the first requested day: recent days again, older ones once."""
    today = reading.now.date()
    settled = {date.fromisoformat(part) for part in reading.read_parts(USAGE_DAYS)}
    due = days_to_read(reading.since, today, settled, REREAD_DAYS)
    days = reading.wanted(USAGE_DAYS, due, date.isoformat)

    def fetch(span: tuple[date, date]) -> Rows | None:
        covers = [day.isoformat() for day in days_of(span)]
        records = reading.rows(
            USAGE_DAYS, _usage_params(span),
            check=checked_usage, covers=covers, part_of=lambda row: gmt_day(row, "start_date").isoformat(),
        )  # fmt: skip
        return None if records is None else usage_rows(records)

    def keep(read_spans: list[tuple[tuple[date, date], Rows]]) -> None:
        days = [day for span, _ in read_spans for day in days_of(span)]
        over = [day.isoformat() for day in days if is_settled(day, today, REREAD_DAYS)]
        over = [part for part in over if reading.is_whole(USAGE_DAYS, part)]
        own = {"account_sid": reading.account_sid, "read_at": reading.now}
        rows = [{**row, **own} for _, records in read_spans for row in records]

        def work(cursor: duckdb.DuckDBPyConnection) -> Saved:
            reading.save_part_reads(cursor, USAGE_DAYS, over)
            return save_rows(cursor, "usage_days", rows, key=("account_sid", "day", "category"))

        reading.write(work)

    reading.fetch_each(spans(days, LONGEST_SPAN), fetch, keep)


def _usage_params(span: tuple[date, date]) -> dict[str, str | int]:
    first, last = span
    # By default a main account's records include its subaccounts', which would then be counted twice.
    return {
        "StartDate": first.isoformat(), "EndDate": last.isoformat(), "IncludeSubaccounts": "false"
    }  # fmt: skip


def checked_usage(row: Row) -> dict[str, Any]:
    """A row of `usage_days`, before it is compared with other rows; raises MalformedRow."""
    return _usage_row(row, is_leaf=True)


def usage_rows(records: Sequence[Row]) -> Rows:
    """Rows of `usage_days`, without account and time."""
    categories = {required(row, "category") for row in records}
    parents = {category for category in categories if is_parent(category, categories)}
    return [_usage_row(row, is_leaf=row["category"] not in parents) for row in records]


def is_parent(category: str, categories: set[str]) -> bool:
    """Whether a category is the sum of others: `sms` of `sms-inbound` and `sms-outbound`, and so on down."""
    return category in _PARENTS or any(other.startswith(f"{category}-") for other in categories)


def _usage_row(row: Row, *, is_leaf: bool) -> dict[str, Any]:
    currency = text(row, "price_unit")
    return {
        "day": gmt_day(row, "start_date"),
        "category": required(row, "category"),
        "description": text(row, "description"),
        "count": number(row, "count", 3),
        "usage": number(row, "usage", 4),
        "usage_unit": text(row, "usage_unit"),
        "price": number(row, "price", 6),
        "currency": currency.upper() if currency else None,
        "is_leaf": is_leaf,
    }


# --- balance ---


def sync_balance(reading: AccountReader) -> None:
    """Append the balance if it changed, and save its currency as the account's."""
    balance = reading.fetch_single(BALANCE)
    if not balance or not reading.checked(BALANCE, [balance], _balance):
        return
    amount, currency = _balance(balance)
    if amount is None:
        return
    reading.write(lambda cursor: _save_balance(cursor, reading, amount, currency))


def _balance(row: Row) -> tuple[Decimal | None, str | None]:
    return number(row, "balance", 6), (text(row, "currency") or "").upper() or None


def _save_balance(
    cursor: duckdb.DuckDBPyConnection, reading: AccountReader, amount: Decimal, currency: str | None
) -> Saved:
    latest = cursor.execute(
        "select balance, currency from balances where account_sid = ? order by read_at desc limit 1",
        [reading.account_sid],
    ).fetchall()
    saved = Saved()
    if latest != [(amount, currency)]:
        cursor.execute(
            "insert into balances values (?, ?, ?, ?)", [reading.account_sid, amount, currency, reading.now]
        )
        saved = Saved(added=1)
    if currency is None:
        return saved
    account = {"account_sid": reading.account_sid, "currency": currency, "read_at": reading.now}
    return saved + save_rows(cursor, "accounts", [account], key=("account_sid",))


# --- prices ---

_COUNTRIES_SQL = """
    select distinct country from (
        select country from raw_messages where account_sid = $account
        union all
        select country from senders where account_sid = $account and removed_at is null
    )
    where regexp_full_match(country, '[A-Z]{2}') order by 1
"""
_PRICE_KEY = ("account_sid", "country", "direction", "carrier", "mcc", "mnc", "number_type")


def sync_prices(reading: AccountReader) -> None:
    """Prices of every country of our senders and contacts, each at most once a day."""
    fresh = reading.read_parts(PRICES, after=reading.now - PRICES_EVERY)
    in_use = [iso for (iso,) in reading.lake.rows(_COUNTRIES_SQL, {"account": reading.account_sid})]

    def fetch(iso: str) -> Rows | None:
        # A country without its own price list (404) has no prices; that needs no notice.
        country_prices = reading.fetch_single(PRICES, iso_country=iso)
        if country_prices is None:
            return None
        rows = reading.checked(PRICES, price_lists(country_prices), _price_row, [iso])
        return [_price_row(row) for row in rows]

    def save(cursor: duckdb.DuckDBPyConnection, iso: str, rows: Rows) -> Saved:
        own = {"account_sid": reading.account_sid, "country": iso}
        rows = [{**own, **row, "read_at": reading.now} for row in rows]
        if not reading.is_whole(PRICES, iso):  # rows that cannot be read keep their last price
            return save_rows(cursor, "prices", rows, key=_PRICE_KEY)
        reading.save_part_reads(cursor, PRICES, [iso])
        return replace_rows(cursor, "prices", rows, key=_PRICE_KEY, within=own)

    def keep(countries: list[tuple[str, Rows]]) -> None:
        reading.write(lambda cursor: sum((save(cursor, *country) for country in countries), Saved()))

    due = [iso for iso in in_use if iso not in fresh]
    reading.fetch_each(reading.wanted(PRICES, due, str), fetch, keep)


def price_lists(country_prices: Row) -> Rows:
    """The prices of one country, one row each, with the values of its country and carrier."""
    common = {"price_unit": country_prices.get("price_unit")}
    rows = [
        {**common, "direction": "inbound", "price": price}
        for price in _listed(country_prices, "inbound_sms_prices")
    ]
    for carrier in _listed(country_prices, "outbound_sms_prices"):
        own = {**common, "direction": "outbound", "carrier": carrier}
        # An entry that is not a carrier, or has no list of prices, becomes one row that cannot be read.
        prices = _listed(carrier, "prices") if isinstance(carrier, dict) else [None]
        rows += [{**own, "price": price} for price in prices]
    return rows


def _listed(answer: Row, name: str) -> Sequence[Any]:
    """A list in the answer; another value becomes one row, which will be refused."""
    value = answer.get(name)
    return [] if value is None else value if isinstance(value, list) else [value]


def _price_row(row: Row) -> dict[str, Any]:
    carrier, price = part(row, "carrier"), row.get("price")
    if not isinstance(price, dict):
        raise MalformedRow("Twilio's answer holds a price that is no object.", "price", "no object")
    return {
        "direction": row["direction"],
        "carrier": text(carrier, "carrier") or "",
        "mcc": text(carrier, "mcc") or "",
        "mnc": text(carrier, "mnc") or "",
        "number_type": text(price, "number_type") or "",
        "base_price": number(price, "base_price", 6, whole_digits=6),
        "current_price": number(price, "current_price", 6, whole_digits=6),
        "currency": (text(row, "price_unit") or "").upper() or None,
    }

"""Usage says what the messages' prices say, and adds up."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.simulator.conftest import Api, build
from workbench.simulator import TWO_CURRENCIES, serve

Row = dict[str, Any]
MESSAGING = ("sms", "mms", "channels", "sms-messages-carrierfees", "mms-messages-carrierfees")


def usage(api: Api, period: str, **query: str) -> dict[tuple[str, str], Row]:
    """Records by start date and category."""
    path, records = f"{api.base}/Usage/Records/{period}.json", {}
    uri = api.http.build_request("GET", path, params={**query, "PageSize": "1000"}).url.raw_path.decode()
    while uri:
        page = api.get(uri)
        records.update({(row["start_date"], row["category"]): row for row in page["usage_records"]})
        uri = page["next_page_uri"]
    return records


def cents(row: Row) -> Decimal:
    return round(Decimal(row["price"]), 5)


def spend_by_day(api: Api, sid: str) -> dict[str, Decimal]:
    """Sums of the prices that messages show."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    uri = f"/2010-04-01/Accounts/{sid}/Messages.json?PageSize=1000"
    while uri:
        page = api.get(uri)
        for row in page["messages"]:
            if row["price"]:
                day = parsedate_to_datetime(row["date_sent"] or row["date_created"]).date().isoformat()
                sums[day] -= Decimal(row["price"])
        uri = page["next_page_uri"]
    return sums


def test_usage_of_a_day_is_the_sum_of_its_prices(quiet: Api) -> None:
    spent = spend_by_day(quiet, quiet.account.account_sid)
    daily = usage(quiet, "Daily", IncludeSubaccounts="false")
    days = {day for day, _ in daily}
    assert len(days) == 30
    for day in days:
        assert sum(cents(daily[day, name]) for name in MESSAGING) == spent[day], day
    assert sum(spent.values()) > 50


def test_subaccounts_are_included_unless_told_otherwise(quiet: Api) -> None:
    mine, theirs = (sum(spend_by_day(quiet, ledger.sid).values()) for ledger in quiet.account.ledgers)
    with_them, without = usage(quiet, "AllTime"), usage(quiet, "AllTime", IncludeSubaccounts="false")
    assert sum(cents(row) for (_, name), row in with_them.items() if name in MESSAGING) == mine + theirs
    assert sum(cents(row) for (_, name), row in without.items() if name in MESSAGING) == mine
    assert theirs > 0


def test_parents_are_the_sum_of_their_children(quiet: Api) -> None:
    cents_by_category = {name: cents(row) for (_, name), row in usage(quiet, "AllTime").items()}
    assert cents_by_category["sms"] == cents_by_category["sms-inbound"] + cents_by_category["sms-outbound"]
    assert cents_by_category["sms-outbound"] == sum(
        cents_by_category[f"sms-outbound-{kind}"] for kind in ("longcode", "shortcode", "tollfree")
    )
    extra = cents_by_category["phonenumbers"] + cents_by_category["failed-message-processing-fee"]
    assert cents_by_category["totalprice"] == sum(cents_by_category[name] for name in MESSAGING) + extra
    assert cents_by_category["failed-message-processing-fee"] > 0
    assert cents_by_category["phonenumbers"] > 0


def test_failed_messages_cost_a_tenth_of_a_cent_each_unless_exempt(quiet: Api) -> None:
    exempt = {30008, 30036, 30450, 21408, 63016 + 8}
    at_create = {21211, 21614, 21408}
    failed = [row["error_code"] for row in quiet.walk(PageSize=1000) if row["status"] == "failed"]
    charged = [code for code in failed if code not in exempt | at_create]
    records = usage(quiet, "AllTime", IncludeSubaccounts="false", Category="failed-message-processing-fee")
    (record,) = records.values()
    assert cents(record) == Decimal("0.001") * len(charged) > 0
    assert record["count"] == str(len(charged))


def test_periods_add_up(quiet: Api) -> None:
    total = {
        period: usage(quiet, period, Category="totalprice") for period in ("AllTime", "Daily", "Monthly")
    }
    sums = {period: sum(cents(row) for row in rows.values()) for period, rows in total.items()}
    assert sums["AllTime"] == sums["Daily"] == sums["Monthly"]
    assert [day for day, _ in total["Monthly"]] == ["2026-09-01", "2026-08-03"]
    (today,), (yesterday,) = (usage(quiet, p, Category="totalprice").values() for p in ("Today", "Yesterday"))
    assert today == {**total["Daily"]["2026-09-01", "totalprice"], "uri": today["uri"]}
    assert cents(yesterday) == cents(total["Daily"]["2026-08-31", "totalprice"])


def test_offsets_of_days(quiet: Api) -> None:
    records = usage(quiet, "Daily", Category="sms", StartDate="-3days", EndDate="-1days")
    assert [day for day, _ in records] == ["2026-08-31", "2026-08-30", "2026-08-29"]


@pytest.mark.parametrize("query", [{"Category": "pigeons"}, {"StartDate": "soon"}])
def test_bad_questions(quiet: Api, query: dict[str, str]) -> None:
    answer = quiet.http.get(f"{quiet.base}/Usage/Records.json", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_a_late_price_reaches_usage_and_a_deletion_refunds_nothing() -> None:
    with serve(build(messages=300)) as server:
        api = Api(server)
        before = usage(api, "Today", Category="totalprice")
        api.control("outcomes", to="+14155550177", status="delivered")
        sid = api.create(To="+14155550177", From="+14155550104", Body="hi").json()["sid"]
        assert usage(api, "Today", Category="totalprice") == before
        api.control("clock", set="2026-09-03T23:00:00")
        assert api.message(sid)["price"] == "-0.01180"
        first = usage(
            api, "Daily", StartDate="2026-09-01", EndDate="2026-09-01", Category="sms-messages-carrierfees"
        )
        assert api.http.delete(f"{api.base}/Messages/{sid}.json").status_code == 204
        again = usage(
            api, "Daily", StartDate="2026-09-01", EndDate="2026-09-01", Category="sms-messages-carrierfees"
        )
        assert first == again
        api.http.close()


def test_two_currencies_are_never_added() -> None:
    with serve(build(profile=TWO_CURRENCIES, messages=1500)) as server:
        api = Api(server)
        euros = api.account.subaccounts[0].sid
        (row,) = usage(api, "AllTime", Category="sms-messages-carrierfees").values()
        assert row["price_unit"] == "usd"
        alone = usage(api, "AllTime", Category="sms-messages-carrierfees", IncludeSubaccounts="false")
        assert [row] == list(alone.values())
        rows = api.get(f"/2010-04-01/Accounts/{euros}/Messages.json")["messages"]
        assert {row["price_unit"] for row in rows} == {"EUR"}
        assert api.get(f"/2010-04-01/Accounts/{euros}/Balance.json")["currency"] == "EUR"
        api.http.close()


def test_the_balance_goes_down_by_what_is_spent(simulator: Api) -> None:
    before = Decimal(simulator.get(f"{simulator.base}/Balance.json")["balance"])
    simulator.control("clock", advance=3 * 86_400)
    after = Decimal(simulator.get(f"{simulator.base}/Balance.json")["balance"])
    spent = usage(simulator, "AllTime", Category="totalprice", IncludeSubaccounts="false")
    assert (500 - after) % 500 == sum(map(cents, spent.values())) % 500
    assert after < before

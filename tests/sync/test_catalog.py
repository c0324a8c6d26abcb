"""Everything but messages, over real HTTP: equal to the account's own answers, steady while they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.requests_seen import requests_seen
from tests.sync.conftest import NOW, START, Sync
from workbench.errors import UnknownName
from workbench.lake import Lake
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.settings import Settings, check_credentials
from workbench.simulator import Fault, Server
from workbench.sync.account.accounts import for_each_account, subaccount_sids
from workbench.sync.account.catalog import PARTS, CatalogSummary, sync_catalog
from workbench.sync.messages.run import run_sync
from workbench.sync.shared.request import SyncRequest
from workbench.twilio.client import TwilioClient

HOUR, DAY = 3600, 86_400
Catalog = Callable[..., CatalogSummary]


@pytest.fixture
def client(settings: Settings, server: Server) -> Any:
    with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as running:
        yield running


@pytest.fixture
def catalog(lake: Lake, server: Server, client: TwilioClient) -> Catalog:
    """Read the catalog by the account's clock."""

    def run(account_sid: str | None = None, **options: Any) -> CatalogSummary:
        now = datetime.fromtimestamp(server.account.now(), UTC)
        chosen = {"now": now, "since": START, **options}
        return sync_catalog(lake, client, account_sid or server.account.account_sid, **chosen)

    return run


@pytest.fixture
def ask(server: Server) -> Callable[..., Any]:
    """The account's own answer, without our client: an object, or all rows of a list."""

    def get(path: str, key: str | None = None, **params: str | int) -> Any:
        account, rows = server.account, []
        with httpx.Client(base_url=server.url, auth=(account.account_sid, account.auth_token)) as http:
            answer = http.get(path, params={k.replace("_", ""): v for k, v in params.items()})
            while True:
                payload = answer.raise_for_status().json()
                if key is None:
                    return payload
                rows += payload[key]
                uri = (payload.get("meta") or {}).get("next_page_url") or payload.get("next_page_uri")
                if not uri:
                    return rows
                answer = http.get(uri)

    return get


def api(server: Server, path: str) -> str:
    return f"/2010-04-01/Accounts/{server.account.account_sid}/{path}"


def post(server: Server, path: str, **form: str) -> None:
    account = server.account
    with httpx.Client(base_url=server.url, auth=(account.account_sid, account.auth_token)) as http:
        http.post(path, data=form).raise_for_status()


def asked(server: Server, path: str) -> list[dict[str, Any]]:
    """The requests so far whose path contains `path`."""
    return [entry for entry in requests_seen(server) if path in entry["path"]]


def reasons(summary: CatalogSummary) -> dict[str, str]:
    return {notice.resource: notice.reason for notice in summary.notices}


# --- equal to the account's own answers ---


def test_accounts_equal_the_accounts_own_answer(
    lake: Lake, catalog: Catalog, ask: Any, server: Server
) -> None:
    assert catalog(parts=["accounts", "balance"]).notices == []
    expected = sorted(
        (row["sid"], row["friendly_name"], row["status"], row["type"], row["owner_account_sid"])
        for row in ask("/2010-04-01/Accounts.json", "accounts")
    )
    rows = lake.rows("select account_sid, friendly_name, status, type, owner_account_sid from accounts")
    assert sorted(rows) == expected
    assert len(expected) == 2
    balance = ask(api(server, "Balance.json"))
    sid = server.account.account_sid
    assert lake.rows("select * from balances") == [(sid, Decimal(balance["balance"]), "USD", NOW)]
    assert lake.value("select currency from accounts where account_sid = ?", [sid]) == "USD"


def test_senders_equal_numbers_short_codes_and_pools(
    lake: Lake, catalog: Catalog, ask: Any, server: Server
) -> None:
    summary = catalog(parts=["senders"], mps_limits={"+18335550108": 25})
    assert summary.notices == []
    services = ask("/v1/Services", "services")
    pool: dict[str, str] = {}
    for service in services:
        for part, key, name in (
            ("PhoneNumbers", "phone_numbers", "phone_number"),
            ("ShortCodes", "short_codes", "short_code"),
            ("AlphaSenders", "alpha_senders", "alpha_sender"),
        ):
            members = ask(f"/v1/Services/{service['sid']}/{part}", key)
            pool |= {row[name]: service["sid"] for row in members}
    numbers = ask(api(server, "IncomingPhoneNumbers.json"), "incoming_phone_numbers")
    codes = ask(api(server, "SMS/ShortCodes.json"), "short_codes")
    desks = ask("/v2/Channels/Senders", "senders", Channel="whatsapp")
    expected = {
        (row["phone_number"], row["sid"], row["friendly_name"], row["capabilities"]["mms"]) for row in numbers
    } | {(row["short_code"], row["sid"], row["friendly_name"], True) for row in codes}
    expected |= {(row["sender_id"], row["sid"], row["profile"]["name"], None) for row in desks}
    rows = lake.rows(
        "select sender, sender_sid, friendly_name, can_mms from senders where sender_type <> 'alphanumeric'"
    )
    assert set(rows) == expected
    assert len(rows) == len(expected) == 11
    pools = lake.rows("select sender, messaging_service_sid from senders")
    assert {sender: sid for sender, sid in pools if sid} == pool
    assert pool["DEMOSHOP"]


def test_registration_type_country_and_limit_of_senders(lake: Lake, catalog: Catalog) -> None:
    catalog(parts=["senders"], mps_limits={"+18335550108": 25})
    rows = lake.rows(
        "select sender, sender_type, country, registration, registration_status, mps_limit::integer, "
        "mps_limit_source = 'configuration' from senders order by sender"
    )
    assert rows == [
        ("+12065550101", "long code", "US", "a2p", "VERIFIED", 1, False),
        ("+12125550103", "long code", "US", "a2p", "VERIFIED", 1, False),
        ("+13125550102", "long code", "US", "a2p", "VERIFIED", 1, False),
        ("+14155550104", "long code", "US", "a2p", "VERIFIED", 1, False),
        ("+14165550106", "long code", "CA", "a2p", "VERIFIED", 1, False),
        ("+17135550105", "long code", "US", "a2p", None, 1, False),
        ("+18335550108", "toll-free", "US", "toll-free", "TWILIO_APPROVED", 25, True),
        ("+18445550109", "toll-free", "US", "toll-free", "IN_REVIEW", 3, False),
        ("+447400100107", "long code", "GB", None, None, 10, False),
        ("55501", "short code", "US", None, None, 100, False),
        ("DEMOSHOP", "alphanumeric", None, None, None, 10, False),
        ("whatsapp:+14155550111", "whatsapp", "US", None, None, 80, False),
    ]


def test_messaging_services_equal_the_accounts_own_answer(
    lake: Lake, catalog: Catalog, ask: Any, server: Server
) -> None:
    first = ask("/v1/Services", "services")[0]["sid"]
    post(server, f"/v1/Services/{first}", InboundRequestUrl="https://example.com/in", SmartEncoding="true")
    catalog(parts=["senders"])
    expected = []
    for row in ask("/v1/Services", "services"):
        campaigns = ask(f"/v1/Services/{row['sid']}/Compliance/Usa2p", "compliance")
        expected.append(
            (
                row["sid"],
                row["friendly_name"],
                row["inbound_request_url"],
                row["use_inbound_webhook_on_number"],
                row["status_callback"],
                row["smart_encoding"],
                row["validity_period"],
                row["usecase"],
                row["us_app_to_person_registered"],
                campaigns[0]["campaign_status"] if campaigns else None,
                campaigns[0]["rate_limits"]["att"]["mps"] if campaigns else None,
                "STOP" if campaigns else None,
                "HELP" if campaigns else None,
            )
        )
    rows = lake.rows(
        "select messaging_service_sid, friendly_name, inbound_url, use_inbound_webhook_on_number, "
        "status_callback, smart_encoding, validity_seconds, usecase, us_app_to_person_registered, "
        "campaign_status, campaign_att_mps::double, opt_out_words, help_words from messaging_services"
    )
    assert sorted(rows) == sorted(expected)
    assert any(row[2] == "https://example.com/in" and row[5] for row in rows)


def test_usage_equals_the_accounts_own_records(
    lake: Lake, catalog: Catalog, ask: Any, server: Server
) -> None:
    catalog(parts=["usage"])
    records = ask(
        api(server, "Usage/Records/Daily.json"), "usage_records", Start_Date=str(START),
        Include_Subaccounts="false", Page_Size=1000,
    )  # fmt: skip
    expected = sorted(
        (
            row["account_sid"],
            date.fromisoformat(row["start_date"]),
            row["category"],
            row["description"],
            None if row["count"] is None else Decimal(row["count"]),
            Decimal(row["usage"]),
            row["usage_unit"],
            Decimal(str(row["price"])),
            row["price_unit"].upper(),
        )
        for row in records
    )
    rows = lake.rows(
        "select account_sid, day, category, description, count, usage, usage_unit, price, currency "
        "from usage_days order by account_sid, day, category"
    )
    assert rows == expected
    assert len(rows) > 250
    assert all("IncludeSubaccounts=false" in entry["query"] for entry in asked(server, "Usage")[:-1])
    assert all("PageSize=100&" in entry["query"] + "&" for entry in asked(server, "Usage")[:-1])


def test_leaves_add_up_to_the_total_of_every_day(lake: Lake, catalog: Catalog) -> None:
    catalog(parts=["usage"])
    days = lake.rows(
        "select sum(price) filter (is_leaf), sum(price) filter (category = 'totalprice') "
        "from usage_days group by day"
    )
    assert len(days) == 10
    assert all(leaves == total and total > 0 for leaves, total in days)
    parents = lake.rows("select distinct category from usage_days where not is_leaf order by 1")
    assert [name for (name,) in parents] == [
        "channels", "mms", "mms-inbound", "mms-outbound", "phonenumbers",
        "sms", "sms-inbound", "sms-outbound", "totalprice",
    ]  # fmt: skip


def test_prices_of_the_countries_in_use(lake: Lake, catalog: Catalog, ask: Any, sync: Sync) -> None:
    sync(since=date(2026, 9, 8))
    catalog(parts=["senders", "prices"])
    countries = [
        iso for (iso,) in lake.rows("select distinct country from messages where country is not null")
    ]
    expected = []
    for iso in {*countries, "GB"}:
        answer = ask(f"/v1/Messaging/Countries/{iso}")
        for carrier in answer["outbound_sms_prices"]:
            for price in carrier["prices"]:
                expected.append((iso, "outbound", carrier["carrier"], *_price(price, answer)))
        expected += [(iso, "inbound", "", *_price(price, answer)) for price in answer["inbound_sms_prices"]]
    rows = lake.rows(
        "select country, direction, carrier, number_type, base_price, current_price, currency from prices"
    )
    assert sorted(rows) == sorted(expected)
    assert len({row[0] for row in rows}) > 3


def _price(price: dict[str, str], answer: dict[str, Any]) -> tuple[object, ...]:
    numbers = Decimal(price["base_price"]), Decimal(price["current_price"])
    return price["number_type"], *numbers, answer["price_unit"]


def test_alerts_equal_the_accounts_own_answer(lake: Lake, catalog: Catalog, ask: Any) -> None:
    catalog(parts=["alerts"])
    expected = {
        (row["sid"], int(row["error_code"]), row["log_level"], row["alert_text"], row["resource_sid"])
        for row in ask("/v1/Alerts", "alerts", Page_Size=1000)
    }
    rows = lake.rows("select alert_sid, error_code, log_level, alert_text, resource_sid from alerts")
    assert set(rows) == expected
    assert len(rows) == len(expected) > 50
    assert lake.value("select count(*) from alerts where date_created <> date_generated") == 0


def test_media_of_messages_that_have_some(
    lake: Lake, catalog: Catalog, ask: Any, sync: Sync, server: Server
) -> None:
    sync(since=date(2026, 9, 8))
    catalog(parts=["media"])
    expected = set()
    sids = [sid for (sid,) in lake.rows("select message_sid from messages where media_count > 0")]
    for sid in sids:
        rows = ask(api(server, f"Messages/{sid}/Media.json"), "media_list")
        expected |= {(row["sid"], row["parent_sid"], row["account_sid"], row["content_type"]) for row in rows}
    rows = lake.rows("select media_sid, message_sid, account_sid, content_type from media")
    assert set(rows) == expected
    assert len(rows) == len(expected) > 5
    assert lake.value("select count(*) from media_listings") == len(sids)


# --- steady, and up to date ---


def test_a_second_reading_writes_nothing(lake: Lake, catalog: Catalog, sync: Sync) -> None:
    sync(since=date(2026, 9, 8))
    first = catalog()
    assert first.added > 300
    assert first.notices == []
    assert set(first.by_part) == set(PARTS)
    snapshot = lake.snapshot_id()
    second = catalog()
    assert (second.added, second.changed, second.notices) == (0, 0, [])
    assert second.requests < first.requests / 2
    assert lake.snapshot_id() == snapshot


def test_a_number_that_was_released_is_marked_and_comes_back(
    lake: Lake, catalog: Catalog, server: Server
) -> None:
    catalog(parts=["senders"])
    ledger = server.account.main
    index = ledger.inventory.sender_index("+17135550105")
    assert index is not None
    store, sid = ledger.profile.senders[index], ledger.sender_sids[index]
    ledger.change({"op": "remove_sender", "sender": index})
    server.account.clock.set(NOW.timestamp() + HOUR)
    assert catalog(parts=["senders"]).changed == 1
    gone = lake.rows("select sender, removed_at from senders where removed_at is not null")
    assert gone == [("+17135550105", datetime(2026, 9, 10, 16, 30, tzinfo=UTC))]
    snapshot = lake.snapshot_id()
    catalog(parts=["senders"])
    assert lake.snapshot_id() == snapshot
    ledger.change({"op": "add_sender", "sender": list(store), "sid": sid})
    catalog(parts=["senders"])
    assert lake.value("select count(*) from senders where removed_at is null") == 12


def test_a_number_that_leaves_its_pool_has_no_service(lake: Lake, catalog: Catalog, server: Server) -> None:
    catalog(parts=["senders"])
    ledger = server.account.main
    first = ledger.profile.senders[0]
    ledger.change({"op": "member", "sender": 0, "service": -1})
    assert catalog(parts=["senders"]).changed == 1
    row = "select messaging_service_sid, registration_status, removed_at from senders where sender = ?"
    assert lake.rows(row, [first.address]) == [(None, None, None)]


def test_usage_of_older_days_is_read_once_and_of_recent_days_again(
    lake: Lake, catalog: Catalog, server: Server
) -> None:
    catalog(parts=["usage"])
    server.runtime.requests.clear()
    catalog(parts=["usage"])
    queries = [entry["query"] for entry in asked(server, "Usage") if "PageToken" not in entry["query"]]
    assert len(queries) == 1
    assert "StartDate=2026-09-03&EndDate=2026-09-10" in queries[0]
    server.account.clock.set(NOW.timestamp() + 2 * DAY)
    server.runtime.requests.clear()
    catalog(parts=["usage"])
    (query,) = [entry["query"] for entry in asked(server, "Usage") if "PageToken" not in entry["query"]]
    # The 3rd and 4th are over now, and are read a last time.
    assert "StartDate=2026-09-03&EndDate=2026-09-12" in query
    assert lake.value("select count(distinct day) from usage_days") == 12


def test_usage_that_changes_later_is_corrected(lake: Lake, catalog: Catalog, server: Server) -> None:
    catalog(parts=["usage"])
    total = "select price from usage_days where day = '2026-09-10' and category = 'totalprice'"
    before = lake.value(total)
    server.account.clock.set(NOW.timestamp() + DAY)
    assert catalog(parts=["usage"]).changed > 0
    assert lake.value(total) > before
    assert lake.value("select count(*) - count(distinct (day, category)) from usage_days") == 0


def test_the_balance_is_noted_when_it_changes(lake: Lake, catalog: Catalog, server: Server) -> None:
    catalog(parts=["balance"])
    catalog(parts=["balance"])
    server.account.clock.set(NOW.timestamp() + DAY)
    catalog(parts=["balance"])
    first, second = lake.rows("select balance, read_at from balances order by read_at")
    assert first[0] != second[0]
    assert first[1] == NOW


def test_prices_are_asked_for_once_a_day(catalog: Catalog, server: Server) -> None:
    catalog(parts=["senders", "prices"])
    server.runtime.requests.clear()
    server.account.clock.set(NOW.timestamp() + 23 * HOUR)
    catalog(parts=["prices"])
    assert asked(server, "/v1/Messaging") == []
    server.account.clock.set(NOW.timestamp() + 25 * HOUR)
    catalog(parts=["prices"])
    assert len(asked(server, "/v1/Messaging")) == 3  # US, CA, GB: where the senders are


def test_prices_that_are_no_longer_listed_go(lake: Lake, catalog: Catalog, server: Server) -> None:
    catalog(parts=["senders", "prices"])
    count = lake.value("select count(*) from prices")
    lake.write(
        lambda cursor: cursor.execute(
            "insert into prices by name select * replace ('Old carrier' as carrier) from prices limit 1"
        )
    )
    server.account.clock.set(NOW.timestamp() + 25 * HOUR)
    assert catalog(parts=["prices"]).changed == 1
    assert lake.value("select count(*) from prices") == count


def test_media_are_listed_once_and_at_most_so_many_per_sync(
    lake: Lake, catalog: Catalog, sync: Sync, server: Server
) -> None:
    sync(since=date(2026, 9, 8))
    waiting = lake.value("select count(*) from messages where media_count > 0")
    newest = lake.value(
        "select message_sid from messages where media_count > 0 order by date_created desc, 1 limit 1"
    )
    httpx.post(f"{server.url}/_simulator/delete", json={"sid": newest}).raise_for_status()
    notice = reasons(catalog(parts=["media"], media_messages=3))["media"]
    assert f"{waiting - 3} more messages" in notice
    assert lake.rows("select files from media_listings where message_sid = ?", [newest]) == [(0,)]
    server.runtime.requests.clear()
    assert catalog(parts=["media"]).notices == []
    assert len(asked(server, "/Media")) == waiting - 3


# --- failures ---


@pytest.mark.parametrize(
    ("path", "resource", "lost"),
    [
        ("IncomingPhoneNumbers", "phone numbers", set()),
        ("SMS/ShortCodes", "short codes", set()),
        ("Usage", "usage records", {"usage_days"}),
        ("Balance", "balance", {"balances"}),
        ("/v1/Services", "messaging services", {"messaging_services"}),
        ("/v1/Tollfree", "toll-free verifications", set()),
        ("/v1/Alerts", "alerts", {"alerts"}),
        ("/v1/Messaging", "prices", {"prices"}),
    ],
)
def test_one_failing_resource_does_not_stop_the_rest(
    lake: Lake, catalog: Catalog, server: Server, path: str, resource: str, lost: set[str]
) -> None:
    full = path if path.startswith("/") else api(server, path)
    server.runtime.faults.add(Fault("status", times=None, status=503, path=full))
    summary = catalog()
    assert list(reasons(summary)) == [resource]
    assert "503" in reasons(summary)[resource]
    assert summary.notices[0].account_sid == server.account.account_sid
    assert empty_tables(lake) == lost


def test_a_resource_that_failed_is_read_by_the_next_sync(
    lake: Lake, catalog: Catalog, server: Server
) -> None:
    server.runtime.faults.add(Fault("status", times=None, status=503, path=api(server, "Usage")))
    catalog()
    assert empty_tables(lake) == {"usage_days"}
    server.runtime.faults.clear()
    assert catalog().notices == []
    assert empty_tables(lake) == set()


def empty_tables(lake: Lake) -> set[str]:
    tables = ("accounts", "senders", "messaging_services", "usage_days", "balances", "prices", "alerts")
    return {table for table in tables if not lake.value(f"select count(*) from {table}")}


def test_what_cannot_be_read_stays_as_it_was(lake: Lake, catalog: Catalog, server: Server) -> None:
    catalog()
    snapshot = lake.snapshot_id()
    server.runtime.faults.add(Fault("status", times=None, status=500))
    summary = catalog()
    assert {"phone numbers", "messaging services", "usage records", "alerts"} <= reasons(summary).keys()
    server.runtime.faults.clear()
    server.runtime.faults.add(Fault("status", times=None, status=500, path="/v1/Services/"))
    assert {"A2P campaigns", "numbers of messaging services"} <= reasons(catalog()).keys()
    assert lake.snapshot_id() == snapshot


def test_a_restricted_key_is_told_which_right_it_lacks(
    lake: Lake, server: Server, settings: Settings
) -> None:
    account = server.account
    for path in (api(server, "IncomingPhoneNumbers"), "/v1/Alerts", "/2010-04-01/Accounts.json"):
        server.runtime.faults.add(Fault("status", times=None, status=401, code=20003, path=path))
    key = check_credentials(account.account_sid, None, account.api_key, account.api_secret)
    with TwilioClient(key, base_url=server.url, sleep=lambda seconds: None) as client:
        summary = sync_catalog(lake, client, account.account_sid, now=NOW, since=START)
    notices = reasons(summary)
    assert set(notices) == {"phone numbers", "alerts", "accounts"}
    assert "lack the right to read incoming phone numbers" in notices["phone numbers"]
    assert "lack the right to read alerts (Monitor)" in notices["alerts"]
    assert "Main API key" in notices["accounts"]
    assert str(summary.notices[0]).startswith(f"accounts of {account.account_sid}: the credentials lack")
    assert lake.value("select count(*) from usage_days") > 250


def test_an_answer_that_makes_no_sense_is_set_aside_and_said(
    lake: Lake, catalog: Catalog, server: Server
) -> None:
    ledger = server.account.main
    ledger.change({"op": "settings", "sid": ledger.sender_sids[0], "values": {"phone_number": None}})
    summary = catalog()
    assert set(reasons(summary)) == {"quarantine"}
    assert reasons(summary)["quarantine"].startswith("1 rows could not be read and are kept with the reason")
    assert lake.rows("select resource, sid, field, reason, times, resolved_at from quarantined_rows") == [
        ("phone numbers", ledger.sender_sids[0], "phone_number", "missing or no text", 1, None)
    ]
    # All: the number is known by its service's pool.
    assert lake.value("select count(*) from senders") == 12
    assert lake.value("select count(*) from alerts") > 0


def test_short_disturbances_are_no_notice(lake: Lake, catalog: Catalog, server: Server) -> None:
    server.runtime.faults.add(Fault("status", times=2, status=429))
    server.runtime.faults.add(Fault("truncate", times=2))
    assert catalog().notices == []


def test_an_unknown_part_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'senders'"):
        catalog(parts=["sender"])


# --- secrets and privacy ---


def every_value(lake: Lake) -> str:
    """Everything in the lake as one text."""
    tables = [
        name for (name,) in lake.rows("select table_name from duckdb_tables() where database_name='lake'")
    ]
    assert len(tables) > 12
    return "\n".join(str(lake.rows(f"select * from {table}")) for table in tables)


def test_no_secret_reaches_the_lake(lake: Lake, catalog: Catalog, sync: Sync, server: Server) -> None:
    ledger = server.account.main
    url = "https://hook:pa%40ssw0rd@example.com/sms?a=1"
    post(
        server,
        api(server, f"IncomingPhoneNumbers/{ledger.sender_sids[0]}.json"),
        SmsUrl=url,
        StatusCallback=url,
    )
    post(server, f"/v1/Services/{ledger.service_sids[0]}", InboundRequestUrl=url, StatusCallback=url)
    sync(since=date(2026, 9, 8))
    for sid in (None, server.account.subaccounts[0].sid):
        catalog(sid)
    assert (
        lake.value("select sms_url from senders where sms_url is not null") == "https://example.com/sms?a=1"
    )
    assert lake.value("select inbound_url from messaging_services where inbound_url is not null") == (
        "https://example.com/sms?a=1"
    )
    text = every_value(lake)
    assert server.account.account_sid in text
    for ledger in server.account.ledgers:
        assert ledger.auth_token not in text
        assert ledger.api_secret not in text
    assert "ssw0rd" not in text


@pytest.mark.parametrize("mode", list(PrivacyMode))
def test_alerts_keep_their_text_only_where_everything_is_kept(
    lake: Lake, catalog: Catalog, mode: PrivacyMode
) -> None:
    catalog(parts=["alerts"], privacy=Privacy(mode, b"0123456789abcdef" if mode.needs_key else None))
    kept = lake.value("select count(alert_text) from alerts")
    assert (kept > 0) == (mode == "full")
    assert lake.value("select count(*) from alerts") > 50


# --- subaccounts ---


def test_subaccounts_are_found_and_read_with_the_parents_credentials(
    lake: Lake, catalog: Catalog, client: TwilioClient, server: Server
) -> None:
    (sub,) = server.account.subaccounts
    assert subaccount_sids(client) == [sub.sid]
    summary = catalog(sub.sid)
    assert list(reasons(summary)) == ["messaging services, prices, alerts"]
    assert lake.rows("select sender, account_sid, registration from senders order by 1") == [
        ("+16465550121", sub.sid, None),
        ("+18665550122", sub.sid, None),
    ]
    assert lake.rows("select distinct account_sid from usage_days") == [(sub.sid,)]
    assert lake.value("select owner_account_sid from accounts") == server.account.account_sid
    assert asked(server, "/v1/") == []


def test_a_parents_usage_is_without_its_subaccounts(
    lake: Lake, catalog: Catalog, ask: Any, server: Server
) -> None:
    for sid in (None, server.account.subaccounts[0].sid):
        catalog(sid, parts=["usage"])
    together = ask(
        api(server, "Usage/Records.json"), "usage_records", Category="totalprice", Start_Date=str(START)
    )
    assert lake.value("select sum(price) from usage_days where is_leaf") == Decimal(str(together[0]["price"]))


def test_one_failing_subaccount_does_not_stop_the_others(
    lake: Lake, client: TwilioClient, server: Server
) -> None:
    main, sub = (ledger.sid for ledger in server.account.ledgers)
    server.runtime.faults.add(
        Fault("status", times=None, status=500, path=f"/2010-04-01/Accounts/{main}/Messages")
    )

    def work(sid: str) -> int:
        request = SyncRequest(since=date(2026, 9, 9))
        return run_sync(lake, client, sid, request, clock=lambda: NOW).added

    results, notices = for_each_account([main, sub], work)
    assert list(results) == [sub]
    assert results[sub] > 10
    assert [(notice.resource, notice.account_sid) for notice in notices] == [("sync", main)]
    assert "500" in notices[0].reason

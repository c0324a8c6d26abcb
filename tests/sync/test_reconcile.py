"""Reconciling is clean where the lake equals the account, and names each kind of gap for what it is."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from tests.sync.conftest import NOW, START, Sync, differences
from tests.sync.gap_kinds import KINDS
from workbench.errors import TwilioUnavailable, UsageError
from workbench.lake import Lake
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.settings import Settings, check_credentials
from workbench.simulator import Fault, Server
from workbench.simulator.account.usage import Sums, Usage, UsageBook
from workbench.sync.messages.tombstones import save_tombstones
from workbench.sync.reconcile import day as day_module
from workbench.sync.reconcile.discrepancies import REASONS, UNEXPLAINED, Gap
from workbench.sync.reconcile.run import ReconcileReport, reconcile
from workbench.twilio.client import TwilioClient

DAY, TOMORROW = date(2026, 9, 5), date(2026, 9, 11)
SOON = "on the day itself"
Reconcile = Callable[..., ReconcileReport]
Change = Callable[..., None]


@pytest.fixture
def client(server: Server, settings: Settings) -> Iterator[TwilioClient]:
    with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as opened:
        yield opened


@pytest.fixture
def compare(lake: Lake, server: Server, client: TwilioClient) -> Reconcile:
    def run(since: date = START, until: date = TOMORROW, **options: object) -> ReconcileReport:
        now = datetime.fromtimestamp(server.account.now(), UTC)
        return reconcile(
            lake,
            client,
            server.account.account_sid,
            since,
            until,
            now=now,
            **options,  # type: ignore[arg-type]
        )

    return run


@pytest.fixture
def change(lake: Lake) -> Change:
    def run(sql: str, parameters: list[object] | None = None) -> None:
        lake.write(lambda cursor: cursor.execute(sql, parameters))

    return run


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    account = server.account
    base = f"{server.url}/2010-04-01/Accounts/{account.account_sid}"
    with httpx.Client(base_url=base, auth=(account.account_sid, account.auth_token)) as opened:
        yield opened


def delivered(lake: Lake, count: int = 1, day: date = DAY) -> list[str]:
    """SIDs of priced and delivered messages from the middle of a day."""
    rows = lake.rows(
        "select message_sid from raw_messages where cast(date_sent as date) = ? and status = 'delivered' "
        "and price is not null and body <> '' order by date_sent, message_sid limit ? offset 20",
        [day, count],
    )
    return [sid for (sid,) in rows]


def told(report: ReconcileReport) -> list[tuple[str, str, str, int]]:
    """What was found, but for the fees that no message shows, which every day has."""
    return [
        (gap.day.isoformat(), gap.kind, gap.reason, gap.messages)
        for gap in report.gaps
        if (gap.kind, gap.reason) not in (("spend", "fee_only_in_usage"), ("spend", "rows_differ"))
    ]


def the_gap(report: ReconcileReport, kind: str, reason: str = UNEXPLAINED) -> Gap:
    (gap_of_kind,) = [gap for gap in report.gaps if (gap.kind, gap.reason) == (kind, reason)]
    return gap_of_kind


# --- clean ---


def test_a_freshly_synced_account_is_clean(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile
) -> None:
    sync()
    report = compare()
    assert told(report) == []
    assert report.unexplained == 0
    messages = lake.value("select count(*) from messages")
    assert [report.as_dict()[name] for name in ("days", "lake_messages", "twilio_messages")] == [
        10,
        messages,
        messages,
    ]
    # Every penny: what usage charges is what the messages cost and the fees of failed ones.
    fees = sum((gap.difference for gap in report.gaps), Decimal(0))
    lake_spend = lake.value("select sum(spend) from messages")
    usage = sum((check.twilio_spend or Decimal(0) for check in report.days), Decimal(0))
    assert fees > 0
    assert lake_spend + fees == usage


def test_it_stays_clean_while_the_account_lives_on(server: Server, sync: Sync, compare: Reconcile) -> None:
    """What changed since the last sync is explained, each by its own reason, and gone after the next one."""
    sync()
    server.account.clock.set(NOW.timestamp() + 5 * 3600)
    report = compare()
    assert report.unexplained == 0
    reasons = {(kind, reason) for _, kind, reason, _ in told(report)}
    assert ("missing_row", "after_last_sync") in reasons
    assert ("status", "in_flight") in reasons
    assert ("price", "not_priced_yet") in reasons
    sync()
    assert told(compare()) == []


def test_the_report_is_rows_for_people_and_machines(
    lake: Lake, sync: Sync, compare: Reconcile, change: Change
) -> None:
    sync()
    (sid,) = delivered(lake)
    change("delete from raw_messages where message_sid = ?", [sid])
    report = compare(DAY, DAY + timedelta(days=1))
    row = json.loads(json.dumps(report.as_dict()))["gaps"][0]
    messages = lake.value("select count(*) from raw_messages where cast(date_sent as date) = ?", [DAY])
    assert row == {
        "day": "2026-09-05",
        "kind": "missing_row",
        "reason": "unexplained",
        "lake": str(lake_messages(report)),
        "twilio": str(lake_messages(report) + 1),
        "difference": "1",
        "unit": "messages",
        "messages": 1,
        "detail": "it was there when the day was last read",
        "examples": [sid],
    }
    assert lake_messages(report) >= messages


def lake_messages(report: ReconcileReport) -> int:
    return sum(check.lake_messages for check in report.days)


# --- each kind of gap ---


def test_a_row_deleted_from_the_lake(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile, change: Change
) -> None:
    sync()
    sids = delivered(lake, 3)
    change("delete from raw_messages where message_sid in (select unnest(?::varchar[]))", [sids])
    report = compare()
    assert told(report) == [("2026-09-05", "missing_row", UNEXPLAINED, 3)]
    assert the_gap(report, "missing_row").examples == tuple(sorted(sids))
    repaired = compare(repair=True)
    assert (repaired.repaired, told(repaired), repaired.unexplained) == (3, [], 0)
    assert differences(lake, server) == []


def test_an_extra_row_in_the_lake(lake: Lake, sync: Sync, compare: Reconcile, change: Change) -> None:
    sync()
    (sid,) = delivered(lake)
    change(
        "insert into raw_messages select * replace ('SM' || repeat('a', 32) as message_sid) "
        "from raw_messages where message_sid = ?",
        [sid],
    )
    report = compare()
    assert told(report) == [("2026-09-05", "extra_row", UNEXPLAINED, 1)]
    gap = the_gap(report, "extra_row")
    assert gap.examples == ("SM" + "a" * 32,)
    assert gap.lake is not None
    assert gap.twilio is not None
    assert gap.lake - gap.twilio == -gap.difference == 1
    repaired = compare(repair=True)
    assert told(repaired) == [("2026-09-05", "extra_row", "deleted_upstream", 1)]
    assert lake.value("select count(*) from messages where message_sid = ?", ["SM" + "a" * 32]) == 0


#: One wrong row a day, from the first day on: what is done to it, the kind of gap, and its detail.
WRONG_ROWS = [
    ("price = -1.5", "price", r"1\.500000 here, 0\.\d+ at Twilio"),
    ("price = null", "price", r"no price here, 0\.\d+ at Twilio"),
    ("status = 'undelivered', status_rank = 100", "status", "undelivered here, delivered at Twilio"),
    ("status = 'sent', status_rank = 50", "status", "sent here, delivered at Twilio"),
    ("status = 'read', status_rank = 130", "status", "read here, delivered at Twilio"),
    ("error_code = 30003", "status", r"delivered \(30003\) here, delivered at Twilio"),
    ("body = 'something else'", "body", "body differ"),
    ("segments = 9, to_address = '+19995550100'", "fields", "to_address, segments differ"),
    ("date_updated = date_updated - interval 1 second", "fields", "date_updated differ"),
]


def test_wrong_rows(lake: Lake, server: Server, sync: Sync, compare: Reconcile, change: Change) -> None:
    sync()
    days = [START + timedelta(days=ahead) for ahead in range(len(WRONG_ROWS))]
    for day, (assignment, _, _) in zip(days, WRONG_ROWS, strict=True):
        change(f"update raw_messages set {assignment} where message_sid = ?", delivered(lake, 1, day))
    report = compare()
    expected = [
        (day.isoformat(), kind, UNEXPLAINED, 1) for day, (_, kind, _) in zip(days, WRONG_ROWS, strict=True)
    ]
    assert sorted(told(report)) == expected
    details = {gap.day: gap.detail for gap in report.gaps if gap.kind != "spend"}
    for day, (_, _, detail) in zip(days, WRONG_ROWS, strict=True):
        assert re.fullmatch(detail, details[day])
    repaired = compare(repair=True)
    assert (repaired.repaired, repaired.unexplained, told(repaired)) == (9, 0, [])
    assert differences(lake, server) == []


def test_a_wrong_price_shows_in_the_days_sum_too(
    lake: Lake, sync: Sync, compare: Reconcile, change: Change
) -> None:
    sync()
    (sid,) = delivered(lake)
    change("update raw_messages set price = price - 1 where message_sid = ?", [sid])
    report = compare(DAY, DAY + timedelta(days=1))
    price, spend = the_gap(report, "price"), the_gap(report, "spend", "rows_differ")
    assert (price.unit, price.difference, spend.difference) == ("USD", Decimal(-1), Decimal(-1))
    assert (price.lake or 0) - (price.twilio or 0) == 1


def test_a_missing_day(lake: Lake, server: Server, sync: Sync, compare: Reconcile, change: Change) -> None:
    sync()
    count = lake.value("select count(*) from raw_messages where cast(date_sent as date) = ?", [DAY])
    change("delete from raw_messages where cast(coalesce(date_sent, date_created) as date) = ?", [DAY])
    change("delete from sync_windows where day = ?", [DAY])
    report = compare()
    gap = the_gap(report, "missing_row")
    assert report.unexplained == 1
    assert gap.day == DAY
    assert gap.messages >= count > 100
    assert "never synced" in gap.detail
    assert compare(repair=True).unexplained == 0
    assert differences(lake, server) == []


def test_an_unfinished_day_says_so(lake: Lake, sync: Sync, compare: Reconcile, change: Change) -> None:
    sync()
    (sid,) = delivered(lake)
    change("delete from raw_messages where message_sid = ?", [sid])
    change("update sync_windows set finished_at = null, next_page_uri = '/next' where day = ?", [DAY])
    assert "did not finish" in the_gap(compare(DAY, DAY + timedelta(days=1)), "missing_row").detail


class _Overcharged(UsageBook):
    """Usage records of one day that charge what no message shows."""

    def __init__(self, server: Server, day: date, category: str, units: int) -> None:
        super().__init__(server.account.main)
        self._day, self._category, self._units = (day - date(1970, 1, 1)).days, category, units

    def of_day(self, day: int, now: int) -> Sums:
        sums = dict(super().of_day(day, now))
        if day == self._day:
            sums[self._category] = sums.get(self._category, Usage()).plus(Usage(1, 1, self._units))
        return sums


def overcharge(server: Server, day: date, category: str, units: int) -> None:
    book = _Overcharged(server, day, category, units)
    server.runtime.usage_books[server.account.account_sid] = book


@pytest.mark.parametrize(
    ("day", "category", "units", "kinds"),
    [
        (DAY, "sms-outbound-longcode", 100_000, [("2026-09-05", "spend", UNEXPLAINED, 0)]),
        (DAY, "sms-outbound-longcode", -100_000, [("2026-09-05", "spend", UNEXPLAINED, 0)]),
        (DAY, "sms-outbound-longcode", 300, [("2026-09-05", "spend", "rounding", 0)]),
        (DAY, "phonenumbers-local", 100_000, []),
        (DAY, "failed-message-processing-fee", 100_000, []),
    ],
    ids=["more", "less", "rounding", "not-about-messages", "failed-fee"],
)
def test_a_usage_mismatch(
    server: Server,
    sync: Sync,
    compare: Reconcile,
    day: date,
    category: str,
    units: int,
    kinds: list[tuple[str, str, str, int]],
) -> None:
    sync()
    overcharge(server, day, category, units)
    report = compare(DAY, DAY + timedelta(days=1))
    assert told(report) == kinds
    if kinds:
        assert the_gap(report, "spend", kinds[0][2]).difference == Decimal(units) / 100_000
        assert compare(DAY, DAY + timedelta(days=1), repair=True).unexplained == report.unexplained


def test_a_recent_days_usage_may_lag(server: Server, sync: Sync, compare: Reconcile) -> None:
    sync()
    yesterday = date(2026, 9, 9)
    overcharge(server, yesterday, "sms-outbound-longcode", -100_000)
    report = compare(yesterday, yesterday + timedelta(days=1))
    assert report.unexplained == 0
    assert {reason for _, kind, reason, _ in told(report) if kind == "spend"} <= {"twilio_lag"}
    assert the_gap(report, "spend", "twilio_lag").difference == -1


#: One callback a day, from the first day on, of a delivered message: status, error code, when, and the gap.
CALLBACKS = [
    ("undelivered", 30003, SOON, "outranked"),
    ("read", None, SOON, UNEXPLAINED),
    ("canceled", None, SOON, UNEXPLAINED),
    ("delivered", 30003, SOON, UNEXPLAINED),
    ("read", None, NOW, "after_last_sync"),
    ("delivered", None, SOON, None),
    ("sent", None, SOON, None),
]


def test_callbacks_that_disagree(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile, change: Change
) -> None:
    sync()
    expected = []
    for ahead, (status, error_code, received, reason) in enumerate(CALLBACKS):
        day = START + timedelta(days=ahead)
        received_at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC) if received == SOON else NOW
        change(
            "insert into status_events values (?, ?, ?, ?, 'callback', ?)",
            [*delivered(lake, 1, day), server.account.account_sid, status, error_code, received_at],
        )
        if reason:
            expected.append((day.isoformat(), "callback", reason, 1))
    report = compare()
    assert sorted(told(report)) == expected
    assert the_gap(report, "callback", "outranked").detail == "callback undelivered (30003), row delivered"


def test_a_status_that_a_callback_told_is_ahead_of_the_list_for_a_while(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile, change: Change
) -> None:
    sync()
    (sid,) = delivered(lake)
    change("update raw_messages set status = 'read', status_rank = 130 where message_sid = ?", [sid])
    change(
        "insert into status_events values (?, ?, 'read', null, 'callback', ?)",
        [sid, server.account.account_sid, NOW],
    )
    assert told(compare(repair=True)) == [("2026-09-05", "status", "twilio_lag", 1)]
    server.account.clock.set(NOW.timestamp() + 2 * 86_400)
    later = compare(DAY, DAY + timedelta(days=1), repair=True)
    assert told(later) == [("2026-09-05", "status", UNEXPLAINED, 1)]
    # Twilio contradicts itself: neither word is written over the other.
    assert lake.value("select status from messages where message_sid = ?", [sid]) == "read"


# --- upstream ---


def test_a_deletion_at_twilio(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile, http: httpx.Client
) -> None:
    sync()
    (sid,) = delivered(lake)
    assert http.delete(f"/Messages/{sid}.json").status_code == 204
    report = compare()
    assert told(report) == [("2026-09-05", "extra_row", UNEXPLAINED, 1)]
    assert the_gap(report, "extra_row").detail == "Twilio has no such message"
    lake.write(lambda cursor: save_tombstones(cursor, server.account.account_sid, [sid], NOW))
    noticed = compare()
    # Twilio charges for what it deleted, so the day's usage is higher than what is left of it.
    assert told(noticed) == [
        ("2026-09-05", "extra_row", "deleted_upstream", 1),
        ("2026-09-05", "spend", "deleted_upstream", 0),
    ]
    price = lake.value("select abs(price) from raw_messages where message_sid = ?", [sid])
    assert the_gap(noticed, "spend", "deleted_upstream").difference == price
    assert noticed.unexplained == 0


def test_a_redaction_at_twilio(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile, http: httpx.Client
) -> None:
    sync()
    (sid,) = delivered(lake)
    assert http.post(f"/Messages/{sid}.json", data={"Body": ""}).status_code == 200
    report = compare()
    assert told(report) == [("2026-09-05", "body", "redacted_upstream", 1)]
    assert report.unexplained == 0
    assert told(compare(repair=True)) == []
    assert differences(lake, server) == []
    assert lake.value("select encoding from raw_messages where message_sid = ?", [sid]) is not None


def test_a_message_that_is_marked_deleted_and_listed_all_the_same(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile
) -> None:
    sync()
    (sid,) = delivered(lake)
    lake.write(lambda cursor: save_tombstones(cursor, server.account.account_sid, [sid], NOW))
    assert told(compare()) == [("2026-09-05", "missing_row", UNEXPLAINED, 1)]
    assert told(compare(repair=True)) == []
    assert differences(lake, server) == []
    assert lake.value("select count(*) from tombstones") == 0


def test_what_is_older_than_the_list_is_kept_and_said(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile, change: Change
) -> None:
    """Imported history: two years old, and no list or lookup of Twilio's reaches it."""
    sync()
    (sid,) = delivered(lake)
    change(
        "insert into raw_messages select * replace ('SM' || repeat('b', 32) as message_sid, "
        "date_created - interval 730 days as date_created, date_sent - interval 730 days as date_sent) "
        "from raw_messages where message_sid = ?",
        [sid],
    )
    old = date(2024, 9, 5)
    report = compare(old, old + timedelta(days=1), repair=True)
    assert {(kind, reason) for _, kind, reason, _ in told(report)} == {
        ("unlisted_day", "before_retention"),
        ("spend", "before_retention"),
    }
    assert (report.repaired, report.days[0].twilio_messages) == (0, None)
    assert lake.value("select count(*) from messages where message_sid = ?", ["SM" + "b" * 32]) == 1


def test_history_older_than_the_accounts_own_retention_is_not_marked_deleted(
    lake: Lake, sync: Sync, compare: Reconcile, change: Change
) -> None:
    sync()
    (sid,) = delivered(lake)
    change(
        "insert into raw_messages select * replace ('SM' || repeat('c', 32) as message_sid, "
        "date_created - interval 30 days as date_created, date_sent - interval 30 days as date_sent) "
        "from raw_messages where message_sid = ?",
        [sid],
    )
    day = date(2026, 8, 6)
    report = compare(day, day + timedelta(days=1), repair=True)
    assert ("2026-08-06", "extra_row", "before_retention", 1) in told(report)
    assert lake.value("select count(*) from tombstones") == 0


# --- the table, repair, failures ---


def test_every_comparison_stays_and_the_view_shows_the_latest(
    lake: Lake, sync: Sync, compare: Reconcile, change: Change
) -> None:
    sync()
    (sid,) = delivered(lake)
    change("delete from raw_messages where message_sid = ?", [sid])
    compare(DAY, DAY + timedelta(days=1))
    missing = "select count(*) from {} where kind = 'missing_row' and reason = 'unexplained'"
    assert lake.value(missing.format("gaps")) == 1
    compare(DAY, DAY + timedelta(days=1), repair=True)
    assert lake.value(missing.format("gaps")) == 0
    assert lake.value(missing.format("reconcile_gaps")) == 1
    assert lake.rows("select day, round, unexplained from reconcile_days order by round") == [
        (DAY, 1, 1),
        (DAY, 2, 0),
    ]
    kinds = lake.rows("select distinct kind, reason from reconcile_gaps")
    assert {kind for kind, _ in kinds} <= KINDS
    assert {reason for _, reason in kinds} <= REASONS.keys() | {UNEXPLAINED}


def test_a_privacy_mode_applies_to_both_sides(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile, change: Change
) -> None:
    """What is kept out stays out: no gap, and none after a repair."""
    sync()
    change("update raw_messages set body = null")
    privacy = Privacy(PrivacyMode.NO_BODY)
    assert told(compare(prepare=privacy.apply)) == []
    (sid,) = delivered_without_text(lake)
    change("delete from raw_messages where message_sid = ?", [sid])
    assert compare(prepare=privacy.apply, repair=True).unexplained == 0
    assert lake.value("select count(*) from raw_messages where body is not null") == 0


def delivered_without_text(lake: Lake) -> list[str]:
    rows = lake.rows(
        "select message_sid from raw_messages where status = 'delivered' and price is not null "
        "and cast(date_sent as date) = ? order by date_sent limit 1",
        [DAY],
    )
    return [sid for (sid,) in rows]


def test_credentials_that_may_not_read_usage_compare_the_rest(
    lake: Lake, server: Server, sync: Sync, change: Change
) -> None:
    sync()
    (sid,) = delivered(lake)
    change("delete from raw_messages where message_sid = ?", [sid])
    account = server.account
    path = f"/2010-04-01/Accounts/{account.account_sid}/Usage"
    server.runtime.faults.add(Fault("status", times=None, status=403, code=20003, path=path))
    key = check_credentials(account.account_sid, None, account.api_key, account.api_secret)
    with TwilioClient(key, base_url=server.url, sleep=lambda seconds: None) as client:
        report = reconcile(lake, client, account.account_sid, START, TOMORROW, now=NOW)
    assert told(report) == [("2026-09-05", "missing_row", UNEXPLAINED, 1)]
    assert "Spend was not compared" in report.notices[0]
    assert len(report.notices) == 1


def test_a_twilio_that_is_down_leaves_no_half_compared_day(
    lake: Lake, server: Server, sync: Sync, compare: Reconcile
) -> None:
    sync()
    server.runtime.faults.add(Fault("status", times=None, status=503, path="/2010", skip=9))
    with pytest.raises(TwilioUnavailable):
        compare()
    server.runtime.faults.clear()
    assert lake.value("select count(*) from gaps where reason = 'unexplained'") == 0
    assert compare().unexplained == 0


@pytest.mark.parametrize(
    ("since", "until"), [(DAY, DAY), (DAY, START), (date(2026, 9, 12), date(2026, 9, 13))]
)
def test_a_period_without_a_day_is_refused(compare: Reconcile, since: date, until: date) -> None:
    with pytest.raises(UsageError, match=f"{since}.*{until}"):
        compare(since, until)


# --- a list that does not filter ---


@pytest.fixture
def unfiltered(server: Server) -> Iterator[str]:
    """The account behind an address that ignores `DateSent`, as some stand-ins for Twilio do."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = [(name, value) for name, value in parse_qsl(address.query) if "DateSent" not in name]
            answer = httpx.get(
                f"{server.url}{address.path}?{urlencode(query)}",
                headers={"Authorization": self.headers["Authorization"]},
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()
        thread.join()


def test_a_list_that_repeats_every_message_for_every_day_is_a_difference(
    lake: Lake, server: Server, sync: Sync, settings: Settings, unfiltered: str
) -> None:
    sync()
    messages = lake.value("select count(*) from messages")
    days = dict(
        lake.rows("select cast(coalesce(date_sent, date_created) as date), count(*) from messages group by 1")
    )
    since = DAY - timedelta(days=3)
    with TwilioClient(settings.credentials, base_url=unfiltered, sleep=lambda seconds: None) as client:
        report = reconcile(
            lake, client, server.account.account_sid, since, DAY,
            now=datetime.fromtimestamp(server.account.now(), UTC),
        )  # fmt: skip
    compared = sum(days[since + timedelta(days=ahead)] for ahead in range(3))
    told = report.as_dict()
    assert (told["lake_messages"], told["twilio_messages"]) == (compared, compared)
    foreign = [gap for gap in report.gaps if gap.kind == "foreign_row"]
    assert [(gap.reason, gap.lake, gap.twilio) for gap in foreign] == [
        (UNEXPLAINED, Decimal(0), Decimal(messages - days[gap.day])) for gap in foreign
    ]
    assert len(foreign) == 3
    assert all("the list that answers is not of one day" in gap.detail for gap in foreign)
    assert report.unexplained == 3


def test_totals_that_contradict_each_other_are_a_difference(
    lake: Lake, sync: Sync, compare: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync()
    there = lake.value(
        "select count(*) from messages where cast(coalesce(date_sent, date_created) as date) = ?", [DAY]
    )
    monkeypatch.setattr(day_module, "compare_rows", lambda sides, now: [])
    (sid,) = delivered(lake)
    lake.write(lambda cursor: cursor.execute("delete from raw_messages where message_sid = ?", [sid]))
    gap = the_gap(compare(DAY, DAY + timedelta(days=1)), "total")
    assert (gap.lake, gap.twilio) == (Decimal(there - 1), Decimal(there))
    assert (gap.difference, gap.messages) == (Decimal(1), 1)

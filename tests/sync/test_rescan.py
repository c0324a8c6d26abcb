"""Deletions and redactions at Twilio are noticed by reading days again, and nothing else is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from hypothesis import given, strategies

from tests.sync.conftest import NOW, Sync
from workbench.errors import TwilioError
from workbench.lake import Lake
from workbench.messaging.message import message_row
from workbench.settings import Settings
from workbench.simulator import Fault, Server
from workbench.sync.messages.rescan import (
    RESCAN_EVERY,
    ROTATION,
    DeletionWatch,
    SeenDay,
    Settled,
    Unseen,
    find_unseen,
    plan_rescan,
    settle_unseen,
)
from workbench.sync.messages.tombstones import Removed, count_removed
from workbench.sync.shared.windows import WindowState, day_end
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import message_page

DAY = date(2026, 9, 5)
TODAY = NOW.date()


@pytest.fixture
def client(server: Server, settings: Settings) -> Iterator[TwilioClient]:
    with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as opened:
        yield opened


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    """The account as its owner reaches it, apart from our client."""
    account = server.account
    base = f"{server.url}/2010-04-01/Accounts/{account.account_sid}"
    with httpx.Client(base_url=base, auth=(account.account_sid, account.auth_token)) as opened:
        yield opened


Walk = Callable[[date], SeenDay]


@pytest.fixture
def walk(client: TwilioClient, server: Server) -> Walk:
    """Read a whole day page by page, as a sync does."""

    def run(day: date) -> SeenDay:
        seen = SeenDay(day, NOW)
        uri: str | None = None
        params: dict[str, str | int] = {"DateSent": day.isoformat(), "PageSize": 50}
        while True:
            page = message_page(
                client, server.account.account_sid, None if uri else params, next_page_uri=uri
            )
            seen.note([message_row(item) for item in page.rows])
            uri = page.next_page_uri
            if uri is None:
                return seen

    return run


def sids_of(lake: Lake, day: date, condition: str = "true") -> list[str]:
    rows = lake.rows(
        "select message_sid from raw_messages where cast(date_sent as date) = ? "
        f"and is_outbound and status = 'delivered' and {condition} order by date_sent, message_sid",
        [day],
    )
    return [sid for (sid,) in rows]


def delete(http: httpx.Client, sid: str) -> None:
    assert http.delete(f"/Messages/{sid}.json").status_code == 204


def settle(lake: Lake, client: TwilioClient, server: Server, seen: SeenDay) -> Settled:
    sid = server.account.account_sid
    return settle_unseen(lake, client, sid, find_unseen(lake, client, sid, seen), now=NOW)


def test_a_deleted_message_leaves_the_views_and_loses_its_body(
    lake: Lake, server: Server, sync: Sync, client: TwilioClient, http: httpx.Client, walk: Walk
) -> None:
    sync()
    gone, stays = sids_of(lake, DAY)[5:7]
    views = [lake.value(f"select count(*) from {view}") for view in ("messages", "message_facts")]
    delete(http, gone)
    assert settle(lake, client, server, walk(DAY)) == Settled(deleted=1)
    for view, before in zip(("messages", "message_facts"), views, strict=True):
        assert lake.value(f"select count(*) from {view}") == before - 1
        assert lake.value(f"select count(*) from {view} where message_sid = ?", [gone]) == 0
        assert lake.value(f"select body from {view} where message_sid = ?", [stays])
    assert lake.rows("select body, status from raw_messages where message_sid = ?", [gone]) == [
        (None, "delivered")
    ]
    assert lake.rows("select * from tombstones") == [
        (gone, server.account.account_sid, NOW, "deleted_upstream")
    ]
    assert count_removed(lake, server.account.account_sid) == Removed(deleted=1, redacted=0)


def test_a_second_look_finds_nothing_more(
    lake: Lake, server: Server, sync: Sync, client: TwilioClient, http: httpx.Client, walk: Walk
) -> None:
    sync()
    delete(http, sids_of(lake, DAY)[5])
    seen = walk(DAY)
    unseen = find_unseen(lake, client, server.account.account_sid, seen)
    for _ in range(2):  # as after a crash between the commit and what follows it
        settle_unseen(lake, client, server.account.account_sid, unseen, now=NOW)
    assert lake.value("select count(*) from tombstones") == 1
    assert settle(lake, client, server, walk(DAY)) == Settled()


def test_a_redacted_text_goes_with_the_next_reading_and_is_counted(
    lake: Lake, server: Server, sync: Sync, http: httpx.Client
) -> None:
    sync()
    account = server.account.account_sid
    sid = sids_of(lake, DAY)[0]
    assert count_removed(lake, account) == Removed(0, 0)  # picture messages without a text are no redactions
    assert http.post(f"/Messages/{sid}.json", data={"Body": ""}).status_code == 200
    sync(since=DAY, until=DAY + timedelta(days=1), full=True)
    assert lake.rows("select body, encoding is not null from messages where message_sid = ?", [sid]) == [
        ("", True)
    ]
    assert count_removed(lake, account) == Removed(deleted=0, redacted=1)


def test_a_row_that_twilio_still_has_is_kept_and_brought_up_to_date(
    lake: Lake, server: Server, sync: Sync, client: TwilioClient, walk: Walk
) -> None:
    sync()
    sid = sids_of(lake, DAY)[3]
    lake.write(
        lambda cursor: cursor.execute(
            "update raw_messages set status = 'sent', status_rank = 50 where message_sid = ?", [sid]
        )
    )
    seen = walk(DAY)
    seen.sids.remove(sid)
    assert settle(lake, client, server, seen) == Settled(kept=1)
    assert lake.rows("select status from messages where message_sid = ?", [sid]) == [("delivered",)]
    assert lake.value("select count(*) from tombstones") == 0


def test_undated_and_newer_rows_are_never_looked_for(
    lake: Lake, server: Server, sync: Sync, client: TwilioClient, walk: Walk
) -> None:
    sync()
    undated, newer, plain = sids_of(lake, DAY)[5:8]

    def change(sid: str, assignment: str) -> None:
        lake.write(
            lambda cursor: cursor.execute(
                f"update raw_messages set {assignment} where message_sid = ?", [sid]
            )
        )

    change(undated, "date_sent = null")
    change(newer, f"date_created = '{NOW.isoformat()}'::timestamptz")
    seen = walk(DAY)
    seen.sids -= {undated, newer, plain}
    unseen = find_unseen(lake, client, server.account.account_sid, seen)
    assert [item.message_sid for item in unseen] == [plain]


@pytest.mark.parametrize("status", [503, 403])
def test_an_error_is_no_deletion(
    lake: Lake,
    server: Server,
    sync: Sync,
    client: TwilioClient,
    http: httpx.Client,
    walk: Walk,
    status: int,
) -> None:
    sync()
    sid = sids_of(lake, DAY)[5]
    delete(http, sid)
    seen = walk(DAY)
    path = f"/2010-04-01/Accounts/{server.account.account_sid}/Messages/{sid}"
    server.runtime.faults.add(Fault("status", times=None, status=status, path=path))
    with pytest.raises(TwilioError, match=str(status)):
        settle(lake, client, server, seen)
    assert lake.value("select count(*) from tombstones") == 0
    assert lake.value("select body from messages where message_sid = ?", [sid])
    server.runtime.faults.clear()
    assert settle(lake, client, server, seen) == Settled(deleted=1)


def test_a_404_that_is_not_twilios_is_no_deletion(lake: Lake, server: Server, settings: Settings) -> None:
    def proxy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, text="<h1>Not found</h1>")

    unseen = [Unseen("SM" + "0" * 32, DAY, NOW)]
    with (
        TwilioClient(settings.credentials, transport=httpx.MockTransport(proxy)) as client,
        pytest.raises(TwilioError, match="404"),
    ):
        settle_unseen(lake, client, server.account.account_sid, unseen, now=NOW)
    assert lake.value("select count(*) from tombstones") == 0


def test_what_an_accounts_shorter_retention_ends_is_not_a_deletion(
    lake: Lake, server: Server, sync: Sync, client: TwilioClient, walk: Walk
) -> None:
    """Nothing as old is listed any more: the day and all before it ran out, and local history stays."""
    sync()
    cut = sids_of(lake, DAY)[4]
    cut_at = lake.value("select date_sent from raw_messages where message_sid = ?", [cut])
    ledger = server.account.main
    for message in list(ledger.log.everything(server.account.now())):
        row = ledger.rows.row(message, server.account.now())
        listed_at = datetime.strptime(row["date_sent"] or row["date_created"], "%a, %d %b %Y %H:%M:%S %z")
        if listed_at <= cut_at:
            ledger.log.remove(message.serial)
    assert settle(lake, client, server, walk(DAY)) == Settled()
    assert settle(lake, client, server, walk(DAY - timedelta(days=1))) == Settled()
    late = sids_of(lake, DAY)[-1]
    server.account.main.change({"op": "delete", "serial": ledger.serial_of(late), "at": server.account.now()})
    assert settle(lake, client, server, walk(DAY)) == Settled(deleted=1)


def test_a_day_of_one_message_may_be_deleted_whole(
    lake: Lake, server: Server, sync: Sync, client: TwilioClient, walk: Walk
) -> None:
    """An empty list is a deletion where Twilio lists older messages."""
    sync()
    ledger = server.account.main
    start, finish = datetime(2026, 9, 5, tzinfo=UTC), datetime(2026, 9, 6, tzinfo=UTC)
    for message in list(
        ledger.log.newest_first(server.account.now(), int(start.timestamp()), int(finish.timestamp()) - 1)
    ):
        ledger.log.remove(message.serial)
    messages = lake.value("select count(*) from raw_messages where cast(date_sent as date) = ?", [DAY])
    assert messages > 100
    assert settle(lake, client, server, walk(DAY)) == Settled(deleted=messages)


# --- plan ---


def settled(day: date, read_from: datetime | None = None) -> WindowState:
    began = read_from or day_end(day)
    return WindowState(day, began, began + timedelta(minutes=1), rows=5)


def test_the_days_read_longest_ago_come_first() -> None:
    known = {day: settled(day) for day in (TODAY - timedelta(days=back) for back in range(1, 41))}
    assert plan_rescan(known, NOW, lookback_days=3) == [
        date(2026, 8, 11),
        date(2026, 8, 12),
        date(2026, 8, 13),
    ]
    known[date(2026, 8, 11)] = settled(date(2026, 8, 11), NOW - timedelta(hours=25))
    assert plan_rescan(known, NOW, lookback_days=3)[0] == date(2026, 8, 12)


def test_no_day_is_read_again_within_a_day_or_when_unsettled_or_too_old() -> None:
    recent, early, old = date(2026, 9, 1), date(2026, 9, 2), date(2026, 8, 1)
    known = {
        recent: settled(recent, NOW - timedelta(hours=23)),
        early: settled(early, datetime(2026, 9, 2, 12, tzinfo=UTC)),
        old: settled(old),
    }
    assert plan_rescan(known, NOW, lookback_days=3) == []
    assert plan_rescan(known, NOW, lookback_days=3, rescan_days=60) == [old]


@given(
    rescan_days=strategies.integers(1, 45),
    lookback=strategies.integers(0, 5),
    hours=strategies.integers(24, 72),
)
def test_every_day_comes_round_within_a_rotation_of_syncs(
    rescan_days: int, lookback: int, hours: int
) -> None:
    """An account synced at intervals: no day stays unread for more syncs than a rotation has."""
    known: dict[date, WindowState] = {}
    unread: dict[date, int] = {}
    for sync in range(3 * ROTATION):
        now = NOW + timedelta(hours=hours * sync)
        days = [now.date() - timedelta(days=back) for back in range(1, 60)]
        listed = [day for day in days if day not in known or (now.date() - day).days <= lookback]
        rescanned = plan_rescan(known, now, lookback_days=lookback, rescan_days=rescan_days)
        assert not set(rescanned) & set(listed)
        assert all(now - known[day].read_from >= RESCAN_EVERY for day in rescanned)
        for day in days[:rescan_days]:
            unread[day] = 0 if day in listed or day in rescanned else unread[day] + 1
            assert unread[day] <= ROTATION
        known |= {day: settled(day, now) for day in [*listed, *rescanned]}


@pytest.mark.parametrize(
    ("read_from", "state", "is_resumed", "watches"),
    [
        (NOW, settled(DAY), False, True),
        (NOW, settled(DAY), True, False),
        (NOW, None, False, False),
        (NOW, WindowState(DAY, NOW, None, "/next"), False, False),
        (datetime(2026, 9, 5, 23, 59, tzinfo=UTC), settled(DAY), False, False),
    ],
    ids=["whole", "resumed", "never-read", "unfinished", "day-not-over"],
)
def test_which_walks_may_conclude_anything(
    lake: Lake,
    server: Server,
    client: TwilioClient,
    read_from: datetime,
    state: WindowState | None,
    is_resumed: bool,
    watches: bool,
) -> None:
    known = {} if state is None else {DAY: state}
    watch = DeletionWatch(lake, client, server.account.account_sid, known)
    assert (watch.begin(DAY, read_from, is_resumed=is_resumed) is not None) is watches


def test_a_watch_settles_what_its_walks_did_not_show(
    lake: Lake, server: Server, sync: Sync, client: TwilioClient, http: httpx.Client, walk: Walk
) -> None:
    sync()
    days = [DAY, DAY + timedelta(days=1)]
    for day in days:
        delete(http, sids_of(lake, day)[5])
    watch = DeletionWatch(lake, client, server.account.account_sid, {day: settled(day) for day in days})
    watch.end(None)
    for day in days:
        watch.end(walk(day))
    assert watch.settle(NOW) == Settled(deleted=2)
    assert watch.settle(NOW) == Settled()

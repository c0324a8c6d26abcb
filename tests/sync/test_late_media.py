"""Attachments that Twilio lists late arrive, and those that never come have an end that is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.requests_seen import requests_seen
from tests.sync.conftest import NOW, START, Sync
from workbench.conversations.find import find_conversation
from workbench.conversations.thread import read_thread
from workbench.conversations.view_models import message_shown
from workbench.lake import Lake
from workbench.messaging.privacy import Privacy
from workbench.settings import Settings
from workbench.simulator import Server
from workbench.sync.account.catalog import PARTS, CatalogSummary, sync_catalog
from workbench.sync.account.late_media import next_listing
from workbench.sync.shared.request import SyncRequest
from workbench.sync.status import read_sync_status
from workbench.sync.whole_account import sync_whole_account
from workbench.twilio.client import TwilioClient

WRITER, DESK = "+14155550271", "+14155550104"
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86_400))


@pytest.mark.parametrize(
    ("files", "expected", "attempts", "age", "wait"),
    [
        (0, 1, 1, SECOND, 10 * SECOND),
        (0, 1, 2, MINUTE, MINUTE),
        (1, 2, 3, MINUTE, 5 * MINUTE),
        (0, 1, 4, HOUR, 30 * MINUTE),
        (0, 1, 5, HOUR, 2 * HOUR),
        (0, 1, 6, HOUR, 6 * HOUR),
        (0, 1, 7, DAY, 12 * HOUR),
        (0, 1, 8, DAY, None),
        (1, 1, 1, SECOND, None),
        (2, 1, 1, SECOND, None),
        (0, 1, 1, 2 * DAY, 10 * SECOND),
        (0, 1, 1, 2 * DAY + SECOND, None),
        (0, 1, 1, 300 * DAY, None),
    ],
)
def test_when_they_are_asked_for_again(
    files: int, expected: int, attempts: int, age: timedelta, wait: timedelta | None
) -> None:
    again = next_listing(files, expected, attempts, NOW - age, NOW)
    assert (None if again is None else again - NOW) == wait


@pytest.fixture
def media(lake: Lake, server: Server, settings: Settings) -> Callable[[], CatalogSummary]:
    def run() -> CatalogSummary:
        now = datetime.fromtimestamp(server.account.now(), UTC)
        with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as client:
            sid = server.account.account_sid
            return sync_catalog(lake, client, sid, now=now, since=START, parts=["media"])

    return run


@pytest.fixture
def sid(sync: Sync, server: Server) -> str:
    """A message with two attachments that came in now, of which Twilio lists none yet."""
    body = {"from": WRITER, "to": DESK, "body": "Look", "media": 2}
    sid = str(httpx.post(f"{server.url}/_simulator/inbound", json=body).json()["sid"])
    show(server, sid, 0)
    sync(since=NOW.date())
    return sid


def show(server: Server, sid: str, count: int) -> None:
    """Let Twilio list so many of the two attachments."""
    ledger = server.account.main
    serial = ledger.serial_of(sid)
    assert serial is not None
    ledger.deleted_media -= {(serial, 0), (serial, 1)}
    ledger.deleted_media |= {(serial, index) for index in range(count, 2)}


def later(server: Server, by: timedelta) -> None:
    server.account.clock.set(server.account.now() + by.total_seconds())


def chip(lake: Lake, sid: str) -> str:
    thread = read_thread(lake, find_conversation(lake, WRITER))
    [message] = [each for each in thread.messages if each.message_sid == sid]
    return str(message_shown(message, "UTC")["unlisted"])


def asked(server: Server, sid: str) -> int:
    return sum(f"{sid}/Media" in entry["path"] for entry in requests_seen(server))


def counts(lake: Lake) -> tuple[int, int]:
    [account] = read_sync_status(lake).accounts
    return account.attachments_awaited, account.attachments_missing


def test_they_arrive_as_soon_as_twilio_lists_them(lake: Lake, media: Any, server: Server, sid: str) -> None:
    media()
    assert lake.rows("select files, expected, attempts from media_listings where message_sid = ?", [sid]) == [
        (0, 2, 1)
    ]
    assert chip(lake, sid) == "2 attachments that Twilio has not listed yet; the next syncs ask again"
    assert counts(lake) == (2, 0)
    media()
    assert asked(server, sid) == 1  # ten seconds are not over
    later(server, 10 * SECOND)
    show(server, sid, 1)
    media()
    assert chip(lake, sid) == "1 attachment that Twilio has not listed yet; the next syncs ask again"
    later(server, MINUTE)
    show(server, sid, 2)
    media()
    assert chip(lake, sid) == ""
    assert counts(lake) == (0, 0)
    assert lake.value("select count(*) from media where message_sid = ?", [sid]) == 2
    later(server, DAY)
    media()
    assert asked(server, sid) == 3


def test_what_never_comes_has_an_end_that_is_said(lake: Lake, media: Any, server: Server, sid: str) -> None:
    for _ in range(12):
        media()
        later(server, 13 * HOUR)
    assert asked(server, sid) == 5  # after two days nothing comes late any more
    assert chip(lake, sid) == "2 attachments that Twilio does not list: deleted there, or never stored"
    assert counts(lake) == (0, 2)
    assert lake.rows("select message_sid, is_given_up from missing_attachments") == [(sid, True)]


def test_a_message_that_is_gone_is_asked_for_once(lake: Lake, media: Any, server: Server, sid: str) -> None:
    httpx.post(f"{server.url}/_simulator/delete", json={"sid": sid}).raise_for_status()
    for _ in range(3):
        media()
        later(server, HOUR)
    assert asked(server, sid) == 1


def test_what_an_older_version_took_for_whole_is_asked_for_once_more(
    lake: Lake, media: Any, server: Server, sid: str
) -> None:
    account = server.account.account_sid
    lake.write(
        lambda cursor: cursor.execute(
            "insert into media_listings (message_sid, account_sid, files, listed_at) values (?, ?, 0, ?)",
            [sid, account, NOW],
        )
    )
    missing = "select count(*) from missing_attachments where message_sid = ? and not is_given_up"
    assert lake.value(missing, [sid]) == 1
    show(server, sid, 2)
    media()
    assert lake.value("select count(*) from media where message_sid = ?", [sid]) == 2
    assert counts(lake) == (0, 0)


def test_a_sync_between_two_readings_of_the_catalog_lists_new_attachments(
    lake: Lake, server: Server, settings: Settings, sid: str
) -> None:
    def whole() -> dict[str, int]:
        clock = lambda: datetime.fromtimestamp(server.account.now(), UTC)  # noqa: E731
        with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as client:
            done = sync_whole_account(
                lake, client, SyncRequest(since=NOW.date()), privacy=Privacy(), clock=clock
            )
        return dict(done.catalog)

    assert set(whole()) == set(PARTS)
    assert whole() == {}
    later(server, 11 * SECOND)
    show(server, sid, 2)
    assert whole() == {"media": 2}
    assert whole() == {}

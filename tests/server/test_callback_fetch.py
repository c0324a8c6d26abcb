"""Messages that only callbacks know are fetched when heard of, and no longer once they are unreadable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.messages import ACCOUNT, payload
from tests.server.hooking import environment
from tests.twilio.scripted_twilio import ScriptedTwilio, Seen, json_reply, refusal, scripted_twilio
from workbench.lake import Lake
from workbench.lake.statuses import StatusCallback, read_waiting, save_statuses
from workbench.messaging.privacy import Privacy
from workbench.server import callback_fetch
from workbench.server.callback_fetch import Fetcher
from workbench.server.hooks_lake import HooksLake
from workbench.settings import load_settings


def sid(number: int) -> str:
    return f"SM{number:032x}"


@contextmanager
def fetching(home: Path, answers: dict[str, bytes]) -> Iterator[tuple[Lake, ScriptedTwilio]]:
    """A fetcher at work on the lake of `home`, which has heard a callback of each of these messages."""

    async def answer(request: Seen) -> bytes:
        return answers[request.uri.rsplit("/", 1)[-1].removesuffix(".json")]

    with scripted_twilio() as twilio:
        twilio.otherwise = answer
        settings = load_settings(environment(home, WORKBENCH_TWILIO_BASE_URL=twilio.url))
        hooks_lake = HooksLake(settings)
        lake = hooks_lake.opened()
        # Now, and not when this module was read: after an hour nothing is asked any more.
        now = datetime.now(UTC)
        heard = [StatusCallback(message_sid, ACCOUNT, "sent", None, now) for message_sid in answers]
        lake.write(lambda cursor: save_statuses(cursor, heard))
        fetcher = Fetcher(settings, hooks_lake)
        fetcher.start()
        try:
            yield lake, twilio
        finally:
            fetcher.close()
            hooks_lake.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def asked(twilio: ScriptedTwilio, number: int) -> int:
    return sum(sid(number) in uri for uri in twilio.uris)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback_fetch, "_LOOK_AGAIN", 0.05)
    monkeypatch.setattr(callback_fetch, "_BETWEEN_ROUNDS", 0.01)
    monkeypatch.setattr(callback_fetch, "_AFTER_TROUBLE", 0.05)


def test_what_cannot_be_read_is_asked_for_once_and_left_to_the_syncs(tmp_path: Path) -> None:
    answers = {
        sid(1): json_reply(payload(1)),
        sid(2): json_reply(payload(2, date_created="the day before")),
        sid(3): refusal(404, 20404, "The requested resource was not found"),
    }
    with fetching(tmp_path, answers) as (lake, twilio):
        # Twilio does not have the third yet: it is asked for again and again, and the others meanwhile not.
        wait_until(lambda: asked(twilio, 3) >= 6)
        assert (asked(twilio, 1), asked(twilio, 2)) == (1, 1)
        assert lake.rows("select message_sid, status, currency from raw_messages") == [
            (sid(1), "delivered", "USD")
        ]
        assert lake.rows("select resource, sid, field, times from quarantined_rows") == [
            ("messages", sid(2), "date_created", 1)
        ]
        with lake.cursor() as cursor:
            assert [message.message_sid for message in read_waiting(cursor, 9)] == [sid(3)]
        # What the callback said waits in the lake until the message can be read.
        waiting = lake.rows("select message_sid from waiting_statuses order by 1")
        assert waiting == [(sid(2),), (sid(3),)]


def test_an_error_that_nobody_expected_does_not_end_the_fetching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(cursor: Any, limit: int) -> Any:
        monkeypatch.setattr(callback_fetch, "read_waiting", read_waiting)
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(callback_fetch, "read_waiting", broken)
    with fetching(tmp_path, {sid(1): json_reply(payload(1))}) as (lake, _):
        wait_until(lambda: lake.value("select count(*) from raw_messages") == 1)
    assert "RuntimeError: the disk is on fire" in caplog.text


def test_a_message_that_can_be_read_again_leaves_the_quarantine(tmp_path: Path) -> None:
    from workbench.sync.messages.refetch import read_again
    from workbench.twilio.client import TwilioClient

    answers: dict[str, bytes] = {sid(2): json_reply(payload(2, date_created="the day before"))}
    with fetching(tmp_path, answers) as (lake, twilio):
        unresolved: Any = "select count(*) from quarantined_rows where resolved_at is null"
        wait_until(lambda: lake.value(unresolved) == 1)
        answers[sid(2)] = json_reply(payload(2))
        settings = load_settings(environment(tmp_path, WORKBENCH_TWILIO_BASE_URL=twilio.url))
        with TwilioClient(settings.credentials, base_url=twilio.url) as client:
            refetched = read_again(lake, client, [(ACCOUNT, sid(2))], Privacy())
        assert (refetched.saved.added, refetched.missing) == (1, frozenset())
        assert lake.value(unresolved) == 0
        assert lake.value("select count(*) from waiting_statuses") == 0

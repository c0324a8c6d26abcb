"""WhatsApp and RCS senders: read beside the other senders, and refused, torn or absent without harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from twilio.rest import Client

from tests.lakes import begin_lake
from tests.sync.conftest import NOW, START
from workbench.errors import WorkbenchError
from workbench.lake import Lake
from workbench.settings import load_settings
from workbench.simulator import Account, Clock, Fault, Server, serve
from workbench.sync.account.catalog import CatalogSummary, sync_catalog
from workbench.sync.account.channel_senders import channel_sender
from workbench.sync.account.senders import SenderAnswers, sender_rows
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import RCS_SENDERS, WHATSAPP_SENDERS

DESK, RCS_DESK = "whatsapp:+14155550111", "rcs:demoshop_rcs"
HOUR = 3600
Catalog = Callable[..., CatalogSummary]


@pytest.fixture
def server() -> Iterator[Server]:
    account = Account.build(
        start=START, days=10, messages=1000, profile="all-channels", clock=Clock.frozen(NOW)
    )
    with serve(account) as running:
        yield running
    account.close()


@pytest.fixture
def lake(home: Any, server: Server) -> Iterator[Lake]:
    environment = {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_TWILIO_BASE_URL": server.url,
        "TWILIO_ACCOUNT_SID": server.account.account_sid,
        "TWILIO_AUTH_TOKEN": server.account.auth_token,
    }
    with begin_lake(load_settings(environment)) as opened:
        yield opened


@pytest.fixture
def catalog(lake: Lake, server: Server) -> Catalog:
    def run(**options: Any) -> CatalogSummary:
        settings = load_settings(
            {
                "WORKBENCH_HOME": str(lake.home),
                "TWILIO_ACCOUNT_SID": server.account.account_sid,
                "TWILIO_AUTH_TOKEN": server.account.auth_token,
            }
        )
        now = datetime.fromtimestamp(server.account.now(), UTC)
        with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as client:
            sid = server.account.account_sid
            return sync_catalog(lake, client, sid, now=now, since=START, parts=["senders"], **options)

    return run


def senders(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.rows(
        "select sender, sender_type, friendly_name, channel_status, removed_at is null from senders "
        "where sender_type in ('whatsapp', 'rcs') order by sender"
    )


BOTH = [(RCS_DESK, "rcs", "RCS desk", "ONLINE", True), (DESK, "whatsapp", "WhatsApp desk", "ONLINE", True)]


def test_they_are_read_by_name_and_stay_as_they_are(lake: Lake, catalog: Catalog) -> None:
    assert catalog().notices == []
    assert senders(lake) == BOTH
    snapshot = lake.snapshot_id()
    assert catalog().changed == 0
    assert lake.snapshot_id() == snapshot


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_list_that_cannot_be_read_changes_nothing_and_is_said(
    lake: Lake, catalog: Catalog, server: Server, status: int
) -> None:
    catalog()
    server.faults.add(Fault("status", status=status, path="/v2/Channels/Senders", times=None))
    summary = catalog()
    assert {notice.resource for notice in summary.notices} == {"WhatsApp senders", "RCS senders"}
    assert senders(lake) == BOTH
    assert lake.value("select count(*) from senders where removed_at is null") == 13


def test_where_they_were_never_readable_the_others_are_there(
    lake: Lake, catalog: Catalog, server: Server
) -> None:
    server.faults.add(Fault("status", status=403, code=20003, path="/v2/Channels/Senders", times=None))
    reasons = {notice.resource: notice.reason for notice in catalog().notices}
    assert reasons["RCS senders"].startswith("the credentials lack the right to read RCS senders")
    assert senders(lake) == []
    assert lake.value("select count(*) from senders") == 11


def test_a_row_that_makes_no_sense_is_kept_in_quarantine_and_the_other_is_read(
    lake: Lake, catalog: Catalog, server: Server
) -> None:
    catalog()
    sid = server.account.main.sender_sids[11]
    server.faults.add(Fault("alter", path="/v2/Channels/Senders", times=None, find=f'"{DESK}"', put="7"))
    summary = catalog()
    assert summary.quarantined == 1
    assert lake.rows("select resource, sid, field from quarantined_rows") == [
        ("WhatsApp senders", sid, "sender_id")
    ]
    assert senders(lake) == BOTH


@pytest.mark.parametrize(
    ("find", "put", "expected"),
    [
        ('"status":"ONLINE"', '"status":"OFFLINE"', ("OFFLINE", True)),
        ('"senders":[', '"senders":[],"were":[', ("ONLINE", False)),
    ],
)
def test_a_sender_that_is_off_says_so_and_one_that_is_gone_is_marked(
    lake: Lake, catalog: Catalog, server: Server, find: str, put: str, expected: tuple[str, bool]
) -> None:
    catalog()
    server.faults.add(Fault("alter", path="/v2/Channels/Senders", times=None, find=find, put=put))
    server.account.clock.set(NOW.timestamp() + HOUR)
    catalog()
    assert [row[3:] for row in senders(lake)] == [expected, expected]
    server.faults.clear()
    server.account.clock.set(NOW.timestamp() + 2 * HOUR)
    catalog()
    assert senders(lake) == BOTH


def test_twilios_own_client_reads_the_same_rows(server: Server, lake: Lake, catalog: Catalog) -> None:
    catalog()
    client = Client(server.account.account_sid, server.account.auth_token)
    client.messaging.base_url = server.url
    rows = [
        (row.sender_id, row.sid, row.status, row.profile["name"])
        for channel in ("rcs", "whatsapp")
        for row in client.messaging.v2.channels_senders.list(channel=channel)
    ]
    ours = lake.rows(
        "select sender, sender_sid, channel_status, friendly_name from senders "
        "where channel_status is not null order by sender"
    )
    assert rows == ours
    assert len(rows) == 2


#: The example of Twilio's OpenAPI file of messaging v2, and what people saw beside it.
EXAMPLE: dict[str, Any] = {
    "sid": "XE" + "a" * 32,
    "status": "ONLINE",
    "sender_id": "whatsapp:+15017122661",
    "profile": {"name": "Example Profile Name"},
    "webhook": {"callback_url": "https://callback.com", "callback_method": "POST"},
}


@pytest.mark.parametrize(
    ("changes", "channel", "expected"),
    [
        ({}, "whatsapp", ("whatsapp:+15017122661", "Example Profile Name", "ONLINE", "https://callback.com")),
        ({"friendly_name": "Desk"}, "whatsapp", ("whatsapp:+15017122661", "Desk", "ONLINE", "https://callback.com")),
        ({"sender_id": "+15017122661"}, "whatsapp",
         ("whatsapp:+15017122661", "Example Profile Name", "ONLINE", "https://callback.com")),
        ({"sender_id": "RCS:acme_x1", "profile": None, "webhook": None, "status": None}, "rcs",
         ("rcs:acme_x1", None, None, None)),
        ({"sender_id": "acme_x1", "status": "TWILIO_REVIEW"}, "rcs",
         ("rcs:acme_x1", "Example Profile Name", "TWILIO_REVIEW", "https://callback.com")),
    ],
)  # fmt: skip
def test_a_row_in_every_form_it_is_seen_in(
    changes: dict[str, Any], channel: str, expected: tuple[Any, ...]
) -> None:
    row = channel_sender({**EXAMPLE, **changes}, channel)
    assert (row["sender"], row["friendly_name"], row["channel_status"], row["sms_url"]) == expected


@pytest.mark.parametrize(
    "changes",
    [{"sender_id": None}, {"sender_id": 5}, {"status": ["ONLINE"]}, {"profile": "x"}, {"webhook": 1}],
)
def test_a_row_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WorkbenchError, match="Twilio's answer holds"):
        channel_sender({**EXAMPLE, **changes}, "whatsapp")


def stored(status: str | None) -> dict[str, dict[str, Any]]:
    row = dict.fromkeys(("friendly_name", "country", "can_sms", "can_mms", "sms_url", "sms_method"))
    row |= dict.fromkeys(("status_callback", "sms_application_sid", "messaging_service_sid"))
    return {
        DESK: {
            **row, "sender": DESK, "sender_sid": "XE" + "1" * 32, "sender_type": "whatsapp",
            "channel_status": status, "removed_at": None, "registration": None, "registration_status": None,
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "answers", "is_removed"),
    [
        ("ONLINE", SenderAnswers(), False),
        ("ONLINE", SenderAnswers(members={}), False),
        ("ONLINE", SenderAnswers(members={}, channel_senders={"whatsapp": None, "rcs": []}), False),
        ("ONLINE", SenderAnswers(channel_senders={"whatsapp": []}), True),
        (
            "ONLINE",
            SenderAnswers(channel_senders={"whatsapp": []}, not_whole=frozenset({WHATSAPP_SENDERS})),
            False,
        ),
        ("ONLINE", SenderAnswers(channel_senders={"whatsapp": []}, not_whole=frozenset({RCS_SENDERS})), True),
        # Only a pool has ever shown it.
        (None, SenderAnswers(channel_senders={"whatsapp": []}), False),
        (None, SenderAnswers(members={}), True),
    ],
)
def test_only_the_list_that_showed_a_sender_can_remove_it(
    status: str | None, answers: SenderAnswers, is_removed: bool
) -> None:
    [row] = sender_rows(answers, stored(status), {}, NOW)
    assert (row["removed_at"] is not None) == is_removed

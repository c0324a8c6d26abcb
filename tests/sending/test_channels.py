"""WhatsApp, RCS and alphanumeric senders through every door, on a lake that synced an account with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pandas as pd
import pytest
from click.testing import CliRunner

from tests.lakes import lake_of
from tests.sending.conftest import creates, environment, make_home, sent_to
from workbench import Workbench
from workbench.api.inbox import open_inbox_session
from workbench.cli import main
from workbench.lake.save import message_table, save_messages
from workbench.lake.save_rows import save_rows
from workbench.messaging.message import message_row
from workbench.settings import load_settings
from workbench.simulator import Account, Server, serve

DESK, RCS_DESK = "whatsapp:+14155550111", "rcs:demoshop_rcs"
WRITER, SILENT, GERMAN = "whatsapp:+14155550281", "whatsapp:+14155550282", "+4915228123456"
ANY_HOUR: dict[str, Any] = {"ignore_quiet_hours": True, "confirm": True}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(days=1, messages=300, profile="all-channels")
    with serve(account) as running:
        yield running
    account.close()


@pytest.fixture(scope="module")
def template(server: Server) -> str:
    """The SID of a content template of the account, which WhatsApp has approved."""
    return make_template(server, "hello")


def make_template(server: Server, name: str, submit: bool = True) -> str:
    content = {
        "friendly_name": "hello",
        "language": "en",
        "types": {"twilio/text": {"body": "Hello from us"}},
    }
    auth = (server.account.account_sid, server.account.auth_token)
    created = httpx.post(f"{server.url}/v1/Content", json=content, auth=auth, trust_env=False)
    row = created.raise_for_status().json()
    if submit:
        approval = {"name": name, "category": "UTILITY"}
        asked = httpx.post(row["links"]["approval_create"], json=approval, auth=auth, trust_env=False)
        asked.raise_for_status()
    return str(row["sid"])


@pytest.fixture(scope="module")
def wb(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    note = {"from": WRITER, "to": DESK, "body": "Is it there?"}
    assert httpx.post(f"{server.url}/_simulator/inbound", json=note).status_code == 200
    home = make_home(tmp_path_factory.mktemp("channels") / "home")
    with Workbench(load_settings(environment(home, server))) as opened:
        opened.sync(since=datetime.now(UTC) - timedelta(days=2))
        yield opened


def test_whatsapp_is_sent_and_answered_from_a_sender_outside_of_every_service(
    wb: Workbench, server: Server
) -> None:
    sent = wb.send(WRITER, "It ships today", sender=DESK, **ANY_HOUR)
    assert (sent.state, "sender" in sent.why(), "24 hours" in sent.why()) == ("sent", False, False)
    assert wb.reply(WRITER, "And tomorrow", **ANY_HOUR).state == "sent"
    batch = wb.send_batch(
        pd.DataFrame({"to": [WRITER, SILENT]}), "Hello", sender=DESK, confirm=2, ignore_quiet_hours=True
    )
    assert [one.state for one in batch.results] == ["sent", "blocked"]
    assert "only within 24 hours" in batch.results[1].why()


def test_outside_of_the_window_only_a_template_goes(wb: Workbench, server: Server, template: str) -> None:
    before = creates(server)
    blocked = wb.send(SILENT, "Hello", sender=DESK, **ANY_HOUR)
    assert blocked.state == "blocked"
    assert "and none is in this lake for the last week. Send an approved template" in blocked.why()
    assert creates(server) == before
    assert wb.send(SILENT, content_sid=template, sender=DESK, **ANY_HOUR).state == "sent"


def test_outside_of_the_window_a_template_needs_the_approval_of_whatsapp(
    wb: Workbench, server: Server
) -> None:
    templates = {
        "unsubmitted": make_template(server, "hello", submit=False),
        "pending": make_template(server, "wait"),
        "rejected": make_template(server, "reject"),
    }
    before = sent_to(server, {SILENT, WRITER})
    for state, sid in templates.items():
        blocked = wb.send(SILENT, content_sid=sid, sender=DESK, **ANY_HOUR)
        assert (blocked.state, f"Twilio says that it is {state}." in blocked.why()) == ("blocked", True)
        # Within the window WhatsApp takes it: the person has just written.
        inside = wb.outbox.preflight(WRITER, content_sid=sid, sender=DESK, ignore_quiet_hours=True)
        assert "WhatsApp has not approved" not in inside.iloc[0]["reasons"]
    gone = wb.send(WRITER, content_sid="HX" + "e" * 32, sender=DESK, **ANY_HOUR)
    assert (gone.state, "has no content template" in gone.why()) == ("blocked", True)
    assert sent_to(server, {SILENT, WRITER}) == before


def test_the_window_is_that_of_the_sender_the_person_wrote_to(wb: Workbench) -> None:
    frame = wb.outbox.preflight(WRITER, "Hello", sender="whatsapp:+14155550999")
    assert "only within 24 hours" in frame.iloc[0]["reasons"]
    # By SMS the person wrote nothing, and that a WhatsApp message came opens no other window.
    assert (
        "24 hours"
        not in wb.outbox.preflight("+14155550281", "Hello", sender="+14155550104").iloc[0]["reasons"]
    )


def test_a_stop_on_whatsapp_holds_though_the_window_is_open(
    wb: Workbench, server: Server, template: str
) -> None:
    leaver = "whatsapp:+14155550283"
    httpx.post(f"{server.url}/_simulator/inbound", json={"from": leaver, "to": DESK, "body": "STOP"})
    wb.sync(since=datetime.now(UTC) - timedelta(days=2))
    for options in ({"body": "Hello"}, {"content_sid": template}):
        blocked = wb.send(leaver, sender=DESK, **options, **ANY_HOUR)  # type: ignore[arg-type]
        assert (blocked.state, "Opted out" in blocked.why()) == ("blocked", True)


def test_a_name_goes_to_germany_and_not_to_the_united_states(wb: Workbench) -> None:
    german = wb.send(GERMAN, "Hallo", sender="DEMOSHOP", **ANY_HOUR)
    assert german.state == "sent"
    american = wb.send("+14155550284", "Hello", sender="DEMOSHOP", **ANY_HOUR)
    assert american.state == "blocked"
    assert "reaches nobody in the United States and Canada" in american.why()
    assert "one-way" in wb.outbox.preflight(GERMAN, "Hallo", sender="DEMOSHOP").iloc[0]["reasons"]


def listed_message(sid: str, sender: str, contact: str, **changes: Any) -> dict[str, Any]:
    """A message of the log of the real service, whose sender no list has."""
    return {
        "sid": "SM" + sid * 32, "from": sender, "to": contact, "direction": "outbound-api",
        "status": "delivered", "body": "Hallo", "num_segments": "1", "num_media": "0",
        "date_created": "Fri, 20 Nov 2026 10:00:00 +0000", **changes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def with_history(wb: Workbench, server: Server) -> Workbench:
    """Beside the synced account: names and numbers that only the log shows."""
    rows = [
        listed_message("a", "DYNAMICX", GERMAN),
        listed_message("b", "REFUSED", GERMAN, status="failed", error_code=21612),
        # Who is registered at WhatsApp with the Mexican 1 of before.
        listed_message(
            "e",
            "whatsapp:+5215512345678",
            DESK,
            direction="inbound",
            status="received",
            date_created=f"{datetime.now(UTC) - timedelta(hours=1):%a, %d %b %Y %H:%M:%S} +0000",
        ),
        listed_message("c", "+14155550299", "+14155550298", direction="inbound", status="received"),
    ]
    account = server.account.account_sid
    table = message_table([message_row({**row, "account_sid": account}) for row in rows])
    other = message_table(
        [message_row({**listed_message("d", "FOREIGN", GERMAN), "account_sid": "AC" + "9" * 32})]
    )

    def work(cursor: Any) -> None:
        for messages in (table, other):
            save_messages(cursor, messages, source="sync", received_at=datetime.now(UTC))

    lake_of(wb).write(work)
    return wb


@pytest.mark.parametrize(
    ("sender", "to", "verdict", "says"),
    [
        (
            "DYNAMICX",
            GERMAN,
            "warn",
            "in no list of the last sync, but the log shows it in use, last on 2026-11-20",
        ),
        ("+14155550298", "+14155550297", "warn", "the log shows it in use"),
        ("REFUSED", GERMAN, "block", "REFUSED is no sender of this account"),
        ("FOREIGN", GERMAN, "block", "FOREIGN is no sender of this account"),
        ("dynamicx", GERMAN, "block", "Did you mean DYNAMICX?"),
        ("DEMOSHOPP", GERMAN, "block", "Did you mean DEMOSHOP or rcs:demoshop_rcs?"),
        ("whatsapp:+14155550112", WRITER, "block", "Did you mean whatsapp:+14155550111"),
        ("+14155550299", "+14155550297", "block", "no message of the log is from or to it"),
    ],
)
def test_the_log_tells_whose_a_sender_is(
    with_history: Workbench, sender: str, to: str, verdict: str, says: str
) -> None:
    [row] = with_history.outbox.preflight([to], "Hello", sender=sender).to_dict("records")
    assert says in row["reasons"]
    assert (row["verdict"] == "block") == (verdict == "block") or "Quiet hours" in row["reasons"]


def test_the_window_belongs_to_the_person_under_every_spelling(with_history: Workbench) -> None:
    for spelling in ("whatsapp:+525512345678", "whatsapp:+5215512345678"):
        [row] = with_history.outbox.preflight([spelling], "Hola", sender=DESK).to_dict("records")
        assert "24 hours" not in row["reasons"]


def test_another_channel_is_not_priced_as_an_sms(with_history: Workbench) -> None:
    """No message of the RCS desk was priced, many SMS to the same country were."""
    frame = with_history.outbox.preflight("rcs:+14155550281", "Hello", sender=RCS_DESK)
    assert "No price is known to US" in frame.iloc[0]["reasons"]


def test_a_sender_that_was_given_back_counts_only_if_it_was_used_since(with_history: Workbench) -> None:
    lake, name = lake_of(with_history), "DYNAMICX"
    account = with_history.settings.credentials.account_sid
    for day, says in ((19, "the log shows it in use"), (21, "is no sender of this account")):
        lake.write(lambda cursor: cursor.execute("delete from senders where sender = ?", [name]))
        removed = datetime(2026, 11, day, tzinfo=UTC)
        row = {
            "account_sid": account, "sender": name, "sender_type": "alphanumeric", "read_at": removed,
            "removed_at": removed,
        }  # fmt: skip
        lake.write(partial(save_rows, table="senders", rows=[row], key=("account_sid", "sender")))
        assert says in with_history.outbox.preflight(GERMAN, "Hallo", sender=name).iloc[0]["reasons"]


def test_the_command_and_the_inbox_say_the_same(
    wb: Workbench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(wb.settings.home, server).items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["send", "--to", SILENT, "--from", DESK, "--body", "Hello", "--confirm"])
    assert done.exit_code != 0
    assert "Send an approved template instead" in " ".join(done.output.split())
    session = open_inbox_session(wb._installation, wb.conversation(SILENT).details)
    session.answer({"id": 1, "ask": "start"})
    said = session.answer({"id": 2, "ask": "check", "body": "Hello"})["ok"]
    assert said["verdict"] == "block"
    assert any("Send an approved template" in reason["text"] for reason in said["reasons"])


def test_the_status_names_the_senders(wb: Workbench) -> None:
    lines = [text for _, text in wb.status().lines()]
    assert (
        "senders: 1 alphanumeric (DEMOSHOP), 7 long code, 1 RCS (RCS desk), "
        "1 short code (Offers short code), 2 toll-free, 1 WhatsApp (WhatsApp desk)" in lines
    )

"""The quarantine as a table: counted once however often a row comes, resolved, erased, exported, migrated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.lake.test_postgres import postgres, shared  # noqa: F401
from tests.lakes import begin_lake
from workbench.compliance.data_subject import find_person
from workbench.compliance.erasure import order_erasure
from workbench.compliance.finishing import finish_erasure
from workbench.compliance.records import read_person
from workbench.lake import Lake, open_lake
from workbench.lake.quarantine import count_open, read_open, resolve_parts, resolve_rows, save_quarantined
from workbench.messaging.message import MalformedMessage
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.messaging.quarantine import QuarantinedRow, quarantine
from workbench.settings import Settings
from workbench.sync.messages.pages import MessageReader

ACCOUNT, SID, PERSON = "AC" + "0" * 32, "SM" + "1" * 32, "+14155550123"
T0 = datetime(2026, 9, 10, 12, tzinfo=UTC)
ROW = QuarantinedRow(
    "messages", ACCOUNT, SID, SID, "2026-09-09", PERSON, "+12025550110", "date_sent", "no date",
    f"soon, says {PERSON}",
)  # fmt: skip


def save(lake: Lake, *rows: QuarantinedRow, at: datetime = T0) -> None:
    lake.write(lambda cursor: save_quarantined(cursor, rows, at))


def live_through_it(lake: Lake) -> None:
    save(lake, ROW)
    save(lake, replace(ROW, part="", raw_value="later"), at=T0 + timedelta(hours=1))
    assert lake.rows(
        "select part, raw_value, times, first_seen_at, last_seen_at, resolved_at from quarantined_rows"
    ) == [("2026-09-09", "later", 2, T0, T0 + timedelta(hours=1), None)]
    save(lake, replace(ROW, row_key="digest", sid=None, part="2026-09-08"))
    assert count_open(lake) == {ACCOUNT: {"messages": 2}}
    assert [row.sid for row in read_open(lake, ACCOUNT)] == [None, SID]
    later = T0 + timedelta(hours=2)
    lake.write(lambda cursor: resolve_rows(cursor, ["messages"], ACCOUNT, [SID], later))
    lake.write(
        lambda cursor: resolve_parts(cursor, ["messages"], ACCOUNT, ["2026-09-08"], read_from=T0, now=later)
    )
    # Seen in that very reading, so not resolved by it.
    assert [row.row_key for row in read_open(lake, ACCOUNT)] == ["digest"]
    lake.write(
        lambda cursor: resolve_parts(
            cursor, ["messages"], ACCOUNT, ["2026-09-08"], read_from=later, now=later
        )
    )
    assert count_open(lake) == {}
    save(lake, ROW, at=later)
    assert count_open(lake) == {ACCOUNT: {"messages": 1}}


def test_a_row_is_noted_once_and_resolved(lake: Lake) -> None:
    live_through_it(lake)


def test_the_same_on_postgres(shared: Settings) -> None:  # noqa: F811
    with open_lake(shared) as lake:
        live_through_it(lake)


def test_a_person_is_exported_and_erased(lake: Lake) -> None:
    other = replace(ROW, row_key="SM" + "2" * 32, sid="SM" + "2" * 32, from_address="+14155550999")
    save(lake, ROW, other)
    person = find_person(PERSON, Privacy())
    assert [row["sid"] for row in read_person(lake, person)["quarantined_rows"]] == [SID]
    finish_erasure(lake, order_erasure(lake, person, actor="a test"))
    assert lake.rows("select sid, raw_value from quarantined_rows") == [(other.sid, "soon, says [erased]")]
    save(lake, ROW, replace(other, raw_value=f"again {PERSON}"))
    assert lake.rows("select sid, raw_value from quarantined_rows") == [(other.sid, "again +[erased]")]


def test_a_lake_from_before_is_migrated(settings: Settings) -> None:
    with open_lake(settings) as lake:
        lake.write(lambda cursor: cursor.execute("drop table quarantined_rows"))
        lake.write(lambda cursor: cursor.execute("drop table sync_starts"))
        lake.write(
            lambda cursor: cursor.execute("delete from schema_migrations where name = '125_quarantined_rows'")
        )
    with open_lake(settings) as lake:
        live_through_it(lake)


ITEM = {
    "sid": SID, "direction": "inbound", "from": PERSON, "to": "+12025550110", "body": "my PIN is 1234",
    "date_sent": "on 14155550123",
}  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "from_address", "value", "of_body"),
    [
        ("full", PERSON, "on 14155550123", '["my PIN"]'),
        ("no_body", PERSON, "aa 99999999999", None),
        ("masked", "+1415***0123", "aa 99999999999", None),
        ("hashed", "anon-", "aa 99999999999", None),
    ],
)
def test_nothing_is_kept_that_the_mode_forbids(
    mode: str, from_address: str, value: str, of_body: str | None
) -> None:
    privacy = Privacy(PrivacyMode(mode), b"k" * 32)

    def kept(item: Any, field: str | None) -> QuarantinedRow:
        error = MalformedMessage("Message has ...", field, "wrong")
        [row] = quarantine([(item, error)], resource="messages", account_sid=ACCOUNT, privacy=privacy)
        return row

    row = kept(ITEM, "date_sent")
    assert (row.from_address or "").startswith(from_address)
    assert (row.to_address, row.raw_value) == ("+12025550110", value)
    assert kept({**ITEM, "body": ["my PIN"]}, "body").raw_value == of_body
    unclear = kept({**ITEM, "direction": 7}, "direction")
    assert ("4155550123" in str(unclear)) is (mode in ("full", "no_body"))
    if mode != "full":
        for item in ({**ITEM, "sid": None}, "my PIN is 1234", [ITEM]):
            shown = str(kept(item, "sid" if isinstance(item, dict) else None))
            assert "PIN" not in shown
            assert "1234" not in shown.replace(PERSON, "")


@pytest.mark.parametrize(
    ("resource", "from_address", "to_address"),
    [
        ("status callbacks", "+12025550110", "+1415***0123"),
        ("inbound webhooks", "+1202***0110", "+14155550123"),
    ],
)
def test_the_person_of_a_webhook_is_on_the_side_that_its_kind_says(
    resource: str, from_address: str, to_address: str
) -> None:
    item = {"MessageSid": SID, "From": "+12025550110", "To": PERSON}
    privacy = Privacy(PrivacyMode.MASKED, b"k" * 32)
    [row] = quarantine([(item, ValueError())], resource=resource, account_sid=ACCOUNT, privacy=privacy)
    assert (row.from_address, row.to_address) == (from_address, to_address)
    [pushed] = quarantine([({**STOP, **item}, ValueError())], resource=resource, account_sid=ACCOUNT,
                          privacy=privacy)  # fmt: skip
    assert pushed.opt_out is None


STOP = {
    "sid": SID, "direction": "inbound", "from": PERSON, "to": "+12025550110", "body": " stop ",
    "date_created": "Wed, 09 Sep 2026 10:00:00 +0000", "num_segments": "many",
    "messaging_service_sid": "MG" + "7" * 32,
}  # fmt: skip
SAID_AT = datetime(2026, 9, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({}, ("MG" + "7" * 32, "+12025550110", SAID_AT)),
        ({"messaging_service_sid": None}, ("+12025550110", "+12025550110", SAID_AT)),
        ({"messaging_service_sid": 7, "to": ["?"]}, ("*", None, SAID_AT)),
        ({"date_created": "soon"}, ("MG" + "7" * 32, "+12025550110", T0)),
        ({"direction": "outbound-api"}, None),
        ({"body": "do not stop"}, None),
        ({"from": None}, None),
        ({"from": "my PIN is 1234"}, None),
        # The network keeps opt-outs of toll-free numbers, and knows one word.
        ({"to": "+18335550108", "body": "CANCEL"}, None),
    ],
)
def test_an_opt_out_in_a_message_that_cannot_be_read_is_in_force(
    settings: Settings, changes: dict[str, Any], event: tuple[object, ...] | None
) -> None:
    privacy = Privacy(PrivacyMode.HASHED, b"k" * 32)
    page = MessageReader(ACCOUNT, privacy).read([{**STOP, **changes}], "2026-09-09")
    with begin_lake(settings) as lake:
        save(lake, *page.unread)
        save(lake, *page.unread)
        assert count_open(lake) == {ACCOUNT: {"messages": 1}}
        contact = privacy.contact(PERSON)
        assert lake.rows(
            "select account_sid, address, kind, source, message_sid, scope, said_to, happened_at "
            "from consent_events"
        ) == ([(ACCOUNT, contact, "opt-out", "keyword", SID, *event)] if event else [])

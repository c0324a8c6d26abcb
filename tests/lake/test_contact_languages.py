"""A contact's language is that of their latest text that says it clearly, and goes with that text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tests.lake.old import make_lake_of
from tests.messages import CONTACT, SENDER, payload
from workbench import Workbench
from workbench.compliance.retention import retention_rules, run_retention
from workbench.lake import Lake, contact_languages, open_lake
from workbench.lake.connect import Parameters
from workbench.lake.contact_languages import prepare_languages
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.settings import Settings
from workbench.settings.sections import RetentionSettings

NOW = datetime(2026, 9, 2, tzinfo=UTC)
SPANISH = "Hola, ¿dónde está mi pedido?"
ENGLISH = "Hi, where is my order?"
OTHER = "+14155550199"


def write(
    lake: Lake,
    *bodies: str,
    first: int = 1,
    contact: str = CONTACT,
    privacy: Privacy | None = None,
    **fields: Any,
) -> None:
    """Texts of a contact, one a minute."""
    rows = [
        message_row(
            payload(
                number,
                **{
                    "from": contact, "to": SENDER, "direction": "inbound", "status": "received", "body": body,
                    "date_created": NOW + timedelta(minutes=number), **fields,
                },
            )
        )
        for number, body in enumerate(bodies, start=first)
    ]  # fmt: skip
    table = message_table([privacy.apply(row) for row in rows] if privacy else rows)
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


def languages(lake: Lake) -> list[tuple[str, str | None]]:
    prepare_languages(lake)
    return [(str(row[0]), row[1]) for row in lake.rows("select contact, language from contact_languages")]


def test_the_latest_text_that_is_clear_counts(lake: Lake) -> None:
    write(lake, ENGLISH, SPANISH, "ok", "gracias")
    assert languages(lake) == [(CONTACT, "es")]
    write(lake, *["ok"] * 7, first=5)
    assert languages(lake) == [(CONTACT, "es")]
    write(lake, "What time do you close?", first=12)
    assert languages(lake) == [(CONTACT, "en")]


def test_short_texts_a_keyword_and_what_we_write_say_nothing(lake: Lake) -> None:
    write(lake, "ok", "lol")
    write(lake, "STOP", first=3, contact=OTHER)
    ours: dict[str, Any] = {"from": SENDER, "to": "+14155550198", "direction": "outbound-api"}
    write(lake, SPANISH, first=4, **ours)
    assert languages(lake) == [(CONTACT, None)]


def test_nothing_is_judged_twice(lake: Lake) -> None:
    write(lake, SPANISH)
    write(lake, "ok", first=2, contact=OTHER)
    assert prepare_languages(lake) == 2
    snapshot = lake.snapshot_id()
    assert prepare_languages(lake) == 0
    assert lake.snapshot_id() == snapshot


def test_many_contacts_are_judged_in_one_reading_and_some_commits(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_languages, "_AT_ONCE", 2)
    for number in range(5):
        write(lake, SPANISH, "ok", first=10 * number + 1, contact=f"+1415555010{number}")
    readings: list[str] = []
    before, batches = lake.snapshot_id(), lake.batches

    def counted(sql: str, parameters: Parameters, rows: int) -> pa.RecordBatchReader:
        readings.append(sql)
        return batches(sql, parameters, rows)

    monkeypatch.setattr(lake, "batches", counted)
    assert prepare_languages(lake) == 5
    assert (len(readings), lake.snapshot_id() - before) == (1, 3)
    rows = lake.rows("select contact, language, judged_until from contact_languages order by contact")
    assert rows == [
        (f"+1415555010{number}", "es", NOW + timedelta(minutes=10 * number + 2)) for number in range(5)
    ]


@pytest.mark.parametrize("mode", ["no_body", "masked", "hashed"])
def test_a_lake_that_keeps_no_texts_keeps_no_languages(lake: Lake, mode: str) -> None:
    write(lake, SPANISH, privacy=Privacy(PrivacyMode(mode), b"k" * 16))
    assert languages(lake) == []


def test_a_text_that_twilio_redacted_says_nothing_and_an_older_one_does_again(lake: Lake) -> None:
    write(lake, ENGLISH, SPANISH)
    assert languages(lake) == [(CONTACT, "es")]
    write(lake, "", first=2)
    assert languages(lake) == [(CONTACT, "en")]
    write(lake, "")
    assert languages(lake) == []


def test_retention_of_texts_takes_the_languages(lake: Lake) -> None:
    write(lake, SPANISH)
    assert languages(lake) == [(CONTACT, "es")]
    rules = retention_rules(RetentionSettings(bodies=1))
    run_retention(lake, rules, "local:test", confirm=True, now=datetime(2026, 9, 20, tzinfo=UTC))
    assert lake.rows("from contact_languages") == []


def test_an_erasure_takes_the_language_of_this_person_only(settings: Settings) -> None:
    with open_lake(settings) as lake:
        write(lake, SPANISH)
        write(lake, ENGLISH, first=2, contact=OTHER)
        assert languages(lake) == [(CONTACT, "es"), (OTHER, "en")]
    with Workbench(settings) as wb:
        wb.subject.erase(CONTACT, local_only=True, confirm=True)
    with open_lake(settings) as lake:
        assert lake.rows("select contact, language from contact_languages") == [(OTHER, "en")]
        assert languages(lake) == [(OTHER, "en")]


def test_contacts_of_an_older_lake_get_theirs(settings: Settings) -> None:
    make_lake_of(settings, 45)
    with open_lake(settings) as lake:
        sql = f"update raw_messages set body = '{SPANISH}', keyword = null where not is_outbound"
        lake.write(lambda cursor: cursor.execute(sql))
        assert languages(lake) == [("+14155550123", "es")]

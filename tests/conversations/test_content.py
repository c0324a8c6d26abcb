"""Places, contact cards, buttons and reactions are shown as what they are, from the webhook to every door."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.messages import ACCOUNT, payload
from workbench.conversations import view_models
from workbench.conversations.find import find_conversation
from workbench.conversations.listing import list_conversations
from workbench.conversations.thread import read_thread
from workbench.display.message_content import map_link
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.lake.webhooks import save_webhooks
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.metrics.one_message import query_message
from workbench.metrics.rows import RowQuery, query_rows
from workbench.server.webhook_forms import inbound_message, inbound_record, read_record
from workbench.ui.panels.rows import _excerpt, _text

NOW = datetime(2026, 9, 7, 12, 0, tzinfo=UTC)
DESK, ANN = "whatsapp:+14155550111", "whatsapp:+14155550231"
SID = "SM" + "7" * 32
PLACE = {"Latitude": "25.018766403198", "Longitude": "-77.395950317383", "MessageType": "location"}


def receive(lake: Lake, fields: dict[str, str], mode: PrivacyMode = PrivacyMode.FULL) -> None:
    """As the hooks server does with a form of Twilio's."""
    privacy = Privacy(mode, b"k" * 32 if mode.needs_key else None)
    form = {
        "MessageSid": SID, "AccountSid": ACCOUNT, "From": ANN, "To": DESK, "Body": "", "NumMedia": "0",
        "NumSegments": "1", "SmsStatus": "received", "ProfileName": "Ann", "WaId": "14155550231", **fields,
    }  # fmt: skip
    lists = {name: [value] for name, value in form.items()}
    record = inbound_record(lists, inbound_message(lists, NOW), privacy)
    lake.write(lambda cursor: save_webhooks(cursor, [read_record(record)], NOW))


def doors(lake: Lake) -> dict[str, str]:
    """What each page says of the one message: thread, list of conversations, list of messages, its panel."""
    [row] = query_rows(lake, RowQuery()).rows
    record = query_message(lake, SID)
    assert record is not None
    conversation = find_conversation(lake, str(lake.value("select conversation_id from messages")))
    [message] = read_thread(lake, conversation).messages
    shown = view_models.message_shown(message, "UTC")
    [summary] = list_conversations(lake, "all").rows
    return {
        "bubble": shown["text"] or shown["content"] or shown["gone"],
        "preview": view_models.summary_line(summary, NOW, "UTC")["preview"],
        "row": _excerpt(row["body"], row["content"]),
        "panel": _text(record.row),
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (PLACE, "Location: 25.01877, -77.39595"),
        ({**PLACE, "Label": "Home"}, "Location: Home (25.01877, -77.39595)"),
        ({"MessageType": "contacts", "NumMedia": "1", "MediaContentType0": "text/vcard"}, "Contact card"),
        ({"MessageType": "button", "ButtonText": "Yes", "ButtonPayload": "y"}, "Button: Yes"),
        ({"MessageType": "reaction"}, "Reaction"),
        ({"MessageType": "sticker", "NumMedia": "1", "MediaContentType0": "image/webp"}, "Sticker"),
        ({**PLACE, "Latitude": "<b>\x1b"}, "Location without a place that can be read"),
    ],
)  # fmt: skip
def test_every_door_says_what_it_is(lake: Lake, fields: dict[str, str], expected: str) -> None:
    receive(lake, fields)
    assert doors(lake) == dict.fromkeys(("bubble", "preview", "row", "panel"), expected)


@pytest.mark.parametrize(
    ("fields", "link"),
    [
        (PLACE, "https://www.openstreetmap.org/?mlat=25.01877&mlon=-77.39595#map=16/25.01877/-77.39595"),
        ({**PLACE, "Latitude": "javascript:alert(1)"}, ""),
        ({**PLACE, "Longitude": "200"}, ""),
        ({**PLACE, "Latitude": "nan"}, ""),
        ({"MessageType": "text"}, ""),
    ],
)  # fmt: skip
def test_a_place_has_a_link_to_a_map_and_nothing_else_has(fields: dict[str, str], link: str) -> None:
    assert map_link(fields) == link


def test_a_thread_has_the_link_of_its_place(lake: Lake) -> None:
    receive(lake, PLACE)
    [message] = read_thread(lake, find_conversation(lake, ANN)).messages
    shown = view_models.message_shown(message, "UTC")
    assert (
        shown["map"]
        == "https://www.openstreetmap.org/?mlat=25.01877&mlon=-77.39595#map=16/25.01877/-77.39595"
    )


def test_a_button_is_told_and_what_it_says_once(lake: Lake) -> None:
    receive(lake, {"MessageType": "button", "ButtonText": "Yes", "Body": "Yes"})
    assert doors(lake) == {"bubble": "Yes", "preview": "Yes", "row": "Yes", "panel": "Yes"}
    [message] = read_thread(lake, find_conversation(lake, ANN)).messages
    assert view_models.message_shown(message, "UTC")["content"] == "Button"
    shown = query_message(lake, SID)
    assert "Button: Yes" not in str(shown)


def test_what_a_contact_calls_themself_is_on_record_and_on_one_line(lake: Lake) -> None:
    receive(lake, {"ProfileName": "Ann\u202e\n<b>Lee</b>", "Body": "Hi"})
    thread = read_thread(lake, find_conversation(lake, ANN))
    assert view_models.thread_shown(thread, "UTC")["profile"] == "Ann <b>Lee</b>"


@pytest.mark.parametrize("mode", [PrivacyMode.NO_BODY, PrivacyMode.MASKED, PrivacyMode.HASHED])
def test_where_texts_are_not_kept_the_kind_is_said_without_the_place(lake: Lake, mode: PrivacyMode) -> None:
    receive(lake, {**PLACE, "Label": "Home"}, mode)
    assert doors(lake) == dict.fromkeys(("bubble", "preview", "row", "panel"), "Location")
    assert "Home" not in str(lake.rows("select * from webhook_fields"))
    assert "25.0" not in str(lake.rows("select * from webhook_fields"))


def listed(**changes: Any) -> dict[str, Any]:
    """A row of Twilio's list, which says nothing of what a message without a text is."""
    row = {"sid": SID, "from": ANN, "to": DESK, "body": "", "direction": "inbound", "status": "received"}
    return payload(7, **{**row, "num_media": "0", "date_created": NOW, "date_sent": NOW, **changes})


@pytest.mark.parametrize(
    ("changes", "bubble", "preview"),
    [
        (
            {},
            "No text: a location, contact, reaction or the like. Only the webhook brings what it was.",
            "(no text: location, contact, reaction …)",
        ),
        (
            {"from": "+14155550231", "to": "+14155550104"},
            "No text: the message is empty, or was redacted at Twilio.",
            "(no text)",
        ),
    ],
)
def test_a_row_of_the_list_alone_says_what_can_be_known(
    lake: Lake, changes: dict[str, Any], bubble: str, preview: str
) -> None:
    table = message_table([message_row(listed(**changes))])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))
    said = doors(lake)
    assert (said["bubble"], said["preview"], said["panel"]) == (bubble, preview, bubble)


def test_a_text_that_was_redacted_says_so(lake: Lake) -> None:
    for body in ("Hello", ""):
        table = message_table([message_row(listed(body=body))])
        lake.write(lambda cursor, table=table: save_messages(cursor, table, source="sync", received_at=NOW))  # type: ignore[misc]
    assert doors(lake)["bubble"] == "The text was redacted."
    assert doors(lake)["preview"] == "(redacted)"

"""What a message without a text is, in words; the forms are those that Twilio really posts."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.display.message_content import (
    LONGEST_VALUE,
    content_words,
    no_text_words,
    unlisted_words,
)

#: Captured from Twilio by others, with other numbers.
REAL = {
    "location": "Body=&WaId=15555550101&Latitude=25.018766403198&Longitude=-77.395950317383&NumMedia=0"
    "&MessageType=location&ProfileName=Test+User",
    "contact": "Body=&NumMedia=1&MessageType=contacts&MediaContentType0=text%2Fvcard&ProfileName=Test+User",
    "reply": "Body=Nice&NumMedia=0&MessageType=text&OriginalRepliedMessageSid=MM3c146d6483ab26bddabeeedf9565",
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("location", "Location: 25.01877, -77.39595"), ("contact", "Contact card"), ("reply", "")],
)
def test_what_twilio_really_posted(name: str, expected: str) -> None:
    assert content_words(dict(parse_qsl(REAL[name], keep_blank_values=True))) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"MessageType": "text"}, ""),
        ({"MessageType": "image"}, ""),
        (
            {"Latitude": "52.52", "Longitude": "13.405", "Label": "Office", "Address": "Main St 1"},
            "Location: Office, Main St 1 (52.52000, 13.40500)",
        ),
        ({"MessageType": "location"}, "Location"),
        ({"Latitude": "91", "Longitude": "0"}, "Location without a place that can be read"),
        ({"Latitude": "nan", "Longitude": "0"}, "Location without a place that can be read"),
        ({"Latitude": "1e999", "Longitude": "0", "Label": "X"}, "Location: X"),
        ({"Latitude": "<script>", "Longitude": "1"}, "Location without a place that can be read"),
        ({"ButtonText": "Yes, please", "ButtonPayload": "yes"}, "Button: Yes, please"),
        ({"ButtonPayload": "yes", "MessageType": "button"}, "Button: yes"),
        ({"ListTitle": "Small", "ListId": "s"}, "Chosen from a menu: Small"),
        ({"MessageType": "reaction"}, "Reaction"),
        ({"MessageType": "sticker"}, "Sticker"),
        ({"MessageType": "interactive"}, "Answer from a menu or form"),
        ({"MessageType": "hologram"}, "Content of the kind hologram"),
        (
            {"ReferralHeadline": "Sale", "ReferralBody": "All week", "MessageType": "text"},
            "After an ad: Sale",
        ),
        ({"ReferralSourceUrl": "https://fb.me/1"}, "After an ad: https://fb.me/1"),
        ({"ButtonText": "Buy\r\n\x1b[31m\u202enow"}, "Button: Buy [31m now"),
        ({"ButtonText": ["First", "Second"]}, "Button: First"),
        ({"ButtonText": "x" * 500}, "Button: " + "x" * 119 + "…"),
        ({"MessageType": {"a": 1}, "ButtonText": None, "Latitude": True}, ""),
    ],
)
def test_each_kind_in_words(fields: dict[str, Any], expected: str) -> None:
    assert content_words(fields) == expected


@pytest.mark.parametrize(
    ("fields", "text", "expected"),
    [
        ({"ButtonText": "Yes"}, "Yes", "Button"),
        ({"ButtonText": "Yes "}, " Yes\n", "Button"),
        ({"ButtonText": "x" * 500}, "x" * 500, "Button"),
        ({"ButtonText": "Yes"}, "Yes, and when?", "Button: Yes"),
        ({"ButtonText": "Yes"}, None, "Button: Yes"),
        ({"ButtonPayload": "y"}, "Yes", "Button: y"),
        ({"ListTitle": "Small", "ListId": "s"}, "Small", "Chosen from a menu"),
        ({"MessageType": "button"}, "Yes", "Button"),
    ],
)
def test_what_the_text_says_is_not_said_again(
    fields: dict[str, Any], text: str | None, expected: str
) -> None:
    assert content_words(fields, text) == expected


@pytest.mark.parametrize(
    ("body", "encoding", "is_outbound", "is_sms", "begins"),
    [
        ("Hello", "GSM-7", False, True, ""),
        (None, "GSM-7", False, False, "This lake keeps no texts."),
        (None, "GSM-7", True, True, "This lake keeps no texts."),
        ("", "GSM-7", False, False, "The text was redacted."),
        ("", "UCS-2", True, True, "The text was redacted."),
        ("", None, False, False, "No text: a location, contact, reaction or the like."),
        (None, None, False, False, "No text: a location, contact, reaction or the like."),
        ("", None, False, True, "No text: the message is empty, or was redacted at Twilio."),
        ("", None, True, False, "No text: the message is empty, or was redacted at Twilio."),
        (None, None, False, True, "This lake keeps no texts."),
    ],
)
def test_why_there_is_no_text(
    body: str | None, encoding: str | None, is_outbound: bool, is_sms: bool, begins: str
) -> None:
    words = no_text_words(body, encoding, is_outbound=is_outbound, is_sms=is_sms)
    assert words.startswith(begins)
    assert bool(words) == bool(begins)


def test_attachments_that_are_not_listed() -> None:
    assert unlisted_words(0, True) == ""
    assert unlisted_words(1, False) == "1 attachment that Twilio has not listed yet; the next syncs ask again"
    assert (
        unlisted_words(2, True) == "2 attachments that Twilio does not list: deleted there, or never stored"
    )


_NAMES = st.sampled_from(
    ["Latitude", "Longitude", "Label", "Address", "ButtonText", "ButtonPayload", "ListTitle", "ListId",
     "MessageType", "ReferralHeadline", "ReferralBody", "ReferralSourceUrl", "ReferralSourceId"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(_NAMES, _VALUES))
def test_a_stranger_gets_one_printable_line_of_limited_length(fields: dict[str, Any]) -> None:
    words = content_words(fields)
    assert all(sign.isprintable() for sign in words)
    assert len(words) <= 5 * (LONGEST_VALUE + 40)

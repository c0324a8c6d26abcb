"""What each mode leaves of a row, and that a hash means one person for ever."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tests.messages import CONTACT, SENDER, payload
from workbench.errors import ConfigError
from workbench.messaging.message import MessageRow, message_row
from workbench.messaging.privacy import Privacy, PrivacyMode, privacy_mode

KEY = bytes(range(32))
BODY = "It’s Ada, call +14155550199"


def row(**changes: Any) -> MessageRow:
    return message_row(payload(body=BODY, **changes))


def inbound(body: str = BODY) -> MessageRow:
    sides: dict[str, Any] = {"from": CONTACT, "to": SENDER}
    return message_row(payload(direction="inbound", status="received", body=body, **sides))


def changed(before: MessageRow, after: MessageRow) -> set[str]:
    return {name for name in before._fields if getattr(before, name) != getattr(after, name)}


def test_full_keeps_everything() -> None:
    assert Privacy().apply(row()) == row()


def test_no_body_drops_the_body_only() -> None:
    after = Privacy(PrivacyMode.NO_BODY).apply(row())
    assert changed(row(), after) == {"body"}
    assert after.body is None


@pytest.mark.parametrize("mode", [PrivacyMode.MASKED, PrivacyMode.HASHED])
def test_a_hidden_contact_goes_from_its_own_side_only(mode: PrivacyMode) -> None:
    privacy = Privacy(mode, KEY)
    out, back = privacy.apply(row()), privacy.apply(inbound())
    assert changed(row(), out) == {"body", "contact", "to_address", "conversation_id"}
    assert changed(inbound(), back) == {"body", "contact", "from_address", "conversation_id"}
    assert (out.sender, out.from_address, back.sender, back.to_address) == (SENDER,) * 4
    assert out.contact == out.to_address == back.contact == back.from_address
    assert out.conversation_id == back.conversation_id
    assert (out.country, out.encoding, out.segments) == ("US", "UCS-2", 1)


def test_a_masked_contact_is_shown_as_on_the_pages() -> None:
    assert Privacy(PrivacyMode.MASKED, KEY).apply(row()).contact == "+1415***0123"


def test_public_senders_stay_readable_when_masked_and_not_when_hashed() -> None:
    masked, hashed = Privacy(PrivacyMode.MASKED, KEY), Privacy(PrivacyMode.HASHED, KEY)
    assert masked.contact("262966") == "262966"
    assert hashed.contact("262966") != "262966"
    assert (hashed.contact("262966") or "").startswith("anon-")


def test_a_hash_is_one_person_on_every_channel_and_depends_on_the_key() -> None:
    privacy, other = Privacy(PrivacyMode.HASHED, KEY), Privacy(PrivacyMode.HASHED, KEY[::-1])
    # Must never change: it would part every stored contact from their new messages.
    assert privacy.contact(CONTACT) == "anon-4a3a7d54eb57283e35c25f80f2c8818a"
    assert privacy.contact(f"whatsapp:{CONTACT}") == f"whatsapp:{privacy.contact(CONTACT)}"
    assert privacy.contact(CONTACT) != privacy.contact("+14155550124")
    assert privacy.contact(CONTACT) != other.contact(CONTACT)


def test_masked_and_hashed_tell_the_same_conversations_apart() -> None:
    masked, hashed = Privacy(PrivacyMode.MASKED, KEY), Privacy(PrivacyMode.HASHED, KEY)
    # Both show as +1415***0123.
    first, second = "+14155550123", "+14159990123"
    assert masked.contact(first) == masked.contact(second)
    assert masked.conversation_id(SENDER, first) != masked.conversation_id(SENDER, second)
    assert masked.conversation_id(SENDER, first) == hashed.conversation_id(SENDER, first)


def test_a_conversation_cannot_be_found_by_trying_numbers_without_the_key() -> None:
    plain = row().conversation_id
    assert Privacy(PrivacyMode.MASKED, KEY).apply(row()).conversation_id != plain
    assert Privacy(PrivacyMode.NO_BODY).apply(row()).conversation_id == plain


@pytest.mark.parametrize("mode", list(PrivacyMode))
def test_a_stop_is_known_without_its_body(mode: PrivacyMode) -> None:
    assert Privacy(mode, KEY).apply(inbound(" stop ")).keyword == "opt-out"


def test_a_message_that_has_no_sender_yet_joins_by_its_service() -> None:
    service = "MG" + "1" * 32
    early = row(messaging_service_sid=service, status="accepted", **{"from": None})
    privacy = Privacy(PrivacyMode.HASHED, KEY)
    assert privacy.apply(early).conversation_id == privacy.conversation_id(service, CONTACT)
    assert privacy.apply(early).from_address is None


def test_a_message_without_a_contact_stays_without() -> None:
    after = Privacy(PrivacyMode.HASHED, KEY).apply(row(to=None))
    assert (after.contact, after.to_address, after.conversation_id) == (None, None, None)


def test_names_of_modes() -> None:
    assert privacy_mode("hashed") is PrivacyMode.HASHED
    with pytest.raises(ConfigError, match=r"'hash'.*full, no_body, masked, hashed"):
        privacy_mode("hash")


@pytest.mark.parametrize("key", [None, b"", b"short", bytes(65)])
def test_a_key_is_needed_and_has_a_length(key: bytes | None) -> None:
    with pytest.raises(ConfigError, match="16 to 64 bytes"):
        Privacy(PrivacyMode.MASKED, key)


def test_the_key_shows_nowhere() -> None:
    privacy = Privacy(PrivacyMode.HASHED, KEY)
    assert KEY.hex() not in repr(privacy)
    assert repr(KEY) not in repr(privacy)
    assert privacy.key_check is not None
    assert privacy.key_check not in KEY.hex()
    assert Privacy().key_check is None
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(privacy)

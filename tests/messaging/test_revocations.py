"""The phrases of the list, as people write them, and what is none."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messages import CONTACT, SENDER, payload
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.messaging.revocations import _load, find_revocation, plain_words

PHRASES = [
    revocation
    for phrases in (
        _load().whole.values(),
        (entry[1] for group in _load().within.values() for entry in group),
    )
    for revocation in phrases
]


@pytest.mark.parametrize(
    ("body", "phrase", "language"),
    [
        ("please stop texting me", "stop texting me", "en"),
        ("STOP.", "stop", "en"),
        ("Stop, please!!!", "stop please", "en"),
        ("take me off your list", "take me off", "en"),
        ("Wrong number, sorry", "wrong number", "en"),
        ("I don’t want these anymore", "don't want these", "en"),
        ("No, stop texting me", "stop texting me", "en"),
        ("LEAVE ME ALONE", "leave me alone", "en"),
        ("no mas", "no más", "es"),
        ("Ya NO   quiero sus ofertas", "ya no quiero", "es"),
        ("Dejen de mandarme mensajes, por favor", "dejen de mandarme", "es"),
        ("déjenme en paz", "déjenme en paz", "es"),
        ("arrêtez de m’envoyer des messages", "arrêtez de m'envoyer", "fr"),
        ("Bitte keine Nachrichten mehr", "keine nachrichten mehr", "de"),
    ],
)
def test_a_wish_in_words_of_ones_own(body: str, phrase: str, language: str) -> None:
    assert find_revocation(body) == (phrase, language)


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "   ",
        "🎉",
        "Yes please",
        "Please don't stop texting me",
        "do not ever stop texting me the offers",
        "nunca dejen de mandarme ofertas",
        "the bus stop on Mill Lane",
        "nonstop texting",
        "Can I cancel my appointment?",
        "cancel order 12345",
        "stopped by yesterday",
        "The end of the street",
        "para mañana a las 8",
    ],
)
def test_what_is_no_wish_to_be_left_alone(body: str | None) -> None:
    assert find_revocation(body) is None


@given(
    st.sampled_from(PHRASES), st.sampled_from(["NFC", "NFD"]), st.sampled_from([str.upper, str.title, str])
)
def test_case_accents_and_punctuation_do_not_matter(revocation: object, form: str, write: object) -> None:
    phrase = str(getattr(revocation, "phrase", ""))
    text = unicodedata.normalize(form, write(phrase))  # type: ignore[operator, arg-type]
    for body in (text, f"  {text}!! ", plain_words(text)):
        assert find_revocation(body) is not None, body


@given(st.text(max_size=400))
def test_any_text_can_be_read(body: str) -> None:
    revocation = find_revocation(body)
    assert revocation is None or revocation in PHRASES


def test_a_hostile_text_is_read_in_no_time() -> None:
    began = time.perf_counter()
    for body in ("stop " * 320, "no " * 530, "\u0301" * 1600, "'" * 1600, "a" * 1_000_000):
        find_revocation(body)
    assert time.perf_counter() - began < 1


def inbound(body: str, **changes: object) -> dict[str, object]:
    return payload(
        1,
        **{
            "direction": "inbound",
            "status": "received",
            "from": CONTACT,
            "to": SENDER,
            "body": body,
            **changes,
        },
    )


def test_a_keyword_is_answered_already_and_no_candidate() -> None:
    row = message_row(inbound("STOP"))
    assert (row.keyword, row.revocation) == ("opt-out", None)


def test_a_word_that_a_toll_free_number_does_not_know_is_a_candidate() -> None:
    row = message_row(inbound("UNSUBSCRIBE", to="+18335550108"))
    assert (row.keyword, row.revocation, row.revocation_language) == (None, "unsubscribe", "en")


def test_our_own_words_are_none() -> None:
    assert message_row(payload(1, body="Reply STOP to opt out, or leave me alone")).revocation is None


@pytest.mark.parametrize("mode", PrivacyMode)
def test_the_phrase_survives_where_bodies_may_not_be_kept(mode: PrivacyMode) -> None:
    privacy = Privacy(mode, b"k" * 32 if mode.needs_key else None)
    row = privacy.apply(message_row(inbound("please stop texting me, it's Ana")))
    assert (row.revocation, row.revocation_language) == ("stop texting me", "en")
    assert row.body is None or mode is PrivacyMode.FULL

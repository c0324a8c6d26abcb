"""The key of a message: the same for the same, another for anything else; and nothing private in a repr."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from workbench.sending.outgoing import Outgoing, fingerprint, intent_key

messages = st.builds(
    Outgoing,
    to=st.sampled_from(["+14155550123", "+14155550124", "whatsapp:+14155550123"]),
    body=st.text(max_size=4),
    media=st.lists(st.sampled_from(["https://a/1", "https://a/2"]), max_size=2).map(tuple),
    batch=st.sampled_from(["send", "b"]),
)


@given(first=messages, second=messages)
def test_equal_keys_mean_equal_messages(first: Outgoing, second: Outgoing) -> None:
    assert (intent_key(first) == intent_key(second)) == (first == second)


def test_fields_that_run_into_each_other_are_told_apart() -> None:
    assert intent_key(Outgoing("+1", "ab", batch="c")) != intent_key(Outgoing("+1", "a", batch="bc"))


def test_sender_and_time_make_no_second_message() -> None:
    first = Outgoing("+14155550123", "Hello", sender="+12065550101")
    moved = replace(first, sender="+14155550104", send_at=datetime.now(UTC), validity_seconds=60)
    assert intent_key(first) == intent_key(moved)


def test_a_lake_with_a_key_has_hashes_of_its_own() -> None:
    message = Outgoing("+14155550123", "Hello")
    assert intent_key(message, b"k" * 16) != intent_key(message)
    assert fingerprint("Hello", b"k" * 16) != fingerprint("Hello")


def test_a_repr_shows_neither_number_nor_text() -> None:
    shown = repr(
        Outgoing("+14155550123", "my secret", media=("https://a/private.png",), content_variables="{}")
    )
    assert not any(word in shown for word in ("4155550123", "secret", "private"))

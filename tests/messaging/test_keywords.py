"""Which inbound texts Twilio acts on; people who ask in other words are found elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.messaging.keywords import keyword


@pytest.mark.parametrize(
    ("body", "on_long_code", "on_toll_free"),
    [
        ("STOP", "opt-out", "opt-out"),
        ("stop", "opt-out", "opt-out"),
        ("  Stop \r\n", "opt-out", "opt-out"),
        ("UNSUBSCRIBE", "opt-out", None),
        ("end", "opt-out", None),
        ("Quit", "opt-out", None),
        ("STOPALL", "opt-out", None),
        ("revoke", "opt-out", None),
        ("OptOut", "opt-out", None),
        ("cancel", "opt-out", None),
        ("START", "opt-in", "opt-in"),
        ("unstop", "opt-in", "opt-in"),
        ("YES", "opt-in", None),
        ("yes", "opt-in", None),
        ("HELP", "help", "help"),
        ("info", "help", "help"),
        ("Stop please", None, None),
        ("please stop", None, None),
        ("STOP.", None, None),
        ("STOP!", None, None),
        ("opt out", None, None),
        ("opt-out", None, None),
        ("stop all", None, None),
        ("stopping", None, None),
        ("no", None, None),
        ("ſtop", None, None),
        ("ＳＴＯＰ", None, None),
        ("unsubscrıbe", None, None),
        ("", None, None),
        ("   ", None, None),
        (None, None, None),
    ],
)
def test_keyword(body: str | None, on_long_code: str | None, on_toll_free: str | None) -> None:
    assert keyword(body) == on_long_code
    assert keyword(body, toll_free=True) == on_toll_free


@given(st.sampled_from(["stop", "start", "help"]), st.text(alphabet=" \t\r\n", max_size=5), st.data())
def test_case_and_surrounding_space_do_not_matter(word: str, space: str, data: st.DataObject) -> None:
    mixed = "".join(data.draw(st.sampled_from([letter, letter.upper()])) for letter in word)
    assert keyword(space + mixed + space) == {"stop": "opt-out", "start": "opt-in", "help": "help"}[word]


@given(st.text(min_size=12))
def test_a_longer_text_is_never_a_keyword(body: str) -> None:
    if len(body.strip()) >= 12:
        assert keyword(body) is None

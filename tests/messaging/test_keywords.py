"""Which inbound texts Twilio acts on; people who ask in other words are found elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messages import payload
from workbench.messaging.keywords import keyword, own_keywords
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode


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


#: What an account with French, Spanish, German, Swedish, Portuguese, Turkish, Arabic and Hindi words has set.
ACCOUNTS_WORDS = own_keywords(
    opt_out=["ARRET", "BAJA", "alto", "STOPP", "PARAR", "İPTAL", "قف", "रोकें", "no mas", "stop"],
    opt_in=["REPRISE", "volver"],
    help_=["AIDE", "ayuda"],
)


@pytest.mark.parametrize(
    ("body", "on_others", "on_toll_free"),
    [
        ("ARRET", "opt-out", "opt-out"),
        ("Arrêt", "opt-out", "opt-out"),
        ("arrêt", "opt-out", "opt-out"),
        (" baja\r\n", "opt-out", "opt-out"),
        ("ALTO", "opt-out", "opt-out"),
        ("Stopp", "opt-out", "opt-out"),
        ("parar", "opt-out", "opt-out"),
        ("iptal", "opt-out", "opt-out"),
        ("İptal", "opt-out", "opt-out"),
        ("قف", "opt-out", "opt-out"),
        ("\u200fقف\u200f", "opt-out", "opt-out"),
        ("रोकें", "opt-out", "opt-out"),
        ("रोक", None, None),
        ("NO  más", "opt-out", "opt-out"),
        ("reprise", "opt-in", None),
        ("VOLVER", "opt-in", None),
        ("aide", "help", "help"),
        ("AYUDA", "help", "help"),
        ("baja por favor", None, None),
        ("BAJA.", "opt-out", "opt-out"),
        ("¡Baja!", "opt-out", "opt-out"),
        ("«arrêt» 👍\ufe0f", "opt-out", "opt-out"),
        ("रोकें।", "opt-out", "opt-out"),
        ("STOP.", None, None),
        ("...", None, None),
        ("nobaja", None, None),
        # Twilio's own words keep Twilio's rule, also where the account lists them.
        ("STOP", "opt-out", "opt-out"),
        ("cancel", "opt-out", None),
        ("STÖP", None, None),
        ("YES", "opt-in", None),
        ("help", "help", "help"),
    ],
)
def test_the_accounts_own_words(body: str, on_others: str | None, on_toll_free: str | None) -> None:
    assert keyword(body, own=ACCOUNTS_WORDS) == on_others
    assert keyword(body, toll_free=True, own=ACCOUNTS_WORDS) == on_toll_free
    assert keyword(body) in (None, on_others)


@pytest.mark.parametrize(
    ("our_side", "contact", "stop", "arret", "cancel", "reprise"),
    [
        ("+12025550110", "+14155550123", "opt-out", "opt-out", "opt-out", "opt-in"),
        ("12345", "+14155550123", "opt-out", "opt-out", "opt-out", "opt-in"),
        ("+18005550110", "+14155550123", "opt-out", "opt-out", None, None),
        ("whatsapp:+12025550110", "whatsapp:+33612345678", "opt-out", "opt-out", "opt-out", "opt-in"),
        ("+33644600000", "+33612345678", "opt-out", "opt-out", "opt-out", "opt-in"),
    ],
)
def test_every_kind_of_sender_hears_them(
    our_side: str, contact: str, stop: str, arret: str, cancel: str | None, reprise: str | None
) -> None:
    heard = []
    for body in ("STOP", "¡Arrêt! 👍", "CANCEL", " reprise. "):
        row = message_row(payload(1, direction="inbound", **{"from": contact}, to=our_side, body=body))
        heard.append(Privacy(own_keywords=ACCOUNTS_WORDS).apply(row).keyword)
    assert heard == [stop, arret, cancel, reprise]


@pytest.mark.parametrize("mode", ["full", "no_body", "masked", "hashed"])
def test_an_own_word_is_heard_before_a_privacy_mode_removes_the_text(mode: str) -> None:
    privacy = Privacy(PrivacyMode(mode), b"k" * 32, ACCOUNTS_WORDS)
    inbound = message_row(payload(direction="inbound", body="Baja"))
    assert inbound.revocation == "baja"
    heard = privacy.apply(inbound)
    assert (heard.keyword, heard.revocation, heard.revocation_language) == ("opt-out", None, None)
    assert privacy.apply(message_row(payload(body="Baja"))).keyword is None


def test_a_word_with_two_meanings_is_an_opt_out() -> None:
    assert keyword("fin", own=own_keywords(["FIN"], ["fin"], ["Fin"])) == "opt-out"


@given(st.text(max_size=60))
def test_an_own_word_is_found_in_any_case_and_without_words_nothing_changes(body: str) -> None:
    own = own_keywords([body])
    assert keyword(body, own=own_keywords()) == keyword(body)
    if own and len(body) <= 40:
        assert keyword(body, own=own) == "opt-out"
        assert keyword(f"  {body} ", toll_free=True, own=own) == "opt-out"

"""One person under every spelling: literals from number plans, and libphonenumber where it knows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.lake import Lake, open_lake
from workbench.messaging.person import address_spellings, channel_family, person_of, respelled, spellings
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.settings import load_settings

SPELLINGS = [
    # Mexico: WhatsApp's 1, and the prefixes of calls to mobiles until 2019.
    (
        "+525512345678",
        ["+5215512345678", "+5204455" + "12345678", "+5204555" + "12345678", "+52015512345678"],
    ),
    ("+526641234567", ["+5216641234567"]),
    # Argentina: the 9 of calls from abroad, the 15 of calls at home; areas of two, three and four digits.
    ("+541123456789", ["+5491123456789", "+54111523456789"]),
    ("+543514567890", ["+5493514567890", "+54351154567890"]),
    ("+542966123456", ["+5492966123456", "+54296615123456"]),
    # Brazil: the ninth digit came between 2012 and 2016.
    ("+5541988887777", ["+554188887777"]),
    ("+5511961234567", ["+551161234567"]),
    # Benin since November 2024, Côte d'Ivoire since January 2021.
    ("+2290197123456", ["+22997123456"]),
    ("+2250708090910", ["+22508090910"]),
    ("+2250544121314", ["+22544121314"]),
    ("+2250101020304", ["+22501020304"]),
]
DIFFERENT = [
    "+14155550123",
    "+551133334444",  # a Brazilian landline has eight digits and no ninth
    "+5511933334444",
    "+5511988887777",
    "+525512345678",
    "+52155123456",  # too short to be a mobile with its 1
    "+22921123456"[:11],
    "+4915123456789",
    "+447911123456",
    "+12425550123",
    "62015",
    "ACME",
]


@pytest.fixture(scope="module")
def macros(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home: Path = tmp_path_factory.mktemp("macros")
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        yield lake


@pytest.mark.parametrize(("person", "others"), SPELLINGS)
def test_every_spelling_is_the_person_on_every_channel(person: str, others: list[str]) -> None:
    for channel in ("", "whatsapp:", "rcs:", "messenger:"):
        assert [person_of(channel + number) for number in [person, *others]] == [person] * (len(others) + 1)
    assert set(others) <= set(spellings(person))
    assert respelled("whatsapp:" + others[0]) == "whatsapp:" + person
    assert "whatsapp:" + person in address_spellings("whatsapp:" + others[0])


@pytest.mark.parametrize("address", DIFFERENT)
def test_what_has_one_spelling_stays_as_it_is(address: str) -> None:
    assert person_of(address) == address


def test_different_people_stay_different() -> None:
    people = {person_of(address) for address in [*DIFFERENT, *(person for person, _ in SPELLINGS)]}
    assert len(people) == len({*DIFFERENT, *(person for person, _ in SPELLINGS)})


def test_what_is_no_number_keeps_its_channel() -> None:
    assert person_of("messenger:1234567890") == "messenger:1234567890"
    assert person_of("rcs:acme_agent") == "rcs:acme_agent"
    assert person_of("whatsapp:anon-00ff") == "anon-00ff"
    assert person_of("whatsapp:+5255***5678") == "+5255***5678"


@given(st.sampled_from(["11", "221", "351", "2966", "3541"]), st.integers(2_000_000, 89_999_999))
def test_argentina_is_as_libphonenumber_reads_it(area: str, number: int) -> None:
    local = str(number)[: 10 - len(area)].ljust(10 - len(area), "4")
    parsed = phonenumbers.parse(f"+54{area}15{local}")
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if written == f"+549{area}{local}":
        assert person_of(f"+54{area}15{local}") == person_of(written) == f"+54{area}{local}"


numbers = st.from_regex(r"\A\+(52|54|55|229|225|1|44|521|549|54(11|221|2966)15|52044)[0-9]{6,11}\Z")
addresses = st.builds(
    str.__add__,
    st.sampled_from(["", "whatsapp:", "rcs:", "messenger:", "WhatsApp:", "sms:"]),
    st.one_of(numbers, st.sampled_from(["62015", "ACME", "anon-00ff", "+5255***5678", "1234567890", ""])),
)


@given(st.lists(addresses, min_size=1, max_size=40))
def test_the_macros_say_the_same(macros: Lake, written: list[str]) -> None:
    by_macro = macros.rows(
        "select person_of(a), channel_family(a) from (select unnest(?::varchar[]) as a)", [written]
    )
    assert by_macro == [(person_of(address), channel_family(address)) for address in written]


@given(numbers)
def test_a_person_is_their_own_person_and_all_spellings_lead_there(number: str) -> None:
    person = person_of(number)
    assert person_of(person) == person
    assert {person_of(spelling) for spelling in spellings(number)} == {person}


@pytest.mark.parametrize("mode", [PrivacyMode.HASHED, PrivacyMode.MASKED])
def test_hidden_spellings_meet_and_the_hash_of_one_spelling_is_what_it_was(mode: PrivacyMode) -> None:
    privacy = Privacy(mode, b"k" * 32)
    forms = {privacy.contact(address) for address in ("+525512345678", "+5215512345678")}
    assert len(forms) == 1
    assert privacy.contact("whatsapp:+5215512345678") == f"whatsapp:{forms.pop()}"
    ids = {privacy.conversation_id("+1", contact) for contact in ("+525512345678", "+5215512345678")}
    assert len(ids) == 1
    if mode is PrivacyMode.HASHED:
        # Made by the version before this one.
        assert privacy.contact("+14155550123") == "anon-021e2d6b995f0f47bc6f440aa45a5ff2"
        assert "anon-888aabb500faa7035a6af2291d38b072" in privacy.contact_forms("+525512345678")

"""Quiet hours against an independent reading of the sources, over every state, DST days and odd zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import geocoder, timezone

from workbench.errors import ConfigError, UsageError
from workbench.messaging.geography import all_states, area_states, area_zones, postal_code_states
from workbench.messaging.quiet_hours import QuietHoursVerdict, check_quiet_hours, load_rules

RULES = load_rules()

# Hours in which sending is allowed, from Monday to Saturday and on Sunday, typed from the sources.
FEDERAL = ((8, 21), (8, 21))
UNTIL_EIGHT = ((8, 20), (8, 20))
NINE_TO_EIGHT = ((9, 20), (9, 20))
HOURS = {
    "AL": UNTIL_EIGHT,
    "CT": NINE_TO_EIGHT,
    "FL": UNTIL_EIGHT,
    "LA": UNTIL_EIGHT,
    "MD": UNTIL_EIGHT,
    "MS": UNTIL_EIGHT,
    "NV": NINE_TO_EIGHT,
    "OK": UNTIL_EIGHT,
    "TN": UNTIL_EIGHT,
    "TX": ((9, 21), (12, 21)),
    "WA": UNTIL_EIGHT,
}
# One area code and one ZIP code of each state, with the zones in which people there live, typed by hand.
STATES = {
    "AK": (907, "99501", ("America/Anchorage", "America/Adak")),
    "AL": (205, "35203", ("America/Chicago",)),
    "AR": (501, "72201", ("America/Chicago",)),
    "AZ": (602, "85003", ("America/Phoenix",)),
    "CA": (415, "94103", ("America/Los_Angeles",)),
    "CO": (303, "80202", ("America/Denver",)),
    "CT": (860, "06103", ("America/New_York",)),
    "DC": (202, "20001", ("America/New_York",)),
    "DE": (302, "19801", ("America/New_York",)),
    "FL": (305, "33101", ("America/New_York",)),
    "GA": (404, "30303", ("America/New_York",)),
    "HI": (808, "96813", ("Pacific/Honolulu",)),
    "IA": (515, "50309", ("America/Chicago",)),
    "ID": (208, "83702", ("America/Boise", "America/Los_Angeles")),
    "IL": (312, "60601", ("America/Chicago",)),
    "IN": (317, "46204", ("America/Indiana/Indianapolis",)),
    "KS": (316, "67202", ("America/Chicago",)),
    "KY": (502, "40202", ("America/Kentucky/Louisville",)),
    "LA": (504, "70112", ("America/Chicago",)),
    "MA": (617, "02108", ("America/New_York",)),
    "MD": (410, "21202", ("America/New_York",)),
    "ME": (207, "04101", ("America/New_York",)),
    "MI": (313, "48226", ("America/Detroit",)),
    "MN": (612, "55401", ("America/Chicago",)),
    "MO": (314, "63101", ("America/Chicago",)),
    "MS": (601, "39201", ("America/Chicago",)),
    "MT": (406, "59101", ("America/Denver",)),
    "NC": (704, "28202", ("America/New_York",)),
    "ND": (701, "58102", ("America/Chicago", "America/Denver")),
    "NE": (402, "68102", ("America/Chicago",)),
    "NH": (603, "03101", ("America/New_York",)),
    "NJ": (201, "07302", ("America/New_York",)),
    "NM": (505, "87102", ("America/Denver",)),
    "NV": (702, "89101", ("America/Los_Angeles",)),
    "NY": (212, "10001", ("America/New_York",)),
    "OH": (614, "43215", ("America/New_York",)),
    "OK": (405, "73102", ("America/Chicago",)),
    "OR": (503, "97201", ("America/Los_Angeles",)),
    "PA": (215, "19102", ("America/New_York",)),
    "RI": (401, "02903", ("America/New_York",)),
    "SC": (803, "29201", ("America/New_York",)),
    "SD": (605, "57104", ("America/Chicago", "America/Denver")),
    "TN": (901, "38103", ("America/Chicago",)),
    "TX": (512, "78701", ("America/Chicago",)),
    "UT": (801, "84101", ("America/Denver",)),
    "VA": (703, "22202", ("America/New_York",)),
    "VT": (802, "05401", ("America/New_York",)),
    "WA": (206, "98101", ("America/Los_Angeles",)),
    "WI": (414, "53202", ("America/Chicago",)),
    "WV": (304, "25301", ("America/New_York",)),
    "WY": (307, "82001", ("America/Denver",)),
}

MONDAY = date(2026, 6, 15)
SUNDAY = date(2026, 6, 14)


def quiet(address: str, at: datetime, **known: str) -> QuietHoursVerdict:
    return check_quiet_hours(address, at, rules=RULES, **known)


def local(zone: str, day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))


def is_quiet_in(state: str, zones: tuple[str, ...], at: datetime) -> bool:
    """The sources, read once more: quiet if it is quiet in any of the zones."""
    return any(_is_quiet_by_clock(state, at.astimezone(ZoneInfo(zone))) for zone in zones)


def _is_quiet_by_clock(state: str, clock: datetime) -> bool:
    opens, closes = HOURS.get(state, FEDERAL)[clock.weekday() == 6]
    return not opens <= clock.hour < closes


def test_every_state_is_known() -> None:
    assert set(STATES) == set(all_states())
    assert len(STATES) == 51


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("day", [MONDAY, SUNDAY])
def test_every_hour_in_every_state(state: str, day: date) -> None:
    area, _, zones = STATES[state]
    for hour in range(24):
        at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        for moment in (at - timedelta(seconds=1), at, at + timedelta(minutes=59)):
            verdict = quiet(f"+1{area}5550123", moment)
            if is_quiet_in(state, zones, moment):
                assert verdict.is_quiet, (state, moment)
            elif len({moment.astimezone(ZoneInfo(zone)).utcoffset() for zone in verdict.zones}) == 1:
                assert not verdict.is_quiet, (state, moment)


@pytest.mark.parametrize("state", STATES)
def test_a_zip_code_tells_the_state_whatever_the_area_code_is(state: str) -> None:
    _, zip_code, zones = STATES[state]
    assert state in postal_code_states(zip_code)
    for hour in range(24):
        at = datetime(2026, 6, 14, hour, 30, tzinfo=UTC)
        verdict = quiet("+14155550123", at, postal_code=zip_code)
        assert verdict.zone_source == "postal code"
        if is_quiet_in(state, zones, at):
            assert verdict.is_quiet


@pytest.mark.parametrize("state", STATES)
def test_the_edges_of_the_day_at_a_known_zone_and_zip_code(state: str) -> None:
    _, zip_code, zones = STATES[state]
    for day, (opens, closes) in zip((MONDAY, SUNDAY), HOURS.get(state, FEDERAL), strict=True):
        edges = {
            local(zones[0], day, opens) - timedelta(seconds=1): True,
            local(zones[0], day, opens): False,
            local(zones[0], day, closes) - timedelta(seconds=1): False,
            local(zones[0], day, closes): True,
        }
        is_quiet_at = {
            at: quiet("+14155550123", at, timezone=zones[0], postal_code=zip_code).is_quiet for at in edges
        }
        assert is_quiet_at == edges


def test_area_codes_agree_with_the_geographic_data() -> None:
    for area in range(201, 1000):
        number = phonenumbers.parse(f"+1{area}5550123")
        described = geocoder.description_for_number(number, "en")
        states = area_states(f"+1{area}5550123")
        if described[-4:-2] == ", " and phonenumbers.region_code_for_number(number) == "US":
            assert states == {described[-2:]}, area
        if states:
            exchange = timezone.time_zones_for_geographical_number(number)
            assert set(exchange) <= set(area_zones(f"+1{area}5550123")[0]), area


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # 8 March 2026: 02:00 EST becomes 03:00 EDT, so 08:00 is 12:00 UTC, the day before it is 13:00 UTC.
        (datetime(2026, 3, 7, 12, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 7, 13, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 8, 11, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 8, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 0, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 9, 1, 0, tzinfo=UTC), True),
        # 1 November 2026: back to EST.
        (datetime(2026, 11, 1, 0, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 12, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 1, 13, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 2, 1, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 2, 2, 0, tzinfo=UTC), True),
    ],
)
def test_days_on_which_the_clocks_change(at: datetime, expected: bool) -> None:
    assert quiet("+12125550123", at).is_quiet is expected


@pytest.mark.parametrize(
    ("address", "known", "opens"),
    [
        ("+919812345678", {}, datetime(2026, 6, 15, 2, 30, tzinfo=UTC)),  # India, 5:30
        ("+9779812345678", {}, datetime(2026, 6, 15, 2, 15, tzinfo=UTC)),  # Nepal, 5:45
        # Newfoundland, -2:30 in summer.
        ("+17095550123", {"timezone": "America/St_Johns"}, datetime(2026, 6, 15, 10, 30, tzinfo=UTC)),
        ("+61412345678", {"timezone": "Australia/Adelaide"}, datetime(2026, 6, 14, 22, 30, tzinfo=UTC)),
        # Half an hour of daylight saving: 10:30 in winter, 11:00 in summer.
        ("+61412345678", {"timezone": "Australia/Lord_Howe"}, datetime(2026, 6, 14, 21, 30, tzinfo=UTC)),
        ("+61412345678", {"timezone": "Australia/Lord_Howe"}, datetime(2026, 12, 14, 21, 0, tzinfo=UTC)),
    ],
)
def test_zones_off_the_whole_hour(address: str, known: dict[str, str], opens: datetime) -> None:
    before = quiet(address, opens - timedelta(seconds=1), **known)
    assert before.is_quiet
    assert before.allowed_again_at == opens
    assert not quiet(address, opens, **known).is_quiet


def test_sunday_in_texas() -> None:
    at = local("America/Chicago", SUNDAY, 11, 59)
    verdict = quiet("+15125550123", at)
    assert verdict.is_quiet
    assert verdict.rule.startswith("US-TX: send 09:00-21:00, sunday 12:00-21:00")
    assert verdict.allowed_again_at == local("America/Chicago", SUNDAY, 12)
    assert not quiet("+15125550123", local("America/Chicago", SUNDAY, 12)).is_quiet
    # The same moment is Sunday noon in California, where Sundays are days as any other.
    assert not quiet("+14155550123", at).is_quiet


@pytest.mark.parametrize(
    ("day", "next_day"),
    [
        (date(2026, 6, 14), date(2026, 6, 15)),  # a Sunday
        (date(2026, 7, 14), date(2026, 7, 15)),
        (date(2026, 4, 6), date(2026, 4, 7)),  # Easter Monday
        (date(2026, 5, 14), date(2026, 5, 15)),  # Ascension
        (date(2026, 12, 25), date(2026, 12, 26)),
    ],
)
def test_sundays_and_holidays_in_france(day: date, next_day: date) -> None:
    verdict = quiet("+33612345678", local("Europe/Paris", day, 12))
    assert verdict.is_quiet
    assert verdict.allowed_again_at == local("Europe/Paris", next_day, 8)


@pytest.mark.parametrize(
    ("address", "known", "source", "zones"),
    [
        (
            "+12125550123",
            {"timezone": "America/Denver", "postal_code": "60601"},
            "contact",
            ("America/Denver",),
        ),
        ("+12125550123", {"postal_code": "60601"}, "postal code", ("America/Chicago",)),
        ("+12125550123", {"postal_code": "60601-1234"}, "postal code", ("America/Chicago",)),
        ("+12125550123", {"postal_code": "SW1A 1AA"}, "area code", ("America/New_York",)),
        ("+12125550123", {"postal_code": "09012"}, "area code", ("America/New_York",)),  # military
        ("whatsapp:+12125550123", {}, "area code", ("America/New_York",)),
        ("+1212555XXXX", {}, "area code", ("America/New_York",)),
        ("+33612345678", {"postal_code": "75001"}, "country", ("Europe/Paris",)),
        ("+5511912345678", {}, "area code", ("America/Sao_Paulo",)),
        ("ACME", {}, "unknown", ()),
        ("12345", {}, "unknown", ()),
        ("messenger:1234567890", {}, "unknown", ()),
    ],
)
def test_what_the_zone_follows_from(
    address: str, known: dict[str, str], source: str, zones: tuple[str, ...]
) -> None:
    verdict = quiet(address, datetime(2026, 6, 15, 12, tzinfo=UTC), **known)
    assert (verdict.zone_source, verdict.zones) == (source, zones)
    assert len(verdict.local_times) == len(zones)


def test_somebody_who_may_be_anywhere_is_always_in_quiet_hours() -> None:
    for hour in range(24):
        verdict = quiet("ACME", datetime(2026, 6, 15, hour, tzinfo=UTC))
        assert (verdict.is_quiet, verdict.allowed_again_at) == (True, None)


def test_a_toll_free_number_takes_the_strictest_of_every_state() -> None:
    # Noon in New York is 06:00 in Hawaii, and a Sunday morning in Texas.
    assert quiet("+18005550123", local("America/New_York", MONDAY, 12)).is_quiet
    # 20:30 in New York: allowed by federal law, not in Florida.
    evening = quiet("+18005550123", local("America/New_York", MONDAY, 20, 30))
    assert evening.is_quiet
    # Daytime from Hawaii and Guam to Newfoundland: 18:00 to 19:30 in New York.
    assert evening.allowed_again_at == local("America/New_York", date(2026, 6, 16), 18)


def test_a_known_zone_that_does_not_fit_the_area_code_opens_the_state() -> None:
    # A Texan number on New York's clock: perhaps in Florida, where the day ends at 20:00.
    verdict = quiet("+15125550123", local("America/New_York", MONDAY, 20, 30), timezone="America/New_York")
    assert verdict.is_quiet
    # On its own clock the number stays Texan, where the day ends at 21:00.
    home = quiet("+15125550123", local("America/Chicago", MONDAY, 20, 30), timezone="America/Chicago")
    assert not home.is_quiet


def test_a_zip_prefix_of_two_states_takes_both() -> None:
    # 063 is Connecticut and Fishers Island, New York.
    assert quiet("+12125550123", local("America/New_York", MONDAY, 8, 30), postal_code="06320").is_quiet


ADDRESSES = st.sampled_from(
    [f"+1{area}5550123" for area, _, _ in STATES.values()]
    + ["+33612345678", "+919812345678", "+61412345678", "+17095550123", "+18005550123", "+5511912345678"]
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(ADDRESSES, MOMENTS)
@settings(max_examples=60, deadline=None)
def test_the_next_allowed_moment_is_allowed_and_the_first(address: str, at: datetime) -> None:
    verdict = quiet(address, at)
    if not verdict.is_quiet:
        assert verdict.allowed_again_at is None
        return
    again = verdict.allowed_again_at
    assert again is not None
    assert not quiet(address, again).is_quiet
    moment = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0) + timedelta(minutes=15)
    while moment < again:
        assert quiet(address, moment).is_quiet
        moment += timedelta(minutes=15)


@given(ADDRESSES, MOMENTS, st.sampled_from(["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]))
@settings(max_examples=60, deadline=None)
def test_the_answer_does_not_depend_on_the_zone_of_the_question(
    address: str, at: datetime, zone: str
) -> None:
    assert quiet(address, at).is_quiet == quiet(address, at.astimezone(ZoneInfo(zone))).is_quiet


@pytest.mark.parametrize(
    ("known", "at", "message"),
    [
        ({}, datetime(2026, 6, 15, 12), "has no zone"),
        ({"timezone": "Mars/Olympus"}, datetime(2026, 6, 15, 12, tzinfo=UTC), "Olympus' does not exist"),
        ({"timezone": "../etc"}, datetime(2026, 6, 15, 12, tzinfo=UTC), "'../etc' does not exist"),
    ],
)
def test_a_question_that_cannot_be_answered(known: dict[str, str], at: datetime, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        quiet("+12125550123", at, **known)


MINIMAL = 'as_of = 2026-01-01\n[default]\nsend = "08:00-21:00"\n'


def test_an_edited_file_is_used(tmp_path: Path) -> None:
    path = tmp_path / "quiet_hours.toml"
    path.write_text(
        MINIMAL + '[countries.DE]\nsend = "10:00-18:00"\nsaturday = "never"\nsource = "counsel"\n'
    )
    rules = load_rules(path)
    assert (rules.as_of, rules.source) == (date(2026, 1, 1), str(path))
    verdict = check_quiet_hours("+4915112345678", datetime(2026, 6, 13, 10, tzinfo=UTC), rules=rules)
    assert verdict.rule == "DE: send 10:00-18:00, saturday never (counsel)"
    # Saturday is quiet, Sunday keeps the hours of every day.
    assert verdict.allowed_again_at == datetime(2026, 6, 14, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("as_of = 2026-01-01", "default is None"),
        ('[default]\nsend = "08:00-21:00"', "as_of is None"),
        (MINIMAL.replace("21:00", "08:00"), "'08:00-08:00'.*ends after it begins"),
        (MINIMAL.replace("21:00", "24:30"), "'08:00-24:30'"),
        (MINIMAL.replace("08:00-21:00", "8am-9pm"), "send is '8am-9pm'"),
        (MINIMAL + 'sundays = "never"', "'sundays' is unknown"),
        (MINIMAL + 'holiday = "never"', "together or not at all"),
        (MINIMAL + '[countries.DE]\nsend = "08:00-20:00"\nstates = []', "states are known for US only"),
        (MINIMAL + '[countries.US]\nsend = "08:00-20:00"\n[[countries.US.states]]\nof = ["XX"]', "'XX'"),
        (MINIMAL + "[countries]\nDE = 3", "countries.DE is 3"),
        ("as_of = ", "not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "quiet_hours.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_rules(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rules(tmp_path / "none.toml")

"""Values from outside, from a file and from the environment: what is taken, and what is said of the rest."""

from __future__ import annotations

import ipaddress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.settings.homes import load, read, refusal
from workbench.errors import ConfigError
from workbench.settings import Money, ReportSettings, RetentionSettings, Settings
from workbench.settings.declare import InvalidValue, Kind, Setting, all_settings

SID, OTHER, TOKEN = "AC" + "1" * 32, "AC" + "2" * 32, "hunter2"


@pytest.mark.parametrize(
    ("variable", "text", "path", "value"),
    [
        ("WORKBENCH_TIMEZONE", "Asia/Kolkata", "timezone", "Asia/Kolkata"),
        ("WORKBENCH_PRIVACY", "hashed", "privacy.mode", "hashed"),
        ("WORKBENCH_LAKE_DATA", "/srv/files", "lake.data", "/srv/files"),
        ("WORKBENCH_SYNC_SINCE", "2026-01-31", "sync.since", "2026-01-31"),
        ("WORKBENCH_SYNC_LOOKBACK_DAYS", "9", "sync.lookback_days", 9),
        ("WORKBENCH_SYNC_SUBACCOUNTS", "true", "sync.subaccounts", True),
        ("WORKBENCH_ACCESS_SESSION_HOURS", "0.5", "access.session_hours", 0.5),
        ("WORKBENCH_ACCESS_HOSTS", "a.example.com, B.example.com", "access.hosts",
         ("a.example.com", "b.example.com")),
        ("WORKBENCH_ACCESS_TOKEN", "false", "access.token", False),
        ("WORKBENCH_ACCESS_TRUSTED_PROXIES", "10.0.0.0/24", "access.trusted_proxies",
         (ipaddress.IPv4Network("10.0.0.0/24"),)),
        ("WORKBENCH_ACCESS_OAUTH_ISSUER", "https://id.example.com/", "access.oauth.issuer", "https://id.example.com"),
        ("WORKBENCH_SENDING_MAX_SPEND_PER_DAY", "25.50 EUR", "sending.max_spend_per_day",
         Money(Decimal("25.5"), "EUR")),
        ("WORKBENCH_SCHEDULE_SYNC", "off", "schedule.sync", "off"),
        ("WORKBENCH_CONVERSATIONS_BUSINESS_HOURS", "Mon 09:00-17:00,Tue 09:00-12:00",
         "conversations.business_hours", ("Mon 09:00-17:00", "Tue 09:00-12:00")),
        ("WORKBENCH_RETENTION_BODIES", "30", "retention.bodies", 30),
        ("WORKBENCH_SMTP_FROM", "a@example.com", "smtp.sender", "a@example.com"),
    ],
)  # fmt: skip
def test_the_environment_wins_over_the_file_for_every_kind(
    home: Path, variable: str, text: str, path: str, value: Any
) -> None:
    toml = (
        'timezone = "UTC"\n[privacy]\nmode = "masked"\n[lake]\ndata = "/x"\n[sync]\nlookback_days = 5\n'
        'since = 2020-01-01\nsubaccounts = false\n[access]\nsession_hours = 3\nhosts = ["x.example.com"]\n'
        'token = true\ntrusted_proxies = []\noauth = { issuer = "https://x.example.com" }\n'
        '[sending]\nmax_spend_per_day = "1 USD"\n[schedule]\nsync = "9m"\n[retention]\nbodies = 3\n'
        '[smtp]\nfrom = "x@example.com"\n[conversations]\nbusiness_hours = "Sun 09:00-10:00"\n'
    )
    assert at(load(home, toml), path) != value
    assert at(load(home, toml, **{variable: text}), path) == value
    assert at(load(home, toml, **{variable: ""}), path) == at(load(home, toml), path)


def at(settings: Settings, path: str) -> Any:
    value: Any = settings
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("sync = 3", "sync must be a section, written as [sync]."),
        ("mps_limits = 3", "[mps_limits] is 3; write lines such as"),
        ("reports = 3", "reports must be sections, as [reports.monthly-cost]."),
        ("[reports]\nacme = 3", "reports.acme must be a section"),
        ("[sync]\nlookback_days = -1", "lookback_days is -1; write a whole number of days from 0 to 400."),
        ("[sync]\nlookback_days = 3.0", "lookback_days is 3.0"),
        ('[sync]\nlookback_days = "3"', "lookback_days is '3'"),
        ('[sync]\nsince = "31.01.2026"', "since is '31.01.2026'; write a day as 2026-01-31."),
        ("[sync]\nsince = 2026-01-31T00:00:00", "write a day"),
        ('[sync]\nsubaccounts = "true"', "subaccounts is 'true'; write true or false, without quotes."),
        ('[privacy]\nmode = ""', "mode is ''; it can be 'full', 'no_body', 'masked', 'hashed'."),
        ('[privacy]\nmode = "Maskd"', "mode is 'Maskd'; it can be 'full'"),
        ('[privacy]\nmode = ["masked"]', "mode is ['masked']"),
        ("timezone = 5", "timezone is 5, which is no time zone"),
        ('timezone = ""', "timezone is ''"),
        ('public_url = "https://user:hunter2@x.example.com"', "contains a user or a password"),
        ("[access]\nsession_hours = 721", "is 721; write a number of hours above 0, up to 720."),
        ("[access]\nsession_hours = nan", "session_hours is nan"),
        ('[access]\nhosts = ["a/b"]', "[access] hosts has 'a/b'"),
        ('[mps_limits]\n"+12025550110" = 0', "[mps_limits] has '+12025550110' = 0; write a number"),
        ('[mps_limits]\n"+12025550110" = true', "has '+12025550110' = True"),
        ('[mps_limits]\n"+1 202 555 0110" = 1', "has '+1 202 555 0110', which is no sender"),
        ('[daily_caps]\n"+12025550110" = 0.5', "has '+12025550110' = 0.5"),
        ('[schedule]\nsync = "0m"', "sync is '0m'; write how often"),
        ('[webhooks]\nhelp_reply = " "', "help_reply is ' '"),
        (f'[webhooks]\nhelp_reply = "{"x" * 1601}"', "at most 1600 characters"),
        ('[smtp]\nfrom = "nobody"', "from is 'nobody'; write an e-mail address"),
        ("[smtp]\nto = [1]", "to is [1]"),
        ("[retention]\nmessages = 0", "messages is 0"),
        ("[sync]\nmedia_bytes = true\n[privacy]\nmode = 'masked'", "kept only where texts are"),
        ("timezone =", "is not valid TOML"),
    ],
)  # fmt: skip
def test_what_is_not_possible_is_named(home: Path, toml: str, said: str) -> None:
    text = refusal(home, toml + "\n")
    assert said in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        (
            "WORKBENCH_SYNC_LOOKBACK_DAYS",
            "three",
            "WORKBENCH_SYNC_LOOKBACK_DAYS is 'three'; write",
        ),
        ("WORKBENCH_SYNC_SUBACCOUNTS", "yes", "WORKBENCH_SYNC_SUBACCOUNTS is 'yes'; write true or false"),
        ("WORKBENCH_PRIVACY", "mask", "WORKBENCH_PRIVACY is 'mask'; it can be"),
        ("WORKBENCH_ACCESS_ORIGINS", "*", "WORKBENCH_ACCESS_ORIGINS has '*'"),
    ],
)
def test_a_wrong_variable_is_named(home: Path, variable: str, text: str, said: str) -> None:
    assert refusal(home, **{variable: text}).startswith(said)


def test_all_that_is_wrong_is_found_and_the_first_says_how_many(home: Path) -> None:
    toml = "[sync]\nlookback_days = 500\nsubaccounts = 1\n[sending]\nsendr = 1\n"
    assert len(read(home, toml).problems) == 3
    assert "lookback_days is 500" in refusal(home, toml)
    assert refusal(home, toml).endswith("(2 more: `workbench config check` shows all.)")


def test_kinds_of_senders_and_senders_are_taken(home: Path) -> None:
    toml = (
        '[mps_limits]\n"toll-free" = 3\n"short code" = 100\nwhatsapp = 80\n"+12025550110" = 0.5\n'
        '"12345" = 1\n"whatsapp:+12025550110" = 2\nACME = 4\n"ShopCode" = 5\n'
        '[daily_caps]\n"+12025550110" = 2000\n'
    )
    settings = load(home, toml)
    assert settings.mps_limits == {
        "toll-free": 3.0, "short code": 100.0, "whatsapp": 80.0, "+12025550110": 0.5, "12345": 1.0,
        "whatsapp:+12025550110": 2.0, "ACME": 4.0, "ShopCode": 5.0,
    }  # fmt: skip
    assert settings.daily_caps == {"+12025550110": 2000}


def test_the_account_comes_whole_from_one_place(home: Path) -> None:
    files = f'account_sid = "{SID}"\nauth_token = "of-the-file"\nwebhook_key = "k"\nwebhook_secret = "s"\n'
    from_file = load(home, "", files, TWILIO_AUTH_TOKEN=TOKEN)
    assert from_file.credentials.basic_auth == (SID, "of-the-file")
    assert (
        "TWILIO_AUTH_TOKEN in the environment is not used" in read(home, TWILIO_AUTH_TOKEN=TOKEN).notices[0]
    )
    from_environment = load(home, "", files, TWILIO_ACCOUNT_SID=OTHER, TWILIO_AUTH_TOKEN=TOKEN)
    assert from_environment.credentials.basic_auth == (OTHER, TOKEN)
    assert from_environment.credentials.webhook_key is None


def test_a_shared_key_of_the_environment_wins_as_a_pair(home: Path) -> None:
    files = f'account_sid = "{SID}"\nauth_token = "t"\nwebhook_key = "k"\nwebhook_secret = "s"\n'
    both = load(home, "", files, TWILIO_WEBHOOK_KEY="other", TWILIO_WEBHOOK_SECRET="of-the-other")
    assert {name: secret.reveal() for name, secret in both.credentials.webhook_secrets.items()} == {
        "": "t", "other": "of-the-other",
    }  # fmt: skip
    assert "TWILIO_WEBHOOK_SECRET is not set" in refusal(home, "", files, TWILIO_WEBHOOK_KEY="other")
    tokens = load(home, "", files, TWILIO_SUBACCOUNT_TOKENS=f"{OTHER}=x").credentials.subaccount_tokens
    assert [(sid, token.reveal()) for sid, token in tokens.items()] == [(OTHER, "x")]


def test_secrets_of_sections_come_from_the_file_or_the_environment(home: Path) -> None:
    files = 'smtp_password = "p"\noauth_secret = "o"\n'
    settings = load(home, "", files)
    assert settings.smtp.password
    assert settings.access.oauth.client_secret
    assert (settings.smtp.password.reveal(), settings.access.oauth.client_secret.reveal()) == ("p", "o")
    other = load(home, "", files, WORKBENCH_SMTP_PASSWORD="q").smtp.password
    assert other
    assert other.reveal() == "q"
    assert TOKEN not in repr(load(home, WORKBENCH_SMTP_PASSWORD=TOKEN))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("member", list(all_settings(Settings)), ids=lambda member: ".".join(member.place))
@given(value=anything)
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_is_taken_or_refused_in_words(member: Any, value: Any) -> None:
    assert isinstance(member.declared, Setting)
    kind = member.declared.kind
    for raw in (value, kind.from_text(value) if kind.from_text and isinstance(value, str) else value):
        said = refused(kind, raw)
        assert said is None or said.split()[0] in ("is", "has", "contains", "must")


def refused(kind: Kind, raw: Any) -> str | None:
    try:
        kind.parse(raw)
    except InvalidValue as error:
        return str(error)
    return None


def test_a_structure_that_makes_no_sense_cannot_be_made() -> None:
    with pytest.raises(ConfigError, match="a text cannot outlive its message"):
        RetentionSettings(bodies=9, messages=8)
    with pytest.raises(ConfigError, match="what is mailed is the pdf"):
        ReportSettings("acme", "cost", to=("a@example.com",), formats=("html",))

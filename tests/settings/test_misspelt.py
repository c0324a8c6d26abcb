"""A misspelt name is an error wherever it stands: nothing is left at its default by a misspelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.homes import load, read, refusal
from workbench.settings import Settings
from workbench.settings.declare import Entries, Member, Section, Setting, all_settings, members

SID = "AC" + "1" * 32


@pytest.mark.parametrize(
    ("toml", "line", "named"),
    [
        ('[privacy]\nmod = "masked"', 2, "[privacy] has no setting 'mod'. Did you mean 'mode'?"),
        ("[sendng]\nrequire_consent = true", 1, "no section 'sendng'. Did you mean 'sending'?"),
        ("[mps_limit]\ntoll-free = 3", 1, "no section 'mps_limit'. Did you mean 'mps_limits'?"),
        ("[mps_limits]\n\ntol-free = 3", 3, "has 'tol-free', which is no sender; did you mean 'toll-free'?"),
        ("[sync]\nlookback_dayz = 3", 2, "no setting 'lookback_dayz'. Did you mean 'lookback_days'?"),
        ('timezon = "Europe/Berlin"', 1, "no setting 'timezon'. Did you mean 'timezone'?"),
        ('time_zone = "Europe/Berlin"', 1, "no setting 'time_zone'. Did you mean 'timezone'?"),
        ('[Privacy]\nmode = "masked"', 1, "no section 'Privacy'. Did you mean 'privacy'?"),
        ('privacy.mod = "masked"', 1, "[privacy] has no setting 'mod'"),
        ('privacy = { mod = "masked" }', 1, "[privacy] has no setting 'mod'"),
        ('[privacy.mode]\nis = "masked"', 1, "[privacy] mode is {'is': 'masked'}"),
        ('mode = "masked"', 1, "no setting 'mode'"),
        ("lookback_days = 9", 1, "'lookback_days' stands in the section [sync]."),
        ('[sync]\ntimezone = "UTC"', 2, "'timezone' stands at the top, above every section."),
        ('[access.oauht]\nissuer = "https://x"', 1, "[access] has no section 'oauht'. Did you mean 'oauth'?"),
        ('[access.oauth]\nclientid = "x"', 2, "no setting 'clientid'. Did you mean 'client_id'?"),
        ('[retention]\nbody = 3', 2, "no setting 'body'. Did you mean 'bodies'?"),
        ('[daily_caps]\n"toll-free" = 3', 2, "a cap is of one sender"),
        ('[daily_caps]\n"12025550110" = 3', 2, "no sender; write an address, as +12025550110"),
        ('[reports.acme]\nreport = "cost"\nformat = ["pdf"]', 3, "Did you mean 'formats'?"),
        ("[[sync]]\nlookback_days = 3", 1, "sync must be a section, written as [sync]."),
    ],
)  # fmt: skip
def test_the_file_the_line_and_the_nearest_name(home: Path, toml: str, line: int, named: str) -> None:
    said = refusal(home, toml + "\n")
    assert said.startswith(f"{home}/workbench.toml, line {line}: ")
    assert named in said


def misspell(name: str) -> str:
    """With two letters exchanged, so that it is near and another one; a short one with a letter twice."""
    if len(name) < 3:
        return name + name[-1]
    pairs = (number for number in range(len(name) - 1) if name[number] != name[number + 1])
    at = next(pairs)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def sections() -> list[Member]:
    """Every section: those at the top, those in them, and the tables."""
    top = [member for member in members(Settings).values() if not isinstance(member.declared, Setting)]
    inner = [
        member
        for section in top
        if isinstance(section.declared, Section)
        for member in members(section.declared.type, section.place).values()
        if isinstance(member.declared, Section)
    ]
    tables = [member for member, declared in SETTINGS if is_section(declared)]
    return [*top, *inner, *tables]


def is_section(declared: Setting) -> bool:
    """Whether it is a table of its own; parameters of a report stand in a line."""
    return declared.kind.is_table and not declared.example.startswith("{")


SETTINGS = [(m, m.declared) for m in all_settings(Settings) if isinstance(m.declared, Setting)]
IN_FILE = [m for m, declared in SETTINGS if not declared.secret and not declared.kind.is_table]
SECRETS = [declared.secret for _, declared in SETTINGS if declared.secret and declared.in_files]


def test_what_is_misspelt_here_is_all_there_is() -> None:
    """Literal, so that a walk that finds nothing cannot pass."""
    assert len(IN_FILE) == 149
    assert [".".join(member.place) for member in sections()] == [
        "twilio", "lake", "sync", "privacy", "access", "api", "assistants", "sending", "keywords",
        "conversations", "schedule", "webhooks", "logs", "alerts", "notifications", "rules", "events",
        "retention", "backup", "smtp", "reports", "access.oauth", "access.roles", "access.teams",
        "mps_limits", "daily_caps",
    ]  # fmt: skip
    assert sorted(SECRETS) == [
        "alert_targets", "api_secret", "auth_token", "backup_passphrase", "event_webhook_secrets",
        "oauth_secret", "smtp_password", "subaccount_tokens", "webhook_secret",
    ]  # fmt: skip


@pytest.mark.parametrize("member", sections(), ids=lambda member: ".".join(member.place))
def test_every_section_misspelt(home: Path, member: Member) -> None:
    *parents, name = member.place
    wrong = misspell(name)
    entry = ".x" if isinstance(member.declared, Entries) else ""
    said = refusal(home, f"\n[{'.'.join([*parents, wrong])}{entry}]\n")
    assert said.startswith(f"{home}/workbench.toml, line 2: ")
    assert f"no section '{wrong}'. Did you mean '{name}'?" in said


@pytest.mark.parametrize("member", IN_FILE, ids=lambda member: ".".join(member.place))
def test_every_key_misspelt(home: Path, member: Member) -> None:
    *parents, name = member.place
    wrong = misspell(name)
    head = f"[{'.'.join(parents)}]\n" if parents else "\n"
    if parents[:1] == ["rules"]:
        head = "[[rules]]\n" + (f"[rules.{parents[2]}]\n" if len(parents) > 2 else "")
    toml = f"{head}{wrong} = 1\n"
    said = next(text for text in read(home, toml).problems if repr(wrong) in text)
    assert said.startswith(f"{home}/workbench.toml, line {head.count(chr(10)) + 1}: ")
    assert f"no setting '{wrong}'. Did you mean '{name}'?" in said
    refusal(home, toml)


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_misspelt_and_not_shown(home: Path, name: str) -> None:
    said = refusal(home, credentials=f'{misspell(name)} = "hunter2"\n')
    assert said.startswith(f"{home}/credentials.toml, line 1: credentials.toml has no setting")
    assert f"Did you mean '{name}'?" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "variable", [m.variable for m in all_settings(Settings) if (m.variable or "").startswith("WORKBENCH_")]
)
def test_every_variable_misspelt(home: Path, variable: str) -> None:
    wrong = "WORKBENCH_" + misspell(variable.removeprefix("WORKBENCH_"))
    said = refusal(home, **{wrong: "hunter2"})
    assert f"The environment variable {wrong} is set and no setting reads it." in said
    assert f"Did you mean '{variable}'?" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "given", [{"toml": '[lake]\nfleet_key = "hunter2"\n'}, {"credentials": 'fleet_key = "hunter2"\n'}]
)
def test_the_key_of_a_fleet_stands_in_no_file_that_it_shares(home: Path, given: dict[str, str]) -> None:
    said = refusal(home, **given)
    assert "holds 'fleet_key', which belongs in no file that machines share or a backup copies" in said
    assert "set WORKBENCH_FLEET_KEY, or WORKBENCH_FLEET_KEY_FILE" in said
    assert "hunter2" not in said


def test_variables_of_the_tests_and_of_others_pass(home: Path) -> None:
    load(home, WORKBENCH_TEST_KILLS="6", WORKBENCH_REPORT_SNAPSHOT="3", TWILIO_PHONE_NUMBER="+1", PATH="/bin")
    load(home, WORKBENCH_PRIVACI="")


def test_a_variable_that_is_misspelt_fails_closed(home: Path) -> None:
    assert "Did you mean 'WORKBENCH_PRIVACY'?" in refusal(home, WORKBENCH_PRIVACI="masked")


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('[twilio]\nauth_token = "hunter2"', "auth_token"),
        (f'[twilio.subaccount_tokens]\n{SID} = "hunter2"', "subaccount_tokens"),
        ('[smtp]\npassword = "hunter2"', "password"),
        ('[access.oauth]\nclient_secret = "hunter2"', "client_secret"),
        ('oauth_secret = "hunter2"', "oauth_secret"),
        ('[anything]\nmy_password = "hunter2"', "my_password"),
        ('[reports.x]\nreport = "cost"\nparameters = { api_token = "hunter2" }', "api_token"),
    ],
)
def test_secrets_in_workbench_toml_stay_refused(home: Path, toml: str, named: str) -> None:
    said = refusal(home, toml)
    assert f"holds '{named}'. Secrets do not belong there" in said
    assert "hunter2" not in said


def test_a_secret_where_true_or_false_belongs_is_not_shown(home: Path) -> None:
    assert load(home, "[access]\ntoken = false").access.token is False
    for said in (
        refusal(home, '[access]\ntoken = "hunter2"'),
        refusal(home, WORKBENCH_ACCESS_TOKEN="hunter2"),
        refusal(home, credentials="auth_token = 12345"),
    ):
        assert "hunter2" not in said
        assert "12345" not in said
        assert "write" in said

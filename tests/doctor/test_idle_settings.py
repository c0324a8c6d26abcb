"""Settings without effect: each is named with the reason, and one that has an effect is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.doctor.conftest import Patient
from workbench.doctor.idle_settings import without_effect
from workbench.settings import Settings, load_settings

TODAY = date(2026, 9, 30)
REPLY = '[webhooks]\nhelp_reply = "Call."\n'
OAUTH = '[access.oauth]\nissuer = "https://login.example.com"\nclient_id = "w"\n'


def settings_of(home: Path, toml: str) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text(toml)
    return load_settings({"WORKBENCH_HOME": str(home)})


@pytest.mark.parametrize(
    ("idle", "reason", "with_effect"),
    [
        (REPLY, "public_url is not set", 'public_url = "https://sms.example.com"\n' + REPLY),
        (
            '[access]\nmethod = "password"\n[access.roles]\n"*@example.com" = "viewer"',
            "it is 'password'",
            '[access]\nmethod = "oauth"\n[access.roles]\n"*@example.com" = "viewer"\n' + OAUTH,
        ),
        (OAUTH, "[access.oauth] counts", '[access]\nmethod = "oauth"\n' + OAUTH),
        (
            '[access]\ntrusted_proxies = ["127.0.0.1"]', "method is 'none'",
            '[access]\nmethod = "password"\ntrusted_proxies = ["127.0.0.1"]',
        ),
        (
            '[access.teams]\nsupport = ["ana"]', "[access.teams] counts where people sign in only",
            '[access]\nmethod = "password"\n[access.teams]\nsupport = ["ana"]',
        ),
        ('[sync]\nsince = "2026-10-01"', "still to come", '[sync]\nsince = "2026-09-30"'),
        (
            '[privacy]\nmode = "no_body"\n[retention]\nbodies = 9', "no text is kept",
            "[retention]\nbodies = 9",
        ),
        (
            '[schedule]\nretention = "off"\n[retention]\nalerts = 9', "removes nothing by itself",
            '[schedule]\nretention = "off"',
        ),
    ],
)  # fmt: skip
def test_a_setting_without_effect(home: Path, idle: str, reason: str, with_effect: str) -> None:
    (sentence,) = without_effect(settings_of(home, idle), TODAY)
    assert reason in sentence
    assert list(without_effect(settings_of(home, with_effect), TODAY)) == []


def test_limits_of_senders_that_are_not_there(patient: Patient) -> None:
    limits = '[mps_limits]\n"toll-free" = 3\n"+12025550110" = 1\n[daily_caps]\n"+12025550119" = 2000\n'
    patient.settings = settings_of(patient.settings.home, limits)
    # Nothing was read yet: nobody knows the senders.
    assert patient.states("idle-settings") == [("fine", "")]
    patient.sender("+12025550110")
    (result,) = patient.results("idle-settings")
    assert (result.state, result.evidence) == (
        "warning", "[daily_caps] +12025550119 is no sender of this account, and no message shows it.",
    )  # fmt: skip
    patient.sender("+12025550119")
    assert patient.states("idle-settings") == [("fine", "")]

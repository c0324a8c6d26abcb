"""What the program says of its settings: the template, `workbench config`, and never a secret."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.settings.homes import load, write
from workbench.settings import Settings, load_settings
from workbench.settings.declare import Setting, all_settings
from workbench.settings.describe import effective_settings, settings_template
from workbench.settings.read import read_settings

SECRET = "hunter2"
CREDENTIALS = f'auth_token = "{SECRET}"\napi_secret = "{SECRET}"\nwebhook_secret = "{SECRET}"\n'


def run(home: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", "config", *arguments],
        env={**os.environ, "WORKBENCH_HOME": str(home), **environ},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def rows(home: Path, **environ: str) -> dict[str, tuple[str, str]]:
    variables = {"WORKBENCH_HOME": str(home), **environ}
    effective = effective_settings(load_settings(variables), read_settings(variables))
    return {row.setting: (row.value, row.source) for row in effective}


def test_the_template_is_all_comments_and_loads_as_nothing(home: Path) -> None:
    template = settings_template()
    assert not [value for value in flat(tomllib.loads(template)) if value]
    write(home, template)
    assert {source for _, source in rows(home).values()} == {"default"}


def flat(table: dict[str, Any]) -> list[Any]:
    return [
        value
        for item in table.values()
        for value in (flat(item) if isinstance(item, dict) else [item])
    ]  # fmt: skip


def test_every_line_of_the_template_is_possible_once_it_is_no_comment(home: Path) -> None:
    template = settings_template()
    bare = re.sub(r'^# (?=\[{1,2}[\w.-]+\]{1,2}$|(?:\w+|"[^"]+") = )', "", template, flags=re.MULTILINE)
    bare = bare.replace("# [reports.monthly-cost]", "[reports.monthly-cost]")
    write(home, bare, CREDENTIALS)
    written = rows(home)
    expected = {
        ".".join(member.place)
        for member in all_settings(Settings)
        if isinstance(member.declared, Setting) and not member.declared.secret
    }
    from_file = {name for name, (_, source) in written.items() if source.startswith("workbench.toml, line")}
    assert from_file == expected
    assert written["sync.lookback_days"][0] == "3"
    assert written["sending.max_spend_per_day"][0] == "25 USD"
    assert written["mps_limits"][0] == '{ "toll-free" = 3 }'


def test_the_template_of_init_has_its_values(home: Path) -> None:
    given = {("timezone",): "Europe/Berlin", ("twilio", "account_sid"): "AC" + "1" * 32}
    settings = load(home, settings_template(given), f'auth_token = "{SECRET}"\n')
    assert (settings.timezone, settings.credentials.account_sid) == ("Europe/Berlin", "AC" + "1" * 32)


def test_where_each_value_came_from(home: Path) -> None:
    write(home, '\ntimezone = "Europe/Berlin"\n[sync]\n# note\nlookback_days = 5\n', CREDENTIALS)
    shown = rows(home, WORKBENCH_PRIVACY="masked")
    assert shown["timezone"] == ("Europe/Berlin", "workbench.toml, line 2")
    assert shown["sync.lookback_days"] == ("5", "workbench.toml, line 5")
    assert shown["privacy.mode"] == ("masked", "WORKBENCH_PRIVACY")
    assert shown["twilio.auth_token"] == ("set, not shown", "credentials.toml")
    assert shown["sending.max_messages_per_day"] == ("50000", "default")
    assert shown["access.token"] == ("true", "default")
    assert shown["lake.catalog"] == (f"sqlite:{home}/lake/catalog.sqlite", "default")


@pytest.mark.parametrize("format", ["table", "json", "csv", "parquet"])
def test_no_form_of_the_list_shows_a_secret(home: Path, format: str) -> None:
    toml = f'[lake]\ncatalog = "postgres:host=x password={SECRET} dbname=y"\ndata = "/srv"\n'
    write(
        home,
        toml,
        f'account_sid = "AC{"1" * 32}"\n{CREDENTIALS}api_key = "SK{"1" * 32}"\nwebhook_key = "k"\n',
    )
    secrets = {"WORKBENCH_SMTP_PASSWORD": SECRET, "WORKBENCH_OAUTH_SECRET": SECRET}
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "config", "show", "--format", format],
        env={**os.environ, "WORKBENCH_HOME": str(home), **secrets}, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert SECRET.encode() not in done.stdout + done.stderr
    assert b"password=***" in done.stdout


@pytest.mark.parametrize(
    "catalog",
    [
        "postgres:dbname=x password=hunter2",
        "postgres:password = 'hunter2 and more' dbname=x",
        "postgres:postgresql://me:hunter2@db.example.com/x",
    ],
)
def test_a_password_in_the_catalog_is_not_shown(home: Path, catalog: str) -> None:
    assert SECRET not in rows(home, WORKBENCH_LAKE=catalog)["lake.catalog"][0]


def test_show_prints_data_that_programs_read(home: Path) -> None:
    write(home, "[sync]\nlookback_days = 5\n")
    as_json = json.loads(run(home, "show", "--format", "json").stdout)
    assert {"setting": "sync.lookback_days", "value": "5", "source": "workbench.toml, line 2"} in as_json
    as_csv = list(csv.reader(io.StringIO(run(home, "show", "--format", "csv").stdout)))
    assert as_csv[0] == ["setting", "value", "source"]
    assert ["privacy.mode", "full", "default"] in as_csv


def test_check_names_every_problem(home: Path) -> None:
    write(
        home,
        '[privacy]\nmod = "masked"\n[sync]\nlookback_days = 999\n[access]\nmethod = "oauth"\n'
        '[conversations]\nbusiness_hours = "Mon 17:00-09:00"\n[reports.acme]\nreport = "costs"\n'
        '[smtp]\nhost = "mail.example.com"\nfrom = "a@example.com"\nsecurity = "none"\n',
    )
    done = run(home, "check", WORKBENCH_LAKE="postgres:x", WORKBENCH_PUBLIC_URL="https://x", WORKBENCH_X="1")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    for said in (
        "WORKBENCH_X is set and no setting reads it", "Did you mean 'mode'", "lookback_days is 999",
        "issuer is not set", "ends before it begins", "No report named 'costs'", "in the clear",
        "WORKBENCH_LAKE_DATA must say", "nothing can check their signature",
    ):  # fmt: skip
        assert [line for line in lines if said in line and line.startswith("Error: ")], said
    assert len(lines) == 9


def test_check_of_possible_settings(home: Path) -> None:
    write(home, 'timezone = "Europe/Berlin"\n')
    done = run(home, "check", TWILIO_AUTH_TOKEN=SECRET)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"The settings of {home} are possible." in done.stderr
    assert "Notice: TWILIO_AUTH_TOKEN in the environment is not used" in done.stderr
    assert SECRET not in done.stderr


def test_the_command_prints_the_template(home: Path) -> None:
    assert run(home, "template").stdout == settings_template()


@pytest.mark.parametrize("command", [("status",), ("sql", "select 1"), ("serve",), ("schedule", "print")])
def test_every_command_refuses_a_misspelling(home: Path, command: tuple[str, ...]) -> None:
    write(home, '[privacy]\nmod = "masked"\n')
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *command],
        env={**os.environ, "WORKBENCH_HOME": str(home)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "line 2: [privacy] has no setting 'mod'. Did you mean 'mode'?" in done.stderr
    assert not (home / "lake").exists()

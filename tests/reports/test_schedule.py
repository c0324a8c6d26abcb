"""Reports that are made by themselves: once per period, missed ones too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.reports.schedule import find_unsent, plan_due, schedule_lines
from workbench.settings import Settings, load_settings

NOW = datetime(2026, 11, 2, 7, tzinfo=UTC)
ENTRY = '[reports.acme]\nreport = "cost"\nparameters = { client = "ACME" }\n'


def configured(home: Path, toml: str) -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    (home / "workbench.toml").write_text(toml)
    return load_settings({"WORKBENCH_HOME": str(home)})


def keep_manifest(home: Path, label: str, since: str, until: str) -> None:
    (home / "reports").mkdir(exist_ok=True)
    content = {"label": label, "period": {"since": since, "until": until}}
    (home / "reports" / f"cost_{since}_{label}.manifest.json").write_text(json.dumps(content))


def test_the_last_whole_period_is_due_until_it_is_made(home: Path) -> None:
    settings = configured(home, ENTRY)
    [(entry, plan)] = plan_due(settings, NOW)
    assert (entry.name, plan.label, plan.period.title) == ("acme", "acme", "October 2026")
    assert plan.parameters["client"] == "ACME"
    keep_manifest(home, "acme", "2026-09-01", "2026-10-01")
    keep_manifest(home, "other", "2026-10-01", "2026-11-01")
    (home / "reports" / "broken.manifest.json").write_text("{")
    assert len(plan_due(settings, NOW)) == 1
    keep_manifest(home, "acme", "2026-10-01", "2026-11-01")
    assert plan_due(settings, NOW) == []
    assert len(plan_due(settings, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))) == 1


def test_what_was_not_mailed_is_mailed_later(home: Path) -> None:
    settings = configured(home, ENTRY.replace('"cost"\n', '"cost"\nto = ["ann@example.com"]\n'))
    assert find_unsent(settings, set(), NOW) == []
    keep_manifest(home, "acme", "2026-10-01", "2026-11-01")
    [(entry, path)] = find_unsent(settings, {"cost_2026-09-01_acme.pdf"}, NOW)
    assert (entry.to, path.name) == (("ann@example.com",), "cost_2026-10-01_acme.manifest.json")
    assert find_unsent(settings, {"cost_2026-10-01_acme.pdf"}, NOW) == []


def test_the_cron_line_says_home_and_command(home: Path) -> None:
    lines = schedule_lines(configured(home, ENTRY), "/opt/py thon/bin/python")
    assert lines[0] == "acme: cost, due now"
    assert lines[-1] == f"0 7 * * * WORKBENCH_HOME={home} '/opt/py thon/bin/python' -m workbench reports due"


def test_without_entries_it_shows_how(home: Path) -> None:
    assert schedule_lines(configured(home, ""), "python")[2] == "[reports.monthly-cost]"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[reports.acme]\nreport = "costs"', r"\[reports.acme\]: No report named 'costs'"),
        (
            '[reports.acme]\nreport = "cost"\nparameters = { per = "x" }',
            "per is 'x'; allowed is one of sender",
        ),
        ('[reports.acme]\nformats = ["pdf"]', "needs report"),
        (
            '[reports.acme]\nreport = "cost"\nevery = "month"',
            "has no setting 'every'. Allowed: report, to",
        ),
        ('[reports.acme]\nreport = "cost"\nformats = ["doc"]', "write a list of html, pdf, ipynb"),
        ('[reports.acme]\nreport = "cost"\nto = ["a@b.de"]\nformats = ["html"]', "what is mailed is the pdf"),
        ('[reports.acme]\nreport = "cost"\nto = "a@b.de"', "to is 'a@b.de'; write a list"),
        ('[reports."../x"]\nreport = "cost"', "a name has up to 40"),
    ],
)
def test_entries_are_checked(home: Path, toml: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        plan_due(configured(home, toml), NOW)

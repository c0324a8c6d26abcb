"""Which rules hold, and what a wrong one is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.alerts.built_in_rules import BUILT_IN
from workbench.alerts.rules import alert_rules
from workbench.alerts.states import STATES
from workbench.cli import main
from workbench.errors import ConfigError
from workbench.metrics import DIMENSIONS, METRICS
from workbench.settings import load_settings
from workbench.settings.values import read_length


def settings_of(home: Path, text: str) -> object:
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text(text)
    return load_settings({"WORKBENCH_HOME": str(home)}).alerts


def test_every_built_in_rule_is_possible() -> None:
    assert len(BUILT_IN) == 14
    for rule in BUILT_IN.values():
        assert bool(rule.metric) != bool(rule.state)
        assert not rule.metric or rule.metric in METRICS
        assert not rule.state or rule.state in STATES
        assert set(rule.by) <= set(DIMENSIONS)
        assert rule.above is not None or rule.below is not None or rule.change or rule.state == "sync_silent"


def test_an_own_rule_and_changes_of_built_in_ones(home: Path) -> None:
    text = """
[alerts.rules.failure-rate]
above = 0.05
[alerts.rules.error-code]
enabled = false
[alerts.rules.us-failures]
metric = "undelivered_rate"
by = "sender"
where = { country = "US" }
window = "30m"
above = 0.1
lasting = "10m"
severity = "critical"
"""
    rules = {rule.name: rule for rule in alert_rules(settings_of(home, text))}  # type: ignore[arg-type]
    assert (rules["failure-rate"].above, rules["failure-rate"].change) == (0.05, 2)
    assert "error-code" not in rules
    own = rules["us-failures"]
    assert (own.metric, own.by, own.where) == ("undelivered_rate", ("sender",), {"country": "US"})
    assert (own.window, own.lasting) == (timedelta(minutes=30), timedelta(minutes=10))
    assert (own.above, own.minimum_sample, own.severity) == (0.1, 20, "critical")


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ('metric = "undeliverd_rate"\nabove = 0.1', "Did you mean 'undelivered_rate'?"),
        ('metric = "error_rate"\nby = ["sendr"]\nabove = 1', "No dimension named 'sendr'. Did you mean"),
        ('metric = "error_rate"\nwhere = { contry = "US" }\nabove = 1', "Did you mean 'country'?"),
        ('metric = "error_rate"\nwhere = { outcome = "faild" }\nabove = 1', "Did you mean 'failed'?"),
        ('metric = "opt_outs"\nper = "messagess"\nabove = 1', "Did you mean 'messages'?"),
        ('metric = "opt_outs"\nper = "error_rate"\nabove = 1', "per needs two metrics that count"),
        ('metric = "error_rate"', "says no limit: write above, below or change."),
        ('metric = "error_rate"\nabove = 1\nbelow = 0.1', "write two rules"),
        ('metric = "error_rate"\nbelow = 0.5\nchange = 2', "point to different sides"),
        ('metric = "error_rate"\nchange = 1', "change is 1"),
        ('metric = "spend"\nabove = 100', "set [alerts] budget instead"),
        ('above = 0.1', "names no metric"),
        ('metric = "error_rate"\nabove = 1\nwindow = "0m"', 'write at least "1m"'),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_named_with_the_nearest_name(home: Path, lines: str, named: str) -> None:
    settings = settings_of(home, f"[alerts.rules.mine]\n{lines}\n")
    with pytest.raises(ConfigError) as refused:
        alert_rules(settings)  # type: ignore[arg-type]
    assert str(refused.value).startswith("[alerts.rules.mine] ")
    assert named in str(refused.value)


def test_a_misspelt_built_in_name_and_an_option_without_effect(home: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean the built-in rule 'failure-rate'"):
        alert_rules(settings_of(home, "[alerts.rules.failure-rat]\nabove = 1\n"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="window has no effect"):
        alert_rules(settings_of(home, '[alerts.rules.job-failed]\nwindow = "1h"\n'))  # type: ignore[arg-type]


def test_config_check_asks_the_rules(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_of(home, '[alerts.rules.mine]\nmetric = "eror_rate"\nabove = 1\n')
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    checked = CliRunner().invoke(main, ["config", "check"])
    assert checked.exit_code == 2
    assert "No metric named 'eror_rate'. Did you mean 'error_rate'?" in checked.stderr


@pytest.mark.parametrize(("text", "minutes"), [("0m", 0), ("30m", 30), ("6h", 360), ("2d", 2880)])
def test_lengths(text: str, minutes: int) -> None:
    assert read_length(text) == timedelta(minutes=minutes)

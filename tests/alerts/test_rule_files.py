"""Rules in files of the home: what the page writes, what a person may write, and what hides nothing."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.alerts.conftest import NOW, Traffic
from workbench.alerts.rule_files import (
    installed_rules,
    read_rule_files,
    read_watched_views,
    unwatch,
    watch_view,
)
from workbench.alerts.run import look
from workbench.cli import main
from workbench.errors import ConfigError, NotAllowed, UnknownName, WorkbenchError
from workbench.lake import Lake
from workbench.roles import Actor, acting_as
from workbench.settings import Settings, load_settings
from workbench.ui.panels.view_alerts import alert_words
from workbench.views.watched_view import WatchedView

WANTED = WatchedView(
    "", "undelivered", "undelivered_rate", ("country",), {"sender_type": ["toll_free"]}, "above", 0.05, "1d"
)


def written(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.home / "alert_rules").glob("*"))


def put(settings: Settings, name: str, text: str) -> None:
    folder = settings.home / "alert_rules"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_a_view_is_watched_and_no_longer(settings: Settings) -> None:
    settings.home.mkdir()
    made = watch_view(settings, WANTED)
    assert made.name == "undelivered-above"
    text = (settings.home / "alert_rules" / "undelivered-above.toml").read_text()
    assert tomllib.loads(text) == {
        "view": "undelivered", "metric": "undelivered_rate", "by": ["country"],
        "where": {"sender_type": ["toll_free"]}, "window": "1d", "above": 0.05, "minimum_sample": 30,
    }  # fmt: skip
    [file] = read_rule_files(settings)[0]
    assert (file.rule.window, file.rule.above, file.rule.minimum_sample) == (timedelta(days=1), 0.05, 30)
    assert file.rule.title == "Undelivered above"
    assert read_watched_views(settings) == ((made,), ())
    # A second one has a name of its own, and a long name of a view is cut where a rule's must be.
    assert watch_view(settings, WANTED).name == "undelivered-above-2"
    long = watch_view(settings, WatchedView("", "v" * 50, "messages", (), {}, "below", 3, "1h"))
    assert (long.name, long.limit) == ("v" * 40, 3)
    unwatch(settings.home, "undelivered-above")
    assert written(settings) == ["undelivered-above-2.toml", f"{'v' * 40}.toml"]
    with pytest.raises(UnknownName, match="undelivered-above"):
        unwatch(settings.home, "undelivered-above")


def test_a_file_that_compares_with_usual_hours_has_no_limit(settings: Settings) -> None:
    put(settings, "usual.toml", 'view = "undelivered"\nmetric = "messages"\nchange = 3\nwindow = "1d"')
    [watched] = read_watched_views(settings)[0]
    assert (watched.name, watched.limit) == ("usual", None)
    assert alert_words(watched) == "Messages unlike the same hours of the last weeks in the last day"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (WatchedView("", "x", "spend", (), {}, "above", 5, "1d"), "an amount of money"),
        (WatchedView("", "x", "messages", (), {}, "above", 5, "3d"), "one of 1h, 1d, 7d"),
        (WatchedView("", "x", "messages", (), {}, "beside", 5, "1d"), "above or below"),  # type: ignore[arg-type]
        (
            WatchedView("", "x", "messages", (), {"country": [None]}, "above", 5, "1d"),
            "leave that filter out",
        ),
        (WatchedView("", "x", "messages", (), {"nation": ["US"]}, "above", 5, "1d"), "nation"),
        (WatchedView("", "x", "messages", (), {}, "above", -5, "1d"), "above"),
        (WatchedView("", "x", "nonsense", (), {}, "above", 5, "1d"), "nonsense"),
    ],
)
def test_what_cannot_be_watched_is_refused_in_words(
    settings: Settings, wanted: WatchedView, message: str
) -> None:
    settings.home.mkdir()
    with pytest.raises(WorkbenchError, match=message):
        watch_view(settings, wanted)
    assert written(settings) == []


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_only_an_admin_makes_and_ends_them(settings: Settings, role: str) -> None:
    settings.home.mkdir()
    watch_view(settings, WANTED)
    with acting_as(Actor("ben@example.com", role)):
        for act in (
            lambda: watch_view(settings, WANTED),
            lambda: unwatch(settings.home, "undelivered-above"),
            lambda: read_watched_views(settings),
        ):
            with pytest.raises(NotAllowed):
                act()
    assert written(settings) == ["undelivered-above.toml"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("broken.toml", "metric = ", "cannot be read"),
        ("misspelt.toml", 'metrik = "messages"\nabove = 1', "metrik"),
        ("no-limit.toml", 'metric = "messages"', "says no limit"),
        ("text.toml", 'metric = "messages"\nabove = "five"', "above"),
        ("failure-rate.toml", 'metric = "messages"\nabove = 1', "already"),
        ("mine.toml", 'metric = "messages"\nabove = 1', "already"),
        (
            "Bad Name.toml",
            'metric = "messages"\nabove = 1',
            "small letters",
        ),
        ("view.toml", 'view = 1\nmetric = "messages"\nabove = 1', "view is 1"),
        ("elsewhere.toml", 'metric = "messages"\nabove = 1\ntargets = ["x"]', "targets"),
    ],
)
def test_a_wrong_file_is_named_and_hides_no_other(home: Path, name: str, text: str, message: str) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text('[alerts.rules.mine]\nmetric = "messages"\nabove = 9\n')
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    put(settings, "good.toml", 'metric = "messages"\nabove = 1')
    put(settings, name, text)
    rules, problems = installed_rules(settings)
    names = [rule.name for rule in rules]
    assert names[-2:] == ["mine", "good"]
    assert names.count("failure-rate") == 1
    [problem] = problems
    assert name in problem
    with pytest.raises(ConfigError, match=message):
        raise ConfigError(problem)


def test_a_file_that_others_can_write_is_no_rule(settings: Settings) -> None:
    put(settings, "open.toml", 'metric = "messages"\nabove = 1')
    (settings.home / "alert_rules" / "open.toml").chmod(0o666)
    rules, [problem] = read_rule_files(settings)
    assert rules == ()
    assert "open.toml" in problem


def test_a_look_finds_what_a_file_watches_and_tells_of_wrong_ones(
    lake: Lake, traffic: Traffic, settings: Settings
) -> None:
    """A rule that is off finds nothing, and `config check` names what is wrong."""
    # The log begins before the day that is watched.
    traffic.messages(NOW - timedelta(days=5), 1)
    traffic.messages(NOW - timedelta(hours=3), 40)
    traffic.synced(NOW)
    watch_view(settings, WatchedView("", "traffic", "messages", (), {}, "above", 30, "1d"))
    put(settings, "off.toml", 'metric = "messages"\nabove = 1\nenabled = false')
    put(settings, "wrong.toml", 'metric = "nonsense"\nabove = 1')
    run = look(lake, settings, [], NOW)
    assert [(event.rule, event.title) for event in run.opened if event.rule == "traffic-above"] == [
        ("traffic-above", "Traffic above")
    ]
    assert any("wrong.toml" in problem and "nonsense" in problem for problem in run.problems)
    environ = {"WORKBENCH_HOME": str(settings.home)}
    checked = CliRunner().invoke(main, ["config", "check"], env=environ)
    assert checked.exit_code != 0
    assert "wrong.toml" in checked.output
    # Once it is removed, its alert ends.
    unwatch(settings.home, "traffic-above")
    assert [event.rule for event in look(lake, settings, [], NOW + timedelta(minutes=1)).opened] == []

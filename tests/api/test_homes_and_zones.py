"""A notebook with two homes open, and a call with a time zone of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.messages import SENDER, payload
from tests.ui.known import save
from workbench import ConfigError, UsageError, Workbench, load_settings
from workbench.cli import main
from workbench.lake import open_lake

#: 30 minutes after midnight in UTC: still the first of November in New York.
LATE = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)

OWN = """
[metrics.mine]
label = "Mine"
unit = "count"
description = "What this home counts."
expression = '''{expression}'''

[dimensions.part]
label = "Part"
description = "A part of this home."
expression = '''{dimension}'''
"""


def filled(home: Path, messages: int, expression: str, dimension: str) -> Path:
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, [payload(number, date_created=LATE, date_sent=LATE) for number in range(messages)])
    (home / "metrics").mkdir(mode=0o755)
    (home / "metrics" / "own.toml").write_text(OWN.format(expression=expression, dimension=dimension))
    return home


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path]:
    first = filled(tmp_path / "first", 3, "count(*)", "'north'")
    return first, filled(tmp_path / "second", 5, "sum(segments) + 100", "'south'")


@pytest.mark.parametrize("spelled", [str, Path, lambda path: os.path.relpath(path)])
def test_a_home_by_its_path(homes: tuple[Path, Path], spelled: Any) -> None:
    with Workbench(spelled(homes[0])) as wb, Workbench(home=spelled(homes[1])) as other:
        assert [opened.settings.home.resolve() for opened in (wb, other)] == list(homes)
        assert wb.metric("messages")["messages"].tolist() == [3]
        assert other.metric("messages")["messages"].tolist() == [5]


def test_a_home_is_read_with_its_own_settings_and_the_environment_goes_first(
    homes: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (homes[0] / "workbench.toml").write_text('timezone = "Europe/Berlin"\n')
    monkeypatch.setenv("WORKBENCH_HOME", str(homes[1]))
    assert Workbench(homes[0]).settings.timezone == "Europe/Berlin"
    assert Workbench().settings.home == homes[1]
    monkeypatch.setenv("WORKBENCH_TIMEZONE", "Asia/Tokyo")
    assert Workbench(homes[0]).settings.timezone == "Asia/Tokyo"


def test_two_homes_at_once_keep_their_own_metrics_and_dimensions(homes: tuple[Path, Path]) -> None:
    with Workbench(homes[0]) as first, Workbench(homes[1]) as second:
        calls = first.metrics.mine, second.metrics.mine
        for _ in range(2):
            assert [wb.metric("mine")["mine"].tolist() for wb in (first, second)] == [[3], [105]]
            assert [call()["mine"].tolist() for call in calls] == [[3], [105]]
            parts = [wb.metric("messages", by="part")["part"].tolist() for wb in (first, second)]
            assert parts == [["north"], ["south"]]
            second.metrics()
            assert len(first.compliance.rows("after-opt-out", where={"part": "north"})) == 0
        second.close()
        assert first.sql("select count(*) as n from messages").n.tolist() == [3]
        assert second.sql("select count(*) as n from messages").n.tolist() == [5]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([],), "home is"),
        ((5,), "home is 5"),
        ((b"data",), "home is b'data'"),
        (("",), "home is ''"),
        (("  ",), "home is"),
        (({"WORKBENCH_HOME": "data"},), "home is"),
    ],
)
def test_a_home_that_is_none_is_refused_at_once(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Workbench(*arguments)


def test_a_home_and_settings_together_are_refused(tmp_path: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path / "a")})
    for home in (tmp_path / "b", settings):
        with pytest.raises(UsageError, match="give one of them"):
            Workbench(home, settings=settings)
    assert Workbench(settings=settings).settings is Workbench(settings).settings is settings


ZONES = [
    ("UTC", "2026-11-02", 0),
    ("America/New_York", "2026-11-01", 19),
    ("Asia/Kathmandu", "2026-11-02", 6),
    ("Pacific/Apia", "2026-11-02", 13),
]


@pytest.mark.parametrize(("zone", "day", "hour"), ZONES)
def test_a_time_zone_of_one_call_in_the_notebook_and_on_the_command_line(
    homes: tuple[Path, Path], zone: str, day: str, hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workbench(homes[0]) as wb:
        frame = wb.metric("messages", by=["day", "hour"], timezone=zone)
        assert [str(value)[:10] for value in frame["day"]] == [day]
        assert frame["hour"].tolist() == [hour]
        assert frame.attrs["timezone"] == zone
        assert wb.sql(frame.attrs["sql"])["hour"].tolist() == [hour]
        assert wb.metrics.messages(by="hour", timezone=zone)["hour"].tolist() == [hour]
        assert wb.metric("messages", by="hour")["hour"].tolist() == [
            0
        ]  # the next call has the settings' again
    monkeypatch.setenv("WORKBENCH_HOME", str(homes[0]))
    command = ["metric", "messages", "--by", "day,hour", "--timezone", zone, "--format", "json"]
    (row,) = json.loads(CliRunner().invoke(main, command, catch_exceptions=False).stdout)
    assert (row["day"][:10], row["hour"]) == (day, hour)


def test_dates_of_a_call_are_midnights_in_its_time_zone(homes: tuple[Path, Path]) -> None:
    with Workbench(homes[0]) as wb:
        for zone, messages in (("UTC", 3), ("America/New_York", 0), ("Pacific/Apia", 3)):
            period: dict[str, Any] = {"since": "2026-11-02", "until": "2026-11-03", "timezone": zone}
            assert wb.metric("messages", **period)["messages"].tolist() == [messages], zone
    stop = payload(9, direction="inbound", status="received", body="STOP", date_created=datetime(
        2026, 11, 1, 12, tzinfo=UTC), **{"from": payload()["to"], "to": SENDER})  # fmt: skip
    settings = load_settings({"WORKBENCH_HOME": str(homes[1])})
    with open_lake(settings) as lake:
        save(lake, [stop])
    with Workbench(settings) as wb:
        for zone, rows in (("UTC", 5), ("America/New_York", 0)):
            period = {"since": "2026-11-02", "until": "2026-11-03", "timezone": zone}
            assert len(wb.compliance.rows("after-opt-out", **period)) == rows
            counts = wb.compliance.counts(**period).set_index("audit")["value"]
            assert counts["after-opt-out"] == rows


def test_a_time_zone_that_is_none_is_refused(homes: tuple[Path, Path]) -> None:
    with Workbench(homes[0]) as wb:
        calls: list[Callable[..., Any]] = [
            partial(wb.metric, "messages"),
            wb.metrics.messages,
            wb.compliance.counts,
            partial(wb.compliance.rows, "after-opt-out"),
        ]
        for zone, call in product(("Mars", "", "America/new york"), calls):
            with pytest.raises(ConfigError, match="no time zone; write a name such as 'Europe/Berlin'"):
                call(timezone=zone)

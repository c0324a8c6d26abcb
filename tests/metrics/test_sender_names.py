"""Our senders by name and number: one column on a terminal, a field of its own for programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.lakes import begin_lake
from tests.ui.known import HOSTILE, OURS, known_messages, note_days, save
from workbench import Workbench
from workbench.cli import main
from workbench.settings import load_settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("named") / "home"
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, known_messages())
        note_days(lake)
        lake.write(
            lambda cursor: cursor.execute(
                "insert into senders (account_sid, sender, sender_type, friendly_name, read_at) "
                "values ('AC1', ?, 'long code', 'Support desk', now())",
                [OURS],
            )
        )
    return home


@pytest.mark.parametrize("call", ["metric", "explore"])
def test_a_frame_has_the_name_beside_the_number(home: Path, call: str) -> None:
    with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
        frame = (
            wb.metric("messages", by="sender") if call == "metric" else wb.explore("messages", by="sender")
        )
    assert dict(zip(frame["sender"], frame["sender_name"], strict=True)) == {
        OURS: "Support desk",
        HOSTILE: None,
    }


@pytest.mark.parametrize(
    ("is_masked", "shown"),
    [("false", "Support desk (+12025550110)"), ("true", "Support desk (+1202***0110)")],
)
def test_a_terminal_shows_the_name_first(
    home: Path, monkeypatch: pytest.MonkeyPatch, is_masked: str, shown: str
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    monkeypatch.setenv("WORKBENCH_PRIVACY_MASK_OWN_NUMBERS", is_masked)
    table = CliRunner().invoke(main, ["metric", "messages", "--by", "sender"])
    assert shown in table.stdout
    assert "sender_name" not in table.stdout
    rows = CliRunner().invoke(main, ["metric", "messages", "--by", "sender", "--format", "json"]).stdout
    assert '"sender": "+12025550110",\n    "sender_name": "Support desk"' in rows

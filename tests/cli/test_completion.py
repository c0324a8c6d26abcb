"""What the shell completes, asked as bash asks; a home that is not there stays so."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from workbench.cli import main
from workbench.lake import open_lake
from workbench.lake.save_rows import save_rows
from workbench.settings import load_settings

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(home: Path, monkeypatch: pytest.MonkeyPatch) -> Complete:
    for name in [name for name in os.environ if name.startswith(("WORKBENCH_", "TWILIO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WORKBENCH_HOME", str(home))

    def ask(*words: str) -> list[str]:
        shell = ShellComplete(main, {}, "workbench", "_WORKBENCH_COMPLETE")
        return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]

    return ask


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("metric", "deliv"), {"delivery_rate", "delivered", "delivery_time_p50"}),
        (("metric", "messages", "--by", "day,send"), {"day,sender", "day,sender_type"}),
        (("metric", "messages", "--where", "cou"), {"country="}),
        (("metric", "messages", "--format", "j"), {"json"}),
        (("compliance", "rows", "quiet"), {"quiet-hours"}),
        (("compliance", "ro"), {"rows"}),
        (("reports", "run", "co"), {"cost", "compliance"}),
        (("schedule", "run", "s"), {"sync"}),
        (("con",), {"config", "connect", "consent", "contacts", "conversation", "conversations"}),
        (("send", "--template", ""), set()),
        (("send", "--from", "+"), set()),
        (("send-batch", "--service", ""), set()),
    ],
)
def test_names_are_completed_without_a_home(
    complete: Complete,
    home: Path,
    capfd: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    values: set[str],
) -> None:
    completed = complete(*words)
    assert values <= set(completed)
    assert values or not completed
    assert all(value.startswith(words[-1]) for value in completed)
    assert capfd.readouterr() == ("", "")
    assert not home.exists()


def test_senders_services_and_templates_of_the_home(complete: Complete, home: Path) -> None:
    (home / "templates").mkdir(parents=True)
    (home / "templates" / "reminder.toml").write_text('body = "See you"\n')
    own = {"account_sid": "AC" + "a" * 32, "read_at": datetime(2026, 11, 1, tzinfo=UTC)}
    gone = {"removed_at": datetime(2026, 11, 2, tzinfo=UTC)}
    senders = [
        {**own, "sender": "+12025550110", "sender_type": "long code", "removed_at": None},
        {**own, "sender": "+12025550111", "sender_type": "long code", **gone},
    ]
    services = [{**own, "messaging_service_sid": "MG" + "b" * 32, "friendly_name": "Shop"}]
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        lake.write(
            lambda cursor: save_rows(cursor, "senders", senders, key=("account_sid", "sender")) and None
        )
        lake.write(
            lambda cursor: (
                save_rows(
                    cursor, "messaging_services", services, key=("account_sid", "messaging_service_sid")
                )
                and None
            )
        )
    assert complete("send", "--from", "+1202") == ["+12025550110"]
    assert complete("metric", "messages", "--where", "sender=+1") == ["sender=+12025550110"]
    assert complete("send", "--service", "MG") == ["MG" + "b" * 32]
    assert complete("templates", "show", "rem") == ["reminder"]
    assert complete("reply", "CV1", "--template", "") == ["reminder"]


@pytest.mark.parametrize("broken", ["[senting]\nx = 1\n", "no toml at all ["])
def test_a_home_that_cannot_be_read_completes_to_nothing(
    complete: Complete, home: Path, capfd: pytest.CaptureFixture[str], broken: str
) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text(broken)
    assert complete("send", "--from", "") == []
    assert complete("send", "--template", "") == []
    assert complete("metric", "spen") == ["spend"]
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in home.iterdir()] == ["workbench.toml"]

"""A process that is killed between every two steps: nothing is told twice, and nothing is lost silently."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.notifications.conftest import DeskOfThree
from workbench.lake.feed import append_feed
from workbench.lake.notifications import read_notification_deliveries, read_unread

#: Kills its own process when it comes to a step, before or after the real function.
KILLED = """
import os, signal, sys
from datetime import datetime
from workbench.lake import open_lake
from workbench.notifications import consume, deliver, run
from workbench.settings import load_settings

home, step, now = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def before(module, name):
    setattr(module, name, die)

def after(module, name):
    real = getattr(module, name)
    setattr(module, name, lambda *given, **named: (real(*given, **named), die()))

settings = load_settings({"WORKBENCH_HOME": home})
with open_lake(settings) as lake:
    if step == "before it was noted":
        before(consume, "save_notifications")
    elif step == "after the claim":
        after(deliver, "claim_notice")
    elif step == "after it was told":
        before(deliver, "_end")
    elif step == "after its outcome was noted":
        after(deliver, "_end")
    run.look(lake, settings, datetime.fromisoformat(now))
"""


@pytest.mark.parametrize(
    ("step", "mails", "outcomes"),
    [
        ("before it was noted", 1, ["delivered"]),
        ("after the claim", 0, ["unknown"]),
        ("after it was told", 1, ["unknown"]),
        ("after its outcome was noted", 1, ["delivered"]),
    ],
)
def test_a_kill_at_each_step(step: str, mails: int, outcomes: list[str], desk: DeskOfThree) -> None:
    desk.choose("ana", mail="now", mail_to="ana@example.com", messages="all")
    for other in ("ben", "vic"):
        desk.choose(other, messages="off")
    at = desk.write()
    now = datetime.now(UTC)
    if step != "before it was noted":
        desk.look(at)
        now = at + timedelta(minutes=1)
    append_feed(desk.lake, now)
    home = str(desk.settings.home)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, home, step, now.isoformat()], env={**os.environ}, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL
    for minutes in (2, 15):
        desk.look(at + timedelta(minutes=minutes))
    assert [each.events for each in read_unread(desk.lake, at)] == [1]
    assert len(desk.mails) == mails
    told = read_notification_deliveries(desk.lake, at)
    assert [each.outcome for each in told] == outcomes
    if outcomes == ["unknown"]:
        assert "not known" in str(told[0].detail)

"""Killed thirty times between its steps, the worker loses no event, and the id tells what came twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.events.receiver import receiving, webhook_settings
from tests.lake.feeding import begin_feed, noted
from tests.lakes import begin_lake
from workbench.events.deliver import WebhookRunner
from workbench.lake import open_lake
from workbench.lake.feed import append_feed

_ROOT = str(Path(__file__).parents[2])


def test_every_event_arrives_in_order_and_the_id_tells_what_came_twice(home: Path) -> None:
    with receiving() as receiver:
        settings = webhook_settings(home, receiver.url)
        with begin_lake(settings) as lake:
            begin_feed(lake, datetime.now(UTC) - timedelta(minutes=5))
            WebhookRunner().run(lake, settings, datetime.now(UTC))
        done = subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.events.killed_worker", "1"],
            env={**os.environ, "WORKBENCH_HOME": str(home), "PYTHONPATH": _ROOT},
            cwd=_ROOT, capture_output=True, text=True, timeout=300, check=True,
        )  # fmt: skip
        assert int(done.stdout) >= 20, done.stderr
        with open_lake(settings) as lake:
            append_feed(lake, datetime.now(UTC))
            runner = WebhookRunner()
            while runner.run(lake, settings, datetime.now(UTC)) is not None:
                continue
            events = noted(lake)
            messages = {sid for (sid,) in lake.rows("select message_sid from raw_messages")}
    first: dict[str, dict[str, Any]] = {}
    for arrival in receiver.arrivals:
        first.setdefault(arrival.id, arrival.body)
    assert len(first) == len(events) == len(messages) + 2
    received = [body for body in first.values() if body["kind"] == "message.received"]
    assert sorted(body["message"]["sid"] for body in received) == sorted(messages)
    told: dict[str, list[str]] = defaultdict(list)
    for body in first.values():
        told[body["conversation"]].append(body.get("message", {}).get("sid", "created"))
    in_feed: dict[str, list[str]] = defaultdict(list)
    for event in events:
        in_feed[event.conversation_id or ""].append(event.message_sid or "created")
    assert told == in_feed

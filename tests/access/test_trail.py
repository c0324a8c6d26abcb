"""The trail of sign-ins: a lake that is away locks nobody out and loses nothing; nothing is there twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from workbench.errors import LakeBusy
from workbench.lake import Lake, open_lake
from workbench.server.access.trail import Trail
from workbench.settings import Settings


def actions(lake: Lake) -> list[tuple[str, str]]:
    return lake.rows("select action, actor from audit_events order by seq")


def test_entries_reach_the_audit_trail_with_their_own_time(settings: Settings) -> None:
    trail = Trail(settings)
    trail.note("sign-in", "user:ana", address="192.0.2.1")
    time.sleep(0.05)
    before_delivery = time.time()
    assert trail.deliver() == 1
    assert trail.deliver() == 0
    with open_lake(settings) as lake:
        assert actions(lake) == [("sign-in", "user:ana")]
        assert lake.value("select happened_at from audit_events").timestamp() < before_delivery
        assert lake.value("select json_extract_string(detail, 'address') from audit_events") == "192.0.2.1"


@pytest.mark.parametrize("trouble", [LakeBusy("held by somebody"), RuntimeError("nobody expected this")])
def test_a_locked_lake_delays_entries_and_nothing_else(settings: Settings, trouble: Exception) -> None:
    locked = threading.Event()
    locked.set()

    def open_(given: Settings) -> Lake:
        if locked.is_set():
            raise trouble
        return open_lake(given)

    trail = Trail(settings, open_, pause=0.05)
    trail.start()
    trail.note("sign-in", "user:ana")
    time.sleep(0.2)
    assert trail.path.read_text().count("\n") == 1
    locked.clear()
    deadline = time.monotonic() + 20
    while trail.path.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)
    trail.close()
    with open_lake(settings) as lake:
        assert actions(lake) == [("sign-in", "user:ana")]


def test_a_kill_between_lake_and_journal_writes_nothing_twice(settings: Settings) -> None:
    trail = Trail(settings)
    trail.note("sign-in", "user:ana")
    journal = trail.path.read_bytes()
    trail.deliver()
    trail.path.write_bytes(journal)
    trail.note("sign-out", "user:ana")
    assert Trail(settings).deliver() == 1
    with open_lake(settings) as lake:
        assert actions(lake) == [("sign-in", "user:ana"), ("sign-out", "user:ana")]


def test_a_torn_line_stops_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    trail = Trail(settings)
    trail.note("sign-in", "user:ana")
    with trail.path.open("ab") as handle:
        handle.write(b'{"action": "sign-')
    trail.note("sign-in", "user:bo")
    trail.note("sign-out", "user:bo")
    assert trail.deliver() == 2
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("word", ["detail", "actor", "entry", "-", '"actor": "'])
def test_what_an_erasure_took_out_of_an_entry_stops_nothing(settings: Settings, word: str) -> None:
    """Whoever writes to us chooses the words that are looked for in the home's files."""
    trail = Trail(settings)
    trail.note("sign-in", "user:ana")
    trail.path.write_bytes(trail.path.read_bytes().replace(word.encode(), b"*" * len(word)))
    trail.note("sign-out", "user:bo")
    assert trail.deliver() >= 1
    with open_lake(settings) as lake:
        assert actions(lake)[-1] == ("sign-out", "user:bo")


def test_an_entry_that_cannot_be_written_is_an_error(settings: Settings, home: Path) -> None:
    home.mkdir()
    trail = Trail(settings)
    trail.path.mkdir()
    with pytest.raises(OSError, match="directory"):
        trail.note("sign-in", "user:ana")

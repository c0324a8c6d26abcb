"""News of the lake reach listeners within a moment, and a page that draws slowly is not drowned in them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests.messages import payload
from tests.ui.known import save
from workbench.lake import Lake, open_lake
from workbench.lake.watcher import LakeWatcher
from workbench.settings import Settings
from workbench.ui.lake_changes import RedrawPace
from workbench.ui.store import Store


def test_a_commit_by_somebody_else_is_heard_at_once(lake: Lake, settings: Settings) -> None:
    store, heard = Store(lake), threading.Event()
    listener = store.lake_changes.add(heard.set)
    try:
        time.sleep(0.5)
        heard.clear()
        with open_lake(settings) as other:
            time.sleep(1.0)
            assert not heard.is_set(), "nobody committed"
            save(other, [payload(1)])
            assert heard.wait(2)
        store.lake_changes.remove(listener)
        heard.clear()
        save(lake, [payload(2)])
        assert not heard.wait(0.8)
    finally:
        store.lake_changes.close()


def test_a_listener_that_fails_costs_the_others_nothing(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise RuntimeError("this page is broken")

    heard, watcher = threading.Event(), LakeWatcher(lake.address, lake.snapshot_id)
    for listener in (fails, heard.set):
        watcher.add(listener)
    try:
        for number in range(2):
            time.sleep(0.5)
            heard.clear()
            save(lake, [payload(number)])
            assert heard.wait(5)
    finally:
        watcher.close()
    assert "this page is broken" in caplog.text


def test_without_news_the_lake_is_not_asked(lake: Lake) -> None:
    asked: list[int] = []

    def snapshot_id() -> int:
        asked.append(1)
        return lake.snapshot_id()

    watcher = LakeWatcher(lake.address, snapshot_id)
    watcher.add(lambda: None)
    time.sleep(1.5)
    watcher.close()
    # Once to begin with; looking at the files may be changed by the asking itself, once.
    assert 1 <= len(asked) <= 2


def test_a_page_rests_longer_than_it_drew_and_misses_nothing() -> None:
    now, drawn, pending = [0.0], list[float](), list[tuple[float, Callable[[], None]]]()

    def redraw(done: Callable[[], None]) -> None:
        drawn.append(now[0])
        pending.append((now[0] + 1.0, done))  # a drawing takes a second

    pace = RedrawPace(
        redraw, lambda seconds, call: pending.append((now[0] + seconds, call)), clock=lambda: now[0]
    )
    for tick in range(100):  # ten seconds of changes, ten times a second
        now[0] = tick / 10
        for entry in [entry for entry in pending if entry[0] <= now[0] + 1e-9]:
            pending.remove(entry)
            entry[1]()
        pace.lake_changed()
    assert drawn == [0.0, 4.0, 8.0]
    while pending:
        at, call = pending.pop(0)
        now[0] = max(now[0], at)
        call()
        if len(drawn) == 4:
            break
    assert len(drawn) == 4, "the last change is drawn too"

"""How long the inbox takes in a real browser on lakes of many messages, and what one costs that rests.

Lakes are made by :mod:`benchmarks.day_lake`. The pages server is a process of its own; a browser opens
conversations and other lists, and notes the first frame that shows them. A row's thread is there when its
messages are drawn under the head of that very conversation.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dashboards import browser_window, lake_of, pages_server, say, spread
from benchmarks.report import load_average, machine_facts, table
from workbench.lake import open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

_OPENED = 12
_VIEWS = ("All", "Open", "Waiting", "All", "Waiting", "Open")
_SEARCHES = ("refund", "order", "parcel", "zzzz")
_REST_SECONDS = 60
_NEWS_EVERY_SECONDS = 3


@dataclass(frozen=True)
class InboxTimes:
    """Seconds from a click or a key until it is shown; shares of a core while nobody touches the page."""

    first_list: float
    threads: list[float]
    lists: list[float]
    searches: list[float]
    resting: float
    resting_with_news: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    group = parser.add_argument_group("inbox")
    group.add_argument("--inbox-messages", type=int, nargs="+", default=[50_000, 1_000_000])


def run(options: argparse.Namespace) -> str:
    """Measure, and give the report as Markdown."""
    parts = ["## Inbox", machine_facts(), f"Load average before the first run: {load_average()}.", _HOW]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for messages in options.inbox_messages:
            home = ((options.lake_homes or Path(name)) / f"{messages}").resolve()
            count = lake_of(home, messages)
            say(f"{count:,} messages: the inbox …")
            parts += [f"### {count:,} messages", _report(_measure(home))]
    return "\n\n".join(parts)


def _measure(home: Path) -> InboxTimes:
    with pages_server(home) as (url, process, _), browser_window() as page:
        began = time.perf_counter()
        page.goto(f"{url}inbox?view=all")
        page.locator(".row").first.wait_for()
        first_list = time.perf_counter() - began
        threads = [_opened(page, number) for number in range(_OPENED)]
        lists = [_listed(page, view) for view in _VIEWS]
        searches = [_searched(page, words) for words in _SEARCHES]
        page.get_by_role("searchbox").fill("")
        # An inbox that somebody has just used looks more often for a while.
        page.wait_for_timeout(_REST_SECONDS * 1000)
        resting = _share(page, process.pid)
        with_news = _share(page, process.pid, home)
    return InboxTimes(first_list, threads, lists, searches, resting, with_news)


#: Runs until `shown` is true in a frame; the milliseconds since the last click or key are kept.
_WATCH = """([selector, shown]) => { const root = [...document.querySelectorAll("*")]
    .map((each) => each.shadowRoot).find((each) => each?.querySelector(".inbox"))
  window.began = window.done = undefined
  const begin = () => { window.began ??= performance.now() }
  addEventListener("click", begin, {capture: true, once: true})
  addEventListener("input", begin, {capture: true, once: true})
  const before = root.querySelector(selector)?.textContent
  const is = new Function("root", "before", `return ${shown}`)
  const look = () => { if (window.began && is(root, before)) window.done = performance.now()
    else requestAnimationFrame(look) }
  requestAnimationFrame(look) }"""


def _watched(page: Page, selector: str, shown: str) -> None:
    page.evaluate(_WATCH, [selector, shown])


def _seconds(page: Page) -> float:
    page.wait_for_function("() => window.done")
    return float(page.evaluate("() => window.done - window.began")) / 1000


def _opened(page: Page, number: int) -> float:
    row = page.locator(".line").nth(number)
    conversation = row.get_attribute("data-id")
    is_shown = (
        f"root.querySelector('.thread-head')?.dataset.id === '{conversation}' && "
        "root.querySelector('.thread').ariaBusy === 'false' && root.querySelector('.bubble')"
    )
    _watched(page, ".thread", is_shown)
    row.locator(".row").click()
    return _seconds(page)


def _listed(page: Page, view: str) -> float:
    _watched(page, ".rows", "root.querySelector('.rows').textContent !== before")
    page.locator(".views").get_by_role("button", name=view).click()
    return _seconds(page)


def _searched(page: Page, words: str) -> float:
    _watched(page, ".rows", "root.querySelector('.rows').textContent !== before")
    page.get_by_role("searchbox").fill(words)
    return _seconds(page)


def _share(page: Page, pid: int, home: Path | None = None) -> float:
    """The server's share of one core while the page is open; with a home, a message comes in now and then."""
    began, used = time.perf_counter(), _cpu_seconds(pid)
    for number in range(_REST_SECONDS // _NEWS_EVERY_SECONDS):
        if home:
            _bring_a_message(home, number)
        page.wait_for_timeout(_NEWS_EVERY_SECONDS * 1000)
    return (_cpu_seconds(pid) - used) / (time.perf_counter() - began)


def _bring_a_message(home: Path, number: int) -> None:
    now = datetime.now(UTC)
    row = message_row(
        {
            "sid": f"SM{int(now.timestamp() * 1000):032x}", "account_sid": "AC" + "1" * 32,
            "from": f"+1206555{number:04d}", "to": "+12025550110", "body": "Is it open?",
            "direction": "inbound", "status": "received", "num_segments": "1", "num_media": "0",
            "date_created": now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        }
    )  # fmt: skip
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        lake.write(
            lambda cursor: save_messages(cursor, message_table([row]), source="callback", received_at=now)
        )


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _report(times: InboxTimes) -> str:
    rows = [
        ["a conversation, from the click to its messages", *_spread_of(times.threads)],
        ["another list, from the click to its rows", *_spread_of(times.lists)],
        ["a search, from the last key to its rows", *_spread_of(times.searches)],
    ]
    lines = (
        f"The first list stands {times.first_list:.2f} s after the address was entered. One open inbox that "
        f"nobody touches takes {times.resting:.1%} of a core of the server, and "
        f"{times.resting_with_news:.1%} while a message comes in every {_NEWS_EVERY_SECONDS} seconds."
    )
    return table(["", "median s", "fastest", "slowest"], rows) + "\n\n" + lines


def _spread_of(seconds: Sequence[float]) -> list[str]:
    assert statistics.median(seconds) > 0
    return spread(seconds)


_HOW = (
    "The lakes are those of the dashboards. Times are those of the browser: from the click (or key) to the "
    "first frame with the new rows or messages. Shares of a core are those of the server alone."
)

"""How long the inbox takes in a real browser on lakes of many messages, and what one costs that rests.

Lakes are made by :mod:`benchmarks.day_lake`. The pages server is a process of its own; a browser opens
conversations and other lists as people do, and notes the first frame that shows them. Beside each time stands
what the server's processor worked for it, which says more on a machine that does other things, too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dashboards import browser_window, lake_of, pages_server, say
from benchmarks.inbox_pages import (
    WINDOW_FLOOR,
    WINDOW_LIST,
    WINDOW_THREAD,
    Timed,
    cpu_seconds,
    rows_of,
    timed_in_window,
)
from benchmarks.report import load_average, machine_facts, table
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

_THREADS = 24
_VIEWS = ("open", "waiting", "all", "open", "waiting", "all")
_CHANNELS = ("whatsapp", "sms", "whatsapp", "sms")
_WORDS = {"common word": "your order", "rare word": "wool blanket", "not there": "zzqx", "number": "0142"}
_REST_SECONDS = 60
_NEWS_EVERY_SECONDS = 10
_SMALL_LAKE = 100_000
"""An inbox that rests is measured up to here: it is about one installation's everyday."""


@dataclass
class InboxTimes:
    """What was measured on one lake."""

    first_list: float = 0.0
    actions: dict[str, list[Timed]] = field(default_factory=dict)
    floor: list[Timed] = field(default_factory=list)
    thread_sql: float = 0.0
    search_sql: float = 0.0
    rest: dict[str, float] = field(default_factory=dict)


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
            times = _measure(home, count)
            parts += [f"### {count:,} messages", _report(times), f"Load average after it: {load_average()}."]
    return "\n\n".join(parts)


def _measure(home: Path, count: int) -> InboxTimes:
    times = InboxTimes()
    with browser_window() as page:
        with _floor_page() as (url, process):
            page.goto(url)
            page.locator(".ask").wait_for()
            times.floor = [timed_in_window(page, process.pid, WINDOW_FLOOR, "", page.locator(".ask").click)
                           for _ in range(_THREADS)]  # fmt: skip
        with pages_server(home) as (url, process, _):
            began = time.perf_counter()
            page.goto(f"{url}inbox?view=all")
            page.locator(".line[data-id]").first.wait_for()
            times.first_list = time.perf_counter() - began
            _use(page, process.pid, times)
            contact = _contact_of(home, str(page.locator(".thread-head").get_attribute("data-id")))
            if count <= _SMALL_LAKE:
                _rest(page, process.pid, home, url, times)
    times.thread_sql, times.search_sql = _by_hand(home, contact)
    return times


def _use(page: Page, pid: int, times: InboxTimes) -> None:
    """Open conversations down the list, then other lists, then search."""
    actions = times.actions
    # Nobody waits for what is made at the first list.
    page.wait_for_timeout(2_000)
    for _ in range(2):
        more = page.locator(".list-foot button", has_text="more")
        timed_in_window(page, pid, WINDOW_LIST, "all", more.first.click)
    rows = rows_of(page)
    say(f"{len(rows)} rows; conversations …")
    chosen = rows[:: max(1, len(rows) // _THREADS)][:_THREADS]
    actions["a conversation, to its messages"] = [_open(page, pid, row) for row in chosen]
    say("lists …")
    actions["another tab, to its list"] = [_tab(page, pid, view) for view in _VIEWS]
    page.locator(".filter-toggle").click()
    actions["a filter, to its list"] = [_channel(page, pid, name) for name in _CHANNELS] + [
        _failed(page, pid, is_on) for is_on in (True, False, True, False)
    ]
    page.get_by_label("Channel").select_option("")
    page.wait_for_timeout(1_000)
    for label, words in _WORDS.items():
        say(f"search, {label} …")
        actions[f"search, {label}"] = [_search(page, pid, words) for _ in range(2)]
    _search_for(page, "")


def _open(page: Page, pid: int, conversation: str) -> Timed:
    row = page.locator(f'.line[data-id="{conversation}"] .row')
    row.scroll_into_view_if_needed()
    return timed_in_window(page, pid, WINDOW_THREAD, conversation, row.click)


def _tab(page: Page, pid: int, view: str) -> Timed:
    button = page.locator(f'.views [data-view="{view}"]')
    return timed_in_window(page, pid, WINDOW_LIST, view, button.click)


def _channel(page: Page, pid: int, channel: str) -> Timed:
    select = page.get_by_label("Channel")
    return timed_in_window(page, pid, WINDOW_LIST, "all", lambda: select.select_option(channel))


def _failed(page: Page, pid: int, is_on: bool) -> Timed:
    box = page.get_by_label("Has a failed message")
    return timed_in_window(page, pid, WINDOW_LIST, "all", lambda: box.set_checked(is_on))


def _search(page: Page, pid: int, words: str) -> Timed:
    _search_for(page, "")
    return timed_in_window(
        page, pid, WINDOW_LIST, "all", lambda: page.get_by_role("searchbox", name="Search").fill(words)
    )


def _search_for(page: Page, words: str) -> None:
    page.get_by_role("searchbox", name="Search").fill(words)
    # The page waits for the next key, then asks.
    page.wait_for_timeout(1_000)
    page.locator('.list[aria-busy="true"]').wait_for(state="detached")


def _rest(page: Page, pid: int, home: Path, url: str, times: InboxTimes) -> None:
    """What the server works while nobody touches a page: one, then five, each with and without news."""
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        for number in (1, 5):
            while len(page.context.pages) < number:
                further = page.context.new_page()
                further.goto(f"{url}inbox?view=all")
                further.locator(".line[data-id]").first.wait_for()
            page.wait_for_timeout(5_000)
            opened = "1 inbox" if number == 1 else f"{number} inboxes"
            say(f"{opened} at rest …")
            times.rest[f"{opened}, nothing happens"] = _share(page, pid, None)
            times.rest[f"{opened}, a message every {_NEWS_EVERY_SECONDS} s"] = _share(page, pid, lake)


def _share(page: Page, pid: int, lake: Lake | None) -> float:
    """The server's share of one core; with a lake a message comes in now and then."""
    began, used = time.perf_counter(), cpu_seconds(pid)
    for number in range(_REST_SECONDS // _NEWS_EVERY_SECONDS):
        if lake:
            _bring_a_message(lake, number)
        page.wait_for_timeout(_NEWS_EVERY_SECONDS * 1000)
    return (cpu_seconds(pid) - used) / (time.perf_counter() - began)


def _bring_a_message(lake: Lake, number: int) -> None:
    now = datetime.now(UTC)
    row = message_row(
        {
            "sid": f"SM{int(now.timestamp() * 1000):032x}", "account_sid": "AC" + "1" * 32,
            "from": f"+1206555{number:04d}", "to": "+12025550110", "body": "Is it open?",
            "direction": "inbound", "status": "received", "num_segments": "1", "num_media": "0",
            "date_created": now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        }
    )  # fmt: skip
    lake.write(lambda cursor: save_messages(cursor, message_table([row]), source="callback", received_at=now))


@contextmanager
def _floor_page() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """An empty page of the same kind: its address and its process."""
    command = [sys.executable, "-m", "benchmarks.floor_inbox"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    try:
        assert process.stdout
        yield process.stdout.readline().strip(), process
    finally:
        process.terminate()
        process.wait(60)


def _contact_of(home: Path, conversation: str) -> str:
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        return str(
            lake.value("select contact from raw_messages where conversation_id = ? limit 1", [conversation])
        )


def _by_hand(home: Path, contact: str) -> tuple[float, float]:
    """Processor seconds of plain SQL on the lake's files: one contact's messages, and who wrote a word."""
    import duckdb

    files = f"read_parquet('{home}/lake/files/main/raw_messages/**/*.parquet')"
    thread = f"select * from {files} where contact = ? order by date_created desc limit 50"
    search = (
        f"select contact, max(date_created) from {files} where body ilike ? group by 1 order by 2 limit 60"
    )
    connection = duckdb.connect()

    def median(ask: Callable[[], object]) -> float:
        seconds = []
        for _ in range(5):
            began = time.process_time()
            ask()
            seconds.append(time.process_time() - began)
        return sorted(seconds)[2]

    return (
        median(lambda: connection.execute(thread, [contact]).fetchall()),
        median(lambda: connection.execute(search, ["%wool blanket%"]).fetchall()),
    )


def _report(times: InboxTimes) -> str:
    header = ["", "times", "median ms", "95 % within ms", "server CPU ms each"]
    rows = [_row("floor: an empty Panel page answers a click", times.floor)]
    rows += [_row(label, timed) for label, timed in times.actions.items()]
    lines = [
        table(header, rows),
        f"The first list stands {times.first_list:.1f} s after the address was entered, at a server that has "
        "just started. The same questions as plain SQL on the lake's files, without anything around them, "
        f"take {times.thread_sql * 1000:.0f} ms of CPU (a contact's last 50 messages) and "
        f"{times.search_sql * 1000:.0f} ms (contacts with the rare word).",
    ]
    if times.rest:
        shares = [[label, f"{share:.1%}"] for label, share in times.rest.items()]
        lines.append(table([f"at rest, over {_REST_SECONDS} s", "of one core"], shares))
    return "\n\n".join(lines)


def _row(label: str, timed: list[Timed]) -> list[str]:
    seconds = sorted(each.seconds for each in timed)
    within = seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))]
    cpu = sum(each.cpu for each in timed) / len(timed)
    middle = seconds[len(seconds) // 2]
    return [
        label, f"{len(timed)}", f"{middle * 1000:.0f}", f"{within * 1000:.0f}", f"{cpu * 1000:.0f}",
    ]  # fmt: skip


_HOW = (
    "Times are those of the browser: from the click (or the last key, whose search the page sends 300 ms "
    "later) to the first frame with the new rows, or with the messages of that very conversation. The "
    "conversations lie all along 300 rows of the list. CPU is that of the server's process alone."
)

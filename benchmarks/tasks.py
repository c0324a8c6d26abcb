"""The work of a day, done in a browser on a simulated account, counted and photographed.

Each task begins with its page and ends where what was asked for can be read or is saved: clicks, what is
typed, keys and seconds. ``--pictures`` keeps numbered screenshots.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.browser import open_browser
from benchmarks.ports import free_port
from benchmarks.report import load_average, machine_facts, table
from workbench.compliance.checks import RULES_FILE
from workbench.settings import SETTINGS_FILE

_PATIENCE_MS = 120_000
_MOST_TABS, _MOST_REDRAWN = 20, 10
#: The words of what has the focus, through the shadow roots.
_FOCUSED = """() => { let each = document.activeElement
  while (each?.shadowRoot?.activeElement) each = each.shadowRoot.activeElement
  return each?.innerText }"""
_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763"
    "f8cfc000000301010018dd8db00000000049454e44ae426082"
)
_MOST_LETTERS = 120
_HOW = """\
The work of a day, done in Chromium on a simulated account, each task in a new window at 1366 × 900. Seconds
run from asking for the page to what can be read or is saved, loading included, at the speed of a script: a
person's reading and aiming come on top. *Before* is what a stranger needed for the same on the pages as they
were before Explore, campaigns and the team's inbox."""
_QUIET_HOURS = """
as_of = 2026-11-30
[default]
send = "00:00-24:00"
source = "so that somebody can be answered at whatever hour this runs"
[countries.US]
send = "00:00-24:00"
source = "as above"
[[countries.US.states]]
of = ["TX"]
send = "09:00-21:00"
sunday = "12:00-21:00"
source = "as the rules that come with the program"
"""
_MAIL = {
    "WORKBENCH_SMTP_HOST": "127.0.0.1",
    "WORKBENCH_SMTP_SECURITY": "none",
    "WORKBENCH_SMTP_FROM": "reports@example.com",
}


@dataclass
class Hand:
    """Somebody at a browser: what they do is counted, and each sight they work from is photographed."""

    page: Any
    base: str
    pictures: Path | None
    number: int
    name: str
    clicks: int = 0
    typed: int = 0
    keys: int = 0
    taken: int = 0
    began: float = field(default_factory=time.perf_counter)
    """Seconds of a clock, when the page was asked for."""

    def open(self, address: str) -> None:
        self.began = time.perf_counter()
        self.page.goto(self.base + address, wait_until="commit")

    def click(self, place: Any) -> None:
        place.click()
        self.clicks += 1

    def choose(self, place: Any, label: str) -> None:
        """Two clicks: one opens the list, one takes a line of it."""
        place.select_option(label=label)
        self.clicks += 2

    def type(self, place: Any, text: str) -> None:
        place.fill(text)
        self.typed += 1

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
            self.keys += 1

    def write(self, text: str) -> None:
        """Type where the focus is."""
        self.page.keyboard.type(text)
        self.typed += 1

    def see(self, place: Any) -> str:
        """Wait until something can be read, and photograph it."""
        place.wait_for()
        _scroll_to(place)
        text: str = place.inner_text()
        if self.pictures:
            self.taken += 1
            path = self.pictures / f"{self.number:02}-{self.taken}-{self.name.replace(' ', '-').lower()}.png"
            self.page.screenshot(path=path)
        return text


def _scroll_to(place: Any) -> None:
    """Scroll until it is in sight; what is drawn anew meanwhile is looked for again."""
    from playwright.sync_api import Error

    for attempt in range(_MOST_REDRAWN):
        try:
            place.scroll_into_view_if_needed()
            return
        except Error as error:
            if "not attached" not in str(error) or attempt == _MOST_REDRAWN - 1:
                raise


@dataclass(frozen=True)
class Task:
    """A task, how it was before these pages, and how a hand does it; ``do`` gives what can be read then."""

    name: str
    before: str
    do: Callable[[Hand], str]


def _worst_day(hand: Hand) -> str:
    hand.open("overview?period=90d")
    finding = hand.page.locator("li", has_text=re.compile(r"Message filtered: .* on \d")).first
    text = hand.see(finding)
    hand.click(finding.locator("a.more"))
    hand.see(hand.page.locator("tr[data-sid]").first)
    return text


def _waste_by_country(hand: Hand) -> str:
    hand.open("cost")
    hand.choose(hand.page.get_by_label("Calendar period"), "Last month")
    panel = hand.page.locator(
        "section.panel", has=hand.page.get_by_role("heading", name="Wasted spend by country")
    )
    hand.see(panel.locator("tbody tr").first)
    hand.click(panel.locator("summary[aria-label^=Download], summary[title^=Download]").first)
    with hand.page.expect_download() as download:
        hand.click(panel.get_by_role("link", name=re.compile("Excel|XLSX", re.I)))
    return f"{Path(download.value.path()).stat().st_size:,} bytes of a spreadsheet"


def _text_to_rewrite(hand: Hand) -> str:
    hand.open("segmentation")
    panel = hand.page.locator("section.panel", has=hand.page.get_by_role("heading", name="Texts", exact=True))
    hand.click(panel.locator("tbody tr button").first)
    hand.see(hand.page.locator("tr.detail").first)
    hand.click(hand.page.locator("tr.detail").first.get_by_role("button", name=re.compile("Copy")).first)
    return hand.see(hand.page.locator("tr.detail").first)


def _what_limit_to_ask_for(hand: Hand) -> str:
    hand.open("throughput")
    panel = hand.page.locator(
        "section.panel", has=hand.page.get_by_role("heading", name="What a higher limit would change")
    )
    return hand.see(panel.locator("tbody tr, li, p").first)


def _best_and_worst_text(hand: Hand) -> str:
    hand.open("campaigns")
    panel = hand.page.locator("section.panel", has=hand.page.get_by_role("heading", name="Ranking"))
    hand.click(panel.get_by_role("button", name=re.compile("Opt-out")).first)
    worst = hand.see(panel.locator("tbody tr").first)
    hand.click(panel.get_by_role("button", name=re.compile("Repl")).first)
    return f"{worst} … {hand.see(panel.locator('tbody tr').first)}"


def _own_chart(hand: Hand) -> str:
    hand.open("explore?period=90d")
    hand.click(hand.page.locator("summary[aria-label='Add metric']"))
    hand.write("undelivered rate")
    hand.press("Enter")
    hand.click(hand.page.get_by_role("button", name="Remove Messages"))
    hand.click(hand.page.locator("summary[aria-label='Add dimension']"))
    hand.write("country")
    hand.press("Enter")
    hand.choose(hand.page.get_by_label("Time", exact=True), "By week")
    return hand.see(hand.page.locator(".plot").first)


def _mailed_view(hand: Hand) -> str:
    hand.open("explore?metric=undelivered_rate&by=country&grain=week&period=90d")
    hand.click(hand.page.get_by_role("button", name="Save as view"))
    hand.type(hand.page.locator("input[name=title]"), "Undelivered by country and week")
    hand.click(hand.page.get_by_role("button", name="Save", exact=True))
    hand.type(hand.page.get_by_label("To", exact=True), "reports@example.com")
    hand.click(hand.page.get_by_role("button", name="Mail it"))
    return hand.see(hand.page.locator(".mails p.view").first)


def _resolve_fifty(hand: Hand) -> str:
    hand.open("inbox")
    hand.click(hand.page.get_by_role("button", name=re.compile("waiting for over 7 days")))
    hand.see(hand.page.locator(".line").first)
    hand.click(hand.page.locator(".line input").first)
    hand.click(hand.page.get_by_role("button", name="Select all shown"))
    hand.see(hand.page.locator(".bulk"))
    hand.click(hand.page.locator(".bulk").get_by_role("button", name="Resolve"))
    return hand.see(hand.page.locator(".told"))


def _answer_with_a_picture(hand: Hand) -> str:
    hand.open("inbox?order=newest")
    hand.page.locator(".row").first.wait_for()
    hand.press("j")
    hand.press("Enter")
    hand.page.locator(".thread-head h2").wait_for()
    hand.write("Here is a picture of it.")
    hand.page.locator("button.attach:enabled").wait_for()
    for _ in range(_MOST_TABS):
        hand.press("Shift+Tab")
        if (hand.page.evaluate(_FOCUSED) or "").strip() == "Attach":
            break
    with hand.page.expect_file_chooser() as chooser:
        hand.press("Enter")
    chooser.value.set_files({"name": "order.png", "mimeType": "image/png", "buffer": _PICTURE})
    hand.see(hand.page.locator(".attached img"))
    hand.press("Tab", 2)
    hand.press("Control+Enter")
    return hand.see(hand.page.locator(".message.mine", has_text="Here is a picture of it.").last)


def _quiet_hours_of_texas(hand: Hand) -> str:
    hand.open("compliance?period=90d")
    places = hand.page.get_by_label("Recipients of Sent in quiet hours")
    places.wait_for()
    label = next(each for each in places.locator("option").all_inner_texts() if "Texas" in each)
    hand.choose(places, label)
    return hand.see(places)


def _decide_an_opt_out_request(hand: Hand) -> str:
    hand.open("compliance")
    hand.click(hand.page.get_by_role("button", name=re.compile("^Opt-out …")).first)
    hand.type(hand.page.get_by_label("Reason"), "They ask for no more messages")
    hand.see(hand.page.get_by_role("dialog"))
    hand.click(hand.page.get_by_role("button", name="Decide"))
    return hand.see(hand.page.locator(".notice").first)


TASKS = (
    Task("Worst day", "3–4 clicks; the finding's own link opened something else", _worst_day),
    Task("Waste by country of last month, as a spreadsheet", "8 steps; no last month", _waste_by_country),
    Task("Text to rewrite first", "2 clicks; no copy button", _text_to_rewrite),
    Task("Is the toll-free number the bottleneck", "what to ask for was not said", _what_limit_to_ask_for),
    Task("Worst opt-out and best reply rate by text", "impossible", _best_and_worst_text),
    Task("Undelivered rate by country and week", "impossible without code", _own_chart),
    Task("That chart saved and mailed each week", "impossible on the pages", _mailed_view),
    Task("Resolve 50 conversations", "impossible: one by one", _resolve_fifty),
    Task("Answer with a picture, by keyboard only", "impossible", _answer_with_a_picture),
    Task("Sent in quiet hours of Texas", "by a CSV", _quiet_hours_of_texas),
    Task("Decide an opt-out request", "at the command line only", _decide_an_opt_out_request),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    group = parser.add_argument_group("tasks")
    group.add_argument("--task-messages", type=int, default=50_000, help="in the account of the tasks")
    group.add_argument("--task-days", type=int, default=100, help="of the account's history")
    group.add_argument("--task", type=int, nargs="+", help="only these, by number")
    group.add_argument("--pictures", type=Path, help="a folder for numbered screenshots")


def run(options: argparse.Namespace) -> str:
    """Do the tasks, and give the report as Markdown."""
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    chosen = [(n, task) for n, task in enumerate(TASKS, 1) if not options.task or n in options.task]
    load = load_average()
    with workplace(options.task_messages, options.task_days) as base, open_browser() as launched:
        rows = [_done(launched, base, options.pictures, number, task) for number, task in chosen]
    header = ("Task", "Clicks", "Typed", "Keys", "Seconds", "Before", "What can be read then")
    return "\n\n".join(
        ["## Tasks", machine_facts(), f"Load average before the first: {load}.", _HOW, table(header, rows)]
    )


def _done(launched: Any, base: str, pictures: Path | None, number: int, task: Task) -> list[str]:
    context = launched.new_context(viewport={"width": 1366, "height": 900}, color_scheme="light")
    context.set_default_timeout(_PATIENCE_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    hand = Hand(context.new_page(), base, pictures, number, task.name)
    read = " ".join(task.do(hand).split())
    seconds = time.perf_counter() - hand.began
    context.close()
    print(f"{number}. {task.name}: {read}", file=sys.stderr, flush=True)
    counts = (hand.clicks, hand.typed, hand.keys)
    shown = read if len(read) <= _MOST_LETTERS else f"{read[:_MOST_LETTERS]} …"
    return [
        f"{number}. {task.name}",
        *map(str, counts),
        f"{seconds:.1f}",
        task.before,
        shown.replace("|", "/"),
    ]


@contextmanager
def workplace(messages: int, days: int) -> Iterator[str]:
    """The address of the pages, served over a simulated account that was synced."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tasks-")))
        (home / SETTINGS_FILE).write_text("[access]\ntoken = false\n")
        (home / RULES_FILE).write_text(_QUIET_HOURS)
        port, hooks_port = free_port(), free_port()
        account = ["simulate", "--port", "0", "--messages", str(messages), "--days", str(days)]
        account += ["--callbacks", f"http://127.0.0.1:{hooks_port}"]
        simulated = stack.enter_context(_running(account, os.environ, stdout=subprocess.PIPE))
        environment = {**os.environ, **_MAIL, "WORKBENCH_HOME": str(home), **_exports(simulated.stdout)}
        since = (datetime.now(UTC).date() - timedelta(days=days)).isoformat()
        _say(f"syncing about {messages:,} messages …")
        subprocess.run(
            [sys.executable, "-m", "workbench", "sync", "--since", since],
            env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        served = ["serve", "--port", str(port), "--hooks-port", str(hooks_port), "--api-port", "0"]
        stack.enter_context(_running(served, environment))
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def _running(
    arguments: list[str],
    environment: Mapping[str, str],
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", *arguments], env=environment, text=True, stdin=subprocess.DEVNULL,
        stdout=stdout, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _exports(lines: Any) -> dict[str, str]:
    """What the simulated account prints for a shell, up to its first empty line."""
    found = {}
    for line in lines:
        if not line.strip():
            return found
        name, _, value = line.removeprefix("export ").strip().partition("=")
        found[name] = value
    raise RuntimeError("The simulated account did not start; run `workbench simulate` to see why.")


def _wait_for(address: str) -> None:
    until = time.monotonic() + _PATIENCE_MS / 1000
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("The pages server did not start; run `workbench serve` to see why.")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

"""How long a page takes in a real browser, beside what the same questions cost without it.

Lakes are made by :mod:`benchmarks.day_lake`. The pages server is a process of its own; a browser opens the
overview, changes a filter and waits until the chart has been painted with the new numbers.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.browser import open_browser
from benchmarks.day_lake import fill_lake
from benchmarks.questions import measure_questions
from benchmarks.report import load_average, machine_facts, table
from workbench.settings import load_settings

_PATIENCE_MS = 120_000
_DAYS = 365
_SETTLE_SECONDS = 5
_FIRST_PAINTS = 7
_COUNTRIES = ("United States", "Canada", "United Kingdom", "Germany", "France", "Mexico", "Australia")


@dataclass(frozen=True)
class PageTimes:
    """Seconds from a filter change to the painted chart, by period; first paint; megabytes of the server."""

    to_listen: float
    first_paint: float
    changes: dict[str, list[float]]
    base_mb: float
    session_mb: float
    together: list[float]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    group = parser.add_argument_group("dashboards")
    group.add_argument("--lake-messages", type=int, nargs="+", default=[1_000_000, 10_000_000])
    group.add_argument("--sessions", type=int, default=20, help="pages that are open and change at once")
    group.add_argument("--pages-only", action="store_true", help="leave out what is asked without a browser")
    group.add_argument("--lake-homes", type=Path, help="where lakes are kept between runs; made if missing")


def run(options: argparse.Namespace) -> str:
    """Measure, and give the report as Markdown."""
    load = load_average()
    parts = ["## Dashboards", machine_facts(), f"Load average before the first run: {load}.", _HOW]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for messages in options.lake_messages:
            home = ((options.lake_homes or Path(name)) / f"{messages}").resolve()
            count = _lake_of(home, messages)
            _say(f"{count:,} messages: the browser …")
            times = _measure_pages(home, options.sessions)
            parts += [f"### {count:,} messages of {_DAYS} days", _report(times, options.sessions)]
            if not options.pages_only:
                _say(f"{count:,} messages: the same questions without it …")
                parts.append(measure_questions(home, _DAYS))
    return "\n\n".join(parts)


def _lake_of(home: Path, messages: int) -> int:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    if not (home / "lake").exists():
        _say(f"filling a lake with {messages:,} messages …")
        return fill_lake(settings, messages, _DAYS, datetime.now(UTC).date() + timedelta(days=1))
    from workbench.lake import open_lake

    with open_lake(settings, read_only=True) as lake:
        return int(lake.value("select count(*) from messages"))


@contextmanager
def _pages(home: Path) -> Iterator[tuple[str, subprocess.Popen[str], float]]:
    """The pages server of a lake: its address, its process, and the seconds until it answered."""
    # The link with a token is not what is measured, and each window here is a browser of its own.
    (home / "workbench.toml").write_text("[access]\ntoken = false\n")
    command = [sys.executable, "-m", "workbench", "serve", "--port", "0"]
    if "--only" in subprocess.run([*command[:4], "--help"], capture_output=True, text=True).stdout:
        command += ["--only", "pages"]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={"WORKBENCH_HOME": str(home), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    try:
        assert process.stderr
        for line in process.stderr:
            words = [word for word in line.split() if word.startswith("http://")]
            if words:
                yield words[0], process, time.perf_counter() - began
                return
        raise RuntimeError("The pages server did not start; run `workbench serve` to see why.")
    finally:
        process.terminate()
        process.wait(60)


def _measure_pages(home: Path, sessions: int) -> PageTimes:
    since = (datetime.now(UTC).date() - timedelta(days=_DAYS)).isoformat()
    with _pages(home) as (url, process, to_listen), open_browser() as browser:
        opened = [_open(browser, f"{url}overview") for _ in range(_FIRST_PAINTS)]
        first, page = statistics.median(seconds for seconds, _ in opened), opened[-1][1]
        changes = {"30 days": _changes(page), "whole history": []}
        page = _open(browser, f"{url}overview?since={since}")[1]
        changes["whole history"] = _changes(page)
        # What the measuring so far needed for a moment has been given back before a session is weighed.
        _open(browser, f"{url}overview")
        time.sleep(_SETTLE_SECONDS)
        base = _resident_mb(process.pid)
        pages = [_open(browser, f"{url}overview")[1] for _ in range(sessions)]
        each = (_resident_mb(process.pid) - base) / max(sessions, 1)
        together = _changes_together(pages)
    return PageTimes(to_listen, first, changes, base, each, together)


def _open(browser: object, address: str) -> tuple[float, object]:
    """A window of its own, and the seconds until its first chart was painted."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})  # type: ignore[attr-defined]
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    began = time.perf_counter()
    page.goto(address)
    page.locator(".plot .bars path").first.wait_for(state="attached")
    return time.perf_counter() - began, page


#: What the first chart shows, as text: another figure is another text.
_SHOWN = """() => { const walk = (root) => { for (const e of root.querySelectorAll("*")) {
  if (e.classList?.contains("plot") && e.data) return JSON.stringify(e.data.map((t) => [t.name, t.y]))
  if (e.shadowRoot) { const found = walk(e.shadowRoot); if (found) return found } } return "" }
  return walk(document) }"""


_SHOWN_NOW = f"({_SHOWN})()"
#: Notes when something was clicked, and the first frame after it that has other numbers in the first chart.
_WATCH = f"""(before) => {{ const shown = {_SHOWN}
  window.clicked = window.painted = undefined
  addEventListener("click", () => {{ window.clicked ??= performance.now() }}, {{capture: true}})
  const look = () => {{ const now = window.clicked && shown()
    if (now && now !== before) window.painted = performance.now()
    else requestAnimationFrame(look) }}
  requestAnimationFrame(look) }}"""


def _painted(page: object, change: Callable[[], None], before: str) -> float:
    """Seconds from a click until the first chart shows something else and the browser draws that frame."""
    page.evaluate(_WATCH, before)  # type: ignore[attr-defined]
    change()
    page.wait_for_function("() => window.painted")  # type: ignore[attr-defined]
    return float(page.evaluate("() => window.painted - window.clicked")) / 1000  # type: ignore[attr-defined]


def _changes(page: object) -> list[float]:
    """A filter changed by the drawer's own box, one country after another."""
    times = []
    page.locator("summary", has_text="Country").first.click()  # type: ignore[attr-defined]
    for country in _COUNTRIES:
        box = page.get_by_role("checkbox", name=country)  # type: ignore[attr-defined]
        before = page.evaluate(_SHOWN_NOW)  # type: ignore[attr-defined]
        times.append(_painted(page, box.first.check, before))
    return times


def _changes_together(pages: Sequence[object]) -> list[float]:
    """Every open page changes at once: the seconds until each has painted, the first to the last."""
    for page in pages:
        page.evaluate(_WATCH, page.evaluate(_SHOWN_NOW))  # type: ignore[attr-defined]
    began = time.perf_counter()
    for number, page in enumerate(pages):
        text = ("7 days", "90 days")[number % 2]
        page.get_by_text(text, exact=True).first.click(no_wait_after=True)  # type: ignore[attr-defined]
    times = []
    for page in pages:
        page.wait_for_function("() => window.painted")  # type: ignore[attr-defined]
        times.append(time.perf_counter() - began)
    return times


def _resident_mb(pid: int) -> float:
    return float(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def _report(times: PageTimes, sessions: int) -> str:
    rows = [
        [f"filter change to painted chart, {period}", *_spread(seconds)]
        for period, seconds in times.changes.items()
    ]
    rows.append([f"{sessions} pages change at once, until each has painted", *_spread(times.together)])
    lines = (
        f"The server answers after {times.to_listen:.1f} s (it counts the lake by day meanwhile); a first "
        f"chart is painted {times.first_paint:.2f} s after the address was entered (median of "
        f"{_FIRST_PAINTS} times without a cache). It holds "
        f"{times.base_mb:.0f} MB, and {times.session_mb:.1f} MB more for each further open page."
    )
    return table(["", "median s", "fastest", "slowest"], rows) + "\n\n" + lines


def _spread(seconds: Sequence[float]) -> list[str]:
    return [f"{value:.2f}" for value in (statistics.median(seconds), min(seconds), max(seconds))]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


_HOW = (
    "The simulator's traffic of two accounts in two currencies, 100,000 messages of it generated and the "
    "rest copies of these: real traffic has more different combinations in a day, and its cube more rows. A "
    "filter is changed by its box in the drawer; *painted* is the first frame in which the first chart holds "
    "other numbers, counted from the click. The pages server, the browser and whatever else runs share the "
    "cores of the machine."
)

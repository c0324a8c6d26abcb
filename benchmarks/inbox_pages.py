"""What happens in the browser's window while the inbox is measured, and what the server works meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


@dataclass(frozen=True)
class Timed:
    """Seconds until it was shown, and seconds that the server's processor worked until then."""

    seconds: float
    cpu: float


_FIND = """const all = (root) => [root, ...[...root.querySelectorAll("*")]
    .filter((each) => each.shadowRoot).flatMap((each) => all(each.shadowRoot))]
  const root = all(document).find((each) => each !== document && each.querySelector(%r))"""

#: Notes the first click, key or choice from now on, and the first frame after it in which `isShown()`.
_WATCH = """window.measured = {began: 0, done: 0}
  const begin = () => { window.measured.began ||= performance.now() }
  for (const name of ["click", "input", "change"]) addEventListener(name, begin, {capture: true, once: true})
  const look = () => {
    if (window.measured.began && isShown()) window.measured.done = performance.now()
    else requestAnimationFrame(look) }
  requestAnimationFrame(look)"""

WINDOW_THREAD = f"""(wanted) => {{ {_FIND % ".inbox"}
  const isShown = () => root.querySelector(".thread-head")?.dataset.id === wanted
    && root.querySelector(".thread").getAttribute("aria-busy") === "false"
    && root.querySelector(".items .message")?.getClientRects().length > 0
  {_WATCH} }}"""
"""A conversation's messages are drawn under its own head."""

WINDOW_LIST = f"""(wanted) => {{ {_FIND % ".inbox"}
  const list = root.querySelector(".list")
  let wasAsked = false
  const observer = new MutationObserver(() => {{ wasAsked ||= list.getAttribute("aria-busy") === "true" }})
  observer.observe(list, {{attributes: true, attributeFilter: ["aria-busy"]}})
  const isShown = () => wasAsked && list.getAttribute("aria-busy") === "false"
    && root.querySelector(".views [aria-pressed='true']")?.dataset.view === wanted
  {_WATCH} }}"""
"""The list was asked for, its answer is drawn, and it is the wanted view."""

WINDOW_FLOOR = f"""() => {{ {_FIND % ".ask"}
  const button = root.querySelector(".ask")
  const before = button.textContent
  const isShown = () => button.textContent !== before
  {_WATCH} }}"""
"""The empty page shows the answer."""


def timed_in_window(page: Page, pid: int, watch: str, wanted: str, act: Callable[[], object]) -> Timed:
    """Do something in a page and wait until it shows what was wanted."""
    used = cpu_seconds(pid)
    page.evaluate(watch, wanted)
    act()
    page.wait_for_function("() => window.measured.done")
    seconds = page.evaluate("() => window.measured.done - window.measured.began") / 1000
    return Timed(float(seconds), cpu_seconds(pid) - used)


def rows_of(page: Page) -> list[str]:
    """The ids of the conversations in the list, from its top."""
    return [str(line.get_attribute("data-id")) for line in page.locator(".line[data-id]").all()]


def cpu_seconds(pid: int) -> float:
    """What a process has worked so far, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100

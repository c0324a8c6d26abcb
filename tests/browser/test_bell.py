"""The bell in Chromium: what is counted, shown once in several tabs, opened by a click, and chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visitor, visit
from tests.conversations.installation import CONTACT, Installation, installed
from tests.ui.serving import served
from workbench.conversations.events import note, save_event
from workbench.conversations.find import find_conversation
from workbench.roles import local_user
from workbench.server.pages import PagesServer

#: Keeps what a page would show: a headless browser has no desktop to show it on.
KEEP_SHOWN = """
window.shownNotices_ = []
const Real = Notification
window.Notification = class extends EventTarget {
  static get permission() { return window.permission_ ?? Real.permission }
  static requestPermission() { return Real.requestPermission() }
  constructor(title, options) {
    super()
    window.shownNotices_.push({title, ...options, at: Date.now(), click: () => this.onclick()})
  }
  close() {}
}
"""

KEPT = "window.shownNotices_.map(({title, tag, silent, at}) => ({title, tag, silent, at}))"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("bell")) as installed_home:
        installed_home.wb.notifications.run()
        yield installed_home


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[PagesServer]:
    with served(installation.wb.settings) as opened:
        yield opened


def enter(browser: Browser, server: PagesServer, **options: object) -> Visitor:
    visitor = visit(browser, server, **options)
    visitor.context.grant_permissions(["notifications"])
    visitor.context.add_init_script(KEEP_SHOWN)
    return visitor


def opened(visitor: Visitor, address: str, page: Page | None = None) -> Page:
    page = page or visitor.page
    page.goto(visitor.base + address)
    expect(page.get_by_role("button", name="Notifications: ")).to_be_visible()
    # It answers once the server has told what is unread.
    page.wait_for_function("document.title")
    return page


def titles(page: Page) -> list[str]:
    return page.evaluate("window.shownNotices_.map((each) => each.title)")  # type: ignore[no-any-return]


def page_that_shows(title: str, *pages: Page) -> Page:
    """The tab that shows a notice of this title: each new notice is shown by the first tab that can."""
    for _ in range(600):
        for page in pages:
            if any(title in each for each in titles(page)):
                return page
        pages[0].wait_for_timeout(100)
    raise AssertionError(f"no tab shows {title}: {[titles(page) for page in pages]}")


def test_of_several_tabs_one_shows_it_and_its_click_opens_the_conversation(
    browser: Browser, server: PagesServer, installation: Installation
) -> None:
    visitor = enter(browser, server)
    first = opened(visitor, "overview")
    second = opened(visitor, "cost", visitor.context.new_page())
    for page in (first, second):
        page.wait_for_timeout(500)
    installation.ask("Is it open?")
    assert installation.wb.notifications.run().noted == 1
    for page in (first, second):
        expect(page.get_by_role("button", name="Notifications: 1 conversation unread")).to_be_visible()
        page.wait_for_function("document.title.startsWith('(1) ')")
        page.wait_for_function("document.querySelector('link[rel~=icon]').href.startsWith('data:image/png')")
    page_that_shows("A new message from ", first, second)
    second.wait_for_timeout(2_500)
    shown = [*titles(first), *titles(second)]
    assert shown == [f"A new message from {CONTACT[:5]}***{CONTACT[-4:]} (Support) is waiting"]
    assert "Is it open?" not in "".join(frame for frame in visitor.frames if '"notices"' in frame)
    # A burst that goes on replaces it silently.
    installation.ask("Hello?")
    installation.wb.notifications.run()
    page = page_that_shows("2 new messages from ", first, second)
    second.wait_for_timeout(2_500)
    kept = [each for tab in (first, second) for each in tab.evaluate(KEPT)]
    burst, longer = sorted(kept, key=lambda each: each["at"])
    assert longer["title"].startswith("2 new messages from ")
    assert (burst["tag"], longer["silent"]) == (longer["tag"], True)
    page.evaluate("window.shownNotices_.at(-1).click()")
    page.wait_for_url("**/inbox?conversation=*")
    expect(page.locator(".theirs .bubble").last).to_have_text("Hello?")
    # Read there, it is read everywhere.
    for each in (first, second):
        expect(each.get_by_role("button", name="Notifications: nothing unread")).to_be_visible()
        each.wait_for_function("!document.title.startsWith('(')")
    # Whoever looks at the conversation is not told of what they see.
    installation.ask("Are you there?")
    installation.wb.notifications.run()
    expect(page.locator(".theirs .bubble").last).to_have_text("Are you there?")
    expect(second.get_by_role("button", name="Notifications: nothing unread")).to_be_visible()
    visitor.context.close()
    assert (visitor.errors, visitor.strangers) == ([], [])


def test_a_mention_in_a_note_is_shown_as_such_and_tells_them(
    browser: Browser, server: PagesServer, installation: Installation
) -> None:
    name = local_user().name
    visitor = enter(browser, server)
    conversation = installation.wb.conversation(CONTACT)
    page = opened(visitor, f"inbox?conversation={conversation.id}")
    page.get_by_role("button", name="Private note").click()
    page.get_by_label("Private note", exact=True).fill(f"@{name}. and @nobody: <b>look</b>")
    expect(page.locator(".tally")).to_have_text(f"Tells {name}")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".note .mention")).to_have_text(f"@{name}")
    expect(page.locator(".note")).to_contain_text(f"@{name}. and @nobody: <b>look</b>")
    # Nobody is told of their own note, but of that of somebody else.
    assert installation.wb.notifications.run().noted == 0
    lake = installation.wb._installation.lake
    save_event(lake, find_conversation(lake, CONTACT), note(f"@{name} look", "user:ana"))
    page.goto(f"{visitor.base}overview")
    expect(page.get_by_role("button", name="Notifications: nothing unread")).to_be_visible()
    assert installation.wb.notifications.run().noted == 1
    expect(page.get_by_role("button", name="Notifications: 1 conversation unread")).to_be_visible()
    visitor.context.close()
    assert (visitor.errors, visitor.strangers) == ([], [])


def test_a_conversation_in_a_tab_that_nobody_looks_at_stays_unread(
    browser: Browser, server: PagesServer, installation: Installation
) -> None:
    visitor = enter(browser, server)
    conversation = installation.wb.conversation(CONTACT)
    page = opened(visitor, f"inbox?conversation={conversation.id}")
    expect(page.get_by_role("button", name="Notifications: nothing unread")).to_be_visible()
    page.evaluate("document.hasFocus = () => false")
    installation.ask("Do you see this?")
    assert installation.wb.notifications.run().noted == 1
    expect(page.locator(".theirs .bubble").last).to_have_text("Do you see this?")
    expect(page.get_by_role("button", name="Notifications: 1 conversation unread")).to_be_visible()
    # Whoever comes back to the tab has seen it.
    page.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("button", name="Notifications: nothing unread")).to_be_visible()
    visitor.context.close()
    assert (visitor.errors, visitor.strangers) == ([], [])


def test_choices_are_made_in_the_panel(
    browser: Browser, server: PagesServer, installation: Installation
) -> None:
    visitor = enter(browser, server, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = opened(visitor, "inbox")
    page.get_by_role("button", name="Notifications: ").tap()
    panel = page.get_by_role("dialog", name="Notifications")
    expect(panel).to_contain_text("Allowed in this browser.")
    panel.get_by_label("New messages of").select_option("all")
    expect(panel.get_by_role("status")).to_have_text("Saved.")
    panel.get_by_label("When").fill("22-7")
    panel.get_by_label("Time zone").focus()
    expect(panel.get_by_role("status")).to_contain_text("write a list of times")
    # What was typed stays, to be mended, and so does the place in the panel.
    expect(panel.get_by_label("When")).to_have_value("22-7")
    expect(panel.get_by_label("Time zone")).to_be_focused()
    panel.get_by_label("When").fill("22:00-07:00, Sat-Sun 00:00-24:00")
    panel.get_by_label("Time zone").focus()
    expect(panel.get_by_role("status")).to_have_text("Saved.")
    panel.get_by_label("How soon").first.select_option("1h")
    expect(panel.get_by_role("status")).to_contain_text("mail needs an address")
    expect(panel.get_by_label("How soon").first).to_have_value("off")
    panel.get_by_label("Names me", exact=True).check()
    expect(panel.get_by_role("status")).to_have_text("Saved.")
    panel.get_by_label("Address").fill("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
    panel.get_by_role("button", name="Save address").tap()
    expect(panel).to_contain_text("An address is kept.")
    shown = installation.wb.notifications.show()
    chosen = dict(zip(shown.choice, shown.value, strict=True))
    assert (chosen["messages"], chosen["urgent"]) == ("all", "mention")
    assert (chosen["quiet"], chosen["apprise_address"]) == ("22:00-07:00, Sat-Sun 00:00-24:00", "set")
    assert "TIiajk" not in "".join(visitor.frames)
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    # What a browser that does not allow it is told.
    for state, words in (("denied", "Blocked in this browser."), ("default", "Allow in this browser")):
        page.get_by_role("button", name="Close").tap()
        page.evaluate("(state) => { window.permission_ = state }", state)
        page.get_by_role("button", name="Notifications: ").tap()
        expect(panel).to_contain_text(words)
    visitor.context.close()
    assert (visitor.errors, visitor.strangers) == ([], [])

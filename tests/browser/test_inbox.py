"""The inbox page as people use it: read, write, confirm, see it delivered; on a phone; with hostile texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.access.people import PASSWORDS, home_with_people, serving
from tests.browser.conftest import PATIENCE, Visitor, visit
from tests.conversations.installation import CONTACT, NAME, QUESTION, Installation, installed
from tests.ui.serving import served
from workbench.server.pages import PagesServer
from workbench.settings import load_settings
from workbench.simulator.rest.storage import picture as drawn_picture

PNG = drawn_picture("cat")
#: The words of what has the focus, through the shadow roots.
FOCUSED = """() => { let each = document.activeElement
  while (each?.shadowRoot?.activeElement) each = each.shadowRoot.activeElement
  return each?.innerText }"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("inbox")) as installed_home:
        yield installed_home


@pytest.fixture(scope="module")
def inbox_server(installation: Installation) -> Iterator[PagesServer]:
    with served(installation.wb.settings) as server:
        yield server


def open_inbox(visitor: Visitor, query: str = "") -> Page:
    visitor.page.goto(f"{visitor.base}inbox{query}")
    expect(visitor.page.locator(".row:visible, .message:visible").first).to_be_visible()
    return visitor.page


def finish(visitor: Visitor) -> None:
    """Nothing of what strangers wrote became part of the page, and nothing was fetched from elsewhere."""
    assert visitor.page.evaluate("window.hacked") is None
    assert visitor.page.locator("#bold").count() == 0
    visitor.context.close()
    assert visitor.errors == []
    assert visitor.strangers == []


def test_read_write_confirm_and_see_it_delivered(
    browser: Browser, inbox_server: PagesServer, installation: Installation
) -> None:
    visitor = visit(browser, inbox_server)
    page = open_inbox(visitor)
    row = page.locator(".row", has_text=NAME)
    expect(row).to_contain_text('=HYPERLINK("https://example.com")')
    row.click()
    expect(page.locator(".theirs .bubble").last).to_have_text(QUESTION.replace("\u202e", "\u202e"))
    expect(page.locator(".thread-head h2")).to_have_text(NAME)
    assert re.search(r"conversation=CW[0-9a-f]{24}$", page.url)
    # The number is hidden until somebody asks for it, and that is written down.
    expect(page.locator(".number")).to_have_text("+1206***0142")
    assert CONTACT not in "".join(visitor.frames)
    page.get_by_role("button", name="Show number").click()
    expect(page.locator(".number")).to_have_text(CONTACT)
    assert installation.wb.sql("select count(*) n from audit_events where action = 'reveal'").n[0] == 1
    # A canned reply, then more text; the check runs while typing.
    page.get_by_role("button", name="Canned replies").click()
    page.get_by_placeholder("Search canned replies").fill("thank")
    page.get_by_role("button", name="Thanks Thanks, we are on it.").click()
    text = page.get_by_label("Reply", exact=True)
    expect(text).to_have_value("Thanks, we are on it.")
    expect(page.locator(".tally")).to_contain_text("1 segment, GSM-7")
    expect(page.locator(".tally")).to_contain_text("there")
    # It waits some seconds, however often somebody presses, and can be taken back.
    text.press("Control+Enter")
    text.press("Control+Enter")
    expect(page.locator(".composer")).to_contain_text("Sending in")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    expect(text).to_have_value("Thanks, we are on it.")
    assert installation.sent() == []
    text.press("Control+Enter")
    text.press("Control+Enter")
    bubble = page.locator(".mine .bubble", has_text="Thanks, we are on it.")
    expect(bubble).to_be_visible(timeout=2 * PATIENCE)
    expect(page.locator(".message.mine").last.locator(".status")).to_have_text("Delivered")
    assert installation.sent() == ["Thanks, we are on it."]
    expect(text).to_have_value("")
    # A new question arrives by itself, and waits.
    installation.ask("And tomorrow?")
    expect(page.locator(".theirs .bubble").last).to_have_text("And tomorrow?")
    expect(page.locator(".thread-head .chip.wait")).to_contain_text("waiting")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator(".thread-head")).to_contain_text("resolved")
    finish(visitor)


def test_by_keyboard_and_nothing_typed_is_lost(
    browser: Browser, inbox_server: PagesServer, installation: Installation
) -> None:
    contacts = ["+12065550188", "+12065550189"]
    for contact in contacts:
        installation.ask("Where is it?", contact=contact)
    visitor = visit(browser, inbox_server)
    page = open_inbox(visitor, "?order=newest")
    rows, text = page.locator(".row"), page.get_by_label("Reply", exact=True)
    expect(rows.first).to_contain_text("+1206***0189")
    # From the first key on: the focus is in the list, then in the answer, before the conversation is there.
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Dear, just a moment ?")
    expect(rows.first).to_have_attribute("aria-current", "true")
    expect(page.locator(".theirs .bubble")).to_have_text("Where is it?")
    expect(text).to_have_value("Dear, just a moment ?")
    # Another conversation has its own draft and its own outcome.
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".thread-head h2")).to_have_text("+1206***0188")
    expect(text).to_have_value("")
    expect(page.locator(".line", has_text="+1206***0189").locator(".draft")).to_be_visible()
    page.reload()
    page.locator(".row", has_text="+1206***0189").click()
    expect(text).to_have_value("Dear, just a moment ?")
    # Two are selected and resolved, and that is undone.
    page.locator(".row", has_text="+1206***0188").focus()
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator(".bulk")).to_contain_text("2 selected")
    page.keyboard.press("e")
    expect(page.locator(".told")).to_contain_text("Resolved 2 conversations.")
    expect(page.locator(".row", has_text="+1206***018")).to_have_count(0)
    page.locator(".told").get_by_role("button", name="Undo").click()
    expect(page.locator(".row", has_text="+1206***018")).to_have_count(2)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    finish(visitor)


def test_what_is_typed_while_a_conversation_opens_is_checked_once_it_is_open(
    browser: Browser, inbox_server: PagesServer, installation: Installation
) -> None:
    installation.ask("Is it you?", contact="+12065550176")
    visitor = visit(browser, inbox_server)
    page, held = visitor.page, list[tuple[WebSocketRoute, str | bytes]]()
    is_slow = False

    def relay(socket: WebSocketRoute) -> None:
        def answer(message: str | bytes) -> None:
            if is_slow:
                held.append((socket, message))
            else:
                socket.send(message)

        socket.connect_to_server().on_message(answer)

    page.route_web_socket(re.compile(""), relay)
    open_inbox(visitor, "?order=newest")
    is_slow = True
    page.locator(".row", has_text="+1206***0176").click()
    page.get_by_label("Reply", exact=True).fill("It is.")
    expect(page.locator(".tally")).to_have_text("Opening …")
    page.wait_for_timeout(600)  # longer than it waits after the last key
    page.keyboard.press("Shift+Tab")
    where = page.evaluate(FOCUSED)
    assert where == "Canned replies"
    is_slow = False
    for socket, message in held:
        socket.send(message)
    expect(page.locator(".tally")).to_contain_text("1 segment, GSM-7")
    assert page.evaluate(FOCUSED) == where, "what is drawn anew keeps the place of the keyboard"
    finish(visitor)


def test_a_new_message_and_an_export_by_keyboard(
    browser: Browser, inbox_server: PagesServer, installation: Installation
) -> None:
    visitor = visit(browser, inbox_server)
    page = open_inbox(visitor)
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="New message")
    dialog.get_by_label("From").select_option(label="Houston store (+17135550105)")
    dialog.get_by_label("To (number)").fill("206 555 0179")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("its country code is missing")
    dialog.get_by_label("To (number)").fill("+1 206 555 0179")
    page.keyboard.press("Enter")
    text = page.get_by_label("Reply", exact=True)
    expect(page.locator(".items")).to_contain_text("It begins with your first message.")
    expect(page.get_by_role("button", name="Resolve", exact=True)).to_have_count(0)
    page.keyboard.type("Your parcel is here.")
    # Nothing is stored but the draft, which its address finds again.
    expect(page.locator(".reasons")).to_contain_text("No consent on record.")
    page.wait_for_url(re.compile(r"conversation=CW[0-9a-f]{24}"))
    open_inbox(visitor, f"?{page.url.partition('?')[2]}")
    expect(text).to_have_value("Your parcel is here.")
    assert installation.sent("+12065550179") == []
    open_inbox(visitor, f"?conversation={installation.wb.conversation(CONTACT).id}")
    page.get_by_role("button", name="Export the conversation").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Text, number masked").click()
    saved = Path(download.value.path()).read_text()
    assert QUESTION.replace("\u202e", r"\u202e") in saved
    assert CONTACT not in saved
    finish(visitor)


def test_what_two_tabs_show_is_sent_once(
    browser: Browser, inbox_server: PagesServer, installation: Installation
) -> None:
    installation.ask("Where is it?", contact="+12065550187")
    visitors = [visit(browser, inbox_server) for _ in range(2)]
    # The first one types; the second one finds the draft when it opens the conversation.
    texts = []
    for visitor in visitors:
        page = open_inbox(visitor, "?order=newest")
        page.locator(".row", has_text="+1206***0187").click()
        texts.append(page.get_by_label("Reply", exact=True))
        if len(texts) == 1:
            texts[0].fill("It is on its way.")
            expect(page.locator(".line", has_text="+1206***0187").locator(".draft")).to_be_visible()
    expect(texts[1]).to_have_value("It is on its way.")
    for text in texts:
        text.press("Control+Enter")
        expect(text).to_have_value("", timeout=2 * PATIENCE)
    expect(visitors[1].page.locator(".tally")).to_contain_text("This was sent before.")
    assert installation.sent("+12065550187") == ["It is on its way."]
    for visitor in visitors:
        finish(visitor)


def test_who_opted_out_cannot_be_answered_on_a_phone(
    browser: Browser, inbox_server: PagesServer, installation: Installation
) -> None:
    other = "+12065550177"
    installation.ask("Where is my parcel?", contact=other)
    installation.ask("STOP", contact=other)
    conversation = installation.wb.conversation(other)
    phone = visit(
        browser, inbox_server, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = open_inbox(phone)
    page.locator(".row", has_text="+1206***0177").tap()
    expect(page.locator(".list")).to_be_hidden()
    expect(page.locator(".consent")).to_contain_text("Opted out since")
    page.get_by_label("Reply", exact=True).fill("It is on its way")
    expect(page.locator(".reasons .block")).to_contain_text("Opted out of messages of")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    # A private note stays here.
    page.get_by_role("button", name="Private note").tap()
    page.get_by_label("Private note", exact=True).fill("Called <i>them</i>")
    page.get_by_role("button", name="Save note").tap()
    expect(page.locator(".note")).to_contain_text("Called <i>them</i>")
    page.get_by_role("button", name="Back to the list").tap()
    expect(page.locator(".row").first).to_be_visible()
    # Its address opens it again.
    page = open_inbox(phone, f"?conversation={conversation.id}")
    expect(page.locator(".theirs .bubble").first).to_have_text("Where is my parcel?")
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    assert installation.sent(other) == []
    finish(phone)


def test_a_picture_is_fetched_when_somebody_asks(
    browser: Browser, inbox_server: PagesServer, installation: Installation
) -> None:
    sender = "+12065550178"
    installation.ask("Look", contact=sender, media=1)
    installation.wb.sync(full=True)
    visitor = visit(browser, inbox_server)
    page = open_inbox(visitor, f"?conversation={installation.wb.conversation(sender).id}")
    page.get_by_role("button", name=re.compile("^Show ")).last.click()
    expect(page.locator("img.picture, .file a")).to_be_visible()
    finish(visitor)


def test_a_picture_is_attached_by_keyboard_and_is_there_after_a_reload(
    browser: Browser, installation: Installation, tmp_path: Path
) -> None:
    picture = tmp_path / "my cat.png"
    picture.write_bytes(PNG)
    environ = {**installation.environment, "WORKBENCH_PUBLIC_URL": "http://127.0.0.1:9"}
    with served(load_settings(environ)) as server:
        visitor = visit(browser, server)
        # From the first: what is to be caught at a key press can reach a busy browser after the key.
        visitor.page.on("filechooser", lambda _: None)
        page = open_inbox(visitor, f"?conversation={installation.wb.conversation(CONTACT).id}")
        attach = page.get_by_role("button", name="Attach")
        expect(attach).to_be_enabled()
        page.get_by_label("Reply", exact=True).focus()
        # It is a few steps before the text; how many depends on what may be done with the conversation.
        for _ in range(5):
            page.keyboard.press("Shift+Tab")
            if page.evaluate(FOCUSED) == attach.inner_text():
                break
        expect(attach).to_be_focused()
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        chooser.value.set_files(picture)
        attached = page.locator(".attached li")
        expect(attached).to_contain_text("my cat.png")
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
        page.reload()
        expect(page.get_by_role("img", name="my cat.png")).to_be_visible()
        page.get_by_role("button", name="Remove my cat.png").press("Enter")
        expect(attached).to_have_count(0)
        finish(visitor)


def test_a_signed_in_viewer_reads_only_and_an_agent_gives_to_a_team(
    browser: Browser, installation: Installation
) -> None:
    home_with_people(installation.home, '[access.teams]\nsupport = ["ana", "vic"]\n')
    with serving(load_settings(installation.environment)) as server:
        for name, may_act in (("vic", False), ("ana", True)):
            visitor = visit(browser, server)
            page = visitor.page
            # Another test may have resolved it.
            page.goto(f"{server.url}inbox?view=all&conversation={installation.wb.conversation(CONTACT).id}")
            page.locator("input[name=name]").fill(name)
            page.locator("input[name=password]").fill(PASSWORDS[name])
            page.keyboard.press("Enter")
            expect(page.locator(".theirs .bubble").first).to_have_text(QUESTION)
            expect(page.get_by_role("button", name="Show number")).to_have_count(int(may_act))
            if may_act:
                page.get_by_role("button", name="Show number").click()
                expect(page.locator(".number")).to_have_text(CONTACT)
                page.locator(".about").get_by_label("Assigned to").select_option("support")
                expect(page.locator(".row[aria-current=true] .chips")).to_contain_text("support")
                page.locator(".filter-toggle").click()
                page.locator(".filter-panel").get_by_label("Assigned to").select_option("mine")
                expect(page.locator(".filter-chips")).to_contain_text("Mine")
                expect(page.locator(".line[data-id]")).to_have_count(1)
            else:
                expect(page.locator(".tally")).to_have_text(
                    "You may read here; answering takes the role of an agent."
                )
            visitor.context.close()
    trail = installation.wb.sql("select actor from audit_events where action = 'reveal' order by seq")
    assert trail.actor.iloc[-1] == "user:ana"
    assert "user:vic" not in set(trail.actor)

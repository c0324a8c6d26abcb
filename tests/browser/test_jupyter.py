"""The reply widget in a real JupyterLab: open the notebook, type, send, see the bubble turn delivered."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE
from tests.conversations.installation import (
    CONTACT,
    DESK,
    NAME,
    QUESTION,
    Installation,
    afternoon_zone,
    installed,
)
from tests.ports import free_port

TOKEN = "a-token-of-this-test"
NOTEBOOK = "reply.ipynb"
ANSWER = "It ships today."
GONE = "The kernel was restarted or has ended: run this cell again."
MANY = ["+12065550151", "+12065550152"]


def test_a_reply_from_a_notebook(browser: Browser, tmp_path: Path) -> None:
    with installed(tmp_path) as installation, lab(installation, tmp_path / "lab") as url:
        path = tmp_path / "lab" / NOTEBOOK
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE * 2)
        page, strangers = context.new_page(), list[str]()
        page.on("request", lambda request: note_stranger(request.url, url, strangers))
        page.goto(f"{url}/lab/tree/{NOTEBOOK}?token={TOKEN}")
        page.locator(".jp-Notebook").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").first.wait_for()
        run_all(page)
        answer(page, installation)
        write_to_many(page, installation)
        bring_in(page)
        save(page)
        check_saved(path.read_text(), installation)
        restart_the_kernel(page, installation)
        kill_the_kernel(page, tmp_path / "lab" / "kernel.pid")
        context.close()
        assert strangers == []


def answer(page: Page, installation: Installation) -> None:
    widget = page.locator(".jp-OutputArea .inbox").first
    # The kernel imports all of it first.
    widget.locator(".theirs .bubble").last.wait_for(timeout=PATIENCE * 5)
    expect(widget.locator(".theirs .bubble").last).to_have_text(QUESTION)
    expect(widget.locator("h2")).to_have_text(NAME)
    text = widget.get_by_label("Reply", exact=True)
    # JupyterLab would take "d", "d" for deleting the cell, and Shift-Enter for running it.
    text.press_sequentially("dd ")
    # Typed and sent at once, before the text is checked: it waits by itself, and goes once.
    text.fill(ANSWER)
    text.press("Control+Enter")
    text.press("Control+Enter")
    expect(widget.locator(".composer")).to_contain_text("Sending in")
    expect(widget.locator(".mine .bubble")).to_have_text(ANSWER, timeout=PATIENCE * 2)
    expect(widget.locator(".message.mine .status")).to_have_text("Delivered", timeout=PATIENCE * 2)
    assert installation.sent() == [ANSWER]
    assert page.locator(".jp-CodeCell").count() == 4
    assert page.evaluate("window.hacked") is None
    assert page.locator("#bold").count() == 0


def write_to_many(page: Page, installation: Installation) -> None:
    """A batch goes to those it may go to, after their number was typed."""
    composer = page.locator(".jp-OutputArea .batch")
    expect(composer.locator(".bubble")).to_have_text(["Hi Bo, all ready.", "Hi <i>Cy</i>, all ready."])
    expect(composer.locator(".tally")).to_contain_text("2 of 2 recipients")
    composer.get_by_label("How many recipients").fill("3")
    composer.get_by_role("button", name="Send").click()
    expect(composer.get_by_role("alert")).to_have_text("You typed '3'; type 2 to send to 2 recipients.")
    composer.get_by_label("How many recipients").fill("2")
    composer.get_by_role("button", name="Send").click()
    expect(composer).to_contain_text("2 sent.", timeout=PATIENCE * 2)
    assert installation.sent(MANY[0]) == ["Hi Bo, all ready."]
    assert installation.sent(MANY[1]) == ["Hi <i>Cy</i>, all ready."]


def bring_in(page: Page) -> None:
    """One line under the cell says how far it was, and the result is more than a dump of fields."""
    outputs = page.locator(".jp-CodeCell").nth(3).locator(".jp-OutputArea-output")
    expect(outputs).to_have_count(2)
    expect(outputs.nth(0)).to_have_text(re.compile(r"^\s*Sync: done, \d+\.\d s\s*$"))
    expect(outputs.nth(1).locator(".workbench-result b")).to_contain_text("messages read with")


def restart_the_kernel(page: Page, installation: Installation) -> None:
    """Both widgets say at once that nobody is there any more, and let nothing be sent."""
    widget, composer = widget_of(page), page.locator(".jp-OutputArea .batch")
    text = widget.get_by_label("Reply", exact=True)
    text.fill("To nobody")
    expect(widget.locator(".tally")).to_contain_text("1 segment")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(widget.get_by_role("alert")).to_contain_text(GONE)
    expect(composer.get_by_role("alert")).to_contain_text(GONE)
    text.press("End")
    text.press_sequentially(" at all")
    text.press("Control+Enter")
    expect(widget.locator(".tally")).to_contain_text(GONE)
    expect(widget.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    expect(composer.get_by_role("button", name="Send")).to_be_disabled()
    expect(widget.get_by_role("alertdialog")).to_have_count(0)
    expect(text).to_have_value("To nobody at all")
    assert installation.sent() == [ANSWER]


def kill_the_kernel(page: Page, pid: Path) -> None:
    """A kernel that says nothing more: the widget says so within seconds."""
    run_all(page)
    widget = widget_of(page)
    expect(widget.locator(".mine .bubble")).to_have_text(ANSWER, timeout=PATIENCE * 5)
    expect(widget.get_by_role("alert")).to_be_hidden()
    os.kill(int(pid.read_text()), signal.SIGKILL)
    widget.get_by_label("Reply", exact=True).fill("Is anybody there?")
    expect(widget.get_by_role("alert")).to_contain_text("The kernel", timeout=30_000)
    expect(widget.locator(".tally")).to_contain_text("run this cell again")


def widget_of(page: Page) -> Locator:
    return page.locator(".jp-OutputArea .inbox").first


def check_saved(text: str, installation: Installation) -> None:
    """A notebook that was saved with the widget open holds nothing of the conversation, and no secret."""
    assert '"application/vnd.jupyter.widget-state+json"' in text
    assert "box_height" in text
    assert text.count("Sync: ") == 1
    for private in (
        CONTACT,
        CONTACT[-7:],
        "example.com",
        "Ann <b",
        ANSWER,
        installation.server.account.auth_token,
    ):
        assert json.dumps(private)[1:-1] not in text, private


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def save(page: Page) -> None:
    # The whole state of all widgets goes into the file.
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="Save Widget State Automatically").or_(
        page.get_by_role("menuitem", name="Save Widget State Automatically")
    ).click()
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Save Notebook( Ctrl|$)")).first.click()
    time.sleep(2)


def note_stranger(address: str, url: str, strangers: list[str]) -> None:
    if not address.startswith((url, url.replace("http", "ws", 1), "data:", "blob:")):
        strangers.append(address)


@contextmanager
def lab(installation: Installation, folder: Path) -> Iterator[str]:
    """JupyterLab as a user starts it, with settings of its own."""
    folder.mkdir()
    cells = [
        "import os\nfrom pathlib import Path\nfrom workbench import Workbench\n\n"
        "Path('kernel.pid').write_text(str(os.getpid()))\nwb = Workbench()\n"
        "found = wb.conversations(search='HYPERLINK')",
        "wb.conversation(found['conversation'][0]).widget()",
        f"import pandas as pd\n\npeople = pd.DataFrame({{'to': {MANY}, 'name': ['Bo', '<i>Cy</i>'], "
        f"'time_zone': {afternoon_zone()!r}}})\n"
        f"wb.outbox.composer(people, 'Hi {{{{ name }}}}, all ready.', sender={DESK!r})",
        "wb.sync()",
    ]
    (folder / NOTEBOOK).write_text(json.dumps(notebook(cells)))
    write_user_settings(folder / "JUPYTER_CONFIG_DIR")
    port = free_port()
    own = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly", "--allow-root",
    ]  # fmt: skip
    with (folder / "lab.log").open("w") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **installation.environment, **own}, stdout=log, stderr=log, cwd=folder
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/api?token={TOKEN}", process)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def notebook(cells: list[str]) -> dict[str, object]:
    return {
        "cells": [
            {
                "cell_type": "code", "id": f"cell-{index}", "execution_count": None, "metadata": {},
                "outputs": [], "source": source,
            }
            for index, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip


def write_user_settings(folder: Path) -> None:
    """No questions about changes from elsewhere."""
    path = folder / "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    path.parent.mkdir(parents=True)
    path.write_text('{"fetchNews": "false", "checkForUpdates": false}')


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert process.poll() is None, "JupyterLab ended by itself; see lab.log"
        try:
            if httpx.get(address, timeout=5, follow_redirects=True).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.25)
    raise AssertionError("JupyterLab did not answer within a minute")

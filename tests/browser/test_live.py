"""An open page follows the lake by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import visit
from tests.messages import payload
from tests.ui.known import AMERICAN, OURS, WEEK, at, known_messages, save
from tests.ui.serving import served
from workbench.lake import Lake, open_lake
from workbench.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"WORKBENCH_HOME": str(tmp_path / "home")})


def test_a_new_message_shows_without_a_reload(browser: Browser, settings: Settings, lake: Lake) -> None:
    save(lake, known_messages())
    with served(settings) as server, open_lake(settings) as writer:
        visitor = visit(browser, server)
        page = visitor.open(f"overview?{WEEK}")
        assert visitor.card("messages")[1] == "72"
        page.evaluate("window.neverReloaded = true")
        for number in range(1, 4):
            save(writer, [payload(900 + number, **at(3, 5), **{"from": OURS, "to": AMERICAN})])
            expect(page.locator("[data-metric=messages] .value")).to_have_text(str(72 + number))
        assert page.evaluate("window.neverReloaded")
        visitor.context.close()
        assert visitor.errors == []


def test_a_failed_job_shows_in_the_head(browser: Browser, settings: Settings, lake: Lake) -> None:
    save(lake, known_messages())
    lake.write(
        lambda cursor: cursor.execute(
            "insert into job_runs values ('1', 'sync', now(), now(), 'failed', null, 'Twilio is away')"
        )
    )
    with served(settings) as server:
        visitor = visit(browser, server)
        page = visitor.open(f"overview?{WEEK}")
        expect(page.locator(".freshness")).to_contain_text("scheduled sync failed")
        visitor.context.close()

"""The link of a notice: without sign-in it shows nothing, and after it the conversation."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

from tests.lakes import begin_lake
from tests.ui.serving import get, served
from workbench.notifications.words import inbox_link
from workbench.settings import load_settings

CONVERSATION = "CW" + "a" * 24


def test_the_link_of_a_notice_leads_through_sign_in(home: Path, users_file: bytes) -> None:
    home.mkdir()
    (home / "workbench.toml").write_text('[access]\nmethod = "password"\nurl = "http://127.0.0.1:5006"\n')
    (home / "users.toml").write_bytes(users_file)
    (home / "users.toml").chmod(0o600)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    begin_lake(settings).close()
    with served(settings) as server:
        path = inbox_link(server.url, CONVERSATION).removeprefix(server.url)
        assert path == f"inbox?conversation={CONVERSATION}"
        status, address, body = get(server, path)
    assert status == 200
    where = urllib.parse.urlsplit(address)
    assert where.path == "/login"
    assert urllib.parse.parse_qs(where.query)["next"] == [f"/inbox?conversation={CONVERSATION}"]
    assert "bk-" not in body

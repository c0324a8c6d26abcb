"""The simulated account's WhatsApp and RCS: its list of channel senders, and webhooks of more than texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench.simulator import Account, Server, serve
from workbench.simulator.traffic.channel_history import PLACE, RCS_DESK, rcs_history, whatsapp_arrivals
from workbench.simulator.webhooks.forms import inbound_form


def build(state: Path | None = None) -> Account:
    return Account.build(days=1, messages=100, profile="all-channels", state=state)


@pytest.fixture
def server() -> Iterator[Server]:
    account = build()
    with serve(account) as running:
        yield running
    account.close()


def ask(server: Server, path: str, **params: str) -> httpx.Response:
    auth = (server.account.account_sid, server.account.auth_token)
    return httpx.get(f"{server.url}{path}", params=params, auth=auth)


@pytest.mark.parametrize(("channel", "expected"), [("whatsapp", "whatsapp:+14155550111"), ("rcs", RCS_DESK)])
def test_channel_senders_are_listed_by_channel(server: Server, channel: str, expected: str) -> None:
    answer = ask(server, "/v2/Channels/Senders", Channel=channel).json()
    [row] = answer["senders"]
    assert (row["sender_id"], row["status"], row["sid"][:2]) == (expected, "ONLINE", "XE")
    assert answer["meta"]["key"] == "senders"
    one = ask(server, f"/v2/Channels/Senders/{row['sid']}").json()
    assert one == row


@pytest.mark.parametrize("params", [{}, {"Channel": "sms"}])
def test_a_list_needs_its_channel(server: Server, params: dict[str, str]) -> None:
    assert ask(server, "/v2/Channels/Senders", **params).status_code == 400
    assert ask(server, "/v2/Channels/Senders/XE" + "0" * 32).status_code == 404


def form_of(account: Account, sid: str) -> dict[str, str]:
    message = account.main.message_by_sid(sid, account.now())
    assert message is not None
    return inbound_form(account.main, message, "http://twilio.example")


def test_what_the_demo_adds_is_taken_and_stays_over_a_restart(tmp_path: Path) -> None:
    account = build(tmp_path / "journal")
    sids: dict[str, str] = {}
    with serve(account) as server:
        for described in rcs_history(datetime.now(UTC)):
            httpx.post(f"{server.url}/_simulator/messages", json=described).raise_for_status()
        for arrival in whatsapp_arrivals():
            answer = httpx.post(f"{server.url}/_simulator/inbound", json=arrival).raise_for_status()
            sids[arrival["from"]] = answer.json()["sid"]
        path = f"/2010-04-01/Accounts/{account.account_sid}/Messages.json"
        sent: list[dict[str, Any]] = ask(server, path, From=RCS_DESK).json()["messages"]
        assert sorted(row["status"] for row in sent) == ["delivered", "read"]
        assert len(ask(server, path, To=RCS_DESK).json()["messages"]) == 2
    account.close()
    again = build(tmp_path / "journal")
    for running in (account, again):
        form = form_of(running, sids[PLACE])
        assert (form["MessageType"], form["Latitude"], form["Body"]) == ("location", "47.620506", "")
    again.close()

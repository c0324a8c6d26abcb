"""Where the messaging services of an account cannot be read, an opt-out counts for all its senders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
import pytest

from tests.lakes import lake_of
from tests.sending.conftest import POOLED, SENDER, creates, environment, make_home
from workbench import Workbench
from workbench.settings import load_settings
from workbench.simulator import Account, Fault, Server, serve

PERSON, OTHER = "+14155550271", "+14155550272"
UNKNOWN = "+18335550108"
"""No message names a service of this sender; those of SENDER show that it is in another one."""
ANY_HOUR: dict[str, Any] = {"ignore_quiet_hours": True, "confirm": True}


@pytest.fixture(scope="module", params=[403, 404])
def account(request: pytest.FixtureRequest) -> Iterator[tuple[Server, int]]:
    built = Account.build(days=1, messages=200)
    with serve(built) as running:
        yield running, request.param
    built.close()


@pytest.fixture(scope="module")
def told(account: tuple[Server, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Somebody said STOP to a number of a service, and the services could never be read."""
    server, status = account
    server.faults.add(Fault("status", status=status, code=20003, path="/v1/Services", times=None))
    stop = {"from": PERSON, "to": POOLED, "body": "STOP"}
    assert httpx.post(f"{server.url}/_simulator/inbound", json=stop).status_code == 200
    home = make_home(tmp_path_factory.mktemp("unreadable") / "home")
    with Workbench(load_settings(environment(home, server))) as opened:
        opened.sync(since=datetime.now(UTC) - timedelta(days=2))
        yield opened
    server.faults.clear()


def test_every_door_refuses_and_the_audit_counts(account: tuple[Server, int], told: Workbench) -> None:
    server, _ = account
    service = server.account.main.service_sids[0]
    assert lake_of(told).rows("select * from membership_reads") == []
    before = creates(server)
    for name, value in (("sender", POOLED), ("service", service), ("sender", UNKNOWN)):
        options: dict[str, Any] = {name: value, **ANY_HOUR}
        blocked = told.send(PERSON, "Hello", **options)
        assert (blocked.state, "Opted out" in blocked.why()) == ("blocked", True), value
    frame = pd.DataFrame({"to": [PERSON, PERSON], "body": ["One", "Two"]})
    batch = told.send_batch(frame, batch="b", service=service, confirm=len(frame), ignore_quiet_hours=True)
    assert [one.state for one in batch.results] == ["blocked", "blocked"]
    assert told.reply(PERSON, "Sorry", **ANY_HOUR).state == "blocked"
    assert creates(server) == before
    # Somebody sends it past this program, from a number of which nobody knows a service.
    main = server.account
    form = {"To": PERSON, "From": UNKNOWN, "Body": "Hello again"}
    with httpx.Client(base_url=server.url, auth=(main.account_sid, main.auth_token)) as http:
        sent = http.post(f"/2010-04-01/Accounts/{main.account_sid}/Messages.json", data=form)
    assert sent.status_code == 201, sent.text
    sid = sent.json()["sid"]
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while datetime.now(UTC) < deadline:
        told.sync(since=datetime.now(UTC) - timedelta(days=2))
        if lake_of(told).rows("select 1 from sent_facts where message_sid = ?", [sid]):
            break
    audits = told.compliance.counts()
    assert dict(zip(audits["audit"], audits["value"], strict=True))["after-opt-out"] == 1
    assert list(told.compliance.rows("after-opt-out")["message_sid"]) == [sid]
    assert told.send(PERSON, "Hello", sender=SENDER, **ANY_HOUR).state == "sent"
    assert told.send(OTHER, "Hello", sender=UNKNOWN, **ANY_HOUR).state == "sent"

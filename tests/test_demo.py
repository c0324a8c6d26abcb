"""The demo's account: what it does by itself is what its history did, and its webhooks are all taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from workbench.demo.account import environment_of
from workbench.demo.home import write_settings
from workbench.demo.traffic import at_work
from workbench.server.hook_settings import hook_settings
from workbench.server.webhook_forms import read_form
from workbench.settings import Secret, load_settings
from workbench.simulator import Account, Clock, Server, Urls, serve
from workbench.simulator.messages import DELIVERED, INBOUND, Message
from workbench.simulator.webhooks.forms import inbound_form, status_form
from workbench.simulator.webhooks.signature import sign
from workbench.twilio.signatures import AUTH_TOKEN, check_form

START = date(2026, 6, 1)
"""A Monday."""
NOW = "2026-08-10T00:00:00+00:00"
"""Ten weeks later, a Monday."""
DAY = 86_400


def account() -> Account:
    return Account.build(
        seed=1, start=START, days=70, messages=70 * 556, profile="all-channels", clock=Clock.frozen(NOW)
    )


def environment(server: Server) -> dict[str, str]:
    return environment_of(server.account, server.url)


def shares(messages: list[Message], key: str) -> dict[object, float]:
    kinds: defaultdict[object, float] = defaultdict(float)
    for message in messages:
        hour = datetime.fromtimestamp(message.created, UTC).hour
        kinds[{"hour": hour, "sender": message.sender, "direction": message.direction}[key]] += 1 / len(
            messages
        )
    return kinds


def difference(first: dict[object, float], second: dict[object, float]) -> float:
    """The share that would have to move to make one the other."""
    return sum(abs(first[name] - second[name]) for name in {*first, *second}) / 2


def test_a_week_of_the_running_demo_is_a_week_as_those_before() -> None:
    built = account()
    with serve(built) as server, at_work(environment(server), "http://127.0.0.1:9", 0):
        for _ in range(7 * 4):
            built.clock.advance(DAY // 4)
            with built.lock:
                built.tick()
        with built.lock:
            log = list(built.main.log.everything(built.now()))
    today = datetime.fromisoformat(NOW).timestamp()
    live = [message for message in log if today <= message.created < today + 7 * DAY]
    before = [message for message in log if today - 28 * DAY <= message.created < today]
    per_day = Counter(int(message.created - today) // DAY for message in live)
    assert sorted(per_day) == list(range(7))
    assert all(250 <= count <= 950 for count in per_day.values())
    assert 0.9 <= len(live) / (len(before) / 4) <= 1.1
    for key, most in (("hour", 0.1), ("sender", 0.08), ("direction", 0.03)):
        assert difference(shares(live, key), shares(before, key)) < most, key
    delivered = [sum(m.status == DELIVERED for m in part) / len(part) for part in (live, before)]
    assert abs(delivered[0] - delivered[1]) < 0.03


@pytest.mark.parametrize(("extra_per_minute", "most"), [(0, 0), (600, 10_000)])
def test_nothing_is_sent_beside_it_unless_somebody_asks(extra_per_minute: int, most: int) -> None:
    built = account()
    with serve(built) as server:
        with at_work(environment(server), server.url, extra_per_minute):
            for _ in range(400):
                sent = sum(m.direction != INBOUND for m in list(built.main.log.extras.values()))
                if server.options.people_answer and (sent or not extra_per_minute):
                    break
                httpx.get(server.url, trust_env=False)
        assert server.options.people_answer
        assert bool(sent) == bool(most)
        assert sent <= most


def test_the_webhooks_of_its_subaccount_are_taken(tmp_path: Path) -> None:
    built = account()
    url = "http://127.0.0.1:5007/webhooks/twilio/status"
    with serve(built) as server:
        write_settings(tmp_path, environment(server), START.isoformat(), "http://127.0.0.1:5007")
    settings = hook_settings(load_settings({"WORKBENCH_HOME": str(tmp_path)}))
    verdicts = set()
    for ledger in built.ledgers:
        for message in list(ledger.log.everything(built.now()))[-200:]:
            inbound = message.direction == INBOUND
            form = inbound_form(ledger, message, "") if inbound else status_form(ledger, message, "sent", 0)
            fields = {name: [value] for name, value in form.items()}
            secrets = settings.secrets_of(form["AccountSid"])
            signature = sign(ledger.auth_token, url, form)
            verdicts.add(check_form(secrets, url, fields, signature=signature))
    assert verdicts == {"genuine"}


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=200), max_size=8))
def test_any_form_is_signed_as_it_is_read(form: dict[str, str]) -> None:
    """Whatever a text holds: what the account signs is what arrives."""
    url = Urls("http://127.0.0.1:5007/webhooks/twilio/status").status or ""
    body = httpx.Request("POST", url, data=form).content
    verdicts = [
        check_form({AUTH_TOKEN: Secret("token")}, url, fields, signature=sign("token", url, form))
        for fields in read_form(body)
    ]
    assert "genuine" in verdicts

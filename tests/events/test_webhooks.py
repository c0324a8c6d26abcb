"""Where events may be posted: what the settings refuse, and what a look-up of a host decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.events.receiver import receiving, webhook_settings
from workbench.errors import ConfigError, UnknownName
from workbench.events.post import new_client, post_event
from workbench.events.webhooks import event_webhooks, find_webhook
from workbench.settings import load_settings


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://shop.example.com/x", "write an https:// address"),
        ("http://169.254.169.254/latest", "write an https:// address"),
        ("http://10.0.0.5/x", "write an https:// address"),
        ("https://ann:secret@shop.example.com", "contains a user or a password"),
        ("ftp://shop.example.com", "it must look like"),
    ],
)
def test_an_unsafe_address_is_refused(home: Path, url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as error:
        event_webhooks(webhook_settings(home, url))
    assert "secret@" not in str(error.value)


def test_a_wrong_kind_a_missing_and_a_needless_secret_are_said(home: Path) -> None:
    settings = webhook_settings(home, "https://shop.example.com", 'events = ["message.recieved"]')
    with pytest.raises(ConfigError, match=r"\[events.webhooks.shop\] events has 'message.recieved'; allowed"):
        event_webhooks(settings)
    settings = webhook_settings(home, "https://shop.example.com")
    (home / "credentials.toml").write_text("")
    without = load_settings({"WORKBENCH_HOME": str(home)})
    with pytest.raises(ConfigError, match=r"has no signing secret: write shop = 'whsec_…'"):
        event_webhooks(without)
    (home / "workbench.toml").write_text("")
    (home / "credentials.toml").write_text("[event_webhook_secrets]\nshop = 'whsec_x'\n")
    with pytest.raises(ConfigError, match=r"there is no \[events.webhooks.shop\]"):
        event_webhooks(load_settings({"WORKBENCH_HOME": str(home)}))
    with pytest.raises(UnknownName):
        find_webhook(settings, "shopp")


@pytest.mark.parametrize(
    ("addresses", "private", "is_asked"),
    [
        (["10.1.2.3"], False, False),
        (["192.168.0.9"], True, True),
        (["8.8.8.8", "10.1.2.3"], False, False),
        (["127.0.0.1"], False, False),
        (["127.0.0.1"], True, False),
        (["169.254.169.254"], True, False),
        (["::1"], True, False),
        ([], True, False),
    ],
)
def test_a_name_that_leads_inside_is_not_asked(
    home: Path, addresses: list[str], private: bool, is_asked: bool
) -> None:
    """Whatever is asked does not answer: nothing listens at that port of any of them."""
    lines = "private_network = true" if private else ""
    webhook = find_webhook(webhook_settings(home, "https://shop.example.com:9/x", lines), "shop")
    with new_client() as http:
        http.timeout = 0.2
        answer = post_event(http, webhook, "evt_1", b"{}", find_addresses=lambda host, port: addresses)
    assert answer.status is None
    assert answer.detail.startswith("no answer") is is_asked


def test_a_redirect_is_not_followed(home: Path) -> None:
    with receiving() as elsewhere, receiving() as receiver, new_client() as http:
        receiver.answer, receiver.location = (lambda arrival: 307), elsewhere.url
        webhook = find_webhook(webhook_settings(home, receiver.url), "shop")
        answer = post_event(http, webhook, "evt_1", b"{}")
    assert (answer.status, answer.is_taken, elsewhere.arrivals) == (307, False, [])
    assert answer.detail == "HTTP 307: a redirect, which is not followed; write the final address"


def test_no_proxy_of_the_environment_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with receiving() as receiver, new_client() as http:
        webhook = find_webhook(webhook_settings(home, receiver.url + "?token=x"), "shop")
        assert post_event(http, webhook, "evt_1", b"{}").is_taken
        assert receiver.arrivals[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    assert webhook.shown_url == receiver.url

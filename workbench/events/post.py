"""Posts one event to a receiver: only to an address that may be asked, and without following it elsewhere."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from workbench.events.signing import signed_headers
from workbench.events.webhooks import EventWebhook
from workbench.twilio.media import is_public
from workbench.twilio.urls import is_loopback

_TIMEOUT = httpx.Timeout(8.0, connect=4.0)
GONE = 410


@dataclass(frozen=True)
class WebhookAnswer:
    """How an attempt ended; `status` is None where the receiver did not answer."""

    status: int | None
    detail: str

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


FindAddresses = Callable[[str, int], list[str]]


def find_host_addresses(host: str, port: int) -> list[str]:
    """The IP addresses of a host."""
    return [str(resolved[4][0]) for resolved in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def new_client() -> httpx.Client:
    """Connections to receivers; no proxy of the environment, which would look hosts up by itself."""
    return httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)


def post_event(
    http: httpx.Client,
    webhook: EventWebhook,
    webhook_id: str,
    body: bytes,
    *,
    find_addresses: FindAddresses = find_host_addresses,
) -> WebhookAnswer:
    """Post it once. What the receiver answers is read no further than its status, and never shown.

    Args:
        find_addresses: replaces the look-up of a host, for tests.
    """
    url = webhook.url
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = find_addresses(url.host, port)
    except OSError:
        return WebhookAnswer(None, f"{url.host} was not found")
    if not _may_ask(webhook, addresses):
        return WebhookAnswer(
            None,
            f"{url.host} is not at a public address; private_network = true allows one of a network of yours",
        )
    # The address that was checked is the one connected to, so that no second look-up decides.
    chosen = min(addresses, key=lambda address: ":" in address)
    headers = {
        **signed_headers(webhook.key, webhook_id, int(time.time()), body),
        "Content-Type": "application/json",
        "User-Agent": "workbench",
        "Host": url.netloc.decode("ascii"),
    }
    try:
        with http.stream(
            "POST",
            url.copy_with(host=chosen),
            content=body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        ) as response:
            return WebhookAnswer(response.status_code, _said(response.status_code))
    except (httpx.HTTPError, OSError) as error:
        return WebhookAnswer(None, f"no answer ({type(error).__name__})")


def _may_ask(webhook: EventWebhook, addresses: list[str]) -> bool:
    """Whether all addresses of the host may be asked.

    This machine only where the settings name it as such: a name that leads here is somebody else's trick.
    """
    if is_loopback(webhook.url):
        return True
    if webhook.may_be_private:
        return bool(addresses) and not any(map(_is_never, addresses))
    return bool(addresses) and all(map(is_public, addresses))


def _is_never(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified


def _said(status: int) -> str:
    if status == GONE:
        return "HTTP 410: the receiver is gone, so the webhook is switched off"
    if 300 <= status < 400:
        return f"HTTP {status}: a redirect, which is not followed; write the final address"
    return f"HTTP {status}"

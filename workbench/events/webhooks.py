"""The receivers of the settings, checked: where events may be posted to, and with which key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from workbench.errors import ConfigError, UnknownName
from workbench.events.signing import signing_key
from workbench.lake.feed import KINDS, FeedEvent
from workbench.settings import Settings
from workbench.settings.events import EventWebhookSettings
from workbench.twilio.urls import is_loopback

_KINDS_FOR_ALL = tuple(kind for kind in KINDS if kind != "rule.fired")
"""What a webhook gets that lists no kinds. A rule says by itself whom it tells that it fired."""


@dataclass(frozen=True)
class EventWebhook:
    """A receiver; the key is nowhere in its repr."""

    name: str
    url: httpx.URL
    kinds: frozenset[str]
    """Those that it gets of everything; a rule may name it beside."""
    key: bytes = field(repr=False)
    is_enabled: bool = True
    may_be_private: bool = False
    has_whole_numbers: bool = False
    has_texts: bool = False

    def wants(self, event: FeedEvent) -> bool:
        """Whether it is told of an event: for its kind, or because the rule that fired names it."""
        return event.kind in self.kinds or self.name in event.detail.get("webhooks", ())

    @property
    def consumer(self) -> str:
        """The name of its cursor of the feed."""
        return f"event webhook {self.name}"

    @property
    def shown_url(self) -> str:
        """Its address for people; what stands after the path may be a secret."""
        parts = urlsplit(str(self.url))
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    @property
    def address_hash(self) -> str:
        """Tells one address of it from another."""
        return hashlib.blake2s(str(self.url).encode(), digest_size=16).hexdigest()


def event_webhooks(settings: Settings) -> dict[str, EventWebhook]:
    """Every receiver of the settings by its name, also those that are switched off.

    Raises:
        ConfigError: an address, a kind or a secret of one is wrong.
    """
    events = settings.events
    for name in events.secrets:
        if name not in events.webhooks:
            raise ConfigError(
                f"[event_webhook_secrets] has {name!r}, and there is no [events.webhooks.{name}] in "
                "workbench.toml."
            )
    return {name: _webhook(settings, each) for name, each in events.webhooks.items()}


def find_webhook(settings: Settings, name: str) -> EventWebhook:
    """The receiver of that name.

    Raises:
        UnknownName: there is none.
        ConfigError: as :func:`event_webhooks`.
    """
    webhooks = event_webhooks(settings)
    if name not in webhooks:
        raise UnknownName("event webhook", name, webhooks)
    return webhooks[name]


def _webhook(settings: Settings, declared: EventWebhookSettings) -> EventWebhook:
    where = f"[events.webhooks.{declared.name}]"
    unknown = [kind for kind in declared.events if kind not in KINDS]
    if unknown:
        raise ConfigError(f"{where} events has {unknown[0]!r}; allowed are {', '.join(KINDS)}.")
    return EventWebhook(
        declared.name,
        _checked_url(declared.url, where),
        frozenset(declared.events or _KINDS_FOR_ALL),
        _key(settings, declared.name, where),
        declared.enabled,
        declared.private_network,
        declared.whole_numbers,
        declared.message_texts,
    )


def _checked_url(text: str, where: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigError(f"{where} url is {text!r}: {error}.") from error
    if url.userinfo:
        raise ConfigError(f"{where} url contains a user or a password; write the bare address instead.")
    if url.scheme != "https" and not is_loopback(url):
        raise ConfigError(
            f"{where} url is {text!r}; write an https:// address. http:// is for this machine only, as "
            "http://127.0.0.1:8080/events."
        )
    return url


def _key(settings: Settings, name: str, where: str) -> bytes:
    secret = settings.events.secrets.get(name)
    if secret is None:
        raise ConfigError(
            f"{where} has no signing secret: write {name} = 'whsec_…' under [event_webhook_secrets] in "
            'credentials.toml (`echo "whsec_$(openssl rand -base64 32)"` makes one).'
        )
    try:
        return signing_key(secret.reveal())
    except ValueError as error:
        raise ConfigError(f"[event_webhook_secrets] {name} {error}.") from error

"""The section `[events]` of workbench.toml: who is told of what happens, by signed webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.settings.declare import Kind, entries, file_only, required, setting
from workbench.settings.kinds import check_entry_name, flag, named_secrets, texts, url
from workbench.settings.secret import Secret


def webhook_secrets() -> Kind:
    """Signing secrets by the names of webhooks; in a variable with spaces between them."""
    allowed = (
        "names with signing secrets, as shop=whsec_… crm=whsec_… ; in credentials.toml as a section "
        "[event_webhook_secrets] with a line for each: shop = 'whsec_…'"
    )

    return named_secrets(allowed, bool)


@dataclass(frozen=True, eq=False, repr=False)
class EventWebhookSettings:
    """One receiver of events."""

    name: str
    url: str = required(
        file_only(url()),
        "Where events are posted: https, or http on this machine.",
        example='"https://shop.example.com/events"',
    )
    events: tuple[str, ...] = setting(
        (),
        file_only(texts('a list of kinds of events, as ["message.received"]', or_one=True)),
        "Only these kinds of events (docs/events.md has all); by default all but rule.fired.",
    )
    enabled: bool = setting(True, file_only(flag()), "False stops it; what happens meanwhile is not sent.")
    private_network: bool = setting(
        False, file_only(flag()), "Allow an address that is not on the internet but in a network of your own."
    )
    whole_numbers: bool = setting(False, file_only(flag()), "Send numbers whole instead of masked.")
    message_texts: bool = setting(False, file_only(flag()), "Send the texts of messages.")


@dataclass(frozen=True, eq=False, repr=False)
class EventsSettings:
    """Signed webhooks; :mod:`workbench.events.webhooks` checks them."""

    secrets: Mapping[str, Secret] = setting(
        {}, webhook_secrets(), "The key that signs each webhook, by its name.",
        variable="WORKBENCH_EVENT_WEBHOOK_SECRETS", secret="event_webhook_secrets",
    )  # fmt: skip
    webhooks: Mapping[str, EventWebhookSettings] = entries(
        EventWebhookSettings, "Receivers of what happens.", check_entry_name, "shop"
    )

"""What the hooks process needs to know: whether webhooks are on, who may sign them, what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.errors import ConfigError
from workbench.messaging.keywords import Keyword
from workbench.settings import Secret, Settings
from workbench.twilio.signatures import AUTH_TOKEN


@dataclass(frozen=True)
class HookSettings:
    """`off` says why no webhook is taken; None when they are.

    `account_sid` is the account whose auth token is in `secrets`. `replies` are texts that answer a keyword
    where Twilio sends none of its own: see the README.
    """

    off: str | None
    public_url: str
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    subaccount_tokens: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    replies: Mapping[Keyword, str] = field(default_factory=dict)
    most_per_second: int = 3_000
    account_sid: str = ""

    def secrets_of(self, account_sid: str) -> Mapping[str, Secret]:
        """The secrets for a webhook that claims to be of this account; a false claim fits none of them."""
        token = self.subaccount_tokens.get(account_sid)
        return {AUTH_TOKEN: token} if token else self.secrets


def hook_settings(settings: Settings) -> HookSettings:
    """What `[webhooks]` says, and what it depends on.

    Raises:
        ConfigError: webhooks are wanted and nothing could check their signature.
    """
    webhooks = settings.webhooks
    texts: dict[Keyword, str | None] = {
        "opt-out": webhooks.opt_out_reply,
        "opt-in": webhooks.opt_in_reply,
        "help": webhooks.help_reply,
    }
    replies = {keyword: text for keyword, text in texts.items() if text}
    most = webhooks.most_per_second
    if settings.public_url is None:
        off = "WORKBENCH_PUBLIC_URL is not set, so Twilio cannot reach the webhooks"
        return HookSettings(off, "", replies=replies, most_per_second=most)
    credentials = settings.optional_credentials
    tokens = credentials.subaccount_tokens if credentials else {}
    account_sid = credentials.account_sid if credentials else ""
    return HookSettings(None, settings.public_url, _secrets(settings), tokens, replies, most, account_sid)


def _secrets(settings: Settings) -> dict[str, Secret]:
    """Who may sign: the account's auth token, and a shared key if there is one."""
    credentials = settings.optional_credentials
    secrets = credentials.webhook_secrets if credentials else {}
    if not secrets:
        raise ConfigError(
            "WORKBENCH_PUBLIC_URL is set, so Twilio's webhooks are to be taken, but nothing can check their "
            "signature: Twilio signs with the account's auth token, which an API key does not replace. Set "
            "TWILIO_AUTH_TOKEN as well (the API key goes on being used for everything else), or unset "
            "WORKBENCH_PUBLIC_URL."
        )
    return secrets

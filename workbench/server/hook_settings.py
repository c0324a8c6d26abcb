"""What the hooks process needs to know: whether webhooks are on, who may sign them, what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.config import Secret, Settings
from workbench.errors import ConfigError, UnknownName
from workbench.messaging.keywords import Keyword
from workbench.twilio.signatures import AUTH_TOKEN

SECTION = "webhooks"
_REPLIES: Mapping[str, Keyword] = {
    "opt_out_reply": "opt-out",
    "opt_in_reply": "opt-in",
    "help_reply": "help",
}
_LONGEST_REPLY = 1600


@dataclass(frozen=True)
class HookSettings:
    """`off` says why no webhook is taken; None when they are.

    `replies` are texts that answer a keyword where Twilio sends none of its own: see the README.
    """

    off: str | None
    public_url: str
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    subaccount_tokens: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    replies: Mapping[Keyword, str] = field(default_factory=dict)
    most_per_second: int = 3_000

    def secrets_of(self, account_sid: str) -> Mapping[str, Secret]:
        """What may sign a webhook that says it is of this account; one that lies fits none of them."""
        token = self.subaccount_tokens.get(account_sid)
        return {AUTH_TOKEN: token} if token else self.secrets


def hook_settings(settings: Settings) -> HookSettings:
    """Read `[webhooks]` and what it depends on.

    Raises:
        ConfigError: a value is not possible, or webhooks are wanted and nothing could check their signature.
    """
    section = settings.section(SECTION)
    allowed = (*_REPLIES, "most_per_second")
    for name in section:
        if name not in allowed:
            raise ConfigError(str(UnknownName(f"[{SECTION}] setting", name, allowed)))
    replies = {kind: _reply(name, section[name]) for name, kind in _REPLIES.items() if section.get(name)}
    most = _per_second(section.get("most_per_second", 3_000))
    if settings.public_url is None:
        off = "WORKBENCH_PUBLIC_URL is not set, so Twilio cannot reach the webhooks"
        return HookSettings(off, "", replies=replies, most_per_second=most)
    found = settings.found_credentials
    tokens = found.subaccount_tokens if found else {}
    return HookSettings(None, settings.public_url, _secrets(settings), tokens, replies, most)


def _secrets(settings: Settings) -> dict[str, Secret]:
    """Who may sign: the account's auth token, and a shared key if there is one."""
    found = settings.found_credentials
    secrets = found.webhook_secrets if found else {}
    if not secrets:
        raise ConfigError(
            "WORKBENCH_PUBLIC_URL is set, so Twilio's webhooks are to be taken, but nothing can check their "
            "signature: Twilio signs with the account's auth token, which an API key does not replace. Set "
            "TWILIO_AUTH_TOKEN as well (the API key goes on being used for everything else), or unset "
            "WORKBENCH_PUBLIC_URL."
        )
    return secrets


def _reply(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_REPLY:
        raise ConfigError(
            f"[{SECTION}] {name} is {value!r}; write a text of at most {_LONGEST_REPLY} characters."
        )
    return value.strip()


def _per_second(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise ConfigError(
            f"[{SECTION}] most_per_second is {value!r}; it must be a whole number from 1 to 100000."
        )
    return value

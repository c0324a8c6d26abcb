"""The account's credentials: what Twilio's REST API accepts, and what may sign its webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.errors import ConfigError
from workbench.settings.declare import InvalidValue, Kind
from workbench.settings.secret import Secret

NO_CREDENTIALS = (
    "No Twilio credentials: set TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN (or TWILIO_API_KEY and "
    "TWILIO_API_SECRET), run `workbench init`, or try `workbench demo`, which needs none."
)

_ACCOUNT_SID = r"AC[0-9a-fA-F]{32}"
_API_KEY = r"SK[0-9a-fA-F]{32}"


@dataclass(frozen=True)
class Credentials:
    """Credentials for Twilio's REST API: the account with its auth token, or with an API key."""

    account_sid: str
    auth_token: Secret | None = None
    api_key: str | None = None
    api_secret: Secret | None = None
    webhook_key: str | None = None
    webhook_secret: Secret | None = None
    """A shared key that signs webhooks instead of the auth token: its name, and its secret."""
    subaccount_tokens: Mapping[str, Secret] = field(default_factory=dict)
    """Auth tokens by SID: a subaccount's webhooks are signed with its own."""

    @property
    def webhook_secrets(self) -> dict[str, Secret]:
        """The secrets that may sign webhooks: the auth token has the empty name, a shared key its own."""
        secrets = {"": self.auth_token} if self.auth_token else {}
        if self.webhook_key and self.webhook_secret:
            secrets[self.webhook_key] = self.webhook_secret
        return secrets

    @property
    def basic_auth(self) -> tuple[str, str]:
        """User and password for HTTP basic auth; an API key is preferred, because it can be revoked alone."""
        if self.api_key and self.api_secret:
            return self.api_key, self.api_secret.reveal()
        if self.auth_token:
            return self.account_sid, self.auth_token.reveal()
        raise ConfigError(NO_CREDENTIALS)


def check_credentials(
    account_sid: str, auth_token: str | None, api_key: str | None, api_secret: str | None
) -> Credentials:
    """Build credentials, or raise ConfigError that names what is malformed (never a secret's value)."""
    if not re.fullmatch(_ACCOUNT_SID, account_sid):
        raise ConfigError(
            f"TWILIO_ACCOUNT_SID is {account_sid!r}; an account SID is AC and 32 hexadecimal digits. "
            "Copy it from the Twilio console's front page."
        )
    if api_key and not re.fullmatch(_API_KEY, api_key):
        raise ConfigError(f"TWILIO_API_KEY is {api_key!r}; an API key SID is SK and 32 hexadecimal digits.")
    if bool(api_key) != bool(api_secret):
        missing = "TWILIO_API_SECRET" if api_key else "TWILIO_API_KEY"
        raise ConfigError(
            f"{missing} is not set; an API key needs both TWILIO_API_KEY and TWILIO_API_SECRET."
        )
    if not auth_token and not api_key:
        raise ConfigError(
            f"Account {account_sid} has no TWILIO_AUTH_TOKEN and no TWILIO_API_KEY with TWILIO_API_SECRET; "
            "set one of them or run `workbench init`."
        )
    return Credentials(
        account_sid,
        Secret(auth_token) if auth_token else None,
        api_key or None,
        Secret(api_secret) if api_secret else None,
    )


def check_account(
    account_sid: str | None,
    auth_token: Secret | None,
    api_key: str | None,
    api_secret: Secret | None,
    webhook_key: str | None,
    webhook_secret: Secret | None,
    subaccount_tokens: Mapping[str, Secret],
) -> Credentials | None:
    """The credentials that settings hold; None without an account.

    Raises:
        ConfigError: a value is malformed, or a value that belongs to it is missing.
    """
    if not account_sid:
        return None
    token, its_secret = (each.reveal() if each else None for each in (auth_token, api_secret))
    credentials = check_credentials(account_sid, token, api_key, its_secret)
    if bool(webhook_key) != bool(webhook_secret):
        missing = "TWILIO_WEBHOOK_SECRET" if webhook_key else "TWILIO_WEBHOOK_KEY"
        raise ConfigError(f"{missing} is not set; a shared key for webhooks needs its name and its secret.")
    return replace(
        credentials,
        webhook_key=webhook_key,
        webhook_secret=webhook_secret,
        subaccount_tokens=subaccount_tokens,
    )


def subaccount_tokens() -> Kind:
    """Auth tokens by account SID; in a variable as `AC…=token,AC…=token`."""
    allowed = (
        "account SIDs with their auth tokens, as AC…=token,AC…=token; in credentials.toml as a section "
        "[subaccount_tokens] with a line for each: AC… = 'token'"
    )

    def parse(value: Any) -> dict[str, Secret]:
        if not isinstance(value, Mapping) or not all(
            re.fullmatch(_ACCOUNT_SID, sid) and isinstance(token, str) and token
            for sid, token in value.items()
        ):
            raise InvalidValue(f"must hold {allowed}.")
        return {sid: Secret(token) for sid, token in value.items()}

    def from_text(text: str) -> dict[str, str]:
        pairs = (part.partition("=") for part in text.split(",") if part.strip())
        return {sid.strip(): token.strip() for sid, _, token in pairs}

    return Kind(allowed, parse, from_text)

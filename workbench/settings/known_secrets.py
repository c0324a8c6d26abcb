"""The secrets that an installation knows, to take them out of texts that may repeat them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from workbench.settings.credentials import Credentials
from workbench.settings.model import Settings
from workbench.settings.secret import Secret

_SHORTEST = 6
"""A text shorter than this is not a secret, and to replace it would damage ordinary words."""
_CATALOG_PASSWORD = re.compile(r"password=(?:'([^']*)'|(\S+))|://[^/@\s:]*:([^/@\s]+)@")


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with these replaced, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def credentials_secrets(credentials: Credentials) -> frozenset[str]:
    """The secrets of an account: the token, the key's, and both as they stand in a request's header."""
    user, password = credentials.basic_auth
    header = base64.b64encode(f"{user}:{password}".encode()).decode()
    given = [secret.reveal() for secret in (credentials.auth_token, credentials.api_secret) if secret]
    return frozenset(secret for secret in (header, password, *given) if len(secret) >= _SHORTEST)


def settings_secrets(settings: Settings) -> frozenset[str]:
    """Every secret of the settings, the password of the lake's catalog too."""
    secrets = {secret.reveal() for secret in _secrets_in(settings)}
    secrets |= {next(filter(None, groups)) for groups in _CATALOG_PASSWORD.findall(settings.catalog)}
    credentials = settings.optional_credentials
    own = credentials_secrets(credentials) if credentials else frozenset()
    return own | {secret for secret in secrets if len(secret) >= _SHORTEST}


def _secrets_in(value: Any) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _secrets_in(getattr(value, field.name))

"""Removes secrets: those in Twilio's answers, and our own credentials in any text."""

from __future__ import annotations

from typing import Any

from workbench.settings import Credentials
from workbench.settings.known_secrets import credentials_secrets, without_secrets

_SECRET_NAMES = (
    "auth_token",
    "secondary_auth_token",
    "access_token",
    "refresh_token",
    "api_secret",
    "client_secret",
    "private_key",
    "credential",
    "password",
    "secret",
)


def _spellings(name: str) -> set[str]:
    """snake_case, camelCase and CapitalCase: Twilio's products differ."""
    capital = "".join(part.capitalize() for part in name.split("_"))
    return {name, capital, capital[0].lower() + capital[1:]}


SECRET_KEYS = frozenset().union(*map(_spellings, _SECRET_NAMES))
"""Keys dropped from every answer, at any depth."""


#: What shows that a body may have such a key: how the spellings above end in JSON, and an escaped letter.
_TRACES = (b'oken"', b'ecret"', b'ey"', b'edential"', b'assword"', b"\\u00")


def may_hold_secrets(body: bytes) -> bool:
    """Whether JSON text could have a key of :data:`SECRET_KEYS`; this check is cheaper than the removal."""
    return any(trace in body for trace in _TRACES)


def drop_secrets(payload: Any) -> Any:
    """The same JSON value without any key in :data:`SECRET_KEYS`; the argument is not changed.

    Parts without secrets are shared with the argument, so a page of messages is not copied.
    """
    if isinstance(payload, dict):
        return _drop_from_object(payload)
    if isinstance(payload, list):
        kept = [drop_secrets(value) for value in payload]
        return kept if any(a is not b for a, b in zip(kept, payload, strict=True)) else payload
    return payload


def _drop_from_object(payload: dict[str, Any]) -> dict[str, Any]:
    changed = {}
    for key, value in payload.items():
        if isinstance(value, _CONTAINERS):
            clean = drop_secrets(value)
            if clean is not value:
                changed[key] = clean
    if not changed and SECRET_KEYS.isdisjoint(payload):
        return payload
    return {key: changed.get(key, value) for key, value in payload.items() if key not in SECRET_KEYS}


# A tuple, not a union: this runs for every value of every row.
_CONTAINERS = (dict, list)


def scrub(text: str, credentials: Credentials) -> str:
    """The text with our own secrets replaced, in case a server or a proxy repeats them."""
    return without_secrets(text, credentials_secrets(credentials))

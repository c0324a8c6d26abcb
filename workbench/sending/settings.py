"""The section ``[sending]`` of workbench.toml: what the people of this installation decided about sending."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from workbench.errors import ConfigError

_MONEY = re.compile(r"(\d+(?:\.\d{1,6})?) ([A-Z]{3})")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class Money:
    """An amount that only compares with its own currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"


@dataclass(frozen=True)
class SendingSettings:
    """What holds for every send; each field is a key of ``[sending]``."""

    sender: str | None = None
    """Sends when nobody names a sender or a service."""
    service: str | None = None
    """As `sender`, for a messaging service."""
    require_consent: bool = False
    """Block who has no consent on record, instead of warning."""
    max_messages_per_batch: int = 10_000
    max_messages_per_day: int = 50_000
    """Of 24 hours."""
    max_spend_per_batch: Money | None = None
    max_spend_per_day: Money | None = None
    """Of 24 hours, by our estimates."""
    typed_count_from: int = 2
    """From so many recipients on, confirming means giving their number."""
    settle_after_seconds: int = 120
    """A message of a process that died is looked for in Twilio's log so long before it counts as not sent."""
    default_country: str | None = None
    """Where numbers without a country code are, as US."""
    business_name: str | None = None
    """Put before texts whose template asks for it."""
    opt_out_line: str = "Reply STOP to opt out."
    """Put after texts whose template asks for it."""


def read_sending_settings(section: Mapping[str, Any]) -> SendingSettings:
    """Check the section.

    Raises:
        ConfigError: naming the key, its value and what is allowed.
    """
    known = [field.name for field in fields(SendingSettings)]
    unknown = sorted(set(section) - set(known))
    if unknown:
        raise ConfigError(f"[sending] has no setting {unknown[0]!r}; it has {', '.join(known)}.")
    return SendingSettings(**{name: _CHECKS[name](name, value) for name, value in section.items()})


def _refuse(name: str, value: object, allowed: str) -> ConfigError:
    return ConfigError(f"[sending] {name} is {value!r}; it must be {allowed}.")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _refuse(name, value, "a text in quotes")
    return value.strip()


def _service(name: str, value: object) -> str:
    if not isinstance(value, str) or not _SERVICE.fullmatch(value):
        raise _refuse(name, value, "the SID of a messaging service, MG and 32 hexadecimal digits")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _refuse(name, value, "true or false, without quotes")
    return value


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000_000:
        raise _refuse(name, value, "a whole number from 1 to 10000000")
    return value


def _money(name: str, value: object) -> Money:
    found = _MONEY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _refuse(name, value, 'an amount with its currency, as "25.00 USD"')
    return Money(Decimal(found[1]), found[2])


def _country(name: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{2}", value):
        raise _refuse(name, value, 'a country of two capital letters, as "US"')
    return value


_CHECKS: Mapping[str, Callable[[str, object], Any]] = {
    "sender": _text,
    "service": _service,
    "require_consent": _flag,
    "max_messages_per_batch": _count,
    "max_messages_per_day": _count,
    "max_spend_per_batch": _money,
    "max_spend_per_day": _money,
    "typed_count_from": _count,
    "settle_after_seconds": _count,
    "default_country": _country,
    "business_name": _text,
    "opt_out_line": _text,
}

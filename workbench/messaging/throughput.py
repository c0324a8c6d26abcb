"""How fast a sender may send: as configured, else Twilio's documented default for its kind. Pure.

No API returns a sender's limit. Limits count *segments* per second (one MMS counts as one). The defaults are
what a new account has; Twilio raises them on request, and carriers set their own limits for registered
US campaigns. So every limit is returned with its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from workbench.messaging.addresses import AddressKind, address_kind

CONFIGURED = "configuration"

_SMS_SOURCE = "https://help.twilio.com/articles/115002943027"
_WHATSAPP_SOURCE = "https://www.twilio.com/docs/whatsapp/best-practices-and-faqs"


@dataclass(frozen=True)
class MpsLimit:
    """Segments per second (None if unknown), and the source of this number."""

    per_second: Decimal | None
    source: str


_UNKNOWN = MpsLimit(None, "no documented default; set it in the configuration")
_LONG_CODE = MpsLimit(Decimal(1), f"default of US and Canadian long codes, {_SMS_SOURCE}")
_LONG_CODE_ABROAD = MpsLimit(Decimal(10), f"default of numbers outside the US and Canada, {_SMS_SOURCE}")

#: By kind of sender; long codes depend on their country as well.
DEFAULTS: Mapping[AddressKind, MpsLimit] = {
    "toll-free": MpsLimit(Decimal(3), f"default of toll-free numbers, {_SMS_SOURCE}"),
    "short code": MpsLimit(Decimal(100), f"least of short codes, {_SMS_SOURCE}"),
    "alphanumeric": MpsLimit(Decimal(10), f"default of alphanumeric senders, {_SMS_SOURCE}"),
    "whatsapp": MpsLimit(Decimal(80), f"default of WhatsApp senders, {_WHATSAPP_SOURCE}"),
}


def mps_limit(sender: str, configured: Mapping[str, float | Decimal] | None = None) -> MpsLimit:
    """The limit of one sender.

    Args:
        sender: its address.
        configured: segments per second by address or by kind of sender ("toll-free"); an address wins.
    """
    kind = address_kind(sender)
    for name in (sender, kind):
        if configured and name in configured:
            return MpsLimit(Decimal(str(configured[name])), CONFIGURED)
    return default_mps(sender)


def default_mps(sender: str) -> MpsLimit:
    """Twilio's documented default for a sender of this kind."""
    kind = address_kind(sender)
    if kind == "long code":
        return _LONG_CODE if sender.startswith("+1") else _LONG_CODE_ABROAD
    return DEFAULTS.get(kind, _UNKNOWN)

"""What to ask Twilio for, to send faster: by kind of sender, what it may reach, and the source. Pure.

As read in 2026; Twilio and the carriers decide each case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.messaging.addresses import AddressKind, address_kind

_SPEED = "https://help.twilio.com/articles/115002943027"
_CAMPAIGNS = "https://help.twilio.com/articles/1260804800549"


@dataclass(frozen=True)
class HigherLimit:
    """A way to a higher limit, up to so many segments a second; None where no number is documented."""

    ask: str
    up_to: float | None
    source: str


_SHORT_CODE = HigherLimit("a short code", 100, _SPEED)
_POOL = HigherLimit("more numbers in the Messaging Service's pool: each adds its own limit", None, _SPEED)
_AMERICAN: Sequence[HigherLimit] = (
    HigherLimit("a toll-free number", 3, _SPEED),
    _POOL,
    HigherLimit("a 10DLC campaign with a higher trust score", 225, _CAMPAIGNS),
    _SHORT_CODE,
)
_OFFERS: dict[AddressKind, Sequence[HigherLimit]] = {
    "toll-free": (HigherLimit("a throughput increase of the toll-free number", 150, _SPEED), _SHORT_CODE),
    "short code": (HigherLimit("a higher limit of the short code", None, _SPEED),),
}
_OTHERWISE = (HigherLimit("a higher limit of this sender", None, _SPEED),)


def higher_limits(sender: str, per_second: float) -> list[HigherLimit]:
    """What could give this sender so many segments a second; the cheapest way first.

    Args:
        sender: its address.
        per_second: segments a second that are wanted.
    """
    kind = address_kind(sender)
    offers = _AMERICAN if kind == "long code" and sender.startswith("+1") else _OFFERS.get(kind, _OTHERWISE)
    return [offer for offer in offers if offer.up_to is None or offer.up_to >= per_second]

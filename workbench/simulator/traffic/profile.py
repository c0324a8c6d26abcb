"""The simulated company: its senders, its messaging services, how much it sends.

A profile is a plain value, so a test can describe another company; :data:`COMPANY` is the default. Its
numbers are 555-01xx, which are never assigned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

SenderKind = Literal["long code", "toll-free", "short code", "alphanumeric", "whatsapp", "rcs"]


class Sender(NamedTuple):
    address: str
    kind: SenderKind
    country: str
    mps: float
    """Segments per second that it may send."""
    service: int = -1
    """Index of its messaging service; -1 for none."""
    registered: bool = True
    """Whether its A2P campaign, toll-free verification or channel approval is complete."""
    label: str = ""


class Service(NamedTuple):
    """A messaging service: settings shared by a pool of senders."""

    name: str
    usecase: str
    smart_encoding: bool = False


@dataclass(frozen=True)
class Roles:
    """The sender or service (by index) for each kind of traffic; None for no such traffic."""

    notifications: int | None = 0
    promotions: int | None = 1
    support: int | None = 3
    local_store: int | None = 4
    trial_toll_free: int | None = 8
    whatsapp: int | None = 11


@dataclass(frozen=True)
class Profile:
    """One Twilio account's senders, services and volume."""

    name: str
    senders: tuple[Sender, ...]
    services: tuple[Service, ...]
    roles: Roles = field(default_factory=Roles)
    messages_per_day: float = 556.0
    contacts: int = 7_000
    currency: str = "USD"
    price_factor: float = 1.0
    """For accounts billed in another currency: the factor from dollar prices."""
    filtering_every: int = 45
    """Every how many days carriers filter much of the long code traffic; 0 for never."""
    subaccounts: tuple[Profile, ...] = ()

    def scaled(self, factor: float) -> Profile:
        """The same company with so many times the traffic."""
        return replace(
            self,
            messages_per_day=self.messages_per_day * factor,
            contacts=max(60, min(400_000, int(self.contacts * factor))),
            subaccounts=tuple(sub.scaled(factor) for sub in self.subaccounts),
        )

    @property
    def daily_total(self) -> float:
        """Messages per average day, subaccounts included."""
        return self.messages_per_day + sum(sub.daily_total for sub in self.subaccounts)


def _stores(currency: str, price_factor: float) -> Profile:
    return Profile(
        name="Stores",
        senders=(
            Sender("+16465550121", "long code", "US", 1, 0, label="Store desk"),
            Sender("+18665550122", "toll-free", "US", 3, 1, label="Store offers"),
        ),
        services=(Service("Store updates", "notifications"), Service("Store offers", "marketing")),
        roles=Roles(0, 1, 0, None, None, None),
        messages_per_day=44.0,
        contacts=700,
        currency=currency,
        price_factor=price_factor,
        filtering_every=0,
    )


COMPANY = Profile(
    name="Simulated company",
    senders=(
        Sender("+12065550101", "long code", "US", 1, 0, label="Notifications west"),
        Sender("+13125550102", "long code", "US", 1, 0, label="Notifications central"),
        Sender("+12125550103", "long code", "US", 1, 0, label="Notifications east"),
        Sender("+14155550104", "long code", "US", 1, 2, label="Support desk"),
        Sender("+17135550105", "long code", "US", 1, -1, registered=False, label="Houston store"),
        Sender("+14165550106", "long code", "CA", 1, 0, label="Notifications Canada"),
        Sender("+447400100107", "long code", "GB", 10, 0, label="Notifications UK"),
        Sender("+18335550108", "toll-free", "US", 3, 1, label="Offers"),
        Sender("+18445550109", "toll-free", "US", 3, -1, registered=False, label="Survey trial"),
        Sender("55501", "short code", "US", 100, 1, label="Offers short code"),
        Sender("DEMOSHOP", "alphanumeric", "GB", 10, 0, label="Europe"),
        Sender("whatsapp:+14155550111", "whatsapp", "US", 80, -1, label="WhatsApp desk"),
    ),
    services=(
        Service("Notifications", "notifications"),
        Service("Promotions", "marketing"),
        Service("Support", "mixed"),
    ),
    messages_per_day=512.0,
    subaccounts=(_stores("USD", 1.0),),
)
"""About 50,000 messages in 90 days, a twelfth of them in a subaccount."""

TWO_CURRENCIES = replace(COMPANY, subaccounts=(_stores("EUR", 0.92),))
"""The same company with a subaccount that is billed in euros."""

ALL_CHANNELS = replace(
    COMPANY,
    senders=(*COMPANY.senders, Sender("rcs:demoshop_rcs", "rcs", "US", 80, -1, label="RCS desk")),
)
"""The same company with an RCS desk, which the generated traffic does not use."""

PROFILES = {"company": COMPANY, "two-currencies": TWO_CURRENCIES, "all-channels": ALL_CHANNELS}

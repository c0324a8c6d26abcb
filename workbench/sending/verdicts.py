"""Input and output of preflight: facts, a policy, reasons, a verdict. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from workbench.messaging.segments import SegmentCount
from workbench.sending.outgoing import Outgoing
from workbench.settings import Money, SendingSettings

if TYPE_CHECKING:
    from workbench.lake.restores import RestoreHold
    from workbench.messaging.quiet_hours import QuietHoursVerdict

Verdict = Literal["pass", "warn", "block"]
_WORST: dict[str, int] = {"pass": 0, "warn": 1, "block": 2}


@dataclass(frozen=True)
class Reason:
    """Why a message is blocked or needs a second look."""

    rule: str
    verdict: Verdict
    text: str


@dataclass(frozen=True)
class Price:
    """What a unit costs: a segment of SMS, or a whole message of any other kind."""

    per_unit: Decimal
    currency: str
    source: str
    """Where the number comes from, in words."""
    is_per_message: bool = False


@dataclass(frozen=True)
class SenderFacts:
    """What the last sync found out about a sender of ours."""

    sender: str
    can_sms: bool | None = None
    can_mms: bool | None = None
    registration: str | None = None
    registration_status: str | None = None
    service: str | None = None
    is_removed: bool = False
    country: str | None = None
    channel_status: str | None = None
    """What Twilio says of a WhatsApp or RCS sender, as ONLINE."""


@dataclass(frozen=True)
class ServiceFacts:
    """What the last sync found out about a messaging service."""

    service: str
    smart_encoding: bool = False
    senders: tuple[SenderFacts, ...] = ()
    is_removed: bool = False


@dataclass(frozen=True)
class RecipientFacts:
    """What is known about one message's recipient and sender."""

    suppressions: tuple[tuple[str, str, datetime], ...] = ()
    """(scope, source, since) of every opt-out that reaches this message."""
    has_opted_in: bool = False
    last_inbound_at: datetime | None = None
    """When the contact last wrote to this sender or service."""
    wish_at: datetime | None = None
    """When the contact last asked in their own words to be left alone, where nobody has decided on it."""
    quiet: QuietHoursVerdict | None = None
    price: Price | None = None
    sender: SenderFacts | None = None
    service: ServiceFacts | None = None
    senders_known: bool = False
    """Whether a sync has read the account's senders."""
    last_used_at: datetime | None = None
    """When the log last shows the sender or service in use, where no list has it."""
    nearest: tuple[str, ...] = ()
    """Senders of ours with a similar name, where nothing shows that the sender is ours."""
    delivered_to: frozenset[str] = frozenset()
    """Countries where messages of a short code arrived, where its own country is not known."""
    wrote_on_channel_at: datetime | None = None
    """When the contact last wrote to this side on the recipient's channel, if that has a window."""
    sent_as: str | None = None
    """SID of the same message, if it was sent before."""
    is_unclear: bool = False
    """The same message was begun before and nobody knows how it ended."""
    media_problem: str | None = None
    media_unchecked: bool = False
    template_state: str | None = None
    """What Twilio says of WhatsApp's approval of the content template; None where it was not asked."""


@dataclass(frozen=True)
class Policy:
    """What holds for every message of one call."""

    settings: SendingSettings
    now: datetime
    ignore_quiet_hours: bool = False
    hold: RestoreHold | None = None
    """A restore after which sending is not released."""


@dataclass(frozen=True)
class PreflightResult:
    """A message with its verdict; what preflight shows and sending goes by."""

    outgoing: Outgoing
    facts: RecipientFacts
    count: SegmentCount
    reasons: tuple[Reason, ...] = ()
    cost: Money | None = None
    """Estimated."""

    @property
    def verdict(self) -> Verdict:
        return max((reason.verdict for reason in self.reasons), key=_WORST.__getitem__, default="pass")

    @property
    def is_blocked(self) -> bool:
        return self.verdict == "block"

    @property
    def units(self) -> int:
        """What counts against a sender's limit; one for a message with attachments."""
        return 1 if self.outgoing.media else self.count.segments

    def why(self) -> str:
        return " ".join(reason.text for reason in self.reasons)
